import type {ReportFormat} from './format-names.ts';
import {formatReportAsJson} from './json.ts';
import type {Report} from './model.ts';
import {formatReportAsTable} from './table.ts';
import type {TableOptions} from './table.ts';

/** The report in one of its formats. */
export function formatReport(report: Report, format: ReportFormat, options: TableOptions): string {
	switch (format) {
		case 'table':
			return formatReportAsTable(report, options);
		case 'json':
			return formatReportAsJson(report);
	}
}
