#!/usr/bin/env node
// Builds the pinned external tools of tools.json as Go modules. Runs on plain Node 20, without packages,
// because set-up and the Dockerfile call it before anything is installed.
//
//   node plugin/build-tools.mjs                      into the tool cache, what is missing there
//   node plugin/build-tools.mjs --only helm,trivy    just these
//   node plugin/build-tools.mjs --into DIRECTORY     what the gate itself runs, as copies in one directory (the Dockerfile)
import {spawn} from 'node:child_process';
import {copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, utimes} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {toolPath} from './tool-cache.mjs';

export {toolCache, toolPath} from './tool-cache.mjs';

const directory = dirname(fileURLToPath(import.meta.url));

/** The pins of tools.json: `{go, tools: [{name, version, module, …}]}`. */
export async function readPins() {
	return JSON.parse(await readFile(join(directory, 'tools.json'), 'utf8'));
}

/**
 * Builds what is missing of the pins, one after the other (each build uses all cores).
 * @returns the path of each tool by name; throws an Error with the tail of the build's output when one fails.
 */
export async function buildTools({pins, say, environment = process.env}) {
	const paths = {};
	for (const pin of pins.tools) {
		const path = toolPath(pin, environment);
		if (!(await exists(path))) await buildTool({pin, path, go: pins.go, say, environment});
		paths[pin.name] = path;
	}
	return paths;
}

async function buildTool({pin, path, go, say, environment}) {
	const started = Date.now();
	say(`building ${pin.name} ${pin.version} from ${pin.module} (about ${pin.minutes} min on 2 cores, once)`);
	const goEnvironment = await goSettings(go, environment);
	const download = await run('go', ['mod', 'download', '-json', `${pin.module}@v${pin.version}`], {
		environment: goEnvironment,
	});
	const module = JSON.parse(download.stdout);
	if (module.Sum !== pin.sum) {
		throw new Error(
			`${pin.name}: the module's checksum is ${module.Sum}, plugin/tools.json says ${pin.sum}. Do not use it before you know why.`,
		);
	}
	await installDirectory(dirname(path), async (temporary) => {
		await run(
			'go',
			[
				'build',
				'-trimpath',
				'-buildvcs=false',
				'-mod=readonly',
				'-ldflags',
				pin.ldflags.replaceAll('{version}', pin.version),
				'-o',
				join(temporary, pin.name),
				pin.package,
			],
			{
				environment: {...goEnvironment, CGO_ENABLED: '0', ...pin.environment},
				cwd: module.Dir,
			},
		);
	});
	say(`built ${pin.name} ${pin.version} in ${seconds(started)}`);
}

/** A lock that its holder has not renewed for so long was left behind. */
const staleMs = 30_000;

/**
 * Fills a directory so that it is there whole or not at all: `fill` works in a sibling, which is renamed. Whoever wants
 * the same meanwhile waits, because two builds at once take twice as long each. The lock is a sibling, too, renewed while
 * the work goes on.
 */
export async function installDirectory(target, fill) {
	await mkdir(dirname(target), {recursive: true});
	const lock = `${target}.lock`;
	while (!(await takeLock(lock))) await wait(200);
	const renew = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), staleMs / 6);
	const temporary = await mkdtemp(`${target}.new-`);
	try {
		if (await exists(target)) return;
		await fill(temporary);
		await rename(temporary, target);
	} finally {
		clearInterval(renew);
		await rm(temporary, {recursive: true, force: true});
		await rm(lock, {recursive: true, force: true});
	}
}

async function takeLock(lock) {
	try {
		await mkdir(lock);
		return true;
	} catch (error) {
		if (error.code !== 'EEXIST') throw error;
	}
	const held = await stat(lock).catch(() => undefined);
	if (held !== undefined && Date.now() - held.mtimeMs > staleMs) await rm(lock, {recursive: true, force: true});
	return false;
}

/** The environment for `go`: the checksum database stays on, and the toolchain is one that builds every pin. */
export async function goSettings(version, environment = process.env) {
	const settings = {...environment, GOFLAGS: '', GOWORK: 'off'};
	const installed = (
		await run('go', ['env', 'GOVERSION'], {environment: {...settings, GOTOOLCHAIN: 'local'}})
	).stdout.trim();
	// Trivy's jsonv2 experiment is gone in Go 1.27, so another minor version fetches the pinned toolchain.
	const minor = version.split('.').slice(0, 2).join('.');
	return {...settings, GOTOOLCHAIN: installed.startsWith(`go${minor}.`) ? 'local' : `go${version}`};
}

/** Runs a program to its end: its stdout and stderr, or an Error with its last lines and the command to repeat. */
export function run(file, args, {environment = process.env, cwd} = {}) {
	return new Promise((fulfil, reject) => {
		const child = spawn(file, args, {cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe']});
		const output = {stdout: '', stderr: ''};
		child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
		child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
		child.on('error', (error) =>
			reject(
				new Error(error.code === 'ENOENT' ? `${file} is not installed or not on PATH.` : `${file}: ${error.message}`),
			),
		);
		child.on('close', (code, signal) => {
			if (code === 0) return fulfil(output);
			const tail = (output.stderr || output.stdout).trimEnd().split('\n').slice(-15).join('\n  ');
			const quoted = args
				.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`))
				.join(' ');
			reject(
				new Error(
					`${file} ended with ${signal ?? `exit code ${code}`}:\n  ${tail}\nTo repeat it:\n  ${cwd ? `cd ${cwd} && ` : ''}${file} ${quoted}`,
				),
			);
		});
	});
}

export async function exists(path) {
	return stat(path).then(
		() => true,
		() => false,
	);
}

/** How long ago `started` (milliseconds) was, for a person. */
export function seconds(started) {
	const elapsed = (Date.now() - started) / 1000;
	return elapsed < 90 ? `${elapsed.toFixed(1)} s` : `${Math.floor(elapsed / 60)} min ${Math.round(elapsed % 60)} s`;
}

async function main(args) {
	const pins = await readPins();
	const only = valueOf(args, '--only')?.split(',');
	const into = valueOf(args, '--into');
	const unknown = only?.filter((name) => !pins.tools.some((pin) => pin.name === name)) ?? [];
	if (unknown.length > 0)
		throw new Error(
			`--only: no tool is named ${unknown.join(', ')}; there are ${pins.tools.map((pin) => pin.name).join(', ')}.`,
		);
	// crane is the tests' registry.
	const chosen = (pin) => only?.includes(pin.name) ?? (into === undefined || pin.development !== true);
	const wanted = {...pins, tools: pins.tools.filter(chosen)};
	const paths = await buildTools({pins: wanted, say: (line) => console.error(`set-up: ${line}`)});
	if (into !== undefined) await mkdir(resolve(into), {recursive: true});
	for (const [name, path] of Object.entries(paths)) {
		if (into !== undefined) await copyFile(path, join(resolve(into), name));
		console.log(into === undefined ? path : join(resolve(into), name));
	}
}

function valueOf(args, flag) {
	const index = args.indexOf(flag);
	return index === -1 ? undefined : args[index + 1];
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
	main(process.argv.slice(2)).catch((error) => {
		console.error(`set-up: ${error.message}`);
		process.exitCode = 1;
	});
}
