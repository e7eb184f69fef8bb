import type {Log, Stage} from './types.ts';

interface LogOptions {
	readonly write: (text: string) => void;
	readonly verbose: boolean;
}

/** Lines of the form `<stage>: <message>`; `detail` lines cost nothing unless verbose. */
export function createLog({write, verbose}: LogOptions): Log {
	const line = (stage: Stage, message: string) => write(`${stage}: ${printable(message)}\n`);
	return {
		info: line,
		warn: line,
		detail: verbose ? line : () => {},
	};
}

/** Text without the control characters with which a hostile name could rewrite a terminal; line breaks and tabs stay. */
export function printable(text: string): string {
	return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu, '\u{FFFD}');
}

/** Masks `user:password@` in URLs, token-like query parameters and authorization headers. */
export function withoutCredentials(text: string): string {
	return text
		.replaceAll(/\/\/[^\s/@]+@/g, '//***@')
		.replaceAll(/\b((?:access_|private_)?token|password|signature|sig|X-Amz-[A-Za-z-]+)=[^&\s"]+/gi, '$1=***')
		.replaceAll(/\b(Bearer|Basic)\s+[\w+/=.~-]+/g, '$1 ***');
}
