import type {Policy} from './policy.ts';

/** Of a list that is longer, the rest is counted. */
const longestList = 20;

/**
 * Each field as an author may see it; undefined when there is nothing to show. `hidden` is what tells how to get round
 * the policy, or how the operator's network looks.
 */
const fields: {readonly [Field in keyof Policy]: 'hidden' | ((policy: Policy) => string | undefined)} = {
	severities: ({severities}) => list(severities),
	ignoreUnfixed: ({ignoreUnfixed}) => String(ignoreUnfixed),
	unfixedSeverities: ({unfixedSeverities}) => unfixedSeverities && list(unfixedSeverities),
	ignoreStatuses: 'hidden',
	score: ({score}) => (score === undefined ? undefined : `from ${score}`),
	packages: ({packages: {types, deny}}) => `${list(types)}${deny.length === 0 ? '' : `; not ${list(deny)}`}`,
	grace: ({grace}) => shownGrace(grace),
	readmit: ({readmit}) => readmit && `within ${readmit.within}h`,
	knownExploited: ({knownExploited}) => knownExploited,
	exploitProbability: ({exploitProbability}) =>
		exploitProbability === undefined ? undefined : `from ${exploitProbability}`,
	feeds: 'hidden',
	layers: 'hidden',
	unscannable: ({unscannable}) => unscannable,
	outages: ({outages: {registry, scanner, busy}}) => shownOutages({registry, scanner, busy}),
	noPackages: ({noPackages}) => noPackages,
	endOfLife: ({endOfLife}) => endOfLife,
	staleDatabase: ({staleDatabase}) => staleDatabase,
	maxDatabaseAgeHours: ({maxDatabaseAgeHours}) => `${maxDatabaseAgeHours}h`,
	registries: ({registries: {allow, deny, narrowedTo = []}}) => {
		const parts = [
			...[allow, ...narrowedTo].flatMap((patterns) => (patterns.length === 0 ? [] : [`only ${list(patterns)}`])),
			...(deny.length === 0 ? [] : [`not ${list(deny)}`]),
		];
		return parts.length === 0 ? undefined : parts.join('; ');
	},
	platforms: ({platforms}) => list(platforms),
	digestRequired: ({digestRequired}) => String(digestRequired),
	tagsForbidden: ({tagsForbidden}) => (tagsForbidden.length === 0 ? undefined : list(tagsForbidden)),
	placeholders: ({placeholders}) => placeholders,
	images: 'hidden',
	earlyWarningHours: ({earlyWarningHours}) => `${earlyWarningHours}h`,
	enforcement: ({enforcement}) => enforcement,
	job: 'hidden',
};

/** The policy as it is named in its file, one text a field, without what authors need not know. */
export function shownPolicy(policy: Policy): Readonly<Record<string, string>> {
	const shown = Object.entries(fields).flatMap(([field, show]) => {
		const text = show === 'hidden' ? undefined : show(policy);
		return text === undefined ? [] : [[field.replace(/Hours$/, ''), text] as const];
	});
	return Object.fromEntries(shown);
}

function shownOutages(choices: Readonly<Record<string, string | undefined>>): string | undefined {
	const texts = Object.entries(choices).flatMap(([outage, choice]) =>
		choice === undefined ? [] : `${outage} ${choice}`,
	);
	return texts.length === 0 ? undefined : texts.join(', ');
}

function shownGrace(grace: Policy['grace']): string | undefined {
	const texts = Object.entries(grace).map(([severity, hours]) => `${severity} ${hours}h`);
	return texts.length === 0 ? undefined : texts.join(', ');
}

function list(items: readonly string[]): string {
	const more = items.length - longestList;
	return more > 0 ? `${items.slice(0, longestList).join(', ')} (+${more} more)` : items.join(', ');
}
