import type {Finding} from '../types.ts';

/** A package of an image, and the version that fixes all of its findings that have a fix. */
export interface Upgrade {
	readonly package: string;
	readonly installedVersion: string;
	readonly to: string;
	/** The findings that it fixes. */
	readonly ids: readonly string[];
}

/**
 * What to raise: one entry a package and installed version, in the order of the findings.
 * @param findings those without a fix are passed over.
 */
export function upgradesOf(findings: readonly Finding[]): readonly Upgrade[] {
	const fixable = findings.filter((finding) => fixOf(finding) !== undefined);
	const byPackage = Map.groupBy(fixable, (finding) => JSON.stringify([finding.package, finding.installedVersion]));
	return [...byPackage.values()].flatMap((group) => {
		const [first] = group;
		const to = group
			.flatMap((finding) => fixOf(finding) ?? [])
			.toSorted(compareVersions)
			.at(-1);
		if (first === undefined || to === undefined) return [];
		const {package: name, installedVersion} = first;
		return [{package: name, installedVersion, to, ids: [...new Set(group.map(({id}) => id))]}];
	});
}

/**
 * The version to raise a package to: of several (Trivy lists one for each maintained line, as `1.2.6, 0.2.4`) the
 * nearest above the installed one. Undefined when there is no fix.
 */
export function fixOf({installedVersion, fixedVersion}: Finding): string | undefined {
	const versions = (fixedVersion ?? '')
		.split(',')
		.map((version) => version.trim())
		.filter((version) => version !== '');
	const sorted = versions.toSorted(compareVersions);
	return sorted.find((version) => compareVersions(version, installedVersion) > 0) ?? sorted.at(-1);
}

/** Whether {@link fixOf} has an answer, without looking for it. */
export function hasFix({fixedVersion}: Finding): boolean {
	return fixedVersion !== undefined && /[^\s,]/.test(fixedVersion);
}

/**
 * Compares numbers as numbers and letters as letters, with Debian's `~` before everything. Every ecosystem orders its
 * versions a little differently; this is good enough for advice, and nothing is decided by it.
 */
function compareVersions(left: string, right: string): number {
	const [ours, theirs] = [parts(left), parts(right)];
	for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
		const difference = comparePart(ours[index], theirs[index]);
		if (difference !== 0) return difference;
	}
	return 0;
}

function parts(version: string): readonly string[] {
	return version.slice(0, 200).match(/\d+|[A-Za-z]+|~/g) ?? [];
}

function comparePart(left: string | undefined, right: string | undefined): number {
	if (left === right) return 0;
	if (left === '~' || right === '~') return left === '~' ? -1 : 1;
	if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
	const difference = Number(left) - Number(right);
	if (!Number.isNaN(difference)) return difference;
	return left < right ? -1 : 1;
}
