/** What a scan of an image must find: test/images/<name>/expected.json, written by hand. */
export interface ExpectedScan {
	/** For example `debian 12.2`; null when there is none. */
	readonly os: string | null;
	readonly packages: number;
	readonly caveats: readonly ('no-os' | 'no-packages' | 'end-of-life')[];
	/** Sorted by package, then id. */
	readonly findings: readonly ExpectedFinding[];
}

export interface ExpectedFinding {
	readonly id: string;
	readonly package: string;
	readonly installedVersion: string;
	/** Null when there is no fix. */
	readonly fixedVersion: string | null;
	readonly severity: string;
	readonly status: string;
}
