const low = 400_000;
const high = 4_000_000;

/**
 * Whether go-yaml gives up because too many of the decoded nodes come from aliases (decode.go at v2.4.3,
 * `allowedAliasRatio`).
 */
export function isExcessiveAliasing(byAlias: number, decoded: number): boolean {
	return byAlias > 100 && decoded > 1000 && byAlias / decoded > allowedRatio(decoded);
}

function allowedRatio(decoded: number): number {
	if (decoded <= low) return 0.99;
	return decoded >= high ? 0.1 : 0.99 - 0.89 * ((decoded - low) / (high - low));
}
