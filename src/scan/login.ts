import {createHash} from 'node:crypto';
import * as z from 'zod';
import type {RegistryCredentials} from './docker-config.ts';
import type {ScanFailure} from './failure.ts';
import {readJson} from './json.ts';

/** How a registry wants to be logged in to (RFC 9110 section 11.6.1, distribution's token authentication). */
export type Challenge =
	| {readonly kind: 'basic'}
	| {readonly kind: 'bearer'; readonly realm: string; readonly service: string | undefined; readonly scope?: string};

/** A token endpoint's answer. */
export type TokenAnswer =
	| {readonly kind: 'answered'; readonly body: Uint8Array}
	| ({readonly kind: 'failed'} & ScanFailure);

/** What a token endpoint is asked; `form` makes it a POST. */
export interface TokenQuestion {
	readonly url: URL;
	readonly authorization: string | undefined;
	readonly form: Readonly<Record<string, string>> | undefined;
}

export type Authorization =
	| {readonly kind: 'given'; readonly header: string | undefined}
	| ({readonly kind: 'failed'} & ScanFailure);

const tokenAnswer = z.object({
	token: z.string().optional(),
	access_token: z.string().optional(),
	expires_in: z.number().min(0).optional(),
});
/** What a token without a term lives (distribution's docs/content/spec/auth/token.md). */
const usualTermSeconds = 60;
const longestTermSeconds = 3600;
/** A token is not used any more so long before its end. */
const spareMs = 5000;

/** Reads what a registry answers with status 401; bearer goes before basic, and what is neither says nothing. */
export function readChallenges(header: string | readonly string[] | undefined): Challenge | undefined {
	const texts = header === undefined ? [] : typeof header === 'string' ? [header] : header;
	const challenges = texts.flatMap((text) => [...text.matchAll(challengePattern)]);
	for (const {groups} of challenges) {
		if (groups?.['scheme']?.toLowerCase() !== 'bearer') continue;
		const parameters = parametersOf(groups['parameters'] ?? '');
		const [realm, scope = ''] = [parameters.get('realm'), parameters.get('scope')];
		if (realm !== undefined)
			return {kind: 'bearer', realm, service: parameters.get('service'), ...(scope === '' ? {} : {scope})};
	}
	return challenges.some(({groups}) => groups?.['scheme']?.toLowerCase() === 'basic') ? {kind: 'basic'} : undefined;
}

const parameter = String.raw`[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,"]+)`;
const challengePattern = new RegExp(
	String.raw`(?<scheme>[A-Za-z]+)(?:\s+(?<parameters>${parameter}(?:\s*,\s*${parameter})*))?`,
	'g',
);

/** The first of a name counts. */
function parametersOf(text: string): ReadonlyMap<string, string> {
	const parameters = new Map<string, string>();
	for (const [, name = '', quoted, plain] of text.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
		const key = name.toLowerCase();
		if (!parameters.has(key)) parameters.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
	}
	return parameters;
}

export interface Tokens {
	/** The header that answers a challenge for reading one repository; undefined for none. */
	readonly authorize: (question: {
		readonly challenge: Challenge;
		readonly repository: string;
		readonly credentials: RegistryCredentials | undefined;
		readonly ask: (question: TokenQuestion) => Promise<TokenAnswer>;
	}) => Promise<Authorization>;
	/** Forgets what was given, because the registry does not take it any more. */
	readonly forget: (header: string) => void;
}

interface Remembered {
	readonly answer: Promise<{readonly authorization: Authorization; readonly validMs: number}>;
	/** Of `now`; Infinity while it is being asked for. */
	until: number;
	header: string | undefined;
}

/** Remembers tokens until they end; those who want the same one wait for one answer. */
export function createTokens(now: () => number): Tokens {
	const remembered = new Map<string, Remembered>();
	return {
		authorize: async ({challenge, repository, credentials, ask}) => {
			if (credentials?.kind === 'bearer') return given(`Bearer ${credentials.token}`);
			if (challenge.kind === 'basic') return given(credentials?.kind === 'password' ? basic(credentials) : undefined);
			const scope = challenge.scope ?? `repository:${repository}:pull`;
			const key = keyOf([challenge.realm, challenge.service, scope, credentials]);
			for (const [old, {until}] of remembered) if (until <= now()) remembered.delete(old);
			const entry = remembered.get(key) ?? {
				answer: askForToken({...challenge, scope}, credentials, ask),
				until: Infinity,
				header: undefined,
			};
			remembered.set(key, entry);
			let answer;
			try {
				answer = await entry.answer;
			} finally {
				if (answer?.authorization.kind !== 'given' && remembered.get(key) === entry) remembered.delete(key);
			}
			const {authorization, validMs} = answer;
			if (authorization.kind === 'given' && entry.until === Infinity)
				Object.assign(entry, {until: now() + validMs, header: authorization.header});
			return authorization;
		},
		forget: (header) => {
			for (const [key, known] of remembered) if (known.header === header) remembered.delete(key);
		},
	};
}

/** Credentials are part of the key, and do not stay readable in it. */
function keyOf(parts: readonly unknown[]): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function askForToken(
	{realm, service, scope}: {readonly realm: string; readonly service: string | undefined; readonly scope: string},
	credentials: Exclude<RegistryCredentials, {kind: 'bearer'}> | undefined,
	ask: (question: TokenQuestion) => Promise<TokenAnswer>,
): Promise<{readonly authorization: Authorization; readonly validMs: number}> {
	if (!URL.canParse(realm)) return failed('the registry names a token endpoint that is no address');
	const about = {...(service === undefined ? {} : {service}), scope};
	const url = new URL(realm);
	let question: TokenQuestion;
	if (credentials?.kind === 'identity') {
		const form = {grant_type: 'refresh_token', refresh_token: credentials.token, client_id: 'trivy-gate', ...about};
		question = {url, authorization: undefined, form};
	} else {
		for (const [name, value] of Object.entries(about)) url.searchParams.set(name, value);
		question = {url, authorization: credentials === undefined ? undefined : basic(credentials), form: undefined};
	}
	const answer = await ask(question);
	if (answer.kind === 'failed') return {authorization: answer, validMs: 0};
	const parsed = tokenAnswer.safeParse(readJson(answer.body));
	const token = parsed.data?.token ?? parsed.data?.access_token ?? '';
	if (!/^[\x21-\x7e]+$/.test(token)) return failed('the token endpoint answered without a token');
	const seconds = Math.min(longestTermSeconds, parsed.data?.expires_in ?? usualTermSeconds);
	return {authorization: given(`Bearer ${token}`), validMs: Math.max(0, seconds * 1000 - spareMs)};
}

function failed(detail: string): {readonly authorization: Authorization; readonly validMs: number} {
	return {authorization: {kind: 'failed', reason: 'registry-error', transient: false, detail}, validMs: 0};
}

function given(header: string | undefined): Authorization {
	return {kind: 'given', header};
}

function basic({username, password}: {readonly username: string; readonly password: string}): string {
	return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
