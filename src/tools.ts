import {createHash} from 'node:crypto';
import {access, constants, mkdir, readFile, rename, stat, writeFile} from 'node:fs/promises';
import {delimiter, isAbsolute, join} from 'node:path';
import pins from '../plugin/tools.json' with {type: 'json'};
import {toolPath} from '../plugin/tool-cache.mjs';
import {GateError} from './errors.ts';
import type {ToolContext, ToolName} from './types.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where each tool is: the operator's setting, else PATH, else the cache that set-up fills.
 * A tool that is nowhere gets the cache's path, and running it says that it is missing.
 */
export async function locateTools(
	settings: Partial<Readonly<Record<ToolName, string>>>,
	environment: Environment,
): Promise<Readonly<Record<ToolName, string>>> {
	const locate = async (name: ToolName) => {
		const cached = toolPath(pinOf(name), environment);
		return settings[name] ?? (await onPath(name, environment)) ?? cached;
	};
	return {
		helm: await locate('helm'),
		kustomize: await locate('kustomize'),
		trivy: await locate('trivy'),
	};
}

async function onPath(name: ToolName, environment: Environment): Promise<string | undefined> {
	for (const directory of (environment['PATH'] ?? '').split(delimiter)) {
		// A relative entry of PATH would let the checkout bring its own tool.
		if (!isAbsolute(directory)) continue;
		const path = join(directory, name);
		if (await isExecutable(path)) return path;
	}
	return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
	return access(path, constants.X_OK).then(
		() => true,
		() => false,
	);
}

const versionArguments: Readonly<Record<ToolName, readonly string[]>> = {
	helm: ['version', '--short'],
	kustomize: ['version'],
	trivy: ['--version'],
};

/**
 * The same as {@link checkTool} without a process, when the file is still the one that was asked last time.
 * @param directory the gate's cache directory; what cannot be remembered is asked for.
 * @throws as checkTool.
 */
export async function checkToolOnce(
	name: ToolName,
	path: string,
	context: ToolContext,
	directory: string,
): Promise<string> {
	const file = await stat(path).catch(() => undefined);
	if (file === undefined) return checkTool(name, path, context);
	const identity = JSON.stringify([name, path, file.dev, file.ino, file.size, file.mtimeMs, file.ctimeMs]);
	const place = join(directory, 'tool-versions', createHash('sha256').update(identity).digest('hex'));
	const remembered = await readFile(place, 'utf8').catch(() => '');
	if (/^\d+\.\d+\.\d+$/.test(remembered)) {
		refuseVersion(name, remembered, path);
		return remembered;
	}
	const version = await checkTool(name, path, context);
	await remember(place, version).catch(() => {});
	return version;
}

/** Whole or not at all. */
async function remember(place: string, version: string): Promise<void> {
	await mkdir(join(place, '..'), {recursive: true, mode: 0o700});
	const written = `${place}.${process.pid}`;
	await writeFile(written, version, {mode: 0o600});
	await rename(written, place);
}

/**
 * Asks a tool for its version and compares it with the pins.
 * @returns the version, as `0.74.0`.
 * @throws GateError tool-missing or tool-version.
 */
export async function checkTool(name: ToolName, path: string, context: ToolContext): Promise<string> {
	const home = await context.makeDirectory('version');
	const result = await context.run(name, versionArguments[name], {
		environment: {...context.environment, HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home},
		directory: home,
		timeoutMs: 20_000,
		signal: context.signal,
	});
	if (result.kind === 'stopped' && result.reason === 'canceled') {
		throw new GateError({
			stage: 'tools',
			code: context.signal.reason === 'deadline' ? 'deadline' : 'canceled',
			what: `${name} was being asked for its version when the gate was stopped`,
		});
	}
	const version =
		result.kind === 'exited' ? /\d+\.\d+\.\d+/.exec(Buffer.from(result.stdout).toString('utf8'))?.[0] : undefined;
	if (version === undefined) throw unusable(name, path, result.kind === 'missing' ? result.code : undefined);
	refuseVersion(name, version, path);
	return version;
}

function unusable(name: ToolName, path: string, systemCode: string | undefined): GateError {
	const whys: Readonly<Record<string, string>> = {ENOENT: 'is not there', EACCES: 'may not be run'};
	const why =
		systemCode === undefined ? 'does not say its version' : (whys[systemCode] ?? `cannot be started (${systemCode})`);
	return new GateError({
		stage: 'tools',
		code: systemCode === undefined ? 'tool-version' : 'tool-missing',
		what: `${name} ${why}`,
		where: path,
		hint: `Install ${name} ${pinOf(name).version}, name it with --${name}, or run "node plugin/build-tools.mjs" in a checkout.`,
	});
}

function refuseVersion(name: ToolName, version: string, path: string): void {
	const pin = pinOf(name);
	const refused = 'refused' in pin && pin.refused.includes(version);
	if (!refused && compareVersions(version, pin.minimum) >= 0) return;
	throw new GateError({
		stage: 'tools',
		code: 'tool-version',
		what: refused
			? `${name} ${version} is one of the releases with malicious content (CVE-2026-33634)`
			: `${name} ${version} is too old`,
		where: path,
		hint: refused
			? `Remove it, treat every credential that it could read as stolen, and install ${pin.version}.`
			: `Install ${pin.version}, at least ${pin.minimum}.`,
	});
}

/** Negative, zero or positive, as `left` is older than, equal to or newer than `right`. */
export function compareVersions(left: string, right: string): number {
	const parts = right.split('.').map(Number);
	return (
		left
			.split('.')
			.map((part, index) => Number(part) - (parts[index] ?? 0))
			.find((difference) => difference !== 0) ?? 0
	);
}

/** The version that the gate is built and tested with. */
export function pinnedVersion(name: ToolName): string {
	return pinOf(name).version;
}

function pinOf(name: ToolName): (typeof pins.tools)[number] {
	const pin = pins.tools.find((candidate) => candidate.name === name);
	if (pin === undefined)
		throw new GateError({stage: 'tools', code: 'internal', what: `plugin/tools.json does not name ${name}`});
	return pin;
}
