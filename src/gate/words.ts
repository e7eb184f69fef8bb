import type {GateDecision, ImageDecision} from '../types.ts';
import {oneLine, short} from './line.ts';
import {isDecided, isUse} from './names.ts';
import {breakGlassText, decisiveReasons, reasonLabels, reasonText, whatToDo} from './reasons.ts';
import {fixOf, upgradesOf} from './upgrades.ts';

const imagesTold = 3;
const fixesTold = 3;
const idsTold = 3;

/**
 * The decision on one line without its stage, in at most 2000 characters: `denied — 1 of 14 images:
 * registry.example/api:1.4 (CRITICAL 2, HIGH 5), used by Deployment/shop/api. minimist 0.0.8 → 0.2.4 fixes CVE-2021-44906.`
 */
export function oneLineSummary({decision, images: all, exceptions, breakGlass}: GateDecision): string {
	const images = all.filter(({reference}) => isDecided(reference));
	const granted = [...exceptedSentence(exceptions), ...breakGlass.map(breakGlassSentence)];
	if (decision === 'allow')
		return oneLine(
			[`allowed — ${counted(images.length)}${granted.length === 0 ? '' : '.'}`, ...granted].join(' '),
			2000,
		);
	const decisive = images.filter((image) => image.decision === decision);
	const told = decisive.slice(0, imagesTold).map((image) => {
		return `${short(image.reference.image)} (${reasonLabels(image).join(', ')}), used by ${usedBy(image)}`;
	});
	if (decisive.length > imagesTold) told.push(`and ${decisive.length - imagesTold} more`);
	const unknown = images.filter((image) => image.decision === 'unknown').length;
	const sentences = [
		`${headlines[decision]} — ${decisive.length} of ${counted(images.length)}: ${told.join('; ')}.`,
		...(decision === 'deny' && unknown > 0 ? [`${unknown} more could not be scanned.`] : []),
		...granted,
		fixes(decisive) ?? firstAdvice(decisive),
	];
	return oneLine(sentences.join(' '), 2000);
}

/** An image and the worst that is said about it: `api:1.4 has CVE-2021-44906 (CRITICAL), minimist 0.0.8 is fixed in 0.2.4`. */
export function imageSentence({reference, reasons: [worst]}: ImageDecision): string {
	return `${short(reference.image)} ${worst === undefined ? 'is allowed' : reasonText(worst)}`;
}

/** The objects that use an image, as `Kind/namespace/name`, each once; without those in which it never runs. */
export function usingObjects({reference}: ImageDecision): readonly string[] {
	return [...new Set(reference.origins.filter(isUse).map(({object}) => short(object)))];
}

const headlines = {deny: 'denied', unknown: 'not known', warn: 'allowed with a warning'} as const;

function exceptedSentence(exceptions: GateDecision['exceptions']): readonly string[] {
	const findings = exceptions.reduce((sum, use) => sum + use.findings, 0);
	if (findings === 0) return [];
	const owners = [...new Set(exceptions.map(({exception}) => short(exception.owner)))];
	const told = owners.slice(0, 3).join(', ');
	const more = owners.length > 3 ? ` and ${owners.length - 3} more` : '';
	return [`${findings} ${findings === 1 ? 'finding is' : 'findings are'} excepted by ${told}${more}.`];
}

function breakGlassSentence({grant, needed}: GateDecision['breakGlass'][number]): string {
	return `Break-glass: ${breakGlassText(grant)}${needed ? '' : ', and nothing needed it'}.`;
}

function usedBy(image: ImageDecision): string {
	const [first = 'nothing that runs', ...more] = usingObjects(image);
	return more.length === 0 ? first : `${first} and ${more.length} more`;
}

/** `minimist 0.0.8 → 0.2.4 fixes CVE-2021-44906; …`; undefined when nothing can be raised. */
function fixes(images: readonly ImageDecision[]): string | undefined {
	const findings = images
		.flatMap(decisiveReasons)
		.flatMap((reason) => (reason.kind === 'finding' ? [reason.finding] : []));
	const raises = upgradesOf(findings).map(
		({package: name, installedVersion, to, ids}) =>
			`${short(name)} ${short(installedVersion)} → ${short(to)} fixes ${list(ids)}`,
	);
	if (raises.length === 0) return undefined;
	const unfixable = [...new Set(findings.filter((finding) => fixOf(finding) === undefined).map(({id}) => id))];
	const rest = unfixable.length === 0 ? '' : ` There is no fix yet for ${list(unfixable)}.`;
	return `${raises.slice(0, fixesTold).join('; ')}${raises.length > fixesTold ? '; …' : '.'}${rest}`;
}

function list(ids: readonly string[]): string {
	const told = ids.slice(0, idsTold).map(short).join(', ');
	return ids.length > idsTold ? `${told} and ${ids.length - idsTold} more` : told;
}

function firstAdvice(images: readonly ImageDecision[]): string {
	return images.flatMap(({reasons}) => reasons.slice(0, 1).map(whatToDo))[0] ?? '';
}

function counted(images: number): string {
	return `${images} ${images === 1 ? 'image' : 'images'}`;
}
