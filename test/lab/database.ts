import {copyFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {run} from '../../plugin/build-tools.mjs';
import {cached, type Say} from './cache.ts';
import {compile} from './images.ts';
import {describe, mediaTypes, toManifest, type Manifest} from './manifest.ts';

/** One entry of advisories.json; database/main.go says what its fields mean. */
export interface Advisory {
	readonly id: string;
	readonly title: string;
	readonly published?: string;
	readonly cwe?: string;
	readonly severity: Readonly<Record<string, 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL'>>;
	readonly references: readonly string[];
	readonly affects: readonly Readonly<Record<string, string | readonly string[]>>[];
}

export interface DatabaseOptions {
	/** When the database says it was built; default now. */
	readonly updatedAt?: Date;
	/** When it says that the next one comes; default a day after `updatedAt`, as upstream does. */
	readonly nextUpdate?: Date;
	/** Instead of those of advisories.json. */
	readonly advisories?: readonly Advisory[];
	/** `truncated`: the second half of the download is missing. `garbage`: it is no archive at all. */
	readonly damage?: 'truncated' | 'garbage';
}

export interface DatabaseArtifact {
	readonly blobs: readonly Buffer[];
	readonly manifest: Manifest;
}

/** The advisories that the lab's database holds unless a test says otherwise. */
export const advisoriesFile = join(import.meta.dirname, 'advisories.json');

const source = join(import.meta.dirname, 'database');
const dayMs = 24 * 60 * 60 * 1000;

/** Compiles the program that makes databases, once. @returns its path. */
export async function buildDatabaseProgram({go, say}: {readonly go: string; readonly say: Say}): Promise<string> {
	const directory = await cached({
		what: 'database-program',
		inputs: [source],
		settings: [go],
		takes: '40 s',
		say,
		fill: (target) => compile(source, join(target, 'database'), go),
	});
	return join(directory, 'database');
}

/** Makes a vulnerability database as the artifact that Trivy downloads; takes some 50 ms. */
export async function makeDatabase(program: string, options: DatabaseOptions = {}): Promise<DatabaseArtifact> {
	const directory = await mkdtemp(join(tmpdir(), 'lab-database-'));
	try {
		const {updatedAt = new Date(), advisories, damage} = options;
		const nextUpdate = options.nextUpdate ?? new Date(updatedAt.getTime() + dayMs);
		const input = join(directory, 'advisories.json');
		if (advisories === undefined) await copyFile(advisoriesFile, input);
		else await writeFile(input, JSON.stringify(advisories));
		const times = ['-updated-at', updatedAt.toISOString(), '-next-update', nextUpdate.toISOString()];
		await run(program, ['-advisories', input, '-output', directory, ...times]);
		return toArtifact('db', damaged(await readFile(join(directory, 'db.tar.gz')), damage));
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

/** As the releases of trivy-db and trivy-java-db push it: https://github.com/aquasecurity/trivy-db/blob/main/Makefile */
export function toArtifact(kind: 'db' | 'javadb', archive: Buffer): DatabaseArtifact {
	const config = Buffer.from('{}');
	const layer = describe(`application/vnd.aquasec.trivy.${kind}.layer.v1.tar+gzip`, archive);
	return {
		blobs: [config, archive],
		manifest: toManifest({
			schemaVersion: 2,
			mediaType: mediaTypes.manifest,
			config: describe('application/vnd.aquasec.trivy.config.v1+json', config),
			layers: [{...layer, annotations: {'org.opencontainers.image.title': `${kind}.tar.gz`}}],
		}),
	};
}

function damaged(archive: Buffer, damage: DatabaseOptions['damage']): Buffer {
	if (damage === 'garbage') return Buffer.from('not a database');
	return damage === 'truncated' ? archive.subarray(0, archive.length / 2) : archive;
}
