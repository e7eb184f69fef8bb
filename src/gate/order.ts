import {
	decisions,
	severities,
	type Caveat,
	type Decision,
	type DecisionReason,
	type Finding,
	type ScanVerdict,
} from '../types.ts';

type Comparator<Value> = (one: Value, other: Value) => number;

/** The strictest of some decisions; `allow` when there are none. */
export function strictest(list: readonly Decision[]): Decision {
	return decisions.findLast((decision) => list.includes(decision)) ?? 'allow';
}

/** By UTF-16 code units: the same on every machine, unlike localeCompare. */
export function byText(one: string, other: string): number {
	if (one === other) return 0;
	return one < other ? -1 : 1;
}

/** Most severe first, then by everything that a reader can tell findings apart by. */
export const byFinding: Comparator<Finding> = inOrder(
	(one, other) => severities.indexOf(other.severity) - severities.indexOf(one.severity),
	by(({id}) => id),
	by((finding) => finding.package),
	by(({target}) => target),
	by(({installedVersion}) => installedVersion),
	by(({packagePath}) => packagePath ?? ''),
	by(content),
);

/** Strictest first; among equals what needs no scan, then findings, caveats and what could not be scanned. */
export const byReason: Comparator<DecisionReason> = inOrder(
	(one, other) => decisions.indexOf(other.decision) - decisions.indexOf(one.decision),
	(one, other) => reasonKinds.indexOf(one.kind) - reasonKinds.indexOf(other.kind),
	(one, other) => (one.kind === 'finding' && other.kind === 'finding' ? byFinding(one.finding, other.finding) : 0),
	by(({platform}) => platform ?? ''),
	by(content),
);

export const byVerdict: Comparator<ScanVerdict> = inOrder(
	by(({platform}) => platform),
	by(content),
);

/** The verdict with its findings and caveats in order. */
export function sortedVerdict(verdict: ScanVerdict): ScanVerdict {
	if (verdict.kind === 'unscanned') return verdict;
	return {
		...verdict,
		findings: verdict.findings.toSorted(byFinding),
		caveats: verdict.caveats.toSorted(by<Caveat>(content)),
	};
}

const reasonKinds = [
	'reference',
	'finding',
	'caveat',
	'unscanned',
] as const satisfies readonly DecisionReason['kind'][];

function inOrder<Value>(...comparators: readonly Comparator<Value>[]): Comparator<Value> {
	return (one, other) => {
		for (const compare of comparators) {
			const order = compare(one, other);
			if (order !== 0) return order;
		}
		return 0;
	};
}

function by<Value>(text: (value: Value) => string): Comparator<Value> {
	return (one, other) => byText(text(one), text(other));
}

/** Text that is equal for equal values, whatever the order of their keys. */
function content(value: object): string {
	return JSON.stringify(value, (_, inner: unknown) =>
		typeof inner === 'object' && inner !== null && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => byText(one, other)))
			: inner,
	);
}
