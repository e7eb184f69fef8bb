import type {JsonObject, JsonValue} from '../types.ts';

/** Characters that JSON allows in texts and YAML does not, or takes for a line break; and those that Go escapes. */
const escaped = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/gu;

/** What Go leaves as it is in JSON and YAML does not read, or takes for a line break. */
export const changedByJson = /[\u007F-\u009F\uFFFE\uFFFF]/u;

/** A value as one line of JSON that YAML readers read alike. */
export function printJson(value: JsonValue): string {
	return printed(value, (text) => JSON.stringify(text).replaceAll(escaped, unicodeEscape));
}

/** A value as Argo CD's sidecar hands it on: `json.Marshal` of Go, which leaves most control characters unescaped. */
export function printJsonAsGo(value: JsonValue): string {
	return printed(value, printTextAsGo);
}

/** Whether printed JSON has more UTF-16 units than a limit: aliases repeat what an escape makes six times as long. */
export function isLongerInJson(value: JsonValue, limit: number): boolean {
	let length = 0;
	const stack: JsonValue[] = [value];
	for (let next = stack.pop(); next !== undefined && length <= limit; next = stack.pop()) {
		length += typeof next === 'string' ? textLength(next) : 24;
		if (typeof next !== 'object' || next === null) continue;
		for (const [key, child] of Object.entries<JsonValue>(next)) {
			length += textLength(key);
			stack.push(child);
		}
	}
	return length > limit;
}

function textLength(text: string): number {
	return text.length + 8 + 5 * (text.match(/[\p{Cc}"\\\u2028\u2029\uFEFF\uFFFE\uFFFF]/gu)?.length ?? 0);
}

/** Whether two values are the same in JSON, numbers by their digits. */
export function isSameJson(one: JsonValue, other: JsonValue): boolean {
	if (typeof one === 'number' || typeof one === 'bigint') {
		return (typeof other === 'number' || typeof other === 'bigint') && String(one) === String(other);
	}
	if (!isTree(one) || !isTree(other)) return one === other;
	const entries = Object.entries<JsonValue>(one);
	const others = new Map(Object.entries<JsonValue>(other));
	return (
		Array.isArray(one) === Array.isArray(other) &&
		entries.length === others.size &&
		entries.every(([key, child]) => others.has(key) && isSameJson(child, others.get(key) ?? null))
	);
}

function isTree(value: JsonValue): value is JsonObject | readonly JsonValue[] {
	return typeof value === 'object' && value !== null;
}

/** Whether a key does not survive Argo CD's second reading, where YAML allows 1,024 code points with the quotes. */
export function isTooLongKey(key: string): boolean {
	return key.length > 150 && codePoints(printTextAsGo(key)) > 1024;
}

function codePoints(text: string): number {
	return text.length - (text.match(/[\uD800-\uDBFF]/g)?.length ?? 0);
}

function printTextAsGo(text: string): string {
	return JSON.stringify(text).replaceAll(/[<>&\u2028\u2029]/gu, unicodeEscape);
}

function unicodeEscape(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function printed(value: JsonValue, text: (value: string) => string): string {
	if (typeof value === 'string') return text(value);
	// JSON.stringify writes -0 as 0, and no bigint.
	if (typeof value === 'bigint') return String(value);
	if (typeof value !== 'object' || value === null) return JSON.stringify(value);
	if (Array.isArray(value)) return `[${value.map((item: JsonValue) => printed(item, text)).join(',')}]`;
	const entries = Object.entries<JsonValue>(value).map(([key, child]) => `${text(key)}:${printed(child, text)}`);
	return `{${entries.join(',')}}`;
}
