import type {OperationState} from './application.ts';
import type {Outcome} from './scenario.ts';
import type {Stage} from './stage.ts';

export const deniedImage = 'registry.example/shop/api:1.4';
/** What the denied image has. */
export const finding = 'CVE-2021-44906';
export const allowedImage = 'registry.example/shop/api:1.5';
/** How a gate Job is called, among objects. */
export const gateJob = 'Job/trivy-gate-denied-';

/** Checks what a scenario says that comes of it. */
export async function checkOutcome(stage: Stage, outcome: Outcome, sync: OperationState | undefined): Promise<void> {
	if ('checked' in outcome) return;
	if (sync === undefined) throw new Error('the scenario returns no sync to check');
	if ('refused' in outcome) await stage.isRefused(sync);
	else await stage.isDeployed(sync, deniedImage);
}

/** A sync that was refused tells why where the user looks, and nothing is new or changed but the gate Job. */
export async function checkRefusal(stage: Stage, sync: OperationState, object: string): Promise<void> {
	const {t, refusal} = stage;
	const all = tell(sync);
	t.true(sync.phase === 'Failed' || sync.phase === 'Error', all);
	const rows = sync.syncResult?.resources ?? [];
	switch (refusal) {
		case 'job': {
			t.regex(sync.message ?? '', /one or more synchronization tasks completed unsuccessfully/, all);
			const hook = rows.find(({kind, name}) => `${kind}/${name}`.startsWith(gateJob));
			t.is(hook?.hookPhase, 'Failed', all);
			t.is(hook?.message, 'Job was active longer than specified deadline', all);
			const job = (await stage.gateJobs()).find(({metadata}) => metadata.name === hook?.name);
			t.true(job?.metadata.annotations?.['trivy-gate/summary']?.includes(finding), JSON.stringify(job));
			await stage.isUntouched([gateJob]);
			return;
		}
		case 'seal': {
			t.regex(sync.message ?? '', /one or more synchronization tasks are not valid/, all);
			const row = rows.find(({kind, name}) => `${kind}/${name}` === object);
			t.true(row?.message?.includes(finding) === true, all);
			await stage.isUntouched();
			return;
		}
		case 'fail-render': {
			t.regex(sync.message ?? '', /ComparisonError/, all);
			t.true(sync.message?.includes(finding) === true, all);
			await stage.isUntouched();
			return;
		}
	}
}

/** An operation as a person wants to read it when a check of it fails. */
export function tell({phase, message, syncResult, retryCount}: OperationState): string {
	return JSON.stringify({phase, message, retryCount, rows: syncResult?.resources}, undefined, ' ');
}
