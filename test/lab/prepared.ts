import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {exists, readPins, run, toolPath} from '../../plugin/build-tools.mjs';
import {toolNames, type ToolName} from '../../src/types.ts';
import {cached, type Say} from './cache.ts';
import {buildDatabaseProgram} from './database.ts';
import {buildImages, compile} from './images.ts';

/** Where the cached parts of a lab are. */
export interface PreparedLab {
	/** Directory with `images.json` and the blobs below `sha256/`. */
	readonly images: string;
	/** The program that makes vulnerability databases. */
	readonly databaseProgram: string;
	/** Directory with `ca.pem`, `server.pem` and `server.key`. */
	readonly certificates: string;
}

const certificatesSource = join(import.meta.dirname, 'certificates');

/** Makes what a lab is started from and does not change: needs Go, npm and, the first time, the package registries. */
export async function prepareLab({say = () => {}}: {readonly say?: Say} = {}): Promise<PreparedLab> {
	const {go} = await readPins();
	return {
		databaseProgram: await buildDatabaseProgram({go, say}),
		certificates: await makeCertificates(go, say),
		images: await buildImages({go, say}),
	};
}

/** The gate's tools, and crane, which is the registry. */
export type LabTools = Readonly<Record<ToolName | 'crane', string>>;

/** Where the pinned tools are. @throws when crane, which is the registry, is not built. */
export async function toolPaths(): Promise<LabTools> {
	const {tools} = await readPins();
	const paths = Object.fromEntries(tools.map((pin) => [pin.name, toolPath(pin, process.env)])) as Record<
		ToolName | 'crane',
		string
	>;
	const missing = [...toolNames, 'crane' as const].filter((name) => paths[name] === undefined);
	if (missing.length > 0) throw new Error(`plugin/tools.json does not pin ${missing.join(', ')}`);
	if (!(await exists(paths.crane))) {
		throw new Error(`${paths.crane} is missing. Run "node plugin/build-tools.mjs --only crane".`);
	}
	return paths;
}

/** A directory with `ca.pem`, `server.pem` and `server.key`, for 127.0.0.1 and localhost. */
export async function makeCertificates(go: string, say: Say): Promise<string> {
	return cached({
		what: 'certificates',
		inputs: [certificatesSource],
		settings: [go],
		say,
		async fill(directory) {
			const program = join(directory, 'make');
			await compile(certificatesSource, program, go);
			await run(program, [directory]);
			await rm(program);
		},
	});
}
