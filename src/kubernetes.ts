import {request as httpRequest} from 'node:http';
import type {IncomingMessage, OutgoingHttpHeaders} from 'node:http';
import {request as httpsRequest} from 'node:https';
import type {RequestOptions} from 'node:https';
import type {KubeConfig} from '@kubernetes/client-node/dist/config.js';
import * as z from 'zod';
import {GateError} from './errors.ts';
import {withoutCredentials} from './log.ts';

/** Reads of one cluster. */
export interface KubernetesReader {
	/** Of the kubeconfig. */
	readonly context: string;
	/** Everything below a path such as `/apis/apps/v1/deployments`, page by page. */
	readonly list: (path: string) => Promise<Listing>;
}

export type Listing =
	| {readonly kind: 'listed'; readonly items: readonly unknown[]}
	/** The cluster has no such kind. */
	| {readonly kind: 'absent'}
	| {readonly kind: 'refused'; readonly status: number};

export interface ReaderOptions {
	/** In order; the first that has a name counts, as for kubectl. */
	readonly files: readonly string[];
	/** Undefined: the current one. */
	readonly context: string | undefined;
	readonly signal: AbortSignal;
}

const page = z.object({
	items: z.array(z.unknown()),
	metadata: z.object({continue: z.string().optional()}).optional(),
});
const pageSize = 200;
/** In characters. */
const maxPageLength = 256 * 1024 * 1024;
const timeoutMs = 30_000;

/**
 * Opens the cluster that a kubeconfig names.
 * @throws GateError cluster-unavailable when the file cannot be used or the cluster does not answer; so do the reads.
 */
export async function openKubernetes({files, context, signal}: ReaderOptions): Promise<KubernetesReader> {
	const config = await loadConfig(files);
	if (context !== undefined) {
		if (config.getContextObject(context) === null) throw unusable(files, `it has no context ${context}`);
		config.setCurrentContext(context);
	}
	const server = config.getCurrentCluster()?.server;
	if (server === undefined) throw unusable(files, 'its current context names no cluster');
	const call = async (path: string) => {
		const options = await authorize(config);
		return ask(new URL(`${server.replace(/\/$/, '')}${path}`), options, signal);
	};
	await call('/version');
	return {
		context: config.getCurrentContext(),
		async list(path) {
			const items: unknown[] = [];
			let next: string | undefined = '';
			while (next !== undefined) {
				const {status, body} = await call(`${path}?limit=${pageSize}&continue=${encodeURIComponent(next)}`);
				if (status === 404) return {kind: 'absent'};
				if (status !== 200) return {kind: 'refused', status};
				const parsed = page.safeParse(readJson(body));
				if (!parsed.success) throw unavailable(`it answers ${path} with something that is no list`);
				items.push(...parsed.data.items);
				next = parsed.data.metadata?.continue || undefined;
			}
			return {kind: 'listed', items};
		},
	};
}

/** Loaded when it is needed: its parts would cost every `generate` half a second. */
async function loadConfig(files: readonly string[]): Promise<KubeConfig> {
	const library = await import('@kubernetes/client-node/dist/config.js');
	const configs = files.map((file) => {
		const config = new library.KubeConfig();
		try {
			config.loadFromFile(file);
		} catch (error) {
			// What a parser says quotes the text, and this text holds credentials.
			const missing = error instanceof Error && 'code' in error;
			throw unusable([file], missing ? 'it cannot be read' : 'it is not a kubeconfig');
		}
		return config;
	});
	const merged = new library.KubeConfig();
	// As kubectl does: of two with one name, the first counts.
	merged.loadFromOptions({
		clusters: firstOfEachName(configs.flatMap(({clusters}) => clusters)),
		users: firstOfEachName(configs.flatMap(({users}) => users)),
		contexts: firstOfEachName(configs.flatMap(({contexts}) => contexts)),
		currentContext: configs.map(({currentContext}) => currentContext).find((name) => name),
	});
	return merged;
}

function firstOfEachName<Named extends {readonly name: string}>(all: readonly Named[]): readonly Named[] {
	return all.filter(({name}, index) => all.findIndex((other) => other.name === name) === index);
}

type Authorized = RequestOptions & {readonly headers: OutgoingHttpHeaders};

async function authorize(config: KubeConfig): Promise<Authorized> {
	const options: Authorized = {headers: {accept: 'application/json'}};
	try {
		await config.applyToHTTPSOptions(options);
	} catch (error) {
		const words = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
		throw unavailable(`the credentials of the kubeconfig cannot be had (${withoutCredentials(words)})`);
	}
	return options;
}

async function ask(url: URL, options: Authorized, signal: AbortSignal) {
	const request = url.protocol === 'http:' ? httpRequest : httpsRequest;
	const limits = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
	try {
		const response = await new Promise<IncomingMessage>((fulfil, reject) => {
			request(url, {...options, signal: limits}, fulfil)
				.on('error', reject)
				.end();
		});
		let body = '';
		for await (const text of response.setEncoding('utf8')) {
			body += String(text);
			if (body.length > maxPageLength) throw new Error('the answer is too long');
		}
		return {status: response.statusCode ?? 0, body};
	} catch (error) {
		const words = error instanceof Error ? error.message : String(error);
		throw unavailable(`${url.host} does not answer (${withoutCredentials(words)})`);
	}
}

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function unusable(files: readonly string[], why: string): GateError {
	return new GateError({
		stage: 'settings',
		code: 'cluster-unavailable',
		what: `the kubeconfig cannot be used: ${why}`,
		where: files.join(', '),
		hint: 'Name another with --kubeconfig or --context; --here looks at this machine alone.',
	});
}

function unavailable(why: string): GateError {
	return new GateError({
		stage: 'settings',
		code: 'cluster-unavailable',
		what: `the cluster cannot be asked: ${why}`,
		hint: 'See whether "kubectl get namespaces" works with the same kubeconfig.',
	});
}
