import {pino} from 'pino';
import {createLog, withoutCredentials} from '../log.ts';
import type {Decision, Enforcement, ImageName, Log, Platform, UnscannedReason} from '../types.ts';

/** What the service writes down: one line each. `requestId` is the same in all lines of one call of `generate`. */
export type JournalEntry =
	/** Something was scanned, for whoever waited for it. */
	| {
			readonly event: 'scan';
			readonly image: ImageName;
			readonly platform: Platform;
			readonly digest: string;
			readonly outcome: 'scanned' | UnscannedReason;
			readonly waitedMs: number;
			readonly milliseconds: number;
	  }
	/** A call got an image's verdict. */
	| {
			readonly event: 'verdict';
			readonly requestId: string;
			readonly application: string;
			readonly image: ImageName;
			readonly platform: Platform;
			readonly digest: string | undefined;
			readonly outcome: 'scanned' | 'stored' | UnscannedReason;
			readonly detail: string | undefined;
			readonly milliseconds: number;
	  }
	/** A call got its answer, or did not wait for it. */
	| {
			readonly event: 'request';
			readonly requestId: string;
			readonly application: string;
			readonly images: number;
			readonly outcome: RequestOutcome;
			readonly milliseconds: number;
	  }
	| {
			readonly event: 'decision';
			readonly requestId: string;
			readonly application: string;
			readonly outcome: Decision;
			readonly enforcement: Enforcement;
			readonly reportId: string;
			readonly images: ReadonlyArray<{
				readonly image: string;
				readonly decision: Decision;
				readonly digests: readonly string[];
			}>;
			readonly omitted: number;
			readonly excepted: number;
			readonly breakGlass: 'none' | 'idle' | 'needed';
			readonly ahead: number;
			readonly milliseconds: number;
	  };

/** `late`: the deadline came first; `gone`: the client did; `failed`: the engine could not work. */
export type RequestOutcome = 'answered' | 'late' | 'gone' | 'failed';

export interface Journal extends Log {
	readonly write: (entry: JournalEntry) => void;
}

export interface JournalOptions {
	readonly format: 'json' | 'text';
	readonly verbose: boolean;
	/** Called once a line, which ends with a line break. */
	readonly output: (text: string) => void;
}

export function createJournal(options: JournalOptions): Journal {
	return options.format === 'json' ? jsonJournal(options) : textJournal(options);
}

function jsonJournal({verbose, output}: JournalOptions): Journal {
	const logger = pino(
		{
			base: null,
			level: verbose ? 'debug' : 'info',
			timestamp: pino.stdTimeFunctions.isoTime,
			formatters: {level: (label) => ({level: label})},
		},
		{write: (line: string) => output(withoutCredentials(line))},
	);
	return {
		info: (stage, message) => logger.info({stage}, message),
		warn: (stage, message) => logger.warn({stage}, message),
		detail: (stage, message) => logger.debug({stage}, message),
		write: (entry) => logger.info({...entry, milliseconds: Math.round(entry.milliseconds)}, sentence(entry)),
	};
}

function textJournal({verbose, output}: JournalOptions): Journal {
	const log = createLog({verbose, write: (text) => output(withoutCredentials(text))});
	return {
		...log,
		write: (entry) => {
			const milliseconds = `${Math.round(entry.milliseconds)} ms`;
			const request = 'requestId' in entry ? `, request ${entry.requestId}` : '';
			log.info(entry.event === 'decision' ? 'gate' : 'scan', `${sentence(entry)} (${milliseconds}${request})`);
		},
	};
}

function sentence(entry: JournalEntry): string {
	switch (entry.event) {
		case 'scan':
			return `${entry.image} (${entry.platform}): ${entry.outcome}`;
		case 'verdict':
			return `${entry.image} (${entry.platform}) for ${named(entry)}: ${entry.outcome}`;
		case 'request':
			return `${entry.images} ${entry.images === 1 ? 'image' : 'images'} for ${named(entry)}: ${entry.outcome}`;
		case 'decision':
			return `${named(entry)}: ${entry.outcome}, report ${entry.reportId}${grants(entry)}`;
	}
}

function grants({excepted, breakGlass}: Extract<JournalEntry, {event: 'decision'}>): string {
	const glass = {none: '', idle: ', with break-glass that nothing needed', needed: ', by break-glass'}[breakGlass];
	return `${excepted === 0 ? '' : `, ${excepted} findings excepted`}${glass}`;
}

function named({application}: {readonly application: string}): string {
	return application === '' ? 'nobody in particular' : application;
}
