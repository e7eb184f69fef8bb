import {readFile} from 'node:fs/promises';
import {delimiter, join} from 'node:path';
import {run} from '../../plugin/build-tools.mjs';

/** How an npm elsewhere asks where this machine's npm asks. */
export interface Npm {
	/** Text of an .npmrc that names the authorities as {@link authoritiesAt}. It may hold credentials. */
	readonly settings: string;
	/** A file of PEM certificates. */
	readonly authorities: string | undefined;
}

/** Where the file of certificates must be for the settings. */
export const authoritiesAt = '/root/.npm-authorities.pem';

/** Registries, their credentials, and how they are reached: not where things are kept, nor how much is said. */
const taken = /^(?:(?:@[^:]+:)?registry|\/\/.+|(?:https?-)?proxy|noproxy|strict-ssl|ca)$/;

/** Reads npm's global file, the user's, and the variables: what comes later wins, as in npm. */
export async function npmSettings(): Promise<Npm> {
	const files = [await askNpm('config', 'get', 'globalconfig'), await askNpm('config', 'get', 'userconfig')];
	const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
	const cafile = await askNpm('config', 'get', 'cafile');
	const authorities = cafile === 'null' ? process.env['NODE_EXTRA_CA_CERTS'] : cafile;
	const lines = [...texts.flatMap((text) => text.split('\n').map(fromLine)), ...fromVariables()]
		.filter(([key]) => taken.test(key))
		.map(([key, value]) => `${key}=${value}`);
	if (authorities !== undefined) lines.push(`cafile=${authoritiesAt}`);
	return {settings: `${lines.join('\n')}\n`, authorities};
}

/** The directory of npm itself. */
export async function npmDirectory(): Promise<string> {
	return join(await askNpm('root', '--global'), 'npm');
}

/** Below the checkout's Node npm would look for everything there. */
async function askNpm(...args: readonly string[]): Promise<string> {
	const path = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => !directory.includes('node_modules'));
	const environment = {...process.env, PATH: path.join(delimiter)};
	return (await run('npm', args, {environment})).stdout.trim();
}

function fromLine(line: string): readonly [key: string, value: string] {
	const [, key = '', value = ''] = /^\s*([^=]+?)\s*=\s*(.*)$/.exec(line) ?? [];
	return [key, value.replace(/\$\{(\w+)\}/g, (text, name: string) => process.env[name] ?? text)];
}

/** `npm_config_https_proxy` is `https-proxy`; npm itself sets empty ones for what it runs. */
function fromVariables(): readonly (readonly [key: string, value: string])[] {
	return Object.entries(process.env).flatMap(([name, value = '']) => {
		const key = /^npm_config_(.+)$/i.exec(name)?.[1];
		if (key === undefined || value === '') return [];
		return [[key.startsWith('//') ? key : key.toLowerCase().replaceAll('_', '-'), value] as const];
	});
}
