import {parseAllDocuments} from 'yaml';
import type {JsonValue} from '../types.ts';

/** Characters of YAML that are read of one text. */
const longestYaml = 128 * 1024;
/** JSON is read a hundred times as fast. */
const longestJson = 8 * 1024 * 1024;
const deepest = 64;

/**
 * Reads a text that holds JSON or YAML, as mappings and lists. Undefined when it holds none, is too big or too deep, has
 * aliases (which can stand for any amount of data), or when `room` has no characters left for it: then its lines are all
 * there is to look at. The readings are for guesses: nothing depends on that the cluster reads the text like this.
 */
export function openText(text: string, room: {text: number}): readonly JsonValue[] | undefined {
	const values = readJson(text) ?? readYaml(text, room);
	const structures = values?.filter((value) => typeof value === 'object' && value !== null);
	return structures !== undefined && structures.length > 0 && isShallow(structures, deepest + 1)
		? structures
		: undefined;
}

function readJson(text: string): readonly unknown[] | undefined {
	if (!/^\s*[[{]/u.test(text.slice(0, 100)) || text.length > longestJson) return undefined;
	try {
		const value: unknown = JSON.parse(text);
		return [value];
	} catch {
		return undefined;
	}
}

function readYaml(text: string, room: {text: number}): readonly unknown[] | undefined {
	if (text.length > longestYaml || text.length > room.text || isDeep(text) || isOdd(text)) return undefined;
	room.text -= text.length;
	try {
		const documents = parseAllDocuments(text, {
			logLevel: 'silent',
			prettyErrors: false,
			stringKeys: true,
			// The check costs the square of a mapping's size.
			uniqueKeys: false,
		});
		if (!Array.isArray(documents) || documents.some(({errors}) => errors.length > 0)) return undefined;
		return documents.map((document) => {
			const value: unknown = document.toJS({maxAliasCount: 0});
			return value;
		});
	} catch {
		return undefined;
	}
}

/** Whether reading could exhaust the stack: brackets or dashes within each other. */
function isDeep(text: string): boolean {
	let depth = 0;
	for (let index = 0; index < text.length; index += 1) {
		const character = text.charCodeAt(index);
		if (character === 0x5b || character === 0x7b) depth += 1;
		else if (character === 0x5d || character === 0x7d) depth -= 1;
		if (depth > deepest) return true;
	}
	return /(?:[-?] ){64}/u.test(text) || / {512}/u.test(text);
}

/** Whether it has so many anchors, aliases, tags or documents that reading is slow for its size; honest texts have few. */
function isOdd(text: string): boolean {
	let count = 0;
	for (const _ of text.matchAll(/(?:^|[\s,[{])(?:[&*!]|---|\.\.\.|\?\s)/gu)) {
		count += 1;
		if (count > 100) return true;
	}
	return false;
}

/** Whether a list is of plain values, and not deeper than the walk through it may go. */
function isShallow(list: readonly unknown[], levels: number): list is readonly JsonValue[] {
	return list.every((value) => {
		if (typeof value !== 'object' || value === null) return typeof value !== 'undefined';
		return levels > 0 && isShallow(Array.isArray(value) ? value : Object.values(value), levels - 1);
	});
}
