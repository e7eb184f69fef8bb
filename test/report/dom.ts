import {createRequire} from 'node:module';

/** What tests ask of a document; linkedom's own types want those of a browser. */
export interface Node {
	readonly tagName: string;
	readonly textContent: string;
	readonly attributes: ReadonlyArray<{readonly name: string; readonly value: string}>;
	getAttribute(name: string): string | null;
	querySelector(selector: string): Node | null;
	querySelectorAll(selector: string): Iterable<Node>;
}

const {DOMParser} = createRequire(import.meta.url)('linkedom') as {
	readonly DOMParser: new () => {parseFromString(text: string, type: 'text/xml' | 'text/html'): Node};
};

export function parseDocument(text: string, type: 'text/xml' | 'text/html'): Node {
	return new DOMParser().parseFromString(text, type);
}
