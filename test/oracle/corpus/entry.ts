/** What a stream must be to our reader; `accepted` where it may choose between plain and odd. */
export type CorpusKind = 'plain' | 'odd' | 'unreadable' | 'accepted';

export interface CorpusEntry {
	readonly name: string;
	readonly kind: CorpusKind;
	/** What is tricky about it, in one sentence. */
	readonly why: string;
	readonly stream: string | Uint8Array;
}

type MakeEntry = (name: string, why: string, stream: string | Uint8Array) => CorpusEntry;

/** Passed on unchanged. */
export const plain = entryOf('plain');
/** YAML readers disagree about it, so it is passed on as JSON of what was read. */
export const odd = entryOf('odd');
/** Argo CD refuses it, too. */
export const unreadable = entryOf('unreadable');
/** Plain or odd, as the reader likes. */
export const accepted = entryOf('accepted');

function entryOf(kind: CorpusKind): MakeEntry {
	return (name, why, stream) => ({name, kind, why, stream});
}

/** A stream whose lines are indented by the tabs of the literal that it stands in; escapes are JavaScript's. */
export function yaml(strings: TemplateStringsArray): string {
	const [text = ''] = strings;
	const body = text.replace(/^\n/u, '').replace(/\t*$/u, '');
	const [indent = ''] = /^\t*/u.exec(body) ?? [];
	return body.replaceAll(new RegExp(`^${indent}`, 'gmu'), '');
}

/** A pod with the lines in its spec, at two blanks. */
export function podWith(...lines: readonly string[]): string {
	return objectWith('v1', 'Pod', lines);
}

/** A custom resource with the lines in its spec, at two blanks. */
export function thingWith(...lines: readonly string[]): string {
	return objectWith('example.com/v1', 'Thing', lines);
}

function objectWith(apiVersion: string, kind: string, lines: readonly string[]): string {
	const head = ['apiVersion: ' + apiVersion, `kind: ${kind}`, 'metadata:', '  name: web', 'spec:'];
	return [...head, ...lines.map((line) => `  ${line}`), ''].join('\n');
}
