import {join} from 'node:path';
import {GateError} from '../errors.ts';
import {resolveInside} from './confine.ts';
import {readBounded} from './read-bounded.ts';
import type {Source, ToolContext} from '../types.ts';

interface PlainRender {
	readonly source: Source & {readonly kind: 'plain'};
	readonly context: ToolContext;
}

/**
 * Joins manifest files to one stream, each after `---` and a comment with its name. A byte order mark goes, as in
 * Argo CD; UTF-16, which Argo CD would convert, is manifests-unreadable. A file without any of the words that
 * make a manifest is left out and logged: Argo CD ignores it.
 */
export async function renderPlain({source, context}: PlainRender): Promise<Uint8Array> {
	const {directory, root, files} = source;
	const pieces: Uint8Array[] = [];
	for (const file of files) {
		const content = await readBounded(
			await resolveInside(root, directory, join('.', file), 'manifest file'),
			'manifest file',
			file,
		);
		if (isUtf16(content)) throw utf16(file);
		if (!['apiVersion', 'kind', 'metadata'].some((word) => content.includes(word))) {
			context.log.detail('render', `${file} is left out: it has neither apiVersion, kind nor metadata`);
			continue;
		}
		const body = content.subarray(content.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0);
		pieces.push(Buffer.from(`---\n# Source: ${file}\n`), body, Buffer.from(body.at(-1) === newline ? '' : '\n'));
	}
	return Buffer.concat(pieces);
}

const byteOrderMark = Buffer.from('\u{FEFF}');
const newline = 0x0a;

function isUtf16(content: Buffer): boolean {
	const [first, second] = content;
	return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function utf16(file: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'manifests-unreadable',
		what: 'the file is UTF-16',
		where: file,
		hint: 'Save it as UTF-8.',
	});
}
