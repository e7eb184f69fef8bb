import {
	decisions,
	type Caveat,
	type Decision,
	type DecisionReason,
	type Finding,
	type ScanVerdict,
	type Severity,
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
const byFinding: Comparator<Finding> = (one, other) =>
	severityRanks[other.severity] - severityRanks[one.severity] || byText(one.id, other.id) || byRest(one, other);

const severityRanks: Readonly<Record<Severity, number>> = {UNKNOWN: 0, LOW: 1, MEDIUM: 2, HIGH: 3, CRITICAL: 4};

const byRest: Comparator<Finding> = inOrder(
	by((finding) => finding.package),
	by(({target}) => target),
	by(({installedVersion}) => installedVersion),
	by(({packagePath}) => packagePath ?? ''),
	by(content),
);

/** Strictest first; among equals what needs no scan, then findings, caveats and what could not be scanned. */
export const byReason: Comparator<DecisionReason> = (one, other) =>
	decisionRanks[other.decision] - decisionRanks[one.decision] ||
	kindRanks[one.kind] - kindRanks[other.kind] ||
	(one.kind === 'finding' && other.kind === 'finding' ? byFinding(one.finding, other.finding) : 0) ||
	byText(one.platform ?? '', other.platform ?? '') ||
	byText(content(one), content(other));

const decisionRanks: Readonly<Record<Decision, number>> = {allow: 0, warn: 1, unknown: 2, deny: 3};
const kindRanks: Readonly<Record<DecisionReason['kind'], number>> = {reference: 0, finding: 1, caveat: 2, unscanned: 3};

/**
 * Reasons in the order of `byReason`. Findings of one verdict come in order already, and are many: only what is not in
 * order is sorted.
 */
export function sortedReasons(reasons: readonly DecisionReason[], verdicts: number): readonly DecisionReason[] {
	if (verdicts > 1) return reasons.toSorted(byReason);
	const others = reasons.filter((reason) => !isFinding(reason));
	return decisions.toReversed().flatMap((decision) => {
		const own = (reason: DecisionReason) => reason.decision === decision;
		const rest = others.filter(own).toSorted(byReason);
		const first = rest.filter(({kind}) => kind === 'reference');
		return [...first, ...reasons.filter((reason) => isFinding(reason) && own(reason)), ...rest.slice(first.length)];
	});
}

function isFinding({kind}: DecisionReason): boolean {
	return kind === 'finding';
}

export const byVerdict: Comparator<ScanVerdict> = inOrder(
	by(({platform}) => platform),
	by(content),
);

/**
 * Verdicts with their findings and caveats in order. Ids are put in order once for all: images share most of theirs, and
 * numbers compare in a fraction of the time.
 */
export function verdictSorter(verdicts: readonly ScanVerdict[]): (verdict: ScanVerdict) => ScanVerdict {
	const ids = new Set<string>();
	for (const verdict of verdicts) if (verdict.kind === 'scanned') for (const {id} of verdict.findings) ids.add(id);
	const ranks = new Map([...ids].toSorted(byText).map((id, rank) => [id, rank]));
	const keyOf = ({severity, id}: Finding) => (ranks.get(id) ?? ids.size) - severityRanks[severity] * (ids.size + 1);
	return (verdict) => {
		if (verdict.kind === 'unscanned') return verdict;
		const keyed = verdict.findings.map((finding) => ({finding, key: keyOf(finding)}));
		return {
			...verdict,
			findings: keyed
				.toSorted((one, other) => one.key - other.key || byRest(one.finding, other.finding))
				.map(({finding}) => finding),
			caveats: verdict.caveats.toSorted(by<Caveat>(content)),
		};
	};
}

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
