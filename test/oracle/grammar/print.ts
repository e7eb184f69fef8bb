import type {AliasNode, Entry, ListNode, MappingNode, Node, ScalarNode} from './nodes.ts';

/** What stands on the line that is begun, and whole lines below it. */
interface Printed {
	readonly head: string;
	readonly tail: readonly string[];
}

/** Anchors by name whose node is complete, and what it is. */
type Anchors = Map<string, Node['kind']>;

/** A document's text, with a line feed at its end. */
export function printDocument(root: Node): string {
	const {head, tail} = block(root, 0, new Map());
	return [...(head === '' ? [] : [head]), ...tail].map((line) => `${line}\n`).join('');
}

function block(node: Node, indent: number, anchors: Anchors): Printed {
	if (node.kind === 'alias') return {head: aliasText(node, anchors), tail: []};
	if (node.kind === 'scalar') return anchored(node, anchors, () => blockScalar(node, indent));
	const {length} = node.kind === 'mapping' ? node.entries : node.items;
	if (node.style.startsWith('flow') || length === 0) {
		const [head = '', ...tail] = flow(node, Math.max(0, indent - node.dedent), anchors).split('\n');
		return {head, tail};
	}
	return anchored(node, anchors, () => ({
		head: propertiesText(node),
		tail:
			node.kind === 'mapping'
				? node.entries.flatMap((entry) => blockEntry(entry, indent, anchors))
				: node.items.flatMap((item) => blockItem(item, indent, anchors)),
	}));
}

function blockEntry({key, value, spelling}: Entry, indent: number, anchors: Anchors): readonly string[] {
	const pad = ' '.repeat(indent);
	const name = flow(key, indent, anchors);
	const inner = indent + (value.kind === 'list' && value.style === 'block' ? 0 : 2);
	const {head, tail} = block(value, inner, anchors);
	const after = (blank: string) => (head === '' ? '' : `${blank}${head}`);
	switch (spelling) {
		case 'colon':
			return [`${pad}${name}:${after(' ')}`, ...tail];
		case 'colon-wide':
			return [`${pad}${name} :${after('  ')}`, ...tail];
		case 'colon-tab':
			return [`${pad}${name}:${after('\t')}`, ...tail];
		case 'below':
			return [`${pad}${name}:`, ...(head === '' ? [] : [`${pad}  ${head}`]), ...tail];
		case 'explicit':
			return [`${pad}? ${name}`, `${pad}:${after(' ')}`, ...tail];
		case 'explicit-same-line':
			return [`${pad}? ${name}`, `${pad}: ${head === '' ? (tail[0] ?? '').trimStart() : head}`, ...tail.slice(1)];
	}
}

function blockItem(item: Node, indent: number, anchors: Anchors): readonly string[] {
	const pad = ' '.repeat(indent);
	const {head, tail} = block(item, indent + 2, anchors);
	if (head !== '') return [`${pad}- ${head}`, ...tail];
	const [first, ...others] = tail;
	return first === undefined ? [`${pad}-`] : [`${pad}- ${first.slice(indent + 2)}`, ...others];
}

function blockScalar(node: ScalarNode, indent: number): Printed {
	const before = propertiesPrefix(node);
	const text = contentOf(node);
	const pad = ' '.repeat(Math.max(0, indent - node.dedent));
	const lines = text.split('\n').map((line) => (line === '' ? '' : `${pad}${line}`));
	const header = (indicators: string, ...more: readonly string[]) => ({
		head: `${before}${indicators}`,
		tail: [...lines, ...more],
	});
	const onTwoLines = (quote: string, [first, second]: readonly [string, string]) => ({
		head: `${before}${quote}${first}`,
		tail: [`${pad}${second}${quote}`],
	});
	const at = node.cut % Math.max(1, text.length);
	switch (node.style) {
		case 'literal':
			return header('|');
		case 'literal-strip':
			return header('|-');
		case 'literal-keep':
			return header('|+ # kept', '');
		case 'literal-counted':
			return header(`|${1 + (node.cut % 3)}-`);
		case 'folded':
			return header('>');
		case 'folded-strip':
			return header('>-', '', '');
		case 'plain-lines':
			return isPlainSafe(text, false) ? onTwoLines('', atBlank(text)) : onTwoLines('"', atBlank(double(text)));
		case 'single-lines':
			return onTwoLines("'", atBlank(single(text)));
		case 'double-lines':
			return onTwoLines('"', atBlank(double(text)));
		case 'double-joined':
			return onTwoLines('"', [`${double(text.slice(0, at))}\\`, double(text.slice(at))]);
		case 'plain':
		case 'single':
		case 'double':
		case 'double-escaped':
			return {head: `${before}${onOneLine(node, text, false)}`, tail: []};
	}
}

