import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import {GateError} from '../errors.ts';
import type {ToolContext} from '../types.ts';

/** What a registry is shown. `bearer` is a token as it is; `identity` is exchanged for one. */
export type RegistryCredentials =
	| {readonly kind: 'password'; readonly username: string; readonly password: string}
	| {readonly kind: 'identity'; readonly token: string}
	| {readonly kind: 'bearer'; readonly token: string};

const dockerConfig = z.object({auths: z.record(z.string(), z.unknown()).optional()});
const entry = z.object({
	auth: z.string().optional(),
	username: z.string().optional(),
	password: z.string().optional(),
	identitytoken: z.string().optional(),
	registrytoken: z.string().optional(),
});

type Auths = Readonly<Record<string, unknown>>;

/**
 * Makes a private DOCKER_CONFIG directory from the operator's file, for a tool. Only `auths` is taken over: credential
 * helpers would run programs and use the machine's own cloud identity.
 * @param file undefined: anonymous access.
 */
export async function privateDockerConfig(context: ToolContext, file: string | undefined): Promise<string> {
	const directory = await context.makeDirectory('docker');
	const auths = file === undefined ? {} : await readAuths(file);
	await writeFile(join(directory, 'config.json'), JSON.stringify({auths}), {mode: 0o600});
	return directory;
}

/**
 * What the operator's file has for a repository, read anew each time so that rotated credentials count.
 * @throws GateError settings-invalid, which never shows what is in the file.
 */
export async function credentialsFor(
	file: string | undefined,
	host: string,
	repository: string,
): Promise<RegistryCredentials | undefined> {
	if (file === undefined) return undefined;
	const auths = await readAuths(file);
	const key = keyFor(auths, host, repository);
	return key === undefined ? undefined : readEntry(file, key, auths[key]);
}

const dockerHubKey = 'https://index.docker.io/v1/';

/**
 * The entry for one repository goes before that for its registry, and Docker Hub has a key of its own
 * (go-containerregistry's pkg/authn/keychain.go). A key may be an address of the registry, of which the host counts
 * (docker/cli's cli/config/credentials/file_store.go).
 */
function keyFor(auths: Auths, host: string, repository: string): string | undefined {
	const hosts = host === 'docker.io' ? ['index.docker.io', 'docker.io', 'registry-1.docker.io'] : [host];
	const wanted = [
		...hosts.map((name) => `${name}/${repository}`),
		...(host === 'docker.io' ? [dockerHubKey] : []),
		...hosts,
	];
	const keys = Object.keys(auths);
	for (const name of wanted) {
		const key = keys.find((each) => each === name) ?? keys.find((each) => hostOfKey(each) === name);
		if (key !== undefined) return key;
	}
	return undefined;
}

/** The host of a key that is an address; a key `host/repository` is for that repository alone. */
function hostOfKey(key: string): string {
	const [, scheme, host = '', path] = /^(https?:\/\/)?([^/]*)(.*)$/.exec(key) ?? [];
	return scheme === undefined && path !== '' && !/^\/(?:v[12]\/?)?$/.test(path ?? '') ? key : host;
}

function readEntry(file: string, key: string, value: unknown): RegistryCredentials | undefined {
	const parsed = entry.safeParse(value);
	if (!parsed.success) throw unusable(file, `the entry for ${key} is none`);
	const {auth = '', username = '', password = '', identitytoken = '', registrytoken = ''} = parsed.data;
	if (registrytoken !== '') return {kind: 'bearer', token: registrytoken};
	if (identitytoken !== '') return {kind: 'identity', token: identitytoken};
	if (username !== '') return {kind: 'password', username, password};
	if (auth === '') return undefined;
	const [, name, secret] =
		/^([^:]*):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')) ?? [];
	if (name === undefined || secret === undefined)
		throw unusable(file, `"auth" of ${key} is no "user:password" in base64`);
	return {kind: 'password', username: name, password: secret};
}

async function readAuths(file: string): Promise<Auths> {
	let json: unknown;
	try {
		json = JSON.parse(await readFile(file, 'utf8'));
	} catch (error) {
		// JSON.parse quotes the text that it cannot read, and this text holds passwords.
		const reason = error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
		throw unusable(file, reason);
	}
	const parsed = dockerConfig.safeParse(json);
	if (!parsed.success) throw unusable(file, '"auths" must map registries to credentials');
	return parsed.data.auths ?? {};
}

function unusable(file: string, reason: string): GateError {
	return new GateError({
		stage: 'scan',
		code: 'settings-invalid',
		what: `the registry credentials cannot be used: ${reason}`,
		where: file,
		hint: 'Mount a Docker config.json with an "auths" entry per registry, or leave --docker-config away for anonymous access.',
	});
}
