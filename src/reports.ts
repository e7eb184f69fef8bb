import {GateError} from './errors.ts';
import {clean} from './report/clean.ts';
import {formatReport} from './report/formats.ts';
import {jsonText} from './report/json-text.ts';
import {reportSchema} from './report/model.ts';
import type {Report} from './report/model.ts';
import {openServiceClient} from './scanner.ts';
import {reachableFromHere} from './service/address.ts';
import type {ServiceClient} from './service/client.ts';
import type {ReportEntry} from './service/protocol.ts';
import {defaultSocket} from './settings.ts';
import type {Settings} from './settings.ts';
import type {Terminal} from './terminal.ts';

interface ReportsRequest {
	readonly settings: Settings;
	/** What stands behind the command. */
	readonly words: readonly string[];
	readonly terminal: Terminal;
}

/**
 * `reports list [APPLICATION]` and `reports show ID|APPLICATION`: what the scan service keeps that is named, or would listen
 * with these settings.
 * @throws GateError usage, service-unreachable.
 */
export async function readReports({
	settings,
	words,
	terminal,
}: ReportsRequest): Promise<{readonly stdout: string; readonly exitCode: 0}> {
	const [what, name, ...more] = words;
	const showable = what === 'show' && name !== undefined && name !== '';
	if (more.length > 0 || (what !== 'list' && !showable))
		throw usage(`reports takes "list", "list APPLICATION", "show ID" or "show APPLICATION", not "${words.join(' ')}"`);
	const service = settings.service ?? reachableFromHere(settings.listen ?? defaultSocket());
	const client = await openServiceClient({...settings, service}, () => Infinity);
	if (what === 'list') {
		const list = await client.reports(name);
		return {stdout: settings.format === 'json' ? jsonText({version: 1, reports: list}) : listText(list), exitCode: 0};
	}
	const report = await findReport(client, name ?? '');
	const format = settings.format === 'text' ? 'table' : settings.format;
	const {width, ...look} = terminal;
	return {stdout: formatReport(report, format, {...look, ...(width === undefined ? {} : {width})}), exitCode: 0};
}

/** By its id, the newest when several applications have it; else the newest of the application. */
async function findReport(client: ServiceClient, name: string): Promise<Report> {
	const byId = /^[0-9a-f]{12}$/.test(name)
		? (await client.reports(undefined)).find(({reportId}) => reportId === name)
		: undefined;
	const found =
		byId === undefined ? await client.report(name, undefined) : await client.report(byId.application, byId.reportId);
	if (found === undefined)
		throw usage(
			`no report "${name}" is kept`,
			'"trivy-gate reports list" tells which there are. Where several repo-servers run, each keeps its own.',
		);
	const report = reportSchema.safeParse(found);
	if (report.success) return report.data;
	throw new GateError({
		stage: 'report',
		code: 'service-unreachable',
		what: `the report "${name}" was written by another version of the gate`,
		hint: 'Use the version that the service has.',
	});
}

const decisionWords = {deny: 'denied', unknown: 'not known', warn: 'warning', allow: 'allowed'} as const;

/** Newest first, as columns. */
function listText(list: readonly ReportEntry[]): string {
	if (list.length === 0) return 'no reports are kept\n';
	const rows = list.map(({receivedAt, decision, reportId, application, revision = ''}) => [
		receivedAt.replace(/\.\d+Z$/, 'Z'),
		decisionWords[decision],
		reportId,
		clean(application),
		clean(revision).slice(0, 12),
	]);
	const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
	return rows
		.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`.replace(/ +\n$/, '\n'))
		.join('');
}

function usage(what: string, hint = 'See "trivy-gate --help".'): GateError {
	return new GateError({stage: 'report', code: 'usage', what, hint});
}
