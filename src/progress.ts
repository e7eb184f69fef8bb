import {printable} from './log.ts';
import type {ScanEvent, ScanVerdict} from './types.ts';

interface ProgressOptions {
	/** A terminal shows one live block; anything else gets a plain line for each image. */
	readonly stream: {readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown};
	readonly now: () => number;
}

export interface Progress {
	readonly onEvent: (event: ScanEvent) => void;
	/** Clears the live block. */
	readonly end: () => void;
}

const redrawEveryMs = 100;
const shownImages = 8;

/** Shows a person what the scan engine is doing, on stderr. */
export function createProgress({stream, now}: ProgressOptions): Progress {
	return stream.isTTY === true ? liveProgress({stream, now}) : plainProgress({stream, now});
}

function plainProgress({stream}: ProgressOptions): Progress {
	let planned = 0;
	let done = 0;
	return {
		end: () => {},
		onEvent: (event) => {
			switch (event.kind) {
				case 'planned':
					planned = event.images;
					return;
				case 'started':
					return;
				case 'retried':
					stream.write(line(`scan: ${event.image} is tried again (${event.attempt}): ${event.detail}`));
					return;
				case 'finished':
					done += 1;
					stream.write(
						line(
							`scan: ${done} of ${planned} — ${event.verdict.image} (${event.verdict.platform}): ${outcome(event.verdict)}, ${seconds(event.milliseconds)}`,
						),
					);
					return;
			}
		},
	};
}

function liveProgress({stream, now}: ProgressOptions): Progress {
	const started = now();
	const running = new Map<string, {readonly label: string; readonly since: number; note: string}>();
	const counts = {planned: 0, done: 0, failed: 0};
	let drawn = 0;
	const draw = () => {
		const head = `scan: ${counts.done} of ${counts.planned} done, ${running.size} running${counts.failed === 0 ? '' : `, ${counts.failed} not scanned`}, ${seconds(now() - started)}`;
		const images = [...running.values()].map(({label, since, note}) => `  ${label}  ${seconds(now() - since)}${note}`);
		const more = images.length > shownImages ? [`  and ${images.length - shownImages} more`] : [];
		const lines = [head, ...images.slice(0, shownImages), ...more].map((text) =>
			printable(text).slice(0, (stream.columns ?? 80) - 1),
		);
		stream.write(`${clear(drawn)}${lines.join('\n')}\n`);
		drawn = lines.length;
	};
	const timer = setInterval(draw, redrawEveryMs);
	timer.unref();
	return {
		end: () => {
			clearInterval(timer);
			stream.write(clear(drawn));
			drawn = 0;
		},
		onEvent: (event) => {
			switch (event.kind) {
				case 'planned':
					counts.planned = event.images;
					return;
				case 'started':
					running.set(key(event), {label: `${event.image} (${event.platform})`, since: now(), note: ''});
					return;
				case 'retried': {
					const entry = running.get(key(event));
					if (entry !== undefined) entry.note = `, tried again: ${event.detail}`;
					return;
				}
				case 'finished':
					running.delete(key(event.verdict));
					counts.done += 1;
					if (event.verdict.kind === 'unscanned') counts.failed += 1;
					return;
			}
		},
	};
}

function key({image, platform}: {readonly image: string; readonly platform: string}): string {
	return `${image} ${platform}`;
}

/** Moves up over the lines that were drawn and erases them (ECMA-48: CPL, ED). */
function clear(lines: number): string {
	return lines === 0 ? '' : `\u001B[${lines}F\u001B[J`;
}

function line(text: string): string {
	return `${printable(text).replaceAll('\n', ' ')}\n`;
}

function outcome(verdict: ScanVerdict): string {
	switch (verdict.kind) {
		case 'unscanned':
			return `not scanned, ${verdict.detail}`;
		case 'scanned': {
			const count = verdict.findings.length;
			return `${count === 0 ? 'no findings' : `${count} finding${count === 1 ? '' : 's'}`}${verdict.cached ? ' (stored)' : ''}`;
		}
	}
}

function seconds(milliseconds: number): string {
	return `${(milliseconds / 1000).toFixed(1)} s`;
}
