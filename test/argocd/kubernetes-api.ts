import {Agent, request as httpsRequest} from 'node:https';
import {text} from 'node:stream/consumers';
import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';

/** An object of Kubernetes, as far as it is looked at here. */
export interface KubernetesObject {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: {
		readonly name: string;
		readonly namespace?: string;
		readonly uid?: string;
		readonly generation?: number;
		readonly resourceVersion?: string;
		readonly labels?: Readonly<Record<string, string>>;
		readonly annotations?: Readonly<Record<string, string>>;
		readonly deletionTimestamp?: string;
		readonly finalizers?: readonly string[];
		readonly ownerReferences?: readonly unknown[];
	};
	readonly spec?: unknown;
	readonly status?: unknown;
}

/** A kind that the API server serves. */
export interface Resource {
	readonly apiVersion: string;
	readonly kind: string;
	/** As in paths. */
	readonly plural: string;
	readonly namespaced: boolean;
}

/** What an object is found by. */
export interface ObjectName {
	readonly apiVersion: string;
	readonly kind: string;
	readonly name: string;
	readonly namespace?: string;
}

/** The few calls of the Kubernetes API that are needed here. Every failure but `not found` throws. */
export interface KubernetesApi {
	readonly get: <T extends KubernetesObject>(name: ObjectName) => Promise<T | undefined>;
	/** Server-side apply. */
	readonly apply: (object: object, options?: WriteOptions) => Promise<void>;
	/** A merge patch, like `kubectl patch --type merge`. */
	readonly patch: (name: ObjectName, change: object, options?: WriteOptions) => Promise<void>;
	/** What a node or a controller would report. */
	readonly patchStatus: (name: ObjectName, status: object) => Promise<void>;
	readonly delete: (name: ObjectName) => Promise<void>;
	/** Everything that can be listed, in one namespace, or of the cluster's own kinds. */
	readonly list: (namespace: string | undefined) => Promise<readonly KubernetesObject[]>;
	readonly isReady: () => Promise<boolean>;
	readonly close: () => void;
}

export interface WriteOptions {
	/** Everything is checked, nothing is kept. */
	readonly dryRun?: boolean;
}

export interface KubernetesApiOptions {
	/** `https://127.0.0.1:PORT` */
	readonly server: string;
	readonly token: string;
	/** PEM text of the authority that signed the server's certificate. */
	readonly authority: string;
}

interface ResourceList {
	readonly resources: ReadonlyArray<{
		readonly name: string;
		readonly kind: string;
		readonly namespaced: boolean;
		readonly verbs: readonly string[];
	}>;
}

interface GroupList {
	readonly groups: ReadonlyArray<{readonly preferredVersion: {readonly groupVersion: string}}>;
}

/** A client for one API server. */
export function createKubernetesApi({server, token, authority}: KubernetesApiOptions): KubernetesApi {
	const agent = new Agent({keepAlive: true, ca: authority});

	return {
		async get<T extends KubernetesObject>(name: ObjectName) {
			const {status, body} = await call('GET', await pathOf(name));
			return status === 404 ? undefined : (JSON.parse(body) as T);
		},
		async apply(object, {dryRun = false} = {}) {
			const {apiVersion, kind, metadata} = object as KubernetesObject;
			const path = await pathOf({apiVersion, kind, ...metadata});
			const query = `fieldManager=lab&force=true${dryRun ? '&dryRun=All' : ''}`;
			await call('PATCH', `${path}?${query}`, object, 'application/apply-patch+yaml');
		},
		async patch(name, change, {dryRun = false} = {}) {
			await call(
				'PATCH',
				`${await pathOf(name)}${dryRun ? '?dryRun=All' : ''}`,
				change,
				'application/merge-patch+json',
			);
		},
		async patchStatus(name, status) {
			await call('PATCH', `${await pathOf(name)}/status`, {status}, 'application/merge-patch+json');
		},
		async delete(name) {
			await call('DELETE', await pathOf(name));
		},
		async list(namespace) {
			const kinds = (await listable()).filter(({namespaced}) => namespaced === (namespace !== undefined));
			const lists = await Promise.all(
				kinds.map(async ({apiVersion, kind, plural}) => {
					const {status, body} = await call('GET', pathTo(apiVersion, namespace, plural));
					// A definition may go while its objects are being listed.
					if (status === 404) return [];
					const {items} = JSON.parse(body) as {readonly items: readonly KubernetesObject[]};
					return items.map((item) => ({...item, apiVersion, kind}));
				}),
			);
			return lists.flat();
		},
		isReady: async () => (await call('GET', '/readyz')).status === 200,
		close: () => agent.destroy(),
	};

	async function call(method: string, path: string, body?: object, type = 'application/json') {
		const content = body === undefined ? undefined : JSON.stringify(body);
		const headers = {authorization: `Bearer ${token}`, ...(content === undefined ? {} : {'content-type': type})};
		const sent = httpsRequest(`${server}${path}`, {agent, method, headers}).end(content);
		const [response] = (await once(sent, 'response')) as [IncomingMessage];
		const answer = {status: response.statusCode ?? 0, body: await text(response)};
		if (answer.status >= 300 && answer.status !== 404) {
			throw new Error(`kubernetes: ${method} ${path}: ${answer.status} ${answer.body}`);
		}
		if (answer.status === 404 && method === 'PATCH') {
			throw new Error(`kubernetes: ${method} ${path}: not found`);
		}
		return answer;
	}

	async function pathOf({apiVersion, kind, name, namespace}: ObjectName): Promise<string> {
		const resource = (await resourcesOf(apiVersion)).find((each) => each.kind === kind);
		if (resource === undefined) throw new Error(`kubernetes: ${apiVersion} has no ${kind}`);
		return `${pathTo(apiVersion, resource.namespaced ? namespace : undefined, resource.plural)}/${name}`;
	}

	async function listable(): Promise<readonly Resource[]> {
		const {groups} = JSON.parse((await call('GET', '/apis')).body) as GroupList;
		const versions = ['v1', ...groups.map(({preferredVersion}) => preferredVersion.groupVersion)];
		return (await Promise.all(versions.map(resourcesOf))).flat();
	}

	async function resourcesOf(apiVersion: string): Promise<readonly Resource[]> {
		const {status, body} = await call('GET', pathTo(apiVersion));
		if (status === 404) return [];
		return (JSON.parse(body) as ResourceList).resources
			.filter(({name, verbs}) => !name.includes('/') && verbs.includes('list'))
			.map(({name, kind, namespaced}) => ({apiVersion, kind, plural: name, namespaced}));
	}
}

function pathTo(apiVersion: string, namespace?: string, plural?: string): string {
	const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
	const inside = namespace === undefined ? root : `${root}/namespaces/${namespace}`;
	return plural === undefined ? root : `${inside}/${plural}`;
}
