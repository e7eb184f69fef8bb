import type {ReportFinding, ReportImage} from './model.ts';

/** A vulnerability in a package of an image, told once for all platforms and paths. */
export interface ListedFinding extends Omit<ReportFinding, 'platform' | 'packagePath'> {
	readonly platforms: readonly string[];
	readonly packagePaths: readonly string[];
}

/** The findings that decided about an image or warn, worst first as the report has them. */
export function listedFindings({reasons}: ReportImage): readonly ListedFinding[] {
	const findings = reasons.filter((reason) => reason.kind === 'finding');
	const groups = Map.groupBy(findings, (finding) =>
		JSON.stringify([finding.decision, finding.id, finding.package, finding.installedVersion]),
	);
	return [...groups.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const {platform: _platform, packagePath: _path, ...finding} = first;
		return [
			{
				...finding,
				platforms: distinct(group.map(({platform}) => platform)),
				packagePaths: distinct(group.map(({packagePath}) => packagePath)),
			},
		];
	});
}

/** What is said of an image whose report was too long to be kept whole. */
export function omittedText({omitted}: ReportImage): string | undefined {
	return omitted === undefined ? undefined : `${omitted} more were left out when the report was kept.`;
}

/** What was scanned or refused; the rest is told of by `trivy-gate images --all`. */
export function isDecidedAbout({outcome}: ReportImage): boolean {
	return outcome === 'scan' || outcome === 'invalid' || outcome === 'placeholder';
}

function distinct(list: ReadonlyArray<string | undefined>): readonly string[] {
	return [...new Set(list.filter((item) => item !== undefined))];
}
