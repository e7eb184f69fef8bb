import {listedFindings} from './findings.ts';
import type {Report, ReportImage} from './model.ts';

/** In a field that a person has to write; the date is none, so that the file is refused until it was read and filled in. */
const blanks = {
	project: 'FILL-IN-THE-APPPROJECT',
	owner: 'FILL IN: who answers for it',
	reason: 'FILL IN: why it is acceptable',
	expires: 'FILL IN: the last day, as YYYY-MM-DD',
};

/**
 * The file by which the operator would let pass what is denied, ready but for who, why and until when; undefined when no
 * exception can help. It names each package in its version, each image and the application, so that it covers no more
 * than what was found.
 */
export function exceptionRequest(
	{application, project}: Pick<Report, 'application' | 'project'>,
	images: readonly ReportImage[],
): string | undefined {
	const entries = images.flatMap(entriesOf);
	if (entries.length === 0) return undefined;
	const lines = entries.flatMap(({ids, purl, repository}) => [
		`    - id: [${ids.map(quoted).join(', ')}]`,
		`      package: ${quoted(purl)}`,
		`      image: ${quoted(repository)}`,
		`      project: ${quoted(project !== undefined && isName(project) ? project : blanks.project)}`,
		// Without a project nobody has said that it is the application's name in Argo CD.
		...(project !== undefined && isName(application) ? [`      application: ${quoted(application)}`] : []),
		`      owner: ${quoted(blanks.owner)}`,
		`      reason: ${quoted(blanks.reason)}`,
		`      expires: ${quoted(blanks.expires)}`,
	]);
	return `${['apiVersion: trivy-gate/v1alpha1', 'kind: Exceptions', 'spec:', '  exceptions:', ...lines].join('\n')}\n`;
}

/** How many entries the request has. */
export function exceptionEntries(images: readonly ReportImage[]): number {
	return images.reduce((sum, image) => sum + entriesOf(image).length, 0);
}

/** What a pattern would read as more than itself, and what is no name, is left out. */
function entriesOf(image: ReportImage) {
	const {repository} = image;
	if (repository === undefined || !/^[\w.:/-]{1,500}$/.test(repository)) return [];
	const denied = listedFindings(image).filter(
		({decision, id}) => decision === 'deny' && /^[A-Za-z][\w.:-]{2,99}$/.test(id),
	);
	const byPackage = Map.groupBy(denied, ({purl = ''}) => purl.replace(/[?#].*$/su, ''));
	return [...byPackage]
		.filter(([purl]) => /^pkg:[a-z0-9.+-]+\/[^\s?#*]{1,500}$/.test(purl))
		.map(([purl, findings]) => ({repository, purl, ids: [...new Set(findings.map(({id}) => id))]}));
}

function isName(text: string): boolean {
	return /^[\w.-]{1,253}$/.test(text);
}

/** JSON's quotes mean the same in YAML. */
function quoted(text: string): string {
	return JSON.stringify(text);
}
