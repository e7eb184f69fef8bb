import {formatReportAsCyclonedx} from './cyclonedx.ts';
import {exceptionRequest} from './exceptions.ts';
import type {ReportFormat} from './format-names.ts';
import {formatReportAsHtml} from './html.ts';
import {formatReportAsJson} from './json.ts';
import {formatReportAsJunit} from './junit.ts';
import {formatReportAsMarkdown} from './markdown.ts';
import type {Report} from './model.ts';
import {formatReportAsSarif} from './sarif.ts';
import {formatReportAsTable} from './table.ts';
import type {TableOptions} from './table.ts';

/** The report in one of its formats. */
export function formatReport(report: Report, format: ReportFormat, options: TableOptions): string {
	switch (format) {
		case 'table':
			return formatReportAsTable(report, options);
		case 'json':
			return formatReportAsJson(report);
		case 'sarif':
			return formatReportAsSarif(report);
		case 'junit':
			return formatReportAsJunit(report);
		case 'markdown':
			return formatReportAsMarkdown(report);
		case 'html':
			return formatReportAsHtml(report);
		case 'cyclonedx':
			return formatReportAsCyclonedx(report);
		case 'exceptions':
			return exceptionRequest(report, report.images) ?? '# Nothing is denied that an exception could let pass.\n';
	}
}
