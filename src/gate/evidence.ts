import type {GateDecision, ImageDecision} from '../types.ts';
import {oneLine, safeText, short} from './line.ts';
import {isUse} from './names.ts';
import {decisiveReasons, reasonText} from './reasons.ts';

/** Of the annotation, in bytes; Kubernetes allows 256 KiB for all annotations of an object. */
const annotationBytes = 16 * 1024;
const entriesTold = 5;
/** Of the pod's arguments; Kubernetes bounds the object, Linux the arguments of a program. */
const reportBytes = 32 * 1024;
const lineLength = 500;

/**
 * The denied images as JSON for machines that read the Job, at most 16 KiB and always whole: `{"images": [{"image",
 * "reasons", "moreReasons"?, "usedBy", "moreUses"?}], "omitted": n}`. Images that have no room are counted in `omitted`.
 */
export function deniedImagesJson({images}: GateDecision): string {
	const denied = images.filter(({decision}) => decision === 'deny');
	const kept: object[] = [];
	let bytes = byteLength('{"images":[],"omitted":999999999}');
	for (const image of denied) {
		const entry = deniedImage(image);
		bytes += byteLength(JSON.stringify(entry)) + 1;
		if (bytes > annotationBytes) break;
		kept.push(entry);
	}
	return JSON.stringify({images: kept, omitted: denied.length - kept.length});
}

/** The report as lines that can be arguments of a program, at most 32 KiB; what has no room is counted in the last line. */
export function reportLines(report: string, reportId: string): readonly string[] {
	// Cut before the work is done; a report has no bound.
	const lines = report
		.slice(0, 2 * reportBytes)
		.trimEnd()
		.split(/\r?\n/);
	const kept: string[] = [];
	let bytes = 0;
	for (const line of lines) {
		const safe = safeText(line.length > lineLength ? `${line.slice(0, lineLength)}…` : line).trimEnd();
		bytes += byteLength(safe) + 1;
		if (bytes > reportBytes) break;
		kept.push(safe);
	}
	const whole = kept.length === lines.length && report.length <= 2 * reportBytes;
	return whole ? kept : [...kept, `… the report goes on; its id is ${short(reportId)}`];
}

function deniedImage(image: ImageDecision): object {
	const reasons = decisiveReasons(image).map((reason) => oneLine(reasonText(reason), 200));
	const uses = image.reference.origins.filter(isUse).map(({object, path}) => oneLine(`${object} ${path}`, 200));
	return {
		image: short(image.reference.image),
		reasons: reasons.slice(0, entriesTold),
		...(reasons.length > entriesTold ? {moreReasons: reasons.length - entriesTold} : {}),
		usedBy: uses.slice(0, entriesTold),
		...(uses.length > entriesTold ? {moreUses: uses.length - entriesTold} : {}),
	};
}

function byteLength(text: string): number {
	return Buffer.byteLength(text, 'utf8');
}
