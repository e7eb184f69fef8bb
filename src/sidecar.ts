import {constants} from 'node:os';
import {GateError} from './errors.ts';
import type {Companion, CompanionEnd} from './exec.ts';
import type {Log} from './types.ts';

/** Argo CD's own program; its image's init container puts it there. */
export const defaultCommand: readonly string[] = ['/var/run/argocd/argocd-cmp-server'];

export interface RunningService {
	/** For TRIVY_GATE_SERVICE. */
	readonly address: string;
	/** Why the service does not work any more; pending as long as it does. */
	readonly died: Promise<Error>;
	readonly close: () => Promise<void>;
}

export interface SidecarOptions {
	/** Resolves when the service listens. */
	readonly startService: () => Promise<RunningService>;
	/** Starts the command, with the service's address in its environment. */
	readonly startCommand: (service: string) => Companion;
	/** Aborted with the name of the signal by which this process is told to end. */
	readonly signal: AbortSignal;
	readonly gracePeriodMs: number;
	readonly log: Log;
}

/**
 * The container's first program: the scan service, and beside it the command whose calls use it. The service listens
 * before the command starts, and stays until the command has ended. When either ends, both do: without its service the
 * command could only fail, and a new container repairs that.
 * @returns the exit code: the command's, 128 and its signal's number, or 2 when the service is the reason.
 */
export async function runSidecar({
	startService,
	startCommand,
	signal,
	gracePeriodMs,
	log,
}: SidecarOptions): Promise<number> {
	const service = await startService();
	try {
		if (signal.aborted) return exitCodeOf({kind: 'killed', signal: signalOf(signal)});
		const command = startCommand(service.address);
		const first = await Promise.race([
			command.ended.then((end) => ({kind: 'command' as const, end})),
			service.died.then((error) => ({kind: 'service' as const, error})),
			aborted(signal).then(() => ({kind: 'signal' as const})),
		]);
		switch (first.kind) {
			case 'command':
				log.info('tools', `the command ended: ${endText(first.end)}`);
				return exitCodeOf(first.end);
			case 'service':
				log.warn('scan', `the scan service died, and the command is ended with it: ${first.error.message}`);
				await endCommand(command, 'SIGTERM', gracePeriodMs, log);
				return 2;
			case 'signal':
				log.info('tools', `${signalOf(signal)}: the command is told to end`);
				return exitCodeOf(await endCommand(command, signalOf(signal), gracePeriodMs, log));
		}
	} finally {
		await service.close();
	}
}

async function endCommand(
	command: Companion,
	signal: NodeJS.Signals,
	gracePeriodMs: number,
	log: Log,
): Promise<CompanionEnd> {
	command.signal(signal);
	const grace = setTimeout(() => {
		log.warn('tools', `the command did not end within ${gracePeriodMs / 1000} s and is killed`);
		command.signal('SIGKILL');
	}, gracePeriodMs);
	const end = await command.ended;
	clearTimeout(grace);
	return end;
}

function exitCodeOf(end: CompanionEnd): number {
	switch (end.kind) {
		case 'exited':
			return end.exitCode;
		case 'killed':
			return 128 + constants.signals[end.signal];
		case 'missing':
			throw new GateError({
				stage: 'tools',
				code: 'tool-missing',
				what: `the command cannot be started (${end.code})`,
				hint: 'In Argo CD, mount the volume var-files at /var/run/argocd; elsewhere name a command behind --.',
			});
	}
}

function endText(end: CompanionEnd): string {
	switch (end.kind) {
		case 'exited':
			return `exit code ${end.exitCode}`;
		case 'killed':
			return end.signal;
		case 'missing':
			return end.code;
	}
}

function signalOf({reason}: AbortSignal): NodeJS.Signals {
	const told: unknown = reason;
	return told === 'SIGINT' || told === 'SIGHUP' ? told : 'SIGTERM';
}

function aborted(signal: AbortSignal): Promise<void> {
	return new Promise((fulfil) => {
		if (signal.aborted) fulfil();
		else signal.addEventListener('abort', () => fulfil(), {once: true});
	});
}