/** Any node as text that can stand in brackets; with line feeds where its style has them. */
function flow(node: Node, indent: number, anchors: Anchors): string {
	if (node.kind === 'alias') return aliasText(node, anchors);
	return anchored(node, anchors, () => {
		const before = propertiesPrefix(node);
		if (node.kind === 'scalar') return `${before}${onOneLine(node, contentOf(node), true)}`;
		return before + brackets(node, indent, anchors);
	});
}

function brackets(node: MappingNode | ListNode, indent: number, anchors: Anchors): string {
	const [open, end] = node.kind === 'mapping' ? ['{', '}'] : ['[', ']'];
	const inner =
		node.kind === 'mapping'
			? node.entries.map((entry) => flowEntry(entry, node, indent + 2, anchors))
			: node.items.map((item) => flow(item, indent + 2, anchors));
	if (inner.length === 0) return `${open}${end}`;
	const pad = ' '.repeat(indent);
	switch (node.style) {
		case 'flow-lines':
			return `${open}\n${pad}  ${inner.join(`,\n${pad}  `)}\n${pad}${end}`;
		case 'flow-tight':
			return `${open}${inner.join(',')}${end}`;
		case 'flow-odd':
			return `${open} ${inner.join(` ,\n${pad}`)},${end}`;
		case 'flow':
		case 'block':
		case 'block-indented':
			return `${open}${inner.join(', ')}${end}`;
	}
}

function flowEntry({key, value, spelling}: Entry, parent: MappingNode, indent: number, anchors: Anchors): string {
	const name = flow(key, indent, anchors);
	const text = flow(value, indent, anchors);
	if (parent.style === 'flow-tight' && /["'}\]]$/u.test(name)) return `${name}:${text}`;
	switch (spelling) {
		case 'explicit':
		case 'explicit-same-line':
			return `? ${name} : ${text}`;
		case 'below':
			return `${name}:\n${' '.repeat(indent)}${text}`;
		case 'colon-tab':
			return `${name}:\t${text}`;
		case 'colon':
		case 'colon-wide':
			return `${name}: ${text}`;
	}
}

function onOneLine({style, cut}: ScalarNode, text: string, inFlow: boolean): string {
	if (style === 'double-escaped') return `"${escaped(text, cut)}"`;
	if (style.startsWith('single') && !text.includes('\n')) return `'${single(text)}'`;
	return style.startsWith('double') || !isPlainSafe(text, inFlow) ? `"${double(text)}"` : text;
}

function contentOf({text, properties: {tag}}: ScalarNode): string {
	return tag !== undefined && tag.includes('bin') ? Buffer.from(text).toString('base64') : text;
}

/** An alias to the node's anchor that stands inside of the node would be an error. */
function anchored<Result>(node: Exclude<Node, AliasNode>, anchors: Anchors, print: () => Result): Result {
	const {anchor} = node.properties;
	if (anchor === undefined) return print();
	anchors.delete(anchor);
	const result = print();
	anchors.set(anchor, node.kind);
	return result;
}

function propertiesPrefix(node: Exclude<Node, AliasNode>): string {
	const text = propertiesText(node);
	return text === '' ? '' : `${text} `;
}

function propertiesText({properties: {anchor, tag}}: Exclude<Node, AliasNode>): string {
	return [...(anchor === undefined ? [] : [`&${anchor}`]), ...(tag === undefined ? [] : [tag])].join(' ');
}

function aliasText({of, which}: AliasNode, anchors: Anchors): string {
	const names = [...anchors].filter(([, kind]) => of === 'anything' || kind === of).map(([name]) => name);
	if (names.length === 0) return of === 'mapping' ? '{image: evil:1}' : 'none';
	return `*${names[which % names.length]} `;
}

function isPlainSafe(text: string, inFlow: boolean): boolean {
	if (/^[\s!&*#|@>`%"'[\]{},]|^[-?:](?=\s|$)|: |:$| #|[\n\t]|\s$/u.test(text)) return false;
	return !inFlow || !/[[\]{},?]/u.test(text);
}

function single(text: string): string {
	return text.replaceAll("'", "''").replaceAll('\n', '\n\n');
}

function double(text: string): string {
	return JSON.stringify(text).slice(1, -1);
}

function escaped(text: string, at: number): string {
	const index = at % Math.max(1, text.length);
	const code = text.charCodeAt(index);
	if (text === '' || code > 0xff) return double(text);
	const digits = (length: number) => code.toString(16).padStart(length, '0');
	const spelling = [`\\x${digits(2)}`, `\\u${digits(4)}`, `\\U${digits(8)}`][at % 3];
	return `${double(text.slice(0, index))}${spelling}${double(text.slice(index + 1))}`;
}

function atBlank(text: string): readonly [string, string] {
	const at = text.indexOf(' ', 1);
	return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
