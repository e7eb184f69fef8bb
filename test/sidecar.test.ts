// The container's first program, with real child processes.
import {mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import {startCompanion} from '../src/exec.ts';
import {runSidecar} from '../src/sidecar.ts';
import type {RunningService} from '../src/sidecar.ts';
import type {Log} from '../src/types.ts';
import {createGateRunner, program} from './lab/gate.ts';
import type {GateRunner} from './lab/gate.ts';
import {startLab} from './lab/lab.ts';
import type {Lab} from './lab/lab.ts';
import {startGate} from './lab/process.ts';
import type {RunningGate} from './lab/process.ts';

let lab: Lab;
let gate: GateRunner;

test.before(async () => {
	lab = await startLab();
	gate = await createGateRunner(lab);
	await lab.publish('alpine', 'shop/proxy:1.0');
});

test.after.always(async () => {
	await gate?.stop();
	await lab?.stop();
});

/** A sidecar around a shell script, in place of Argo CD's plugin server. */
async function sidecar(
	t: ExecutionContext,
	script: string,
	extra: Readonly<Record<string, string>> = {},
): Promise<RunningGate & {readonly environment: Readonly<Record<string, string>>}> {
	const environment = await gate.environment({environment: extra});
	const running = startGate(['sidecar', '--', '/bin/sh', '-c', script], environment);
	t.teardown(() => running.stop());
	return {...running, environment};
}

const pod =
	'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: a, image: registry.example/shop/proxy:1.0}]\n';

test.serial('what the command calls finds the service, which listens before the command starts', async (t) => {
	// As Argo CD does: the command's own children run generate, with the command's environment.
	const generate = `printf '%s' '${pod}' | "${process.execPath}" "${program}" generate -`;
	const {ended, output} = await sidecar(t, `echo "at $TRIVY_GATE_SERVICE" >&2; ${generate}`, {
		ARGOCD_APP_NAME: 'shop',
		ARGOCD_APP_NAMESPACE: 'shop',
		KUBE_VERSION: '1.36.1',
	});
	t.is(await ended, 0, output.stderr);
	t.is(output.stdout, pod);
	t.regex(output.stderr, /^at unix:\/.*\/trivy-gate-service-\d+\/socket$/m);
	t.regex(output.stderr, /"event":"decision".*"outcome":"allow","application":"shop"/);
});

test.serial('the command’s exit code is the container’s, and nothing is left behind', async (t) => {
	const {ended, environment} = await sidecar(t, 'exit 7');
	t.is(await ended, 7);
	t.deepEqual(await readdir(join(environment['TMPDIR'] ?? '', `trivy-gate-service-${process.getuid?.() ?? 0}`)), []);
	const killed = await sidecar(t, 'kill -9 $$');
	t.is(await killed.ended, 137);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
	test.serial(`${signal} goes to the command, which may take its time`, async (t) => {
		const name = signal.slice(3);
		const {child, says, ended, output} = await sidecar(
			t,
			`trap 'echo got ${name} >&2; sleep 1; echo done >&2; exit 3' ${name}; echo ready >&2; while :; do sleep 0.1; done`,
		);
		await says(/ready/);
		child.kill(signal);
		t.is(await ended, 3, output.stderr);
		t.regex(output.stderr, new RegExp(`got ${name}[^]*done`));
	});
}

test.serial('a command that does not end is killed after the grace period', async (t) => {
	const {child, says, ended} = await sidecar(t, `trap '' TERM; echo ready >&2; while :; do sleep 0.1; done`, {
		TRIVY_GATE_GRACE_PERIOD: '1',
	});
	await says(/ready/);
	child.kill('SIGTERM');
	t.is(await ended, 137);
});

test.serial('the service answers as long as the command has calls to end', async (t) => {
	const status = `"${process.execPath}" "${program}" status >&2`;
	const {child, says, ended, output} = await sidecar(
		t,
		`trap '${status}; echo "exit $?" >&2; exit 0' TERM; echo ready >&2; while :; do sleep 0.1; done`,
	);
	await says(/ready/);
	child.kill('SIGTERM');
	t.is(await ended, 0, output.stderr);
	// No database was needed yet, so it is not ready; what counts is that it answered.
	t.regex(output.stderr, /^images {9}/m);
});

test.serial(
	'when the service’s socket is taken away the command is ended: nobody could be judged any more',
	async (t) => {
		const {says, ended, output, environment} = await sidecar(t, 'echo ready >&2; exec sleep 600');
		await says(/ready/);
		const directory = join(environment['TMPDIR'] ?? '', `trivy-gate-service-${process.getuid?.() ?? 0}`);
		await rm(directory, {recursive: true});
		t.is(await ended, 2, output.stderr);
		t.regex(
			output.stderr,
			/the scan service died, and the command is ended with it: scan: the scan service’s socket is gone/,
		);
	},
);

test.serial('a sidecar that is killed leaves calls that fail', async (t) => {
	const {child, says, ended, environment} = await sidecar(t, 'echo "at $TRIVY_GATE_SERVICE" >&2; exec sleep 5');
	const [, service = ''] = await says(/^at (unix:\S+)$/m);
	child.kill('SIGKILL');
	await ended;
	const run = await gate.run(['generate', '-'], {
		input: pod,
		environment: {TRIVY_GATE_SERVICE: service, TMPDIR: environment['TMPDIR'] ?? ''},
	});
	t.is(run.exitCode, 2);
	t.is(run.stdout, '');
	t.regex(run.stderr, /does not listen \(ECONNREFUSED\)/);
});

test.serial('the next sidecar takes the place of a killed one', async (t) => {
	const first = await sidecar(t, 'echo ready >&2; exec sleep 5');
	await first.says(/ready/);
	first.child.kill('SIGKILL');
	await first.ended;
	const second = startGate(['sidecar', '--', '/bin/sh', '-c', 'exit 0'], first.environment);
	t.is(await second.ended, 0, second.output.stderr);
});

test.serial('without a command that can be started there is no sidecar', async (t) => {
	const environment = await gate.environment();
	const missing = startGate(['sidecar', '--', '/nowhere/argocd-cmp-server'], environment);
	t.is(await missing.ended, 2);
	t.regex(missing.output.stderr, /tools: the command cannot be started \(ENOENT\)/);
	const byDefault = startGate(['sidecar'], environment);
	t.is(await byDefault.ended, 2);
	t.regex(byDefault.output.stderr, /mount the volume var-files at \/var\/run\/argocd/);
});

test.serial('a service that does not start keeps the command from starting', async (t) => {
	const {ended, output} = await sidecar(t, 'echo started >&2', {TRIVY_GATE_TRIVY: '/nowhere/trivy'});
	t.is(await ended, 2);
	t.regex(output.stderr, /trivy is not there/);
	t.false(output.stderr.includes('started'));
});

const log: Log = {info: () => {}, warn: () => {}, detail: () => {}};

/** A service made by hand, which lives until the test lets it die. */
function handMadeService() {
	const {promise: died, resolve: die} = Promise.withResolvers<Error>();
	const events: string[] = [];
	const service: RunningService = {
		address: 'unix:/made/by/hand',
		died,
		close: async () => void events.push('service closed'),
	};
	return {die, events, startService: async () => service};
}

async function shell(script: string) {
	const directory = await mkdtemp(join(tmpdir(), 'sidecar-'));
	return (address: string) =>
		startCompanion('/bin/sh', ['-c', script], {PATH: process.env['PATH'] ?? '', ADDRESS: address, OUT: directory});
}

test('a service that dies ends the command, first with SIGTERM', async (t) => {
	const {die, events, startService} = handMadeService();
	const startCommand = await shell('trap "exit 0" TERM; while :; do sleep 0.1; done');
	const ended = runSidecar({
		startService,
		startCommand,
		signal: new AbortController().signal,
		gracePeriodMs: 60_000,
		log,
	});
	await wait(200);
	die(new Error('it met a bug'));
	t.is(await ended, 2);
	t.deepEqual(events, ['service closed']);
});

function neverStarted(): never {
	throw new Error('it was started');
}

test('a signal before the command has started ends the sidecar at once', async (t) => {
	const {events, startService} = handMadeService();
	const stop = new AbortController();
	stop.abort('SIGTERM');
	t.is(
		await runSidecar({startService, startCommand: neverStarted, signal: stop.signal, gracePeriodMs: 1000, log}),
		143,
	);
	t.deepEqual(events, ['service closed']);
});
