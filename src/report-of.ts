import packageJson from '../package.json' with {type: 'json'};
import type {CanonicalImage} from './gate/decide.ts';
import {adviceFor, passText, raisesFor, reasonText} from './gate/reasons.ts';
import {fixOf} from './gate/upgrades.ts';
import {oneLineSummary} from './gate/words.ts';
import type {OddDocument} from './manifests/odd.ts';
import {oddReasons} from './manifests/odd.ts';
import type {Report, ReportReason, ReportScan} from './report/model.ts';
import type {PlaceOf} from './source-places.ts';
import {severities} from './types.ts';
import type {
	DecisionReason,
	ExceptionGrant,
	GateDecision,
	ImageDecision,
	ImageName,
	Pass,
	ScanVerdict,
} from './types.ts';

export interface ReportOptions {
	readonly decision: GateDecision;
	readonly application: string;
	readonly project: string | undefined;
	readonly revision: string | undefined;
	readonly canonical: (name: ImageName) => CanonicalImage;
	readonly odd: readonly OddDocument[];
	/** Empty when nobody could say it. */
	readonly trivyVersion: string;
	/** Where an origin is written in the repository. */
	readonly placeOf?: PlaceOf;
	/** What could be used instead, by image, as a sentence. */
	readonly suggestions?: ReadonlyMap<string, string>;
}

/** Everything that the formats tell, with the gate's words in it. */
export function reportOf(options: ReportOptions): Report {
	const {decision, application, project, revision, odd, trivyVersion} = options;
	const scanned = decision.images.flatMap(({verdicts}) => verdicts).find(({kind}) => kind === 'scanned');
	return {
		version: 1,
		reportId: decision.reportId,
		application,
		project,
		revision,
		decision: decision.decision,
		enforcement: decision.enforcement,
		summary: oneLineSummary(decision),
		gate: {version: packageJson.version},
		scanner: {
			name: 'trivy',
			version: trivyVersion,
			database: scanned?.kind === 'scanned' ? {...scanned.database} : undefined,
		},
		documentsPrintedAsJson: odd.map(({document, line, file, reasons}) => ({
			document,
			line,
			file,
			reasons: reasons.map((reason) => oddReasons[reason]),
		})),
		exceptions: decision.exceptions.map(({exception, findings}) => ({exception: {...exception}, findings})),
		breakGlass: decision.breakGlass.map(({grant, needed}) => ({grant: {...grant}, needed})),
		ahead: decision.ahead.map((warning) => ({
			kind: warning.kind,
			image: warning.image,
			until: warning.until,
			ids: [...warning.ids],
			exception: warning.kind === 'exception' ? {...warning.exception} : undefined,
		})),
		images: decision.images.map((image) => imageOf(image, options)),
	};
}

function imageOf(image: ImageDecision, {placeOf, canonical, suggestions}: ReportOptions): Report['images'][number] {
	const {reference, decision, reasons, excepted, verdicts} = image;
	return {
		image: reference.image,
		repository: reference.name === undefined ? undefined : canonical(reference.name).repository,
		outcome: reference.outcome,
		decision,
		origins: reference.origins.map((origin) => ({
			object: origin.object,
			path: origin.path,
			rule: origin.rule,
			outcome: origin.outcome,
			file: origin.file,
			at: placeOf?.(reference.image, origin),
		})),
		reasons: reasons.map(reasonOf),
		excepted: excepted.map(({finding, platform, exception}) => ({
			...finding,
			fix: fixOf(finding),
			platform,
			exception: {...exception},
		})),
		upgrades: raisesFor(image).map(({package: name, installedVersion, to, ids}) => ({
			package: name,
			from: installedVersion,
			to,
			fixes: [...ids],
		})),
		advice: [...adviceFor(image)],
		suggestion: suggestions?.get(reference.image),
		scans: verdicts.map(scanOf),
	};
}

function reasonOf(reason: DecisionReason): ReportReason {
	const {decision, platform, pass} = reason;
	const common = {decision, platform, text: reasonText(reason), pass: pass === undefined ? undefined : passOf(pass)};
	switch (reason.kind) {
		case 'finding': {
			const {finding, rule, lapsed} = reason;
			return {
				kind: 'finding',
				...common,
				...finding,
				fix: fixOf(finding),
				rule,
				lapsed: lapsed && {...lapsed},
				note: noteOf(pass, lapsed),
			};
		}
		case 'caveat':
			return {kind: 'caveat', ...common, caveat: reason.caveat.kind};
		case 'unscanned':
			return {kind: 'unscanned', ...common, reason: reason.reason, transient: reason.transient};
		case 'reference':
			return {kind: 'reference', ...common, rule: reason.rule};
	}
}

function noteOf(pass: Pass | undefined, lapsed: ExceptionGrant | undefined): string | undefined {
	const notes = [
		...(pass === undefined ? [] : [passText(pass)]),
		...(lapsed === undefined ? [] : [`the exception of ${lapsed.owner} ended on ${lapsed.expires}`]),
	];
	return notes.length === 0 ? undefined : notes.join('; ');
}

function passOf(pass: Pass): NonNullable<ReportReason['pass']> {
	return pass.kind === 'break-glass' ? {kind: pass.kind, grant: {...pass.grant}} : {...pass};
}

function scanOf(verdict: ScanVerdict): ReportScan {
	const {platform} = verdict;
	switch (verdict.kind) {
		case 'unscanned': {
			const {reason, transient, detail} = verdict;
			return {outcome: 'unscanned', platform, reason, transient, detail};
		}
		case 'scanned': {
			const {digest, os, packages, findings, caveats, database} = verdict;
			const counts = severities.toReversed().flatMap((severity) => {
				const some = findings.filter((finding) => finding.severity === severity).length;
				return some === 0 ? [] : [[severity, some] as const];
			});
			return {
				outcome: 'scanned',
				platform,
				digest,
				os,
				packages,
				findings: findings.length,
				severities: Object.fromEntries(counts),
				caveats: caveats.map(({kind}) => kind),
				database: {...database},
			};
		}
	}
}
