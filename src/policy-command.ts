import {readFile, stat} from 'node:fs/promises';
import {basename, join} from 'node:path';
import * as z from 'zod';
import {GateError} from './errors.ts';
import {namesIn} from './exception-files.ts';
import {policyLine} from './explain.ts';
import {dayOf} from './gate/days.ts';
import {breakGlassFor, covers} from './gate/grants.ts';
import {policyFields} from './gate/policy.ts';
import {breakGlassText, exceptionText} from './gate/reasons.ts';
import {parseReference} from './images/reference.ts';
import {loadPolicy} from './policy-file.ts';
import {doubtsOf, type Doubt, type OperatorFile} from './gate/policy-check.ts';
import {policySchema} from './gate/policy-schema.ts';
import {printable} from './log.ts';
import {nearestName} from './nearest.ts';
import type {Settings} from './settings.ts';

interface PolicyRequest {
	readonly settings: Settings;
	/** What to do, and with which files. */
	readonly words: readonly string[];
	readonly now: Date;
}

interface Outcome {
	readonly stdout: string;
	readonly exitCode: 0 | 1 | 2;
}

const actions = ['schema', 'check', 'explain'] as const;

/** `policy schema`, `policy check FILE…` and `policy explain [IMAGE]`. @throws GateError usage, policy-invalid. */
export async function policyCommand({settings, words, now}: PolicyRequest): Promise<Outcome> {
	const [word = '', ...files] = words;
	const action = actions.find((one) => one === word);
	switch (action) {
		case 'schema':
			return {stdout: `${JSON.stringify(policySchema(), undefined, 2)}\n`, exitCode: 0};
		case 'check':
			if (files.length === 0) throw usage('policy check needs a file or a directory');
			return check(files, settings, now);
		case 'explain':
			if (files.length > 1) throw usage('policy explain takes one image at most');
			return explain(files[0], settings, now);
		case undefined: {
			const nearest = nearestName(word, actions);
			const meant = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
			throw usage(word === '' ? `policy needs one of ${actions.join(', ')}` : `"policy ${word}" is not there${meant}`);
		}
	}
}

/** The policy as it holds for an application, or for one image of it, and where each field got its value. */
async function explain(image: string | undefined, settings: Settings, now: Date): Promise<Outcome> {
	const inForce = await loadPolicy(settings);
	const own = image === undefined ? inForce : inForce.forImage(repositoryOf(image));
	const {name, project, revision} = settings.application;
	const scope = {application: name, project, revision};
	const exceptions = inForce.exceptions.exceptions.filter((one) => covers(one, scope) && dayOf(now) <= one.expires);
	const breakGlass = breakGlassFor(inForce.exceptions, scope, now);
	const fields = policyFields
		.filter((field) => field !== 'layers' && own.policy[field] !== undefined)
		.map((field) => ({field, text: policyLine(field, {...own, file: inForce.file})}));
	if (settings.format === 'json') {
		const document = {version: 1, application: name, project, policy: own.policy, fields, exceptions, breakGlass};
		return {stdout: `${JSON.stringify(document, undefined, 2)}\n`, exitCode: 0};
	}
	const lines = [
		`application ${name}, project ${project ?? 'not known (--project)'}${image === undefined ? '' : `, image ${image}`}`,
		'',
		...fields.map(({text}) => text),
		...(exceptions.length === 0 ? [] : ['']),
		...exceptions.map((one) => `${one.id.join(', ')} ${exceptionText(one)}: ${one.source}`),
		...(breakGlass.length === 0 ? [] : ['']),
		...breakGlass.map((grant) => `${breakGlassText(grant)}: ${grant.source}`),
	];
	return {stdout: `${lines.map(printable).join('\n')}\n`, exitCode: 0};
}

function repositoryOf(image: string): string {
	const parsed = parseReference(image);
	if (parsed.kind === 'image') return `${parsed.domain}/${parsed.path}`;
	throw usage(`"${image}" is not an image`);
}

/** Every mistake and every doubt of some files: exit code 2 with a mistake, 1 with a doubt. */
async function check(paths: readonly string[], settings: Settings, now: Date): Promise<Outcome> {
	const files = (await Promise.all(paths.map(filesAt))).flat();
	const used = settings.reports.length === 0 ? undefined : await usedSources(settings.reports);
	const doubts: Doubt[] = [];
	const broken: string[] = [];
	for (const file of files) {
		try {
			doubts.push(...doubtsOf(file, {now, used}));
		} catch (error) {
			if (!(error instanceof GateError)) throw error;
			broken.push(...(error.output ?? error.message).split('\n').map((line) => `${file.path}: ${line}`));
		}
	}
	if (settings.format === 'json')
		return {
			stdout: `${JSON.stringify({version: 1, files: files.length, mistakes: broken, doubts}, undefined, 2)}\n`,
			exitCode: exitCode(broken, doubts),
		};
	const lines = [
		...broken.map((line) => `error: ${line}`),
		...doubts.map(({path, line, column, message}) => `doubt: ${path}: line ${line}, column ${column}: ${message}`),
		`${count(files.length, 'file')}, ${count(broken.length, 'mistake')}, ${count(doubts.length, 'doubt')}`,
	];
	return {stdout: `${lines.map(printable).join('\n')}\n`, exitCode: exitCode(broken, doubts)};
}

function exitCode(broken: readonly string[], doubts: readonly Doubt[]): Outcome['exitCode'] {
	if (broken.length > 0) return 2;
	return doubts.length > 0 ? 1 : 0;
}

function count(number: number, what: string): string {
	return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** A file, or those of a directory of exceptions. */
async function filesAt(path: string): Promise<readonly OperatorFile[]> {
	const isDirectory = await stat(path).then((info) => info.isDirectory(), unreadable(path));
	const names = isDirectory ? await namesIn(path) : [basename(path)];
	return Promise.all(
		names.map(async (name) => {
			const file = isDirectory ? join(path, name) : path;
			return {path: file, name, text: await readFile(file, 'utf8').catch(unreadable(file))};
		}),
	);
}

const usedExceptions = z.object({exceptions: z.array(z.object({exception: z.object({source: z.string()})}))});

async function usedSources(reports: readonly string[]): Promise<ReadonlySet<string>> {
	const sources = new Set<string>();
	for (const path of reports) {
		const text = await readFile(path, 'utf8').catch(unreadable(path));
		const report = usedExceptions.safeParse(jsonOf(text));
		if (!report.success) throw usage(`${path} is not a report of trivy-gate as JSON`);
		for (const {exception} of report.data.exceptions) sources.add(exception.source);
	}
	return sources;
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function unreadable(path: string) {
	return (cause: unknown): never => {
		throw new GateError({
			stage: 'settings',
			code: 'usage',
			what: 'a file cannot be read',
			where: path,
			hint: 'Check its name and its rights.',
			cause,
		});
	};
}

function usage(output: string): GateError {
	const hint = 'See "trivy-gate --help".';
	return new GateError({stage: 'settings', code: 'usage', what: 'the command line cannot be used', hint, output});
}
