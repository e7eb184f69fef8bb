import {formatReportAsHtml, htmlSecurityPolicy} from './report/html.ts';
import {formatReportAsJson} from './report/json.ts';
import {reportSchema} from './report/model.ts';
import type {ReportArchive} from './service/archive.ts';
import {limits, read} from './service/protocol.ts';
import type {ReportDesk} from './service/report-routes.ts';

/** Gives the service's archive the words that reports have. */
export function reportDesk(archive: ReportArchive): ReportDesk {
	return {
		archive,
		pagePolicy: htmlSecurityPolicy,
		read: (value) => {
			const report = read(reportSchema, value);
			if (!report.ok) return report;
			const {application, project, revision, reportId, decision} = report.value;
			if (!/^[0-9a-f]{12}$/.test(reportId)) return {ok: false, problems: 'reportId: is none'};
			if (application === '' || application.length > limits.applicationLength)
				return {ok: false, problems: 'application: is no name'};
			const about = {application, project, revision, reportId, decision};
			return {ok: true, about, text: formatReportAsJson(report.value)};
		},
		page: (text) => {
			const report = reportSchema.safeParse(JSON.parse(text));
			return report.success ? formatReportAsHtml(report.data) : undefined;
		},
	};
}
