import type {JsonValue} from '../types.ts';

/** Enough to recognise a value by; aliases can make its whole JSON a thousand times as long as the text. */
const longest = 200;

/** A value as JSON, cut after 200 characters. */
export function shortJson(value: JsonValue): string {
	const text = write(value, longest);
	return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** JSON that may stop anywhere behind `room` characters. */
function write(value: JsonValue, room: number): string {
	if (typeof value === 'string') return JSON.stringify(value.slice(0, room + 1));
	if (typeof value !== 'object' || value === null) return String(value);
	const list = Array.isArray(value);
	let text = list ? '[' : '{';
	for (const [key, child] of Object.entries<JsonValue>(value)) {
		if (text.length > room) return text;
		const separator = text.length > 1 ? ',' : '';
		text += separator + (list ? '' : `${write(key, room)}:`);
		text += write(child, room - text.length);
	}
	return text + (list ? ']' : '}');
}
