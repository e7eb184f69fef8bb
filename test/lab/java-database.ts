import {createHash} from 'node:crypto';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {crc32} from 'node:zlib';
import {toArtifact, type DatabaseArtifact} from './database.ts';
import {packLayer} from './layer.ts';

/** A JAR that Trivy's Java database knows by its hash. */
export interface KnownJar {
	readonly group: string;
	readonly artifact: string;
	readonly version: string;
	readonly content: Uint8Array;
}

/** Makes Trivy's Java database as the artifact that it downloads (trivy-java-db's pkg/db/db.go and Makefile). */
export async function makeJavaDatabase(jars: readonly KnownJar[]): Promise<DatabaseArtifact> {
	const directory = await mkdtemp(join(tmpdir(), 'lab-java-'));
	try {
		const file = join(directory, 'trivy-java.db');
		fill(file, jars);
		const now = new Date();
		const metadata = {
			Version: 1,
			NextUpdate: new Date(now.getTime() + 3 * 86_400_000).toISOString(),
			UpdatedAt: now.toISOString(),
			DownloadedAt: '0001-01-01T00:00:00Z',
		};
		const {blob} = packLayer([
			{path: 'trivy-java.db', content: await readFile(file)},
			{path: 'metadata.json', content: Buffer.from(JSON.stringify(metadata))},
		]);
		return toArtifact('javadb', blob);
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

function fill(file: string, jars: readonly KnownJar[]): void {
	const database = new DatabaseSync(file);
	database.exec(`
		CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
		CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id));
		CREATE UNIQUE INDEX artifacts_idx ON artifacts(artifact_id, group_id);
		CREATE UNIQUE INDEX indices_sha1_idx ON indices(sha1);
	`);
	for (const [index, {group, artifact, version, content}] of jars.entries()) {
		database.prepare('INSERT INTO artifacts VALUES (?, ?, ?)').run(index + 1, group, artifact);
		const sha1 = createHash('sha1').update(content).digest();
		database.prepare("INSERT INTO indices VALUES (?, ?, ?, 'jar')").run(index + 1, version, sha1);
	}
	database.close();
}

/** A JAR with one file, stored as it is (PKWARE's APPNOTE.TXT sections 4.3.7, 4.3.12 and 4.3.16). */
export function makeJar(name: string, text: string): Buffer {
	const [path, content] = [Buffer.from(name), Buffer.from(text)];
	const about = Buffer.alloc(26);
	about.writeUInt16LE(20, 0);
	about.writeUInt32LE(crc32(content), 10);
	about.writeUInt32LE(content.length, 14);
	about.writeUInt32LE(content.length, 18);
	about.writeUInt16LE(path.length, 22);
	const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), about, path, content]);
	const entry = Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), about, Buffer.alloc(14), path]);
	const end = Buffer.alloc(18);
	end.writeUInt16LE(1, 4);
	end.writeUInt16LE(1, 6);
	end.writeUInt32LE(entry.length, 8);
	end.writeUInt32LE(local.length, 12);
	return Buffer.concat([local, entry, Buffer.from('PK\u0005\u0006'), end]);
}
