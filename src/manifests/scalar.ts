type Scalar = null | boolean | number | bigint | string;

const words = new Map<string, null | boolean>([
	...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
	...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
	...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);
const infinityOrNaN = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/u;
const integer = /^([-+]?)(?:0[bB]([01]+)|0[oO]([0-7]+)|0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))$/u;
/** go-yaml also reads a sign behind the prefix. */
const signedBinary = /^0b([-+])([01]+)$/u;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/u;
const dotFloat = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/u;
const maximumInt = 2n ** 63n - 1n;
const maximumUint = 2n ** 64n - 1n;

/**
 * What Argo CD makes of a plain (unquoted) scalar: YAML 1.1 as go-yaml v2.4.3 reads it (resolve.go), timestamps as
 * text. Integers beyond 2^53 come as bigint. Undefined for infinity and NaN, which JSON cannot carry.
 */
export function plainScalar(text: string): Scalar | undefined {
	const word = words.get(text);
	if (word !== undefined) return word;
	if (!/^[-+.0-9]/u.test(text)) return text;
	if (infinityOrNaN.test(text)) return undefined;
	// Beyond the range of a double, go-yaml leaves the text.
	if (text.startsWith('.')) return dotFloat.test(text) ? finite(Number(text.replaceAll('_', '')), text) : text;
	const whole = plainInteger(text);
	if (whole !== undefined) return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
	const digits = text.replaceAll('_', '');
	return float.test(digits) ? finite(Number(digits), text) : text;
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
