import {parseAllDocuments} from 'yaml';
import type {JsonObject, JsonValue} from '../../src/types.ts';

/**
 * The objects as a program reads them that takes the `yaml` package in its usual configuration for YAML 1.1; undefined
 * when it refuses the stream. It is what a reader of ours must not be, and shows that the streams can tell.
 */
export function readByUsualRecipe(stream: string): readonly JsonObject[] | undefined {
	try {
		return stream.split(/^---(?=\s|$).*$/mu).flatMap((document) =>
			parseAllDocuments(document, {version: '1.1', merge: true, uniqueKeys: false, logLevel: 'error'}).flatMap(
				(parsed) => {
					if (parsed.errors.length > 0) throw new Error('no YAML');
					return flatten(parsed.toJS({maxAliasCount: -1}) as JsonValue);
				},
			),
		);
	} catch {
		return undefined;
	}
}

function flatten(value: JsonValue): readonly JsonObject[] {
	if (value === null || value === undefined) return [];
	if (!isMapping(value) || typeof value['kind'] !== 'string') throw new Error('no object');
	const {items} = value;
	return isList(items) ? items.filter(isMapping) : [value];
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
	return Array.isArray(value);
}

function isMapping(value: JsonValue): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
