// Every scenario in a real Argo CD: `npm run test:argocd`, or one alone: `npm run test:argocd -- apply-only`.
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import pLimit from 'p-limit';
import {parameters} from '../../src/parameters.ts';
import {withSettings} from './argo-cd.ts';
import {startBed, type Bed} from './bed.ts';
import {createClearing} from './clearing.ts';
import {
	compare,
	comparePrivateDependency,
	comparePublicChart,
	missingParities,
	parityContent,
	scanNothing,
} from './compare.ts';
import type {Outcome, Refusal, Scenario} from './scenario.ts';
import {parities, type Parity} from './parity.ts';
import {play} from './stage.ts';

const directory = join(import.meta.dirname, 'scenarios');
/** Scenarios at once: most of their time is waiting, the rest is renders, on a machine with two cores. */
const limit = pLimit(8);
const keep = process.env['ARGOCD_BED'] === 'keep';
const clearing = createClearing();
let bed: Bed;

test.before(async (t) => {
	t.timeout(10 * 60_000);
	// AVA ends its workers without a word: by a signal of the terminal, or by going away itself.
	for (const end of ['SIGINT', 'SIGTERM', 'disconnect'])
		process.once(end, () => void clearing.run().finally(() => process.exit(1)));
	bed = await startBed((line) => console.error(`argocd: ${line}`), clearing);
});

test.after.always('stop', async (t) => {
	if (keep && bed !== undefined) {
		t.timeout(24 * 60 * 60_000);
		console.error(
			`argocd: kept up, until Ctrl-C: export KUBECONFIG=${bed.cluster.kubeconfig} (logs: ${bed.directory})`,
		);
		await new Promise(() => setInterval(() => {}, 60_000));
	}
	await clearing.run();
});

const together: Promise<unknown>[] = [];
const oneByOne = pLimit(1);
/** Those that are played alone, with the runs for their ways to refuse. */
const alone = new Map<Scenario, (() => Promise<void>)[]>();

for (const scenarioName of readdirSync(directory).toSorted()) {
	const {scenario} = (await import(join(directory, scenarioName, 'scenario.ts'))) as {readonly scenario: Scenario};
	for (const [refusal, outcome] of Object.entries(scenario.outcomes) as [Refusal, Outcome][]) {
		test(`${scenarioName}, ${refusal}: ${inWords(outcome)}`, async (t) => {
			t.timeout(20 * 60_000);
			const run = () => play(t, bed, {scenario, scenarioName, refusal, keep});
			if (scenario.alone === true || scenario.settings !== undefined) return playAlone(scenario, run);
			return playBeside(run);
		});
	}
}

for (const parity of parities) {
	test(`parity, ${parity.title}`, async (t) => {
		t.timeout(20 * 60_000);
		await playBeside(async () => void (await compare(t, bed, await parityRepository(parity), parity)));
	});
}

test('parity, helm: a dependency in a private repository', async (t) => {
	t.timeout(20 * 60_000);
	await playBeside(() => comparePrivateDependency(t, bed));
});

/** For development: a directory of charts, fetched from anywhere. */
const publicCharts = process.env['PARITY_CHARTS'];
let unscanned: Promise<string> | undefined;
for (const chart of publicCharts === undefined ? [] : readdirSync(publicCharts).toSorted()) {
	test(`public charts, ${chart}`, async (t) => {
		t.timeout(60 * 60_000);
		unscanned ??= bed.startSidecar('parity-unscanned', scanNothing).then(async () => {
			const {url, commit} = await bed.repository('public-charts');
			await commit(publicCharts ?? '');
			return url;
		});
		const repository = await unscanned;
		await playBeside(() => comparePublicChart(t, bed, repository, chart));
	});
}

test('parity, every setting of a source: there is one that compares it', async (t) => {
	t.deepEqual(await missingParities(bed), []);
});

test('parameters, in Argo CD’s UI: what is only shown, then all of them, with title, tooltip and kind', async (t) => {
	const repository = await parityRepository();
	const result = await bed.argoCd.ask('GetAppDetails', {
		repo: {repo: repository},
		source: {repoURL: repository, targetRevision: 'main', path: 'chart', plugin: {name: 'trivy-gate'}},
		appName: 'shop',
	});
	if ('error' in result) return t.fail(result.error);
	const {type, plugin} = result.answer as {readonly type: string; readonly plugin: PluginDetails};
	t.is(type, 'Plugin');
	const [policy, tags, ...announced] = plugin.parametersAnnouncement;
	t.is(policy?.name, 'policy');
	t.is(policy?.map?.['enforcement'], 'job');
	t.is(tags?.name, 'image-tags');
	t.deepEqual(tags?.map, {tag: '1.5'});
	t.deepEqual(
		announced.map(({name, title, collectionType, itemType}) => ({
			name,
			title,
			collection: collectionType ?? 'string',
			item: itemType ?? 'string',
		})),
		parameters.map(({name, title, collection, item}) => ({name, title, collection, item})),
	);
	for (const {name, tooltip} of plugin.parametersAnnouncement) t.truthy(tooltip, name);
});

/** Plays something while others play. */
function playBeside(run: () => Promise<void>): Promise<void> {
	const played = limit(run);
	together.push(played);
	return played;
}

/** Plays all ways to refuse of a scenario together, after everything else. */
function playAlone(scenario: Scenario, run: () => Promise<void>): Promise<void> {
	const {promise, resolve, reject} = Promise.withResolvers<void>();
	const runs = alone.get(scenario) ?? [];
	runs.push(() => run().then(resolve, reject));
	if (runs.length === 1) {
		alone.set(scenario, runs);
		const played = oneByOne(async () => {
			// All others have begun by then, or wait for their turn.
			await sleep(1000);
			await Promise.allSettled(together);
			await withSettings(bed, scenario.settings ?? {}, () => Promise.all(runs.map((each) => each())));
		});
		played.catch(reject);
	}
	return promise;
}

interface PluginDetails {
	readonly parametersAnnouncement: ReadonlyArray<{
		readonly name: string;
		readonly title: string;
		readonly tooltip: string;
		readonly collectionType?: string;
		readonly itemType?: string;
		readonly map?: Readonly<Record<string, string>>;
	}>;
}

const committed = new Map<string, Promise<string>>();

/** Argo CD edits its one checkout of a revision for `replicas`, and lets others read it meanwhile: those have their own. */
function parityRepository(parity?: Parity): Promise<string> {
	const name = JSON.stringify(parity?.native ?? {}).includes('"replicas"')
		? `parity-replicas-${committed.size}`
		: 'parity';
	const known = committed.get(name);
	if (known !== undefined) return known;
	const made = bed.repository(name).then(async ({url, commit}) => {
		await commit(parityContent);
		return url;
	});
	committed.set(name, made);
	return made;
}

function inWords(outcome: Outcome): string {
	if ('checked' in outcome) return outcome.checked;
	return 'refused' in outcome ? `refused — ${outcome.refused}` : `deployed — ${outcome.deployed}`;
}
