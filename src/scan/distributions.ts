/** The families for which Trivy 0.74 has a detector (pkg/detector/ospkg/detect.go); others pass it without a word. */
const families = new Set([
	'alpine',
	'alma',
	'amazon',
	'azurelinux',
	'bottlerocket',
	'cbl-mariner',
	'centos',
	'chainguard',
	'coreos',
	'debian',
	'echo',
	'minimos',
	'opensuse-leap',
	'opensuse-tumbleweed',
	'oracle',
	'photon',
	'redhat',
	'rocky',
	'slem',
	'sles',
	'ubuntu',
	'wolfi',
]);

/**
 * Whether Trivy and its database know a distribution and its release. Looking up a release of which nothing is known
 * finds nothing, and that looks like a clean image.
 * @param os.name family and release, as `debian 12.4`.
 * @param sources what the database has advisories for (trivy-db's buckets).
 */
export function isCovered(
	{family, name}: {readonly family: string; readonly name: string},
	sources: ReadonlySet<string>,
): boolean {
	if (!families.has(family)) return false;
	const release = name.slice(family.length).trim();
	const source = sourceOf(family, release);
	return source === undefined || sources.has(source);
}

/** The bucket of a release, for the families that have one each under a simple name. */
function sourceOf(family: string, release: string): string | undefined {
	switch (family) {
		case 'alpine':
			return `alpine ${/alpha|edge/.test(release) ? 'edge' : release.split('.').slice(0, 2).join('.')}`;
		case 'debian':
			return `debian ${release.split('.')[0]}`;
		case 'ubuntu':
			return `ubuntu ${release.split('-')[0]}`;
		default:
			return undefined;
	}
}
