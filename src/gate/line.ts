import {printable} from '../log.ts';

/**
 * Untrusted text that can be printed and that every YAML reader takes: without control, format and bidirectional
 * characters, halves of surrogate pairs, and the non-characters at which go-yaml stops. Line breaks and tabs stay.
 */
export function safeText(text: string): string {
	return printable(text.toWellFormed()).replaceAll(/[\p{Cf}\uFFFE\uFFFF]/gu, '\u{FFFD}');
}

/** Untrusted text as one safe line of at most `limit` UTF-16 units; what is cut off ends in `…`. */
export function oneLine(text: string, limit: number): string {
	// Cut before the work is done, because names and messages from outside have no bound.
	const line = safeText(text.slice(0, 4 * limit))
		.replaceAll(/\s+/g, ' ')
		.trim();
	if (line.length <= limit && text.length <= 4 * limit) return line;
	return `${line.slice(0, limit - 1).toWellFormed()}…`;
}

/** A name, a version, an image: short enough to stand in a sentence with others. */
export function short(text: string): string {
	return oneLine(text, 120);
}
