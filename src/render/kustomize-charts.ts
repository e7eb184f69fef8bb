import {GateError} from '../errors.ts';
import {isMapping, stringsOf} from './yaml-values.ts';

/**
 * Refuses a `helmCharts` entry (or a chart generator) whose texts mean more to helm's command line than a value:
 * kustomize joins them into `helm template NAME PATH -f FILE …` as they are (api/types/helmchartargs.go, AsHelmArgs).
 * Throws source-refused.
 */
export function checkHelmChart(entry: unknown, as: string): void {
	if (!isMapping(entry)) return;
	for (const [key, value] of Object.entries(entry)) {
		const name = key.toLowerCase();
		// Values reach helm as a file.
		if (name === 'valuesinline' || name === 'valueslocal') continue;
		const why = stringsOf(value)
			.map((text) => objection(name, text))
			.find((reason) => reason !== undefined);
		if (why !== undefined) throw refused(key, why, as);
	}
}

function objection(name: string, text: string): string | undefined {
	if (text.startsWith('-')) return 'would be an option of helm';
	if (name === 'nametemplate' && /env/.test(text)) return 'reads the environment';
	if ((name === 'valuesfile' || name === 'additionalvaluesfiles' || name === 'values') && /[",\n]/.test(text))
		return 'would be several files to helm';
	if (
		(name === 'name' || name === 'chartname' || name === 'version' || name === 'chartversion') &&
		/(?:^|\/)\.\.(?:\/|$)/.test(text)
	)
		return 'leads out of the chart home';
	return undefined;
}

function refused(field: string, why: string, as: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'source-refused',
		what: `the field "${field}" of a chart in a kustomization ${why}`,
		where: as,
		hint: 'Write a plain name or path.',
	});
}
