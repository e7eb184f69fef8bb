/** A value as helm holds it. bigint is Go's int64, which only --set makes; number is float64, from files. */
export type HelmValue = null | boolean | bigint | number | string | HelmValue[] | HelmValues;
export type HelmValues = Map<string, HelmValue>;

const maxIndex = 65_536;
const maxNestedNames = 30;
/** Ours, not helm's: `a[65536][65536]…` is short to write and long to hold. */
const maxGrowth = 1_000_000;

/** Why helm does not take a set line; holds nothing of the line itself, which may be a secret. */
export class SetLineError extends Error {
	static {
		SetLineError.prototype.name = 'SetLineError';
	}
}

/** What is left to read, by code points. */
interface Reader {
	readonly text: readonly string[];
	position: number;
	/** List elements that may still be added. */
	growth: number;
}
/** Helm's parser goes on after `more` and ends, keeping what it has, after `end` (Go's io.EOF). */
type Progress = 'more' | 'end';
type ReadValue = (text: string) => HelmValue;

/**
 * Sets the values of one `--set` line (`a.b[0]=x,c={y,z}`) in `values`, in place, as Helm 4.2.1 does
 * (pkg/strvals/parser.go: the same steps in the same order, so that half-set lines and odd keys come out the same).
 * Throws SetLineError where helm fails.
 */
export function applySetLine(line: string, values: HelmValues, readValue: ReadValue): void {
	const reader: Reader = {text: Array.from(line.toWellFormed()), position: 0, growth: maxGrowth};
	while (readKey(reader, values, 0, readValue) === 'more');
}

/** What `--set` makes of a text: true, false, null, an int64, or the text (strvals' typedVal). */
export function typedValue(text: string): HelmValue {
	// Go's EqualFold folds the long s too, as does the u flag.
	if (/^true$/iu.test(text)) return true;
	if (/^false$/iu.test(text)) return false;
	if (/^null$/iu.test(text)) return null;
	if (text === '0') return 0n;
	const digits = /^(?<sign>[+-]?)0*(?<digits>\d{1,19})$/.exec(text)?.groups;
	if (digits === undefined || text.startsWith('0')) return text;
	const integer = BigInt(`${digits['sign'] === '-' ? '-' : ''}${digits['digits']}`);
	return BigInt.asIntN(64, integer) === integer ? integer : text;
}

