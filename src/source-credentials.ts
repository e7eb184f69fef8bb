import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {GateError} from './errors.ts';
import {parseSourceAddress} from './render/source-address.ts';
import type {Settings} from './settings.ts';
import type {SourceCredential} from './types.ts';

/**
 * The operator's credentials for charts and bases that hold for this application. Read anew for each run, so that rotated
 * ones count.
 * @throws GateError settings-invalid with every problem, and no content of a file.
 */
export async function readSourceCredentials(
	settings: Pick<Settings, 'sourceCredentials' | 'build'>,
): Promise<readonly SourceCredential[]> {
	const project = settings.build['ARGOCD_APP_PROJECT_NAME'];
	const all = await readEntries(settings.sourceCredentials);
	return all.filter((one) => one.project === undefined || one.project === project).map(({credential}) => credential);
}

/** The same for every application. */
export async function readAllSourceCredentials({
	sourceCredentials,
}: Pick<Settings, 'sourceCredentials'>): Promise<readonly SourceCredential[]> {
	return (await readEntries(sourceCredentials)).map(({credential}) => credential);
}

/** A directory each, with the keys of Argo CD's own repository Secrets as files. */
async function readEntries(directory: string | undefined): Promise<readonly Entry[]> {
	if (directory === undefined) return [];
	const entries = await readdir(directory, {withFileTypes: true}).catch(() => {
		throw unusable(['the directory cannot be read'], directory);
	});
	// Kubernetes keeps what it mounts in directories with two dots in front, and links to it.
	const names = entries
		.filter((entry) => !entry.name.startsWith('.') && !entry.isFile())
		.map(({name}) => name)
		.toSorted();
	const problems: string[] = [];
	const all = await Promise.all(names.map((name) => readOne(join(directory, name), name, problems)));
	if (problems.length > 0) throw unusable(problems.toSorted(), directory);
	return all.filter((one) => one !== undefined);
}

interface Entry {
	readonly credential: SourceCredential;
	/** The AppProject whose applications may use it; undefined: all. */
	readonly project: string | undefined;
}

async function readOne(directory: string, name: string, problems: string[]): Promise<Entry | undefined> {
	const text = async (file: string) => {
		const content = await readFile(join(directory, file), 'utf8').catch((error: unknown) => {
			if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
			problems.push(`${name}/${file} cannot be read`);
			return '';
		});
		return content.replace(/\r?\n$/, '');
	};
	const [url, username, password, alias, project, passCredentials] = await Promise.all(
		['url', 'username', 'password', 'name', 'project', 'passCredentials'].map(text),
	);
	const found: string[] = [];
	// Argo CD writes registries of charts without a scheme.
	const address =
		url === undefined || url === '' ? undefined : parseSourceAddress(url.includes('://') ? url : `oci://${url}`);
	if (address === undefined)
		found.push(`${name}/url must be https://HOST[/PATH], http://HOST[/PATH] or oci://HOST[/PATH], plainly written`);
	for (const [file, value] of [
		['username', username],
		['password', password],
	] as const) {
		if (value === undefined || value === '') found.push(`${name}/${file} is missing or empty`);
		else if (/\p{Cc}/u.test(value)) found.push(`${name}/${file} has control characters or several lines`);
	}
	if (username?.includes(':') === true) found.push(`${name}/username has a colon`);
	if (passCredentials !== '' && passCredentials !== 'true' && passCredentials !== 'false')
		found.push(`${name}/passCredentials must be true or false`);
	problems.push(...found);
	if (address === undefined || username === undefined || password === undefined || found.length > 0) return undefined;
	return {
		credential: {
			...address,
			name: alias === '' ? undefined : alias,
			username,
			password,
			passCredentials: passCredentials === 'true',
		},
		project: project === '' ? undefined : project,
	};
}

function unusable(problems: readonly string[], directory: string): GateError {
	return new GateError({
		stage: 'settings',
		code: 'settings-invalid',
		what: 'the credentials of private sources cannot be used',
		where: directory,
		hint: 'Each is a directory with the files url, username and password (TRIVY_GATE_SOURCE_CREDENTIALS).',
		output: problems.join('\n'),
	});
}
