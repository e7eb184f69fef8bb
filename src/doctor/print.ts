import {printable} from '../log.ts';
import type {Diagnosis, Finding, Level} from './finding.ts';
import {count} from './words.ts';

const colours: Readonly<Record<Level | 'unchecked', number>> = {
	error: 31,
	warning: 33,
	info: 36,
	ok: 32,
	unchecked: 35,
};
const maxPlaces = 10;

/** The diagnosis for a person: what is urgent first, each with its reason and what to do; what is well in the end. */
export function formatDiagnosis(
	{subject, findings, unchecked}: Diagnosis,
	{colour}: {readonly colour: boolean},
): string {
	const head = (level: Level | 'unchecked', text: string) => {
		const word = level === 'unchecked' ? 'not checked' : level;
		return colour ? `\u001B[1;${colours[level]}m${word}\u001B[0m  ${text}` : `${word}  ${text}`;
	};
	const troubles = findings.flatMap((finding) =>
		finding.kind === 'fine'
			? []
			: [
					[
						head(finding.level, `${finding.check}: ${clean(finding.what)}`),
						...places(finding),
						`  why  ${clean(finding.why)}`,
						`  fix  ${clean(finding.fix)}`,
					],
				],
	);
	const gaps = unchecked.map(({check, why, fix}) => [
		head('unchecked', `${check}: ${clean(why)}`),
		`  fix  ${clean(fix)}`,
	]);
	const fine = findings.flatMap((finding) =>
		finding.kind === 'fine' ? [head('ok', `${finding.check}: ${finding.what}`)] : [],
	);
	const blocks = [...troubles, ...gaps, ...(fine.length === 0 ? [] : [fine])].map((lines) => lines.join('\n'));
	return `${[...blocks, summary(subject, findings, unchecked.length)].join('\n\n')}\n`;
}

function places(finding: Finding & {kind: 'trouble'}): readonly string[] {
	const where = finding.where ?? [];
	const more = where.length - maxPlaces;
	return [
		...where.slice(0, maxPlaces).map((place) => `       ${clean(place)}`),
		...(more > 0 ? [`       and ${more} more (--format json lists all)`] : []),
	];
}

function summary(subject: string, findings: readonly Finding[], unchecked: number): string {
	const number = (level: Level) => findings.filter((finding) => finding.level === level).length;
	const parts = [
		count(number('error'), 'error'),
		count(number('warning'), 'warning'),
		`${number('info')} to know of`,
		`${count(number('ok'), 'check')} without trouble`,
		...(unchecked === 0 ? [] : [`${unchecked} could not be made`]),
	];
	return `${clean(subject)}: ${parts.join(', ')}`;
}

/** The same for a program; `version` is raised when a field changes its meaning or goes away. */
export function formatDiagnosisAsJson({subject, findings, unchecked}: Diagnosis): string {
	const told = findings.map((finding) =>
		finding.kind === 'fine'
			? {check: finding.check, level: finding.level, what: finding.what}
			: {
					check: finding.check,
					level: finding.level,
					what: finding.what,
					why: finding.why,
					fix: finding.fix,
					where: finding.where ?? [],
				},
	);
	return `${JSON.stringify({version: 1, subject, findings: told, unchecked}, undefined, 2)}\n`;
}

/** Names come from the cluster and from registries: one line, no control characters. */
function clean(text: string): string {
	return printable(text).replaceAll(/\s+/g, ' ');
}
