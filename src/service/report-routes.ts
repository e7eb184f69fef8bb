import type {FastifyInstance} from 'fastify';
import {GateError} from '../errors.ts';
import type {Log} from '../types.ts';
import type {ReportAbout, ReportArchive} from './archive.ts';
import {limits, paths} from './protocol.ts';
import {isAuthorizedReader} from './token.ts';

/** The archive, and what the reports in it mean. */
export interface ReportDesk {
	readonly archive: ReportArchive;
	/** Reads what a client sends. */
	readonly read: (
		value: unknown,
	) =>
		| {readonly ok: true; readonly about: ReportAbout; readonly text: string}
		| {readonly ok: false; readonly problems: string};
	/** A kept report as a page for a browser; undefined when a newer version wrote it. */
	readonly page: (text: string) => string | undefined;
	/** The page's Content-Security-Policy. */
	readonly pagePolicy: string;
}

/** Who may read reports at a port of their own. */
export type ReportAccess = {readonly kind: 'anyone'} | {readonly kind: 'token'; readonly token: string};

/**
 * `GET /reports?application=…` lists, `GET /reports/APPLICATION/ID` (or `latest`) shows a page, and with `.json` behind it
 * the data.
 */
export function addReportRoutes(app: FastifyInstance, {archive, page, pagePolicy}: ReportDesk): void {
	app.addHook('onSend', async (request, reply, payload) => {
		// By the route, because an address can be written in many ways: /%72eports leads here, too.
		if ((request.routeOptions.url ?? request.url).startsWith(paths.gateReports)) {
			reply.headers({
				'cache-control': 'no-store',
				'x-content-type-options': 'nosniff',
				'referrer-policy': 'no-referrer',
				'content-security-policy': `${pagePolicy}; frame-ancestors 'none'`,
			});
		}
		return payload;
	});
	app.get<{Querystring: {readonly application?: unknown}}>(paths.gateReports, ({query: {application}}) =>
		archive.list(typeof application === 'string' ? application : undefined).then((reports) => ({reports})),
	);
	app.get<{Params: {readonly application: string; readonly name: string}}>(
		`${paths.gateReports}/:application/:name`,
		async (request, reply) => {
			const {application, name} = request.params;
			const [, id, json] = /^([0-9a-f]{12}|latest)(\.json)?$/.exec(name) ?? [];
			const text =
				id === undefined || application.length > limits.applicationLength
					? undefined
					: await archive.get(application, id === 'latest' ? undefined : id);
			const shown = text === undefined || json !== undefined ? text : page(text);
			if (shown === undefined) throw notKept();
			return reply.type(json === undefined ? 'text/html; charset=utf-8' : 'application/json').send(shown);
		},
	);
}

/** `POST /reports`: what the program itself tells; at the port of the readers there is no such route. */
export function addReportEntrance(app: FastifyInstance, {archive, read}: ReportDesk, log: Log): void {
	app.post(paths.gateReports, {bodyLimit: limits.reportBytes}, async (request, reply) => {
		const report = read(request.body);
		if (!report.ok) throw refused(`the report cannot be used: ${report.problems}`, 400);
		try {
			await archive.put(report.about, report.text);
		} catch (error) {
			// The refusal stands without it.
			const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
			log.warn('report', `report ${report.about.reportId} of ${report.about.application} could not be kept — ${code}.`);
			throw new GateError({
				stage: 'report',
				code: 'output-unwritable',
				what: `the report could not be kept (${code})`,
				hint: 'Look at the disk of the cache directory.',
			});
		}
		return reply.code(204).send();
	});
}

/** Answers those who may not read with a request for a password, which browsers ask for: any name, and the token. */
export function guardReports(app: FastifyInstance, access: ReportAccess): void {
	if (access.kind === 'anyone') return;
	app.addHook('onRequest', async (request, reply) => {
		if (isAuthorizedReader(request.headers.authorization, access.token)) return;
		await reply
			.header('www-authenticate', 'Basic realm="trivy-gate reports", charset="UTF-8"')
			.code(401)
			.type('text/plain; charset=utf-8')
			.send('Any user name, and the token of the reports as the password.\n');
	});
}

function notKept(): Error {
	return refused('no such report is kept here; where several repo-servers run, another one may have it', 404);
}

function refused(message: string, statusCode: number): Error & {readonly statusCode: number} {
	return Object.assign(new Error(message), {statusCode});
}
