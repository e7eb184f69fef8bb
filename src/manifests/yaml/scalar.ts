type Scalar = null | boolean | number | bigint | string;

const words = new Map<string, null | boolean>([
	...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
	...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
	...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);
const infinities = new Map<string, number>([
	...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
	...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
	...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
]);
const integer = /^([-+]?)(?:0[bB]([01]+)|0[oO]([0-7]+)|0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))$/u;
/** go-yaml also reads a sign behind the prefix. */
const signedBinary = /^0b([-+])([01]+)$/u;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/u;
const dotFloat = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/u;
const maximumInt = 2n ** 63n - 1n;
const maximumUint = 2n ** 64n - 1n;

/** What a plain text that is not just text can start with: go-yaml's `resolveTable`. */
const mayBeOther = new Uint8Array(128);
for (const character of '+-.0123456789yYnNtTfFoO~') mayBeOther[character.charCodeAt(0)] = 1;

/**
 * What Argo CD makes of a plain (unquoted) scalar: YAML 1.1 as go-yaml v2.4.3 reads it (resolve.go), timestamps as
 * text. Integers beyond 2^53 come as bigint.
 */
export function plainScalar(text: string): Scalar {
	if (text === '') return null;
	const first = text.charCodeAt(0);
	if (first > 127 || mayBeOther[first] === 0) return text;
	if (first > 57) return text.length > 5 ? text : (words.get(text) ?? (words.has(text) ? null : text));
	const infinity = text.length <= 5 ? infinities.get(text) : undefined;
	if (infinity !== undefined) return infinity;
	// Beyond the range of a double, go-yaml leaves the text.
	if (first === 46) return dotFloat.test(text) ? finite(Number(text.replaceAll('_', '')), text) : text;
	if (!/^[-+0-9][-+0-9a-fA-FxXoO_.]*$/u.test(text)) return text;
	const whole = plainInteger(text);
	if (whole !== undefined) return asScalar(whole);
	const digits = text.replaceAll('_', '');
	return float.test(digits) ? finite(Number(digits), text) : text;
}

export const longTagPrefix = 'tag:yaml.org,2002:';

/**
 * What Argo CD makes of a scalar with a tag, in its long form; undefined when it does not fit the tag (`resolve` and
 * `scalar` in go-yaml's resolve.go and decode.go). Unknown tags, and those of collections, make it a text.
 */
export function taggedScalar(tag: string, text: string): Scalar | undefined {
	const value = plainScalar(text);
	switch (tag) {
		case `${longTagPrefix}binary`:
			return decodeBase64(text);
		case `${longTagPrefix}null`:
			return value === null ? null : undefined;
		case `${longTagPrefix}bool`:
			return typeof value === 'boolean' ? value : undefined;
		case `${longTagPrefix}int`:
			return isNumber(value) && plainInteger(text) !== undefined ? value : undefined;
		case `${longTagPrefix}float`:
			return isNumber(value) && (plainInteger(text) ?? 0n) <= maximumInt ? Number(value) : undefined;
		case `${longTagPrefix}timestamp`:
			return isTimestamp(text) ? text : undefined;
		default:
			return text;
	}
}

function isNumber(value: Scalar): value is number | bigint {
	return typeof value === 'number' || typeof value === 'bigint';
}

function asScalar(whole: bigint): number | bigint {
	// Beyond 64 bits with a sign, Kubernetes makes a float of it.
	return Number.isSafeInteger(Number(whole)) || whole > maximumInt ? Number(whole) : whole;
}

/** Bytes that are no UTF-8 become U+FFFD one by one, as `json.Marshal` of Go writes them. */
function decodeBase64(text: string): string | undefined {
	const digits = text.replaceAll(/[\r\n]/gu, '');
	if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/u.test(digits)) return undefined;
	const bytes = Buffer.from(digits, 'base64');
	return decodeUtf8(bytes);
}

function decodeUtf8(bytes: Uint8Array): string {
	const decoder = new TextDecoder('utf-8', {ignoreBOM: true});
	const pieces: string[] = [];
	let whole = 0;
	for (let position = 0; position < bytes.length;) {
		const length = characterLength(bytes, position);
		if (length === 0) {
			pieces.push(decoder.decode(bytes.subarray(whole, position)), '\uFFFD');
			whole = position + 1;
		}
		position += Math.max(length, 1);
	}
	return pieces.join('') + decoder.decode(bytes.subarray(whole));
}

function follows(byte: number): boolean {
	return byte >= 0x80 && byte <= 0xbf;
}

/** How many bytes the character at a place has, by the table of RFC 3629; 0 when there is none. */
function characterLength(bytes: Uint8Array, position: number): number {
	const [first = 0, second = 0, third = 0, fourth = 0] = bytes.subarray(position, position + 4);
	if (first < 0x80) return 1;
	if (first < 0xc2 || first > 0xf4) return 0;
	if (first < 0xe0) return follows(second) ? 2 : 0;
	const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
	const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
	if (second < lowest || second > highest || !follows(third)) return 0;
	if (first < 0xf0) return 3;
	return follows(fourth) ? 4 : 0;
}

const timestamp =
	/^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(Z|[-+]\d{2}:\d{2})?)?$/u;

/** The forms of resolve.go's `allowedTimestampFormats`: with a time zone after `T` or `t`, without one after a blank. */
function isTimestamp(text: string): boolean {
	const [, year, month, day, hour, minute, second, zone] = timestamp.exec(text) ?? [];
	if (year === undefined) return false;
	if (hour !== undefined && text.includes(' ') === (zone !== undefined)) return false;
	const [zoneHour = 0, zoneMinute = 0] = (zone ?? '').match(/\d{2}/gu)?.map(Number) ?? [];
	const lastDay = new Date(Date.UTC(2000, Number(month), 0)).setUTCFullYear(Number(year), Number(month), 0);
	return (
		Number(month) >= 1 &&
		Number(month) <= 12 &&
		Number(day) >= 1 &&
		Number(day) <= new Date(lastDay).getUTCDate() &&
		Number(hour ?? 0) < 24 &&
		Number(minute ?? 0) < 60 &&
		Number(second ?? 0) < 60 &&
		zoneHour <= 24 &&
		zoneMinute <= 60
	);
}

/** The value of a plain scalar that go-yaml reads as an integer of at most 64 bits. */
export function plainInteger(text: string): bigint | undefined {
	const digits = text.replaceAll('_', '');
	const [, sign, binary, octal, hexadecimal, oldOctal, decimal] = integer.exec(digits) ?? [];
	if (sign !== undefined) {
		return (
			inRange(sign, '0b', binary) ??
			inRange(sign, '0o', octal ?? oldOctal) ??
			inRange(sign, '0x', hexadecimal) ??
			inRange(sign, '', decimal)
		);
	}
	const [, innerSign, innerDigits] = signedBinary.exec(digits) ?? [];
	return innerSign === undefined ? undefined : inRange(innerSign, '0b', innerDigits);
}

function inRange(sign: string, prefix: string, digits: string | undefined): bigint | undefined {
	const significant = digits?.replace(/^0+(?=.)/u, '');
	// No 64-bit number has more digits; converting a million of them would take long.
	if (significant === undefined || significant.length > 64) return undefined;
	const size = significant === '' ? 0n : BigInt(prefix + significant);
	if (sign === '-') return size > maximumInt + 1n ? undefined : -size;
	return size > (sign === '' ? maximumUint : maximumInt) ? undefined : size;
}

function finite(value: number, text: string): number | string {
	return Number.isFinite(value) ? value : text;
}
