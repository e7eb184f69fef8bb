// The first lines of `npm run demo` and `npm test`: plain Node 20, no packages. Installs and builds what is missing,
// says what takes long, and hands over to the Node 24 that the checkout brings.
//
//   node test/lab/start.mjs setup | demo | test [ava arguments] | argocd [--keep] [scenarios] |
//     fuzz [--seed=NUMBER] [--streams=NUMBER] [ava arguments] | faults [ava arguments] | image | cluster |
//     coverage | bench
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {delimiter, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {buildTools, readPins, run, seconds} from '../../plugin/build-tools.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const programs = join(root, 'node_modules', '.bin');
const say = (line) => console.error(`set-up: ${line}`);

const suites = {
	setup: () => node('test/lab/prepare.ts'),
	demo: () => node('test/lab/demo.ts'),
	test: async (args) => (await node('test/lab/prepare.ts')) || runAva(args),
	argocd: async (args) => (await node('test/argocd/prepare.ts')) || runAva(argoCdArguments(args)),
	cluster: async (args) =>
		(await node('test/cluster/prepare.ts')) || runAva(['--config', 'test/cluster/ava.config.mjs', ...args]),
	fuzz: async (args) => (await node('test/oracle/prepare.ts')) || runAva(fuzzArguments(args)),
	image: async (args) =>
		(await node('test/image/prepare.ts')) || runAva(['--config', 'test/image/ava.config.mjs', ...args]),
	faults: async (args) =>
		(await node('test/lab/prepare.ts')) || runAva(['--config', 'test/faults/ava.config.mjs', ...args]),
	coverage: () => node('node_modules/c8/bin/c8.js', ...coverageFlags, join(programs, 'ava'), ...pureTests),
	bench: (args) => node('test/bench/bench.ts', ...args),
};
const coverageFlags = [
	'--include',
	'src/gate/**',
	'--include',
	'src/images/**',
	'--include',
	'src/manifests/**',
	'--include',
	'src/doctor/**',
	'--check-coverage',
	'--branches',
	'95',
	'--lines',
	'95',
];
const pureTests = [
	'test/gate/*.test.ts',
	'test/images-find/*.test.ts',
	'test/corpus/*.test.ts',
	'test/manifests/*.test.ts',
	'test/oracle/*.test.ts',
	'test/doctor/*.test.ts',
];

async function main([suite, ...args]) {
	if (!(suite in suites)) throw new Error(`"${suite}" is none of ${Object.keys(suites).join(', ')}.`);
	const started = Date.now();
	await checkPrerequisites();
	await installPackages();
	const pins = await readPins();
	await buildTools({pins, say});
	if (Date.now() - started > 5000) say(`ready after ${seconds(started)}`);
	return suites[suite](args);
}

async function checkPrerequisites() {
	for (const [program, args, why] of [
		['go', ['version'], 'Go 1.26 or newer builds the external tools'],
		['git', ['--version'], 'kustomize fetches remote bases with it'],
		['tar', ['--version'], 'test images are made with it'],
	]) {
		await run(program, args).catch((error) => {
			throw new Error(`${error.message} ${why}: install it, then try again.`);
		});
	}
}

/** Installs the locked packages when they are missing or belong to another lock file. */
async function installPackages() {
	const lock = createHash('sha256')
		.update(readFileSync(join(root, 'package-lock.json')))
		.digest('hex');
	const marker = join(root, 'node_modules', '.installed-lock');
	if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return;
	const started = Date.now();
	say('installing the locked npm packages (about half a minute, once)');
	const npm = process.env.npm_execpath;
	await (npm === undefined ? run('npm', ['ci'], {cwd: root}) : run(process.execPath, [npm, 'ci'], {cwd: root}));
	writeFileSync(marker, lock);
	say(`installed the npm packages in ${seconds(started)}`);
}

/** Runs a script on the checkout's own Node; answers with its exit code. */
function node(script, ...args) {
	return inherit(join(programs, 'node'), [script, ...args]);
}

/** AVA's own output, and after it the one line that CI reads. */
async function runAva(args) {
	const child = spawn(join(programs, 'ava'), args, {
		cwd: root,
		env: environment(),
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	forwardSignals(child);
	let output = '';
	child.stdout.setEncoding('utf8').on('data', (text) => {
		process.stdout.write(text);
		output += text;
	});
	const code = await new Promise((fulfil) => child.on('close', (exit) => fulfil(exit ?? 1)));
	const summary = output.slice(output.lastIndexOf('─'));
	const count = (words) => Number(new RegExp(`^ *(\\d+) ${words}`, 'm').exec(summary)?.[1] ?? 0);
	const failures =
		count('tests? failed') +
		count('uncaught exceptions?') +
		count('unhandled rejections?') +
		count('tests? remained pending');
	// AVA also fails without a failed test: a file without tests, a time-out.
	const failed = code === 0 ? failures : Math.max(1, failures);
	// When a test failed, AVA's summary does not count those that passed.
	const passed = count('tests? passed') || (output.match(/^ *✔ /gm) ?? []).length;
	console.log(`${passed} passed, ${failed} failed, ${count('tests? skipped')} skipped`);
	return failed === 0 ? 0 : 1;
}

/** Scenarios are chosen by name, as `apply-only` or `apply-only*`. */
function argoCdArguments(args) {
	if (args.includes('--keep')) process.env.ARGOCD_BED = 'keep';
	const names = args.filter((name) => name !== '--keep');
	return [
		'--config',
		'test/argocd/ava.config.mjs',
		...names.map((name) => `--match=${name.endsWith('*') ? name : `${name},*`}`),
	];
}

/** The seed and the number of streams may also come as FUZZ_SEED and FUZZ_STREAMS. */
function fuzzArguments(args) {
	const others = args.filter((argument) => {
		const [, name, value] = /^--(seed|streams)=(.*)$/.exec(argument) ?? [];
		if (name !== undefined) process.env[`FUZZ_${name.toUpperCase()}`] = value;
		return name === undefined;
	});
	return ['--config', 'test/oracle/ava.config.mjs', ...others];
}

function inherit(file, args) {
	const child = spawn(file, args, {cwd: root, env: environment(), stdio: 'inherit'});
	forwardSignals(child);
	return new Promise((fulfil) => child.on('close', (code) => fulfil(code ?? 1)));
}

function environment() {
	return {...process.env, PATH: `${programs}${delimiter}${process.env.PATH}`};
}

function forwardSignals(child) {
	for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
}

main(process.argv.slice(2)).then(
	(code) => (process.exitCode = code),
	(error) => {
		console.error(`set-up: ${error.message}`);
		process.exitCode = 1;
	},
);
