import type {ExecutionContext} from 'ava';
import {GateError, type ErrorCode} from '../../src/errors.ts';
import type {JsonValue} from '../../src/types.ts';
import {readManifests} from '../../src/manifests/read.ts';

/** The smallest object, to put fields under. */
export const pod = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n';

/** Reads the text and gives each object's value as plain data. */
export function valuesOf(text: string): unknown[] {
	return readManifests(text).objects.map(({value}) => plain(value));
}

/** A value with ordinary prototypes, for comparing. */
export function plain(value: JsonValue): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if (Array.isArray(value)) return value.map((item: JsonValue) => plain(item));
	return Object.fromEntries(Object.entries<JsonValue>(value).map(([key, child]) => [key, plain(child)]));
}

/** Asserts that the action is refused with the code, at the line, and gives the error. */
export function refused(t: ExecutionContext, action: () => unknown, code: ErrorCode, line?: number): GateError {
	const error = t.throws(action, {instanceOf: GateError});
	t.is(error.code, code, error.message);
	if (line !== undefined) t.regex(error.message, new RegExp(` — line ${line}, column `, 'u'));
	return error;
}
