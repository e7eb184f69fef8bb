import * as z from 'zod';

/** What others know about the exploitation of vulnerabilities. */
export interface Feeds {
	/** The ids of CISA's catalog of known exploited vulnerabilities. */
	readonly exploited?: ReadonlySet<string> | undefined;
	/** By id, what FIRST's EPSS gives as the probability of exploitation in the next 30 days. */
	readonly probability?: ReadonlyMap<string, number> | undefined;
}

/** A feed that was read, with the moment at which its makers made it. */
export interface Feed<Content> {
	readonly content: Content;
	readonly madeAt: Date;
}

// Of the catalog only what is used: it gains fields now and then.
const catalog = z.object({
	dateReleased: z.string(),
	vulnerabilities: z.array(z.object({cveID: z.string()})).min(1),
});

/**
 * Reads CISA's catalog as JSON (known_exploited_vulnerabilities.json).
 * @returns undefined when it is not whole.
 */
export function parseKnownExploited(text: string): Feed<ReadonlySet<string>> | undefined {
	const parsed = catalog.safeParse(jsonOf(text));
	const madeAt = new Date(parsed.data?.dateReleased ?? '');
	if (!parsed.success || Number.isNaN(madeAt.getTime())) return undefined;
	return {content: new Set(parsed.data.vulnerabilities.map(({cveID}) => cveID)), madeAt};
}

/**
 * Reads FIRST's scores as CSV (epss_scores-current.csv): a comment with `score_date`, the header `cve,epss,percentile`, and
 * a line for each vulnerability.
 * @param wanted the ids that matter; the file holds some hundred thousand.
 * @returns undefined when it is not whole.
 */
export function parseExploitProbability(
	text: string,
	wanted: ReadonlySet<string>,
): Feed<ReadonlyMap<string, number>> | undefined {
	const [comment = '', header, ...lines] = text.split(/\r?\n/);
	const date = /^#.*\bscore_date:(\d{4}-\d\d-\d\d)T/.exec(comment)?.[1];
	if (date === undefined || header !== 'cve,epss,percentile') return undefined;
	const content = new Map<string, number>();
	let read = 0;
	for (const line of lines) {
		if (line === '') continue;
		const [id = '', score = ''] = line.split(',', 2);
		const probability = Number(score);
		if (!/^CVE-\d/.test(id) || score === '' || !(probability >= 0 && probability <= 1)) return undefined;
		read += 1;
		if (wanted.has(id)) content.set(id, probability);
	}
	// A copy that was cut off at its start says nothing of what is exploited.
	return read === 0 || !text.endsWith('\n') ? undefined : {content, madeAt: new Date(date)};
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
