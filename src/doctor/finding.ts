/** In order of urgency. */
export const levels = ['error', 'warning', 'info', 'ok'] as const;
export type Level = (typeof levels)[number];

/** Something that a person should know. */
export interface Trouble {
	/** `error`: the gate does not gate, or will not work; `warning`: it may not; `info`: good to know. */
	readonly level: Exclude<Level, 'ok'>;
	/** One sentence. */
	readonly what: string;
	/** What comes of it. */
	readonly why: string;
	/** What to do. */
	readonly fix: string;
	/** All that it is about, when that may be many. */
	readonly where?: readonly string[];
}

export type Finding = {readonly check: string} & (
	| ({readonly kind: 'trouble'} & Trouble)
	| {readonly kind: 'fine'; readonly level: 'ok'; readonly what: string}
);

/** A check that could not be made. */
export interface Unchecked {
	readonly check: string;
	readonly why: string;
	readonly fix: string;
}

/** What came of all checks; findings are sorted, the most urgent first. */
export interface Diagnosis {
	/** What was looked at, as a person would call it. */
	readonly subject: string;
	readonly findings: readonly Finding[];
	readonly unchecked: readonly Unchecked[];
}

/** Something that was looked up, or why it could not be. */
export type Read<Value> =
	| {readonly kind: 'read'; readonly value: Value}
	| {readonly kind: 'unread'; readonly why: string; readonly fix: string};

export type Reads<Facts> = {readonly [Name in keyof Facts]: Read<Facts[Name]>};

/** One thing to look at. */
export interface Check<Facts> {
	readonly name: string;
	readonly judge: (facts: Reads<Facts>) => readonly Finding[] | Unchecked;
}

/**
 * Makes checks over one kind of facts.
 * @returns a function that makes one of a name, the facts that it needs, what to say when there is no trouble, and what
 * finds trouble.
 */
export function checksOver<Facts>() {
	return <const Need extends keyof Facts>({name, needs, fine, find}: Definition<Facts, Need>): Check<Facts> => ({
		name,
		judge(facts) {
			const values: Partial<Pick<Facts, Need>> = {};
			for (const need of needs) {
				const fact = facts[need];
				if (fact.kind === 'unread') return {check: name, why: fact.why, fix: fact.fix};
				values[need] = fact.value;
			}
			if (!isWhole(values, needs)) return {check: name, why: 'its facts are missing', fix: 'Report it'};
			const troubles = find(values);
			if (troubles.length === 0) return [{kind: 'fine', check: name, level: 'ok', what: fine}];
			return troubles.map((trouble) => ({kind: 'trouble', check: name, ...trouble}));
		},
	});
}

function isWhole<Facts, Need extends keyof Facts>(
	values: Partial<Pick<Facts, Need>>,
	needs: readonly Need[],
): values is Pick<Facts, Need> {
	return needs.every((need) => need in values);
}

interface Definition<Facts, Need extends keyof Facts> {
	readonly name: string;
	readonly needs: readonly Need[];
	/** What is well when nothing is found. */
	readonly fine: string;
	readonly find: (facts: Pick<Facts, Need>) => readonly Trouble[];
}

/** Makes every check. */
export function diagnose<Facts>(subject: string, checks: ReadonlyArray<Check<Facts>>, facts: Reads<Facts>): Diagnosis {
	const findings: Finding[] = [];
	const unchecked: Unchecked[] = [];
	for (const check of checks) {
		const outcome = check.judge(facts);
		if ('check' in outcome) unchecked.push(outcome);
		else findings.push(...outcome);
	}
	const urgency = ({level}: Finding) => levels.indexOf(level);
	return {subject, findings: findings.toSorted((one, other) => urgency(one) - urgency(other)), unchecked};
}

/** 0: no error; 1: errors; 2: not everything could be checked, and nothing else is wrong. */
export function exitCodeOf({findings, unchecked}: Diagnosis): 0 | 1 | 2 {
	if (findings.some(({level}) => level === 'error')) return 1;
	return unchecked.length > 0 ? 2 : 0;
}
