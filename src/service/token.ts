import {createHash, timingSafeEqual} from 'node:crypto';

/** Compares in a time that tells nothing about the token, not even its length. */
function isToken(given: string, token: string): boolean {
	return timingSafeEqual(sha256(given), sha256(token));
}

/** Whether an Authorization header carries the token. */
export function isAuthorized(header: string | undefined, token: string): boolean {
	const given = /^Bearer +([\x21-\x7E]+)$/i.exec(header ?? '')?.[1];
	return given !== undefined && isToken(given, token);
}

/** Whether an Authorization header carries the token as browsers send a password, or as programs send a token. */
export function isAuthorizedReader(header: string | undefined, token: string): boolean {
	const [, encoded] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
	if (encoded === undefined) return isAuthorized(header, token);
	const pair = Buffer.from(encoded, 'base64').toString('utf8');
	const colon = pair.indexOf(':');
	return colon >= 0 && isToken(pair.slice(colon + 1), token);
}

/** What is wrong with a token, as words that follow its source; undefined when it can be used. */
export function tokenProblem(token: string): string | undefined {
	if (!/^[\x21-\x7E]*$/.test(token)) return 'holds characters that no header can carry';
	return token.length < 32 ? 'holds a token of fewer than 32 characters' : undefined;
}

function sha256(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
