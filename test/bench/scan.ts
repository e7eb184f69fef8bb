// `npm run bench scan`: what the gate costs beside what a user would do instead, in one run, as ratios. CPU is that of
// the whole process tree; requests and bytes are counted at the registry.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createGateRunner} from '../lab/gate.ts';
import {startLab, type Lab} from '../lab/lab.ts';
import {countTrivy, makeBundle, type CountedTrivy} from './bundled.ts';
import {publishImageSet, type ImageSet} from './image-set.ts';
import {measure, median, printTable, type Cost} from './measure.ts';
import type {BenchSettings} from './settings.ts';
import {barPlot} from './plot.ts';
import {report, type ExactCount, type Target} from './result.ts';
import {waysToScan, type Way} from './ways.ts';

interface Row extends Cost {
	readonly way: Way;
	readonly requests: number;
	readonly blobs: number;
	/** Everything but questions about a tag, and pings, by which clients learn how to log in. */
	readonly beyondTags: number;
	readonly megabytes: number;
	/** Trivy's starts by the gate. */
	readonly trivy: Awaited<ReturnType<CountedTrivy['counts']>>;
}

/** Runs all ways several times by turns, and prints the medians. @returns whether all exact counts are right. */
export async function benchScan({runs, output}: BenchSettings): Promise<boolean> {
	const home = await mkdtemp(join(tmpdir(), 'bench-'));
	const lab = await startLab();
	const gate = await createGateRunner(lab);
	try {
		const set = await publishImageSet(lab, (line) => console.error(`bench: ${line}`));
		const trivy = await countTrivy(home, lab.tools.trivy);
		const program = await makeBundle(home);
		const ways = await waysToScan({home, lab, gate, program, trivy: trivy.path, images: set.images});
		const rows: Row[] = [];
		for (let run = 0; run < runs; run += 1) {
			for (const way of ways) {
				console.error(`bench: run ${run + 1} of ${runs}: ${way.name}, ${way.group}`);
				rows.push(await measureWay(way, lab, trivy));
			}
		}
		const medians = ways.map((way) => medianOf(rows.filter((row) => row.way === way)));
		print(medians, set);
		return await report(
			{
				name: 'scan',
				targets: targetsOf(medians),
				counts: rows.flatMap((row) => countsOf(row, set)),
				details: {
					runs,
					images: set.images.length,
					layers: set.layers.length,
					megabytes: set.bytes / 1_000_000,
					medians: medians.map(withNames),
					rows: rows.map(withNames),
				},
				plots: plotsOf(medians),
			},
			output,
		);
	} finally {
		await gate.stop();
		await lab.stop();
		await rm(home, {recursive: true, force: true});
	}
}

async function measureWay(way: Way, lab: Lab, trivy: CountedTrivy): Promise<Row> {
	const work = await way.prepare();
	lab.proxy.reset();
	await trivy.counts();
	const cost = await measure(work);
	const {requests} = lab.proxy;
	const aboutTags = requests.filter(({kind, path}) => kind === 'ping' || path.endsWith('/manifests/1.0'));
	return {
		...cost,
		way,
		requests: requests.length,
		blobs: lab.proxy.count({kind: 'blob-get'}),
		beyondTags: requests.length - aboutTags.length,
		megabytes: lab.proxy.bytes() / 1_000_000,
		trivy: await trivy.counts(),
	};
}

function medianOf(rows: readonly Row[]): Row {
	const [first] = rows;
	if (first === undefined) throw new Error('nothing was measured');
	const of = (field: 'wall' | 'cpu' | 'requests' | 'blobs' | 'megabytes') => median(rows.map((row) => row[field]));
	return {
		...first,
		wall: of('wall'),
		cpu: of('cpu'),
		requests: of('requests'),
		blobs: of('blobs'),
		megabytes: of('megabytes'),
	};
}

/** Cold, each layer and each image's configuration is fetched once; warm, nothing is scanned and only tags are asked for. */
function countsOf({way, blobs, beyondTags, trivy}: Row, {images, layers}: ImageSet): readonly ExactCount[] {
	const about = `${way.name}, ${way.group}`;
	switch (way.kind) {
		case 'trivy':
			return [];
		case 'gate, cold':
			return [
				{what: `${about}: blobs fetched`, value: blobs, expected: layers.length + images.length},
				{what: `${about}: scans`, value: trivy.image, expected: images.length},
			];
		case 'gate, warm':
			return [
				{what: `${about}: Trivy processes`, value: trivy.image + trivy.server + trivy.other, expected: 0},
				{what: `${about}: requests that are not about a tag`, value: beyondTags, expected: 0},
			];
	}
}

function targetsOf(rows: readonly Row[]): readonly Target[] {
	const serial = rows.find(({way}) => way.group === 'serial');
	return rows.flatMap((row) => {
		if (row.way.kind !== 'gate, cold' || serial === undefined) return [];
		const {group, name} = row.way;
		const memory = rows.find(({way}) => way.group === group && way.name === 'trivy, memory backend') ?? serial;
		const about = `${name}, ${group}`;
		const unit = '×';
		return [
			{what: `${about}: CPU to serial trivy`, value: row.cpu / serial.cpu, most: 1.1, unit},
			{what: `${about}: wall to serial trivy`, value: row.wall / serial.wall, most: 0.6, unit},
			{what: `${about}: wall to the memory backend`, value: row.wall / memory.wall, most: 0.4, unit},
		] as const;
	});
}

function print(rows: readonly Row[], {images, layers, bytes}: ImageSet): void {
	const [baseline] = rows;
	console.log(`${images.length} images of ${layers.length} layers, ${(bytes / 1_000_000).toFixed(0)} MB, medians\n`);
	printTable([
		['way', 'wall s', 'ratio', 'CPU s', 'ratio', 'requests', 'blobs', 'MB'],
		...rows.map(({way, wall, cpu, requests, blobs, megabytes}) => [
			`${way.name}, ${way.group}`,
			wall.toFixed(2),
			(wall / (baseline?.wall ?? wall)).toFixed(2),
			cpu.toFixed(2),
			(cpu / (baseline?.cpu ?? cpu)).toFixed(2),
			String(requests),
			String(blobs),
			megabytes.toFixed(1),
		]),
	]);
}

function plotsOf(rows: readonly Row[]): Readonly<Record<string, string>> {
	const bars = (value: (row: Row) => number) =>
		rows.map((row) => ({group: row.way.group, name: row.way.name, value: value(row)}));
	return {
		'scan-wall': barPlot(
			bars(({wall}) => wall),
			{title: 'Wall time of scanning 24 images', unit: 'wall seconds'},
		),
		'scan-cpu': barPlot(
			bars(({cpu}) => cpu),
			{title: 'CPU time of scanning 24 images', unit: 'CPU seconds'},
		),
		'scan-bytes': barPlot(
			bars(({megabytes}) => megabytes),
			{title: 'Megabytes fetched for 24 images', unit: 'MB fetched'},
		),
	};
}

function withNames({way, ...row}: Row): unknown {
	return {way: way.name, group: way.group, ...row};
}
