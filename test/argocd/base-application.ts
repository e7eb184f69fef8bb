import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {parse} from 'yaml';
import type {KubernetesObject} from './kubernetes-api.ts';

/** What application.yaml is filled with. */
export interface ApplicationBasics {
	/** Of the Application and of its namespace. */
	readonly name: string;
	readonly repository: string;
	readonly plugin: string;
	readonly enforcement: string;
}

export interface ApplicationObject extends KubernetesObject {
	readonly spec: {readonly syncPolicy?: {readonly automated?: object}};
}

/** application.yaml with changes: objects are merged, everything else is replaced, `undefined` removes. */
export async function applicationObject(
	{name, repository, plugin, enforcement}: ApplicationBasics,
	changes: object,
): Promise<ApplicationObject> {
	const text = await readFile(join(import.meta.dirname, 'application.yaml'), 'utf8');
	const words = {NAME: name, REPOSITORY: repository, PLUGIN: plugin, ENFORCEMENT: enforcement};
	const filled = Object.entries(words).reduce((so, [word, value]) => so.replaceAll(word, value), text);
	return merged(parse(filled) as ApplicationObject, changes);
}

function merged<T extends object>(base: T, changes: object): T {
	const result = {...base} as Record<string, unknown>;
	for (const [key, value] of Object.entries(changes)) {
		const old = result[key];
		result[key] = isObject(old) && isObject(value) ? merged(old, value) : value;
	}
	return result as T;
}

function isObject(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
