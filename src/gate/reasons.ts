import {
	severities,
	type BreakGlassGrant,
	type Caveat,
	type DecisionReason,
	type ExceptionGrant,
	type ImageDecision,
	type Pass,
	type UnscannedReason,
} from '../types.ts';
import {oneLine, short} from './line.ts';
import {fixOf, upgradesOf, type Upgrade} from './upgrades.ts';

/** What a reason says about its image, to be read after the image's name, and why it is not refused when it is not. */
export function reasonText(reason: DecisionReason): string {
	const {pass} = reason;
	return pass === undefined ? bareText(reason) : `${bareText(reason)}; ${passText(pass)}`;
}

/** Why something that the policy refuses passes. */
export function passText(pass: Pass): string {
	switch (pass.kind) {
		case 'grace':
			return `its grace period lasts until ${pass.until}`;
		case 'readmitted':
			return `disclosed since the image was ${pass.evidence === 'live' ? 'deployed' : 'allowed'} on ${pass.deployed}, readmitted until ${pass.until}`;
		case 'allowed-before':
			return `it was allowed at ${short(pass.allowedAt)}`;
		case 'break-glass':
			return breakGlassText(pass.grant);
	}
}

/** `let pass by jane@example.com until 2026-11-27T19:00:00.000Z (hotfix of the checkout)`. */
export function breakGlassText({approver, until, reason, ticket}: BreakGlassGrant): string {
	const why = [reason, ...(ticket === undefined ? [] : [ticket])].map((text) => oneLine(text, 200)).join(', ');
	return `let pass by ${short(approver)} until ${until} (${why})`;
}

/** `excepted by team-shop until 2026-12-31 (not reachable, SHOP-123)`. */
export function exceptionText({
	owner,
	expires,
	reason,
	ticket,
}: Pick<ExceptionGrant, 'owner' | 'expires' | 'reason'> & {readonly ticket?: string | undefined}): string {
	const why = [reason, ...(ticket === undefined ? [] : [ticket])].map((text) => oneLine(text, 200)).join(', ');
	return `excepted by ${short(owner)} until ${expires} (${why})`;
}

function bareText(reason: DecisionReason): string {
	switch (reason.kind) {
		case 'finding': {
			const {id, severity, package: name, installedVersion} = reason.finding;
			const fix = fixOf(reason.finding);
			const outlook = fix === undefined ? 'has no fix yet' : `is fixed in ${short(fix)}`;
			const {lapsed} = reason;
			const before =
				lapsed === undefined ? '' : `, and the exception of ${short(lapsed.owner)} ended on ${lapsed.expires}`;
			return `has ${short(id)} (${severity}), ${short(name)} ${short(installedVersion)} ${outlook}${before}`;
		}
		case 'caveat':
			return caveatText(reason.caveat);
		case 'unscanned': {
			const platform = reason.platform === undefined ? '' : ` for ${short(reason.platform)}`;
			return `could not be scanned${platform}: ${unscannedTexts[reason.reason].text} (${oneLine(reason.detail, 300)})`;
		}
		case 'reference':
			return `${ruleTexts[reason.rule].text} (${oneLine(reason.detail, 300)})`;
	}
}

/** What the reader can do about a reason: one or two sentences. */
export function whatToDo(reason: DecisionReason): string {
	switch (reason.kind) {
		case 'finding': {
			const {package: name, installedVersion} = reason.finding;
			const fix = fixOf(reason.finding);
			return fix === undefined
				? `There is no fixed version of ${short(name)} yet: remove it from the image, or choose a base image without it.`
				: raiseSentence({package: name, installedVersion, to: fix});
		}
		case 'caveat':
			return caveatAdvice[reason.caveat.kind];
		case 'unscanned': {
			const {advice} = unscannedTexts[reason.reason];
			return reason.transient ? `${advice} Then ask again with a hard refresh.` : advice;
		}
		case 'reference':
			return ruleTexts[reason.rule].advice;
	}
}

/** The reasons that made the decision, without those that repeat one for a further platform or path. */
export function decisiveReasons({decision, reasons}: ImageDecision): readonly DecisionReason[] {
	const decisive = reasons.filter((reason) => reason.decision === decision);
	return [...Map.groupBy(decisive, sameness).values()].flatMap((same) => same.slice(0, 1));
}

/** What decided, in the fewest words: `CRITICAL 2`, `HIGH 5`, `end-of-life`. A finding counts once, however many platforms and paths have it. */
export function reasonLabels(image: ImageDecision): readonly string[] {
	const reasons = decisiveReasons(image);
	const found = reasons.flatMap((reason) => (reason.kind === 'finding' ? [reason.finding.severity] : []));
	const counts = severities
		.toReversed()
		.map((severity) => [severity, found.filter((one) => one === severity).length] as const)
		.flatMap(([severity, count]) => (count === 0 ? [] : [`${severity} ${count}`]));
	return [...counts, ...new Set(reasons.flatMap((reason) => label(reason) ?? []))];
}

