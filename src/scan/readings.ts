import type {Platform} from '../types.ts';
import type {Database} from './database.ts';
import {parseReport} from './report.ts';
import type {TrivyReport} from './report.ts';
import type {ReportKey, ReportStore} from './store.ts';
import {resultFlags} from './trivy.ts';

/** What stored reports say: the last that were read are kept in memory. */
export interface Readings {
	readonly get: (digest: string, platform: Platform, database: Database) => Promise<TrivyReport | undefined>;
	readonly put: (
		digest: string,
		platform: Platform,
		database: Database,
		text: string,
		report: TrivyReport,
	) => Promise<void>;
	readonly text: (digest: string, platform: Platform, database: Database) => Promise<string | undefined>;
}

/** Of all reports in memory together; a finding is about half a kilobyte. */
const maxFindings = 50_000;
/** What a report counts beside its findings. */
const reportWeight = 20;

function weigh({findings}: TrivyReport): number {
	return findings.length + reportWeight;
}

export function createReadings(store: ReportStore, trivyVersion: string): Readings {
	/** Least recently used first. */
	const recent = new Map<string, TrivyReport>();
	let weight = 0;
	const keep = (key: string, report: TrivyReport) => {
		const before = recent.get(key);
		if (before !== undefined) weight -= weigh(before);
		recent.delete(key);
		recent.set(key, report);
		weight += weigh(report);
		for (const [oldest, old] of recent) {
			if (weight <= maxFindings) break;
			recent.delete(oldest);
			weight -= weigh(old);
		}
	};
	const keyOf = (digest: string, platform: Platform, database: Database): ReportKey => ({
		digest,
		platform,
		trivyVersion,
		databaseUpdatedAt: database.info.updatedAt,
		flags: resultFlags,
	});
	return {
		get: async (digest, platform, database) => {
			const key = keyOf(digest, platform, database);
			const name = JSON.stringify(key);
			const report = recent.get(name) ?? (await readStored(key, store));
			if (report !== undefined) keep(name, report);
			return report;
		},
		put: async (digest, platform, database, text, report) => {
			const key = keyOf(digest, platform, database);
			keep(JSON.stringify(key), report);
			await store.put(key, text);
		},
		text: (digest, platform, database) => store.get(keyOf(digest, platform, database)),
	};
}

/** The same digest may have been scanned under another repository's name, so the name is not compared here. */
async function readStored(key: ReportKey, store: ReportStore): Promise<TrivyReport | undefined> {
	const text = await store.get(key);
	if (text === undefined) return undefined;
	const artifact = /"ArtifactName":\s*"([^"]+)"/.exec(text)?.[1] ?? '';
	const parsed = parseReport(text, {artifact});
	if (parsed.kind === 'report' && artifact.endsWith(`@${key.digest}`)) return parsed.report;
	await store.drop(key, parsed.kind === 'unusable' ? parsed.problems : 'it is about another digest');
	return undefined;
}