/** A key escaped so that helm reads it back as it is. */
export function escapeKey(key: string): string {
	return key.replaceAll(/[\\=[,.]/g, String.raw`\$&`);
}

function readKey(reader: Reader, values: HelmValues, nesting: number, readValue: ReadValue): Progress {
	const {text: key, stop} = readUntil(reader, '=[,.');
	switch (stop) {
		case undefined:
			if (key === '') return 'end';
			throw new SetLineError('a key has no value');
		case '[': {
			const index = readIndex(reader);
			const {list, progress} = readItem(reader, existingList(values, key), index, nesting, readValue);
			setKey(values, key, list);
			return progress;
		}
		case '=': {
			const {value, progress} = readRight(reader, readValue);
			setKey(values, key, value);
			return progress;
		}
		case ',':
			throw new SetLineError('a key has no value (cannot end with ,)');
		case '.': {
			if (nesting + 1 > maxNestedNames) throw new SetLineError(`names are nested deeper than ${maxNestedNames} levels`);
			const inner = existingMap(values, key);
			const progress = readKey(reader, inner, nesting + 1, readValue);
			if (progress === 'more' && inner.size === 0) throw new SetLineError('a key map has no value');
			if (inner.size > 0) setKey(values, key, inner);
			return progress;
		}
	}
}

/** What stands after `[index]`. Go's slices: an index that exists is set in place, a new one makes a new list. */
function readItem(
	reader: Reader,
	list: HelmValue[],
	index: number,
	nesting: number,
	readValue: ReadValue,
): {readonly list: HelmValue[]; readonly progress: Progress} {
	if (index < 0) throw new SetLineError('an index is negative');
	const {text, stop} = readUntil(reader, '[.=');
	if (text !== '') throw new SetLineError('there is unexpected data after an index');
	switch (stop) {
		case undefined:
			return {list, progress: 'end'};
		case '=': {
			const {value, progress} = readRight(reader, readValue);
			return {list: setIndex(reader, list, index, value), progress: progress === 'end' ? 'more' : progress};
		}
		case '[': {
			const inner = readItem(reader, innerList(list[index]), readIndex(reader), nesting, readValue);
			if (inner.progress === 'end') return {list, progress: 'end'};
			return {list: setIndex(reader, list, index, inner.list), progress: 'more'};
		}
		case '.': {
			const existing = list[index];
			const inner: HelmValues = existing instanceof Map ? existing : new Map<string, HelmValue>();
			if (index < list.length) list[index] = inner;
			if (readKey(reader, inner, nesting, readValue) === 'end') return {list, progress: 'end'};
			return {list: setIndex(reader, list, index, inner), progress: 'more'};
		}
	}
}

/** The right side of a `=`: a `{list}` or one value up to the next comma. */
function readRight(reader: Reader, readValue: ReadValue): {readonly value: HelmValue; readonly progress: Progress} {
	const first = reader.text[reader.position];
	if (first === undefined) return {value: '', progress: 'end'};
	if (first !== '{') return {value: readValue(readUntil(reader, ',').text), progress: 'more'};
	reader.position += 1;
	const list: HelmValue[] = [];
	for (;;) {
		const {text, stop} = readUntil(reader, ',}');
		if (stop === undefined) throw new SetLineError("a list must end with '}'");
		list.push(readValue(text));
		if (stop === ',') continue;
		if (reader.text[reader.position] === ',') reader.position += 1;
		return {value: list, progress: 'more'};
	}
}

/** The text up to one of the stops, which is consumed; a backslash takes the next character as it is. */
function readUntil<Stop extends string>(
	reader: Reader,
	stops: Stop,
): {readonly text: string; readonly stop: Characters<Stop> | undefined} {
	let text = '';
	while (reader.position < reader.text.length) {
		const character = reader.text[reader.position] ?? '';
		reader.position += 1;
		if (isOneOf(character, stops)) return {text, stop: character};
		if (character === '\\') {
			text += reader.text[reader.position] ?? '';
			reader.position += 1;
		} else text += character;
	}
	return {text, stop: undefined};
}

type Characters<Text extends string> = Text extends `${infer First}${infer Rest}` ? First | Characters<Rest> : never;

function isOneOf<Stop extends string>(character: string, stops: Stop): character is Characters<Stop> {
	return stops.includes(character);
}

/** Go's strconv.Atoi of what stands before `]`. */
function readIndex(reader: Reader): number {
	const {text, stop} = readUntil(reader, ']');
	if (stop === undefined || !/^[+-]?\d+$/.test(text)) throw new SetLineError('an index is not a number');
	const index = Number(text);
	if (!Number.isSafeInteger(index)) throw new SetLineError('an index is out of range');
	return index;
}

function existingList(values: HelmValues, key: string): HelmValue[] {
	const existing = values.get(key);
	if (existing === undefined) return [];
	if (!Array.isArray(existing)) throw new SetLineError('an index is used on what is not a list');
	return existing;
}

function innerList(existing: HelmValue | undefined): HelmValue[] {
	if (existing === undefined || existing === null) return [];
	if (!Array.isArray(existing)) throw new SetLineError('an index is used on what is not a list');
	return existing;
}

function existingMap(values: HelmValues, key: string): HelmValues {
	const existing = values.get(key);
	if (existing === undefined) return new Map<string, HelmValue>();
	if (!(existing instanceof Map)) throw new SetLineError('a name goes into what is not a map');
	return existing;
}

/** An empty key is read and forgotten, as in helm. */
function setKey(values: HelmValues, key: string, value: HelmValue): void {
	if (key !== '') values.set(key, value);
}

function setIndex(reader: Reader, list: HelmValue[], index: number, value: HelmValue): HelmValue[] {
	if (index > maxIndex) throw new SetLineError(`an index is greater than ${maxIndex}`);
	reader.growth -= Math.max(0, index + 1 - list.length);
	if (reader.growth < 0) throw new SetLineError('it makes lists that are too long');
	const longer =
		index < list.length ? list : [...list, ...Array.from<HelmValue>({length: index + 1 - list.length}).fill(null)];
	longer[index] = value;
	return longer;
}
