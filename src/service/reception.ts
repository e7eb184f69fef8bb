import {GateError} from '../errors.ts';
import type {ImageName, Platform, ScanRequest, ScanVerdict} from '../types.ts';
import type {scanLine, VerdictLine} from './protocol.ts';
import type * as z from 'zod';

/** What a scan service answers. */
export interface ServiceAnswer {
	readonly verdicts: readonly ScanVerdict[];
	/** Undefined when the service had no time to say it. */
	readonly trivyVersion: string | undefined;
	/** Until everything that waits is scanned; undefined when the service has not taken the request. */
	readonly secondsLeft: number | undefined;
}

/** Puts the lines of an answer together. */
export interface Reception {
	/** @returns the answer with its last line; a text tells what is wrong with the line. @throws the service's GateError. */
	readonly take: (line: z.output<typeof scanLine>) => ServiceAnswer | string | undefined;
	/**
	 * What can be said when the caller cannot wait any longer: nothing is known of any image to its end, because what
	 * was received of one need not be all of its digests. What was received can still deny.
	 */
	readonly soFar: () => ServiceAnswer;
}

/** Only what was asked for is taken: a verdict about another image or platform is an error. */
export function createReception(request: ScanRequest): Reception {
	const asked = askedFor(request);
	const received: ScanVerdict[] = [];
	let secondsLeft: number | undefined;
	return {
		take: (line) => {
			switch (line.kind) {
				case 'planned':
					request.onEvent(line);
					return undefined;
				case 'started':
				case 'retried': {
					const scan = asked.get(keyOf(line));
					if (scan === undefined) return notAsked(line);
					request.onEvent({...line, ...scan});
					return undefined;
				}
				case 'heartbeat':
					({secondsLeft} = line);
					return undefined;
				case 'verdict': {
					const scan = asked.get(keyOf(line.verdict));
					if (scan === undefined) return notAsked(line.verdict);
					const verdict = verdictOf(line.verdict, scan);
					received.push(verdict);
					if (line.milliseconds !== undefined) {
						request.onEvent({kind: 'finished', verdict, milliseconds: line.milliseconds});
					}
					return undefined;
				}
				case 'answer': {
					const verdicts = line.verdicts.flatMap((index) => received[index] ?? []);
					if (verdicts.length < line.verdicts.length) return 'answer.verdicts: names a line that was not sent';
					const answered = new Set(verdicts.map(keyOf));
					const missing = [...asked].filter(([key]) => !answered.has(key));
					if (missing.length > 0) {
						return `answer.verdicts: says nothing about ${missing.map(([, scan]) => textOf(scan)).join(', ')}`;
					}
					return {verdicts, trivyVersion: line.trivyVersion, secondsLeft: line.secondsLeft};
				}
				case 'error':
					throw new GateError(line.error);
			}
		},
		soFar: () => ({
			verdicts: [...received, ...[...asked.values()].map((scan) => unscanned(scan, request.signal))],
			trivyVersion: undefined,
			secondsLeft,
		}),
	};
}

interface Scan {
	readonly image: ImageName;
	readonly platform: Platform;
}

function askedFor({targets, platforms}: ScanRequest): ReadonlyMap<string, Scan> {
	const scans = targets.flatMap(({image, platforms: own = platforms}) => own.map((platform) => ({image, platform})));
	return new Map(scans.map((scan) => [keyOf(scan), scan]));
}

function unscanned(scan: Scan, signal: AbortSignal): ScanVerdict {
	const late = signal.reason === 'deadline';
	return {
		...scan,
		kind: 'unscanned',
		reason: late ? 'deadline' : 'canceled',
		transient: true,
		detail: late ? 'the deadline came first' : 'the gate was stopped',
	};
}

/** The same, with every field that the types ask for and with the names that are known to be well-formed. */
function verdictOf(line: VerdictLine, scan: Scan): ScanVerdict {
	switch (line.kind) {
		case 'unscanned':
			return {...line, ...scan};
		case 'scanned':
			return {
				...line,
				...scan,
				os: line.os,
				findings: line.findings.map((finding) => ({
					...finding,
					fixedVersion: finding.fixedVersion,
					packagePath: finding.packagePath,
					purl: finding.purl,
					title: finding.title,
					url: finding.url,
					publishedDate: finding.publishedDate,
				})),
			};
	}
}

function notAsked(scan: {readonly image: string; readonly platform: string}): string {
	return `tells about ${textOf(scan)}, for which nobody asked`;
}

function keyOf({image, platform}: {readonly image: string; readonly platform: string}): string {
	return `${image} ${platform}`;
}

function textOf({image, platform}: {readonly image: string; readonly platform: string}): string {
	return `${image} (${platform})`;
}
