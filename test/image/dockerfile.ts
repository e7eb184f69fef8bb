import {readFile} from 'node:fs/promises';
import {join} from 'node:path';

export const dockerfile = join(import.meta.dirname, '..', '..', 'Dockerfile');

/** The images that the Dockerfile begins with, by the names that it asks for. */
export interface BaseNames {
	readonly go: string;
	readonly node: string;
	readonly runtime: string;
	/** The release of Debian that the runtime image is. */
	readonly release: string;
}

/** @throws Error when the Dockerfile begins with what cannot be assembled of Debian's packages. */
export async function baseNames(): Promise<BaseNames> {
	const text = await readFile(dockerfile, 'utf8');
	const nameOf = (argument: string) => {
		const name = new RegExp(`^ARG ${argument}=(\\S+)$`, 'm').exec(text)?.[1];
		if (name === undefined) throw new Error(`Dockerfile: ${argument} has no default`);
		return name;
	};
	const runtime = nameOf('RUNTIME_IMAGE');
	const release = /^debian:([a-z]+)-slim$/.exec(runtime)?.[1];
	if (release === undefined) throw new Error(`Dockerfile: RUNTIME_IMAGE is ${runtime}, not debian:…-slim`);
	return {go: nameOf('GO_IMAGE'), node: nameOf('NODE_IMAGE'), runtime, release};
}
