import type {Report} from './model.ts';

/** Some 700 bytes each: what is kept has a bound. */
const mostReasons = 15_000;

/** The report with so many reasons and exceptions that it can be kept: of each image the strictest, and how many are left out. */
export function thinReport(report: Report, most: number = mostReasons): Report {
	const all = report.images.reduce((sum, {reasons, excepted}) => sum + reasons.length + excepted.length, 0);
	if (all <= most) return report;
	const each = Math.max(1, Math.floor(most / report.images.length / 2));
	return {
		...report,
		images: report.images.map((image) => {
			const [reasons, excepted] = [image.reasons.slice(0, each), image.excepted.slice(0, each)];
			const omitted = image.reasons.length - reasons.length + image.excepted.length - excepted.length;
			return {...image, reasons, excepted, ...(omitted === 0 ? {} : {omitted: omitted + (image.omitted ?? 0)})};
		}),
	};
}
