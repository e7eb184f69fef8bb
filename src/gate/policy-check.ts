import type {BreakGlass, Exception} from './exceptions.ts';
import {dayAfter, dayOf} from './days.ts';
import {parseExceptions} from './exceptions.ts';
import {oneLine, short} from './line.ts';
import {defaultPolicy, parsePolicy, type Policy} from './policy.ts';
import {readDocument} from './problems.ts';
import {repositoryMatches} from './registries.ts';

/** A file that an operator wrote, and which kind it says that it is. */
export interface OperatorFile {
	/** For messages. */
	readonly path: string;
	/** In the directory of exceptions, as reports tell it. */
	readonly name: string;
	readonly text: string;
}

/** Something that is right and may still not be meant. */
export interface Doubt {
	readonly path: string;
	readonly line: number;
	readonly column: number;
	/** What is odd, and what to do about it. */
	readonly message: string;
}

export interface CheckOptions {
	readonly now: Date;
	/** The sources of the exceptions that the last reports used; undefined when no report was given. */
	readonly used: ReadonlySet<string> | undefined;
}

type Path = readonly (string | number)[];
type Note = (path: Path, message: string) => void;

/**
 * Looks for what is right and may still not be meant.
 * @throws GateError policy-invalid when the file has a mistake.
 */
export function doubtsOf({path, name, text}: OperatorFile, options: CheckOptions): readonly Doubt[] {
	const {value, place} = readDocument(text);
	const doubts: Doubt[] = [];
	const note: Note = (at, message) => doubts.push({path, ...place(at, 'value'), message});
	if (kindOf(value) === 'Exceptions') {
		const {exceptions, breakGlass} = parseExceptions(text, {path, name});
		exceptions.forEach((exception, index) => checkException(exception, ['spec', 'exceptions', index], note, options));
		checkRepetition(exceptions, note);
		breakGlass.forEach((entry, index) => checkBreakGlass(entry, ['spec', 'breakGlass', index], note, options));
	} else {
		checkPolicy(parsePolicy(text, path), note);
	}
	return doubts.toSorted((one, other) => one.line - other.line || one.column - other.column);
}

const longestDays = 366;
const mostIds = 20;

function checkException(exception: Exception, at: Path, note: Note, {now, used}: CheckOptions): void {
	const {owner, expires, project, application, image, source, id: ids} = exception;
	const today = dayOf(now);
	const soon = dayAfter(now.toISOString(), defaultPolicy.earlyWarningHours) ?? today;
	const far = dayAfter(now.toISOString(), longestDays * 24) ?? today;
	const whose = `the exception of ${short(owner)}`;
	if (expires < today) {
		note([...at, 'expires'], `${whose} ended on ${expires}. Remove it, or ask its owner for a new one.`);
		return;
	}
	if (expires <= soon) note([...at, 'expires'], `${whose} ends on ${expires}. Ask its owner what comes then.`);
	if (expires > far)
		note([...at, 'expires'], `${whose} holds for more than a year. Choose a day on which somebody looks again.`);
	if (/^\*+$/.test(project) && application === undefined && image === undefined && exception.package === undefined)
		note([...at, 'project'], `${whose} holds in every project for every image. Name a project, images or a package.`);
	if (ids.length > mostIds)
		note([...at, 'id'], `${whose} covers ${ids.length} ids. Use one exception for each reason.`);
	if (used !== undefined && ![...used].some((one) => one === source || one.endsWith(`/${source}`)))
		note(at, `${whose} was used by none of the reports. Remove it when the finding is gone.`);
}

function checkRepetition(exceptions: readonly Exception[], note: Note): void {
	const seen = new Map<string, string>();
	for (const [index, {source, project, application, image, id: ids, package: purl}] of exceptions.entries()) {
		for (const id of ids) {
			const key = JSON.stringify([id, purl, image, project, application]);
			const first = seen.get(key);
			if (first !== undefined)
				note(['spec', 'exceptions', index], `${id} is excepted twice for the same, also by ${first}. Remove one.`);
			seen.set(key, source);
		}
	}
}

function checkBreakGlass({from, hours, approver}: BreakGlass, at: Path, note: Note, {now}: CheckOptions): void {
	if (Date.parse(from) + hours * 3_600_000 <= now.getTime())
		note(at, `the break-glass of ${short(approver)} is over. Remove it; the reports keep what it was used for.`);
}

function checkPolicy({registries: {allow, deny}, job, enforcement, layers}: Policy, note: Note): void {
	for (const [index, {match, tighten, override}] of layers.entries()) {
		const {projects, namespaces, applications} = match;
		const chosen = namespaces !== undefined || applications !== undefined;
		if (tighten !== undefined && chosen)
			note(
				['spec', 'layers', index, 'match'],
				'authors choose names and destinations, so that they can leave what is tightened here. Name projects or images alone.',
			);
		if (override !== undefined && projects?.some((pattern) => /^\*+$/.test(pattern)) === true)
			note(
				['spec', 'layers', index, 'match', 'projects'],
				'the override holds in every project. Change spec instead, or name the projects.',
			);
		const later = layers.findIndex(
			(layer, place) => place > index && JSON.stringify(layer.match) === JSON.stringify(match),
		);
		if (later !== -1)
			note(
				['spec', 'layers', index, 'match'],
				`the layer "${oneLine(layers[later]?.name ?? '', 80)}" holds for the same. Make one of both.`,
			);
	}
	for (const [index, pattern] of allow.entries()) {
		// Stands for what no pattern names.
		const plain = pattern.replaceAll('*', '\0');
		const by = deny.find((denied) => denied === pattern || repositoryMatches(denied, plain));
		if (by !== undefined)
			note(
				['spec', 'registries', 'allow', index],
				`nothing can be allowed by it, because registries.deny has ${oneLine(by, 120)} and wins.`,
			);
	}
	if (job.form === 'podless' && job.image !== undefined)
		note(['spec', 'job', 'image'], 'it has no effect with job.form podless. Choose the form pod, or remove it.');
	if ((enforcement === 'warn' || enforcement === 'fail-render') && job.form === 'pod')
		note(['spec', 'job'], `it has no effect, because enforcement is ${enforcement} and no Job is made.`);
}

function kindOf(value: unknown): unknown {
	return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}
