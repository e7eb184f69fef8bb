import {readFile} from 'node:fs/promises';
import {promisify} from 'node:util';
import {gunzip} from 'node:zlib';
import {GateError} from './errors.ts';
import {parseExploitProbability, parseKnownExploited, type Feed, type Feeds} from './gate/feeds.ts';
import type {Policy} from './gate/policy.ts';
import type {ScanVerdict} from './types.ts';

const inflate = promisify(gunzip);
/** Ten times what the feeds hold today. */
const mostBytes = 200 * 1024 * 1024;

/**
 * What the policies' rules need of the feeds that the operator mounts; nothing is read for a rule that is not used.
 * @throws GateError feed-unusable when a file that is needed is missing, not whole or too old.
 */
export async function loadFeeds(
	policies: readonly Policy[],
	verdicts: readonly ScanVerdict[],
	now: Date,
): Promise<Feeds> {
	const known = policies.find(({knownExploited}) => knownExploited === 'deny');
	const probable = policies.find(({exploitProbability}) => exploitProbability !== undefined);
	const wanted = new Set(
		verdicts.flatMap((verdict) => (verdict.kind === 'scanned' ? verdict.findings.map(({id}) => id) : [])),
	);
	const [exploited, probability] = await Promise.all([
		known === undefined
			? undefined
			: loadFeed({name: 'knownExploited', feed: known.feeds.knownExploited, now, parse: parseKnownExploited}),
		probable === undefined
			? undefined
			: loadFeed({
					name: 'exploitProbability',
					feed: probable.feeds.exploitProbability,
					now,
					parse: (text) => parseExploitProbability(text, wanted),
				}),
	]);
	return {exploited, probability};
}

interface FeedRequest<Content> {
	readonly name: string;
	readonly feed: {readonly file: string; readonly maxAge: number} | undefined;
	readonly now: Date;
	readonly parse: (text: string) => Feed<Content> | undefined;
}

async function loadFeed<Content>({name, feed, now, parse}: FeedRequest<Content>): Promise<Content> {
	if (feed === undefined) throw unusable(name, 'is not named in the policy', undefined);
	const {file, maxAge} = feed;
	const bytes = await readFile(file).catch((cause: unknown) => {
		throw unusable(name, 'cannot be read', file, cause);
	});
	const text = await textOf(bytes, file).catch((cause: unknown) => {
		throw unusable(name, 'cannot be unpacked', file, cause);
	});
	const read = parse(text);
	if (read === undefined) throw unusable(name, 'is not whole, or not in the form of the official feed', file);
	const ageHours = (now.getTime() - read.madeAt.getTime()) / 3_600_000;
	if (ageHours > maxAge)
		throw unusable(name, `is ${Math.floor(ageHours)} hours old, and the policy allows ${maxAge}`, file);
	return read.content;
}

async function textOf(bytes: Buffer, file: string): Promise<string> {
	const plain = file.endsWith('.gz') ? await inflate(bytes, {maxOutputLength: mostBytes}) : bytes;
	return plain.toString('utf8');
}

function unusable(name: string, what: string, where: string | undefined, cause?: unknown): GateError {
	return new GateError({
		stage: 'gate',
		code: 'feed-unusable',
		what: `the feed ${name} ${what}`,
		where,
		hint: `The operator must mount a fresh one (feeds.${name} in the policy), or not use the rule ${name}. Then ask again with a hard refresh.`,
		cause,
	});
}
