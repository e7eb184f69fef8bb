import {createHash} from 'node:crypto';
import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {ledgerOf, parseLedger, withAllowed, type Ledger} from './gate/ledger.ts';
import type {GateDecision, Log} from './types.ts';

interface LedgerRequest {
	readonly directory: string;
	readonly application: string;
	readonly project: string | undefined;
	readonly log: Log;
}

/** The ledger of one application. Nothing about it fails a run: what is lost costs readmissions. */
export interface LedgerFile {
	readonly ledger: Ledger;
	/** Writes down what was allowed. */
	readonly record: (decision: GateDecision, now: Date) => Promise<void>;
}

export async function openLedger({directory, application, project, log}: LedgerRequest): Promise<LedgerFile> {
	const name = createHash('sha256')
		.update(JSON.stringify([project ?? '', application]))
		.digest('hex')
		.slice(0, 32);
	const path = join(directory, `${name}.json`);
	const text = await readFile(path, 'utf8').catch((error: unknown) => {
		if (!isMissing(error)) log.warn('gate', `the ledger cannot be read, so that nothing is readmitted — ${path}`);
		return undefined;
	});
	const document = text === undefined ? undefined : parseLedger(text);
	if (text !== undefined && document === undefined)
		log.warn('gate', `the ledger is damaged, so that nothing is readmitted — ${path}`);
	return {
		ledger: ledgerOf(document),
		record: async (decision, now) => {
			const next = withAllowed(document, decision, {application, project, now});
			if (next === undefined) return;
			const draft = `${path}.${process.pid}.tmp`;
			try {
				await mkdir(directory, {recursive: true, mode: 0o700});
				await writeFile(draft, JSON.stringify(next), {mode: 0o600});
				await rename(draft, path);
			} catch {
				await rm(draft, {force: true}).catch(() => {});
				log.warn('gate', `the ledger cannot be written, so that nothing new can be readmitted — ${path}`);
			}
		},
	};
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
