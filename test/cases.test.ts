// Each directory of test/cases is an example: what is put in, what happens to the registry or the tools, and what the
// program then prints. `case.json` is described by the Case type; `expected.yaml` is stdout, byte for byte; `policy.yaml`
// and `exceptions/` are the operator's, `feeds/` what the policy calls FEEDS.
import {readdirSync} from 'node:fs';
import {cp, mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, truncate, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {delimiter, dirname, join} from 'node:path';
import test from 'ava';
import type {ExecutionContext} from 'ava';
import pLimit from 'p-limit';
import {contentOf, createGateRunner} from './lab/gate.ts';
import type {GateRunner} from './lab/gate.ts';
import {startLab} from './lab/lab.ts';
import type {Lab} from './lab/lab.ts';
import type {ProxyRule} from './lab/proxy.ts';

interface Case {
	readonly about: string;
	/** `input` is where the case's own input stands. */
	readonly args: readonly string[];
	/** What the registry has, as `name: image of the lab`; names begin with the case's, so that faults meet no other. */
	readonly images?: Readonly<Record<string, string>>;
	readonly faults?: ReadonlyArray<Omit<ProxyRule, 'path'>>;
	/** A program of test/fixtures/bin in place of a real tool. */
	readonly tools?: Readonly<Record<string, string>>;
	readonly environment?: Readonly<Record<string, string>>;
	/** `warm` (a database, no reports) unless it says otherwise. */
	readonly cache?: 'empty' | 'half-written database';
	readonly exitCode: 0 | 1 | 2;
	/** Pieces of stderr, in order; what comes between does not matter. */
	readonly stderr?: readonly string[];
	/** Pieces that stdout must have when it is not compared whole. */
	readonly stdout?: readonly string[];
	/** How often each kind of request reached the case's images. */
	readonly requests?: Readonly<Record<string, number>>;
}

const directory = join(import.meta.dirname, 'cases');
const fixtures = join(import.meta.dirname, 'fixtures', 'bin');
/** Processes at once: a machine has two cores. */
const limit = pLimit(3);
let lab: Lab;
let gate: GateRunner;

test.before(async () => {
	lab = await startLab();
	gate = await createGateRunner(lab);
});

test.after.always(async () => {
	await gate?.stop();
	await lab?.stop();
});

for (const name of readdirSync(directory).toSorted()) {
	test(name, async (t) => {
		const example = JSON.parse(await readFile(join(directory, name, 'case.json'), 'utf8')) as Case;
		await limit(() => check(t, name, example));
	});
}

async function check(t: ExecutionContext, name: string, example: Case): Promise<void> {
	const place = await mkdtemp(join(tmpdir(), 'case-'));
	const input = join(place, 'input');
	t.teardown(() => rm(place, {recursive: true, force: true}));
	await cp(join(directory, name, 'input'), input, {recursive: true, verbatimSymlinks: true});
	const before = await contentOf(input);
	await Promise.all(Object.entries(example.images ?? {}).map(([as, image]) => lab.publish(image, `${name}/${as}`)));
	const rules = (example.faults ?? []).map((rule) => lab.proxy.add({...rule, path: `/v2/${name}/`}));
	const tools = Object.fromEntries(
		Object.entries(example.tools ?? {}).map(([tool, file]) => [
			`TRIVY_GATE_${tool.toUpperCase()}`,
			join(fixtures, file),
		]),
	);
	const policy = await readFile(join(directory, name, 'policy.yaml'), 'utf8').catch(() => undefined);

	const exceptions = await exceptionsOf(name, place);

	const run = await gate.run(
		example.args.map((argument) => (argument === 'input' ? input : argument)),
		{
			environment: {...tools, ...beside(lab.tools.trivy), ...exceptions, ...example.environment},
			...(policy === undefined ? {} : {policy: policy.replaceAll('FEEDS', join(directory, name, 'feeds'))}),
			...(example.cache === undefined ? {} : {cacheDirectory: await cacheFor(example.cache, place)}),
		},
	);

	for (const rule of rules) rule.remove();
	const say = `${example.about}\n--- exit code ${run.exitCode}\n--- stdout\n${run.stdout.slice(0, 3000)}\n--- stderr\n${run.stderr}`;
	t.is(run.exitCode, example.exitCode, say);
	await checkOutput(t, name, example, run.stdout, say);
	let from = 0;
	for (const piece of example.stderr ?? []) {
		const at = run.stderr.indexOf(piece, from);
		t.true(at >= 0, `stderr lacks: ${piece}\n${say}`);
		from = Math.max(from, at);
	}
	t.deepEqual(run.leftovers, [], 'temporary files are left');
	t.deepEqual(await contentOf(input), before, 'the checkout was written to');
	for (const [kind, count] of Object.entries(example.requests ?? {})) {
		const seen = lab.proxy.requests.filter(
			(request) => request.kind === kind && request.repository?.startsWith(`${name}/`),
		);
		t.is(seen.length, count, `${kind} requests\n${say}`);
	}
}

/** The setting for the case's directory of exceptions, in whose files NOW is this moment. */
async function exceptionsOf(name: string, place: string): Promise<Readonly<Record<string, string>>> {
	const from = join(directory, name, 'exceptions');
	const files = await readdir(from).catch(() => []);
	if (files.length === 0) return {};
	const to = join(place, 'exceptions');
	await mkdir(to);
	for (const file of files) {
		const text = await readFile(join(from, file), 'utf8');
		await writeFile(join(to, file), text.replaceAll('NOW', new Date().toISOString()));
	}
	return {TRIVY_GATE_EXCEPTIONS: to};
}

/** The real tool for what a program in its place leaves to it. */
function beside(tool: string): Readonly<Record<string, string>> {
	return {PATH: `${dirname(tool)}${delimiter}${process.env['PATH'] ?? ''}`};
}

async function cacheFor(cache: NonNullable<Case['cache']>, place: string): Promise<string> {
	if (cache === 'empty') return join(place, 'cache');
	const warm = await gate.warmCache();
	const databases = join(warm, 'databases');
	const file = join(databases, await readlink(join(databases, 'db.current')), 'db', 'trivy.db');
	await truncate(file, Math.floor((await stat(file)).size / 2));
	return warm;
}

/** `UPDATE_CASES=1 npm test -- test/cases.test.ts` writes what is printed; read the difference before it is committed. */
async function checkOutput(
	t: ExecutionContext,
	name: string,
	example: Case,
	stdout: string,
	say: string,
): Promise<void> {
	const file = join(directory, name, 'expected.yaml');
	const expected = await readFile(file, 'utf8').catch(() => undefined);
	if (expected !== undefined && process.env['UPDATE_CASES'] === '1') await writeFile(file, stdout);
	if (expected !== undefined) t.is(stdout, process.env['UPDATE_CASES'] === '1' ? stdout : expected, say);
	else if (example.stdout === undefined) t.is(stdout, '', say);
	else for (const piece of example.stdout) t.true(stdout.includes(piece), `stdout lacks: ${piece}\n${say}`);
}
