import {jsonText} from './json-text.ts';
import type {Report} from './model.ts';

/** The report as it is: its form is published by model.ts. */
export function formatReportAsJson(report: Report): string {
	return jsonText(report);
}
