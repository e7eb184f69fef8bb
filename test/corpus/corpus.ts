import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {findImages} from '../../src/images/find.ts';
import {readManifests} from '../../src/manifests/read.ts';
import type {ImageOutcome, ManifestObject} from '../../src/types.ts';

/** A document of the corpus: the comments in front of it say what is to be found in it. */
export interface CorpusCase {
	/** Of the file: how the images are carried. */
	readonly carrier: string;
	readonly title: string;
	readonly objects: readonly ManifestObject[];
	/** `outcome: image`, sorted. */
	readonly expected: readonly string[];
}

const outcomes: readonly ImageOutcome[] = ['scan', 'potential', 'placeholder', 'unresolved', 'invalid', 'ignored'];

/** Every document of the files beside this one. */
export async function readCorpus(): Promise<readonly CorpusCase[]> {
	const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.yaml')).toSorted();
	const files = await Promise.all(
		names.map(async (name) =>
			readCases(name.replace('.yaml', ''), await readFile(join(import.meta.dirname, name), 'utf8')),
		),
	);
	return files.flat();
}

/** What the finder says of a document, in the form of its comments. */
export function findingsOf({objects}: CorpusCase): readonly string[] {
	return findImages(objects)
		.map(({outcome, image}) => `${outcome}: ${image}`)
		.toSorted();
}

function readCases(carrier: string, text: string): readonly CorpusCase[] {
	return text.split(/^---\n/mu).map((document, index) => {
		const objects = readManifests(document).objects;
		const [object] = objects;
		if (object === undefined) throw new Error(`${carrier}.yaml: document ${index + 1} holds no object`);
		const comments = document.split('\n').filter((line) => line.startsWith('# '));
		return {
			carrier,
			title: `${carrier}: ${object.kind} ${object.name} (document ${index + 1})`,
			objects,
			expected: comments.flatMap((line) => expectation(line.slice(2))).toSorted(),
		};
	});
}

/** `none`, or `outcome: image`, where an image with odd characters is in double quotes. */
function expectation(comment: string): string[] {
	if (comment === 'none') return [];
	const [, outcome = '', image = ''] = /^(\w+): (.*)$/u.exec(comment) ?? [];
	if (!outcomes.some((known) => known === outcome)) throw new Error(`"${comment}" expects nothing`);
	return [`${outcome}: ${image.startsWith('"') ? (JSON.parse(image) as string) : image}`];
}