/** The packages to raise, each far enough for all of its findings that decided. */
export function raisesFor({decision, reasons}: ImageDecision): readonly Upgrade[] {
	const decisive = reasons.filter((reason) => reason.decision === decision);
	return upgradesOf(decisive.flatMap((reason) => (reason.kind === 'finding' ? [reason.finding] : [])));
}

/** What to do about all that decided: one sentence a package to raise, then the rest. */
export function adviceFor(image: ImageDecision): readonly string[] {
	const reasons = image.reasons.filter((reason) => reason.decision === image.decision);
	const raises = raisesFor(image);
	const others = reasons.filter((reason) => reason.kind !== 'finding' || fixOf(reason.finding) === undefined);
	return [...raises.map((upgrade) => raiseSentence(upgrade)), ...new Set(others.map(whatToDo))];
}

function raiseSentence({package: name, installedVersion, to}: Omit<Upgrade, 'ids'>): string {
	return `Raise ${short(name)} from ${short(installedVersion)} to ${short(to)} in the image, and deploy the new image.`;
}

const ruleTexts = {
	invalid: {text: 'is not a valid image reference', advice: 'Correct the image in the manifests or values.'},
	placeholder: {
		text: 'is a placeholder, not an image',
		advice: 'Fill the image in before rendering, so that what runs is what was scanned.',
	},
	'digest-required': {text: 'is named without a digest', advice: 'Name the image as name:tag@sha256:….'},
	'tag-forbidden': {
		text: 'is named by a tag that is forbidden',
		advice: 'Name the image by a tag that stays with one version, or by its digest.',
	},
	'registry-denied': {
		text: 'is not in an allowed registry',
		advice: 'Use an image of an allowed registry, or ask the operator to allow this one.',
	},
} as const;

const caveatAdvice: Readonly<Record<Caveat['kind'], string>> = {
	'no-os': 'Keep the package database or lock files in the image, so that the scanner can see what is in it.',
	'unsupported-os': 'Use a release of a distribution that the scanner knows, or ask the operator for noPackages: warn.',
	'no-packages': 'Keep the package database of the distribution in the image; it must not be deleted to save space.',
	'end-of-life': 'Move the image to a release of its distribution that still gets security fixes.',
	'stale-database':
		'The operator must let the scanner fetch a newer vulnerability database; then ask again with a hard refresh.',
};

const unscannedTexts: Readonly<Record<UnscannedReason, {readonly text: string; readonly advice: string}>> = {
	'address-refused': {
		text: 'its registry is at an address that the gate must not call',
		advice: 'Use a registry at a public address, or ask the operator to permit this one (registries.permitAddresses).',
	},
	unreachable: {
		text: 'its registry cannot be reached',
		advice: 'Check the name of the registry and the gate’s network.',
	},
	'rate-limited': {
		text: 'its registry limits the rate of requests',
		advice: 'Wait, or ask the operator for credentials or a mirror of this registry.',
	},
	'registry-error': {text: 'its registry fails', advice: 'Wait until the registry works again.'},
	unauthorized: {
		text: 'its registry refuses the gate’s credentials',
		advice: 'Ask the operator to give the gate credentials that may pull this image.',
	},
	'not-found': {
		text: 'its registry does not have it',
		advice: 'Check the name and the tag, and push the image before it is deployed.',
	},
	'platform-missing': {
		text: 'the image has no such platform',
		advice: 'Build the image for this platform, or ask the operator to change the platforms of the policy.',
	},
	'scanner-failed': {text: 'the scanner failed', advice: 'Look at the gate’s log for the scanner’s own words.'},
	'scanner-timeout': {
		text: 'the scanner took too long',
		advice: 'Make the image smaller, or ask the operator for a longer deadline.',
	},
	'report-invalid': {
		text: 'the scanner’s report cannot be trusted',
		advice: 'Look at the gate’s log, and check the version of the scanner.',
	},
	deadline: {
		text: 'the time for this attempt was over',
		advice: 'What was scanned is kept, and the next attempt goes on from there.',
	},
	canceled: {text: 'the scan was not made', advice: 'The image itself was not looked at.'},
};

function caveatText(caveat: Caveat): string {
	switch (caveat.kind) {
		case 'no-os':
			return 'has no operating system and no packages that the scanner knows';
		case 'no-packages':
			return `is ${short(caveat.os)} without a package database`;
		case 'unsupported-os':
			return `is on ${short(caveat.os)}, about which the scanner’s database knows nothing`;
		case 'end-of-life':
			return `is on ${short(caveat.os)}, which gets no security fixes any more`;
		case 'stale-database':
			return `was scanned with a vulnerability database of ${short(caveat.updatedAt)}, older than ${caveat.maxAgeHours} h`;
	}
}

function label(reason: DecisionReason): string | undefined {
	switch (reason.kind) {
		case 'finding':
			return undefined;
		case 'caveat':
			return reason.caveat.kind;
		case 'unscanned':
			return reason.reason;
		case 'reference':
			return reason.rule;
	}
}

function sameness(reason: DecisionReason): string {
	if (reason.kind !== 'finding') return `${reason.kind} ${label(reason)}`;
	const {id, package: name, installedVersion} = reason.finding;
	return JSON.stringify([id, name, installedVersion]);
}
