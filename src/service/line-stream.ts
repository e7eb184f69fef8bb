import type {ServerResponse} from 'node:http';
import type {ScanLine} from './protocol.ts';

/** Lines of JSON to one client, as fast as it reads them. */
export interface LineStream {
	readonly send: (line: ScanLine) => void;
	/** Sends unless something waits for the client already: what only tells how things go. */
	readonly sendIfIdle: (line: ScanLine) => void;
	/** Ends the answer behind what was sent. */
	readonly end: () => void;
}

/**
 * @param stallMs after which a client that takes nothing loses its connection. What waits for it are references to what
 * the engine holds anyway; a line becomes text when the client has room for it.
 */
export function createLineStream(response: ServerResponse, stallMs: number): LineStream {
	let waiting: ScanLine[] = [];
	let blocked = false;
	let ended = false;
	let stall: NodeJS.Timeout | undefined;
	const pump = () => {
		while (!blocked) {
			const line = waiting.shift();
			if (line === undefined) break;
			blocked = !response.write(`${JSON.stringify(line)}\n`);
			if (blocked) stall = setTimeout(() => response.destroy(), stallMs).unref();
		}
		if (ended && waiting.length === 0 && !response.writableEnded) response.end();
	};
	response.on('drain', () => {
		clearTimeout(stall);
		blocked = false;
		pump();
	});
	response.on('close', () => {
		clearTimeout(stall);
		waiting = [];
	});
	const send = (line: ScanLine) => {
		if (ended || response.destroyed) return;
		waiting.push(line);
		pump();
	};
	return {
		send,
		sendIfIdle: (line) => {
			if (!blocked) send(line);
		},
		end: () => {
			ended = true;
			pump();
		},
	};
}
