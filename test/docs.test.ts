// What the documentation says, as far as it can be held against the program, the scenarios and the files.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import test from 'ava';
import {commands} from '../src/cli.ts';
import {GateError} from '../src/errors.ts';
import {parameters} from '../src/parameters.ts';
import {options, parseSettings} from '../src/settings.ts';
import type {Outcome, Refusal, Scenario} from './argocd/scenario.ts';

const root = join(import.meta.dirname, '..');
const pages = [
	'README.md',
	'CONTRIBUTING.md',
	...readdirSync(join(root, 'docs'))
		.filter((name) => name.endsWith('.md'))
		.map((name) => `docs/${name}`),
];
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const scenarios = readdirSync(join(root, 'test/argocd/scenarios'));

for (const page of pages) {
	test(`every link of ${page} leads somewhere, and every title that it quotes is there`, (t) => {
		const dead = linksOf(page).flatMap(({text, path, anchor}) => {
			if (!existsSync(join(root, path))) return [path];
			if (anchor !== undefined && !anchorsOf(path).includes(anchor)) return [`${path}#${anchor}`];
			const titles = [...text.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title);
			return titles.filter((title) => !read(path).includes(title)).map((title) => `“${title}” in ${path}`);
		});
		t.deepEqual(dead, []);
	});

	test(`every setting, flag and command in ${page} is one of the program`, (t) => {
		const text = read(page);
		const variables = [...text.matchAll(/\bTRIVY_GATE_[A-Z_]+\b/g)].map(([variable]) => variable);
		const flags = [...text.matchAll(/\btrivy-gate (?:[a-z]+ |--)[^`|\n]*/g)].flatMap(([line]) =>
			[...line.matchAll(/(?<= )--([a-z][a-z-]+)/g)].map(([, flag = '']) => flag),
		);
		const told = [...text.matchAll(/`trivy-gate ([a-z]+)/g)].map(([, command = '']) => command);
		t.deepEqual(
			{
				variables: variables.filter((variable) => !isSetting(variable) && !buildArguments.includes(variable)),
				flags: flags.filter((flag) => !knownFlags.includes(flag)),
				commands: told.filter((command) => commands.every(({name}) => name !== command)),
			},
			{variables: [], flags: [], commands: []},
		);
	});
}

const knownFlags = [...[...options, ...parameters].map(({name}): string => name), 'help', 'version'];

/** The program itself says what it does not know. */
function isSetting(variable: string): boolean {
	try {
		parseSettings('generate', '.', {}, {[variable]: ''});
		return true;
	} catch (error) {
		if (error instanceof GateError) return error.output?.includes('is not a setting of the gate') !== true;
		throw error;
	}
}

/** Of the Dockerfile. */
const buildArguments = ['TRIVY_GATE_COMMIT'];

interface Link {
	readonly text: string;
	/** From the root of the repository. */
	readonly path: string;
	readonly anchor: string | undefined;
}

/** Links and pictures that stay in the repository. */
function linksOf(page: string): readonly Link[] {
	return [...read(page).matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g)].flatMap(([, text = '', target = '']) => {
		if (/^[a-z]+:/.test(target)) return [];
		const [file = '', anchor] = target.split('#');
		const path = file === '' ? page : relative(root, join(root, dirname(page), file));
		return [{text, path, anchor}];
	});
}

/** As GitHub names headings. */
function anchorsOf(path: string): readonly string[] {
	return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N} _-]/gu, '')
			.replaceAll(' ', '-'),
	);
}

const roads = 'docs/roads-around-the-gate.md';
const refusals: readonly Refusal[] = ['job', 'seal', 'fail-render'];

test('every scenario is among the roads', (t) => {
	const told = linksOf(roads).map(({path}) => path);
	for (const name of scenarios) t.true(told.includes(`test/argocd/scenarios/${name}`), name);
});

for (const {road, cells, played} of rowsOf(read(roads))) {
	test(`the road "${road}" is what its scenarios say`, async (t) => {
		for (const name of played) {
			const {outcomes} = await scenarioOf(name);
			for (const [index, refusal] of refusals.entries())
				t.true(
					agrees(cells[index] ?? '', outcomes[refusal]),
					`${name}, ${refusal}: ${JSON.stringify(outcomes[refusal])}`,
				);
		}
	});
}

interface Row {
	readonly road: string;
	/** What it says for each way to refuse. */
	readonly cells: readonly string[];
	readonly played: readonly string[];
}

/** The rows of all tables with a column for each way to refuse. */
function rowsOf(page: string): readonly Row[] {
	const head = '| road | job | seal | fail-render | closed by | shown by |';
	return page.split(/^(?=\| road )/m).flatMap((table) => {
		if (!table.startsWith(head)) return [];
		return table
			.split('\n')
			.slice(2)
			.filter((line) => line.startsWith('|'))
			.map((line) => {
				const [, road = '', ...cells] = line.split('|').map((cell) => cell.trim());
				const played = [...line.matchAll(/scenarios\/([\w-]+)/g)].map(([, name = '']) => name);
				return {road, cells, played};
			});
	});
}

async function scenarioOf(name: string): Promise<Scenario> {
	const module = (await import(join(root, 'test/argocd/scenarios', name, 'scenario.ts'))) as {
		readonly scenario: Scenario;
	};
	return module.scenario;
}

/** A scenario that checks for itself can mean either: its words were read by whoever wrote the cell. */
function agrees(cell: string, outcome: Outcome | undefined): boolean {
	if (outcome === undefined) return cell === '–';
	if ('checked' in outcome) return /^(?:open|closed)\b/.test(cell);
	return 'refused' in outcome ? /^closed\b/.test(cell) : /^open$/.test(cell);
}

test('what is to be looked up by its text is a text of the program, of the policies or of Argo CD', (t) => {
	const sources = [
		...filesIn('src', /\.ts$/),
		...filesIn('plugin/require-plugin', /\.yaml$/),
		// What Argo CD says, where a scenario or a check meets it.
		...filesIn('test/argocd', /\.ts$/),
	]
		// A pattern is a text with backslashes.
		.map((path) => read(path).replaceAll('\\', ''));
	// Headings, and the first column of a table.
	const texts = [...read('docs/troubleshooting.md').matchAll(/^(?:###|\|) `(.+?)`(?: \||$)/gm)].map(
		([, text = '']) => text,
	);
	const known = (part: string) => sources.some((source) => source.includes(part));
	t.true(texts.length > 40);
	t.deepEqual(
		texts.filter((text, index) => texts.indexOf(text) !== index),
		[],
		'told twice',
	);
	t.deepEqual(
		texts.filter((text) => !text.split('…').every((part) => known(part.trim()))),
		[],
	);
});

function filesIn(directory: string, name: RegExp): readonly string[] {
	return readdirSync(join(root, directory), {recursive: true, encoding: 'utf8'})
		.filter((path) => name.test(path))
		.map((path) => join(directory, path));
}
