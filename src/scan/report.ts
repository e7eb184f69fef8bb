import * as z from 'zod';
import {severities} from '../types.ts';
import type {Finding, Severity} from '../types.ts';
import {readJson} from './json.ts';

/** What the gate needs of one of Trivy's JSON reports. */
export interface TrivyReport {
	/** Undefined when Trivy recognised none. */
	readonly os: {readonly family: string; readonly name: string; readonly endOfLife: boolean} | undefined;
	readonly osPackages: number;
	readonly packages: number;
	readonly findings: readonly Finding[];
}

/** By which writeLayout tells how many layers are the base image's. */
export const baseLayersLabel = 'trivy-gate.base-layers';

// Trivy adds fields without raising SchemaVersion, so only what is used is described and the rest is let through.
const vulnerability = z.object({
	VulnerabilityID: z.string().min(1),
	PkgName: z.string().min(1),
	PkgPath: z.string().optional(),
	PkgIdentifier: z.object({PURL: z.string().optional()}).optional(),
	InstalledVersion: z.string().default(''),
	FixedVersion: z.string().optional(),
	Status: z.string().default('unknown'),
	Severity: z.string().default('UNKNOWN'),
	Title: z.string().optional(),
	PrimaryURL: z.string().optional(),
	PublishedDate: z.string().optional(),
	Layer: z.object({DiffID: z.string().optional()}).optional(),
	CVSS: z.record(z.string(), z.object({V3Score: z.number().optional(), V40Score: z.number().optional()})).nullish(),
});
const result = z.object({
	Target: z.string().default(''),
	Class: z.string().optional(),
	Packages: z.array(z.object({})).nullish(),
	Vulnerabilities: z.array(vulnerability).nullish(),
});
const report = z.object({
	SchemaVersion: z.literal(2),
	ArtifactName: z.string(),
	ArtifactType: z.literal('container_image'),
	Trivy: z
		.object({Server: z.object({VulnerabilityDB: z.object({UpdatedAt: z.string()}).optional()}).optional()})
		.optional(),
	Metadata: z.object({
		ImageID: z.string().optional(),
		DiffIDs: z.array(z.string()).nullish(),
		ImageConfig: z
			.object({config: z.object({Labels: z.record(z.string(), z.string()).nullish()}).optional()})
			.optional()
			.catch(undefined),
		OS: z.object({Family: z.string(), Name: z.string().default(''), EOSL: z.boolean().optional()}).optional(),
	}),
	Results: z.array(result).nullish(),
});

/** What a report has to agree with. */
export interface ExpectedReport {
	readonly artifact: string;
	readonly imageId?: string;
	/** Of the image's layers, in order. */
	readonly diffIds?: readonly string[];
	/** Of the server's database. */
	readonly databaseUpdatedAt?: string;
}

/**
 * Turns the text of a Trivy report (schema version 2, facts: trivy's pkg/types/report.go) into what the gate needs.
 * @param expected.artifact what Trivy was asked about; a report about anything else does not count.
 * @param expected.imageId the digest of the image's configuration, where it is known; and so on.
 * @returns the report, that it is about other layers, or every problem that makes it unusable.
 */
export function parseReport(
	text: string,
	{artifact, imageId, diffIds, databaseUpdatedAt}: ExpectedReport,
):
	| {readonly kind: 'report'; readonly report: TrivyReport}
	| {readonly kind: 'other-layers'}
	| {readonly kind: 'unusable'; readonly problems: string} {
	const json = readJson(text);
	if (json === undefined) return {kind: 'unusable', problems: 'it is not whole JSON'};
	const parsed = report.safeParse(json);
	if (!parsed.success) {
		const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
		return {kind: 'unusable', problems: problems.join('; ')};
	}
	if (parsed.data.ArtifactName !== artifact) {
		return {kind: 'unusable', problems: `it is about another artifact (${parsed.data.ArtifactName})`};
	}
	const found = parsed.data.Metadata.ImageID;
	if (imageId !== undefined && found !== imageId) {
		return {kind: 'unusable', problems: `it is about another image (${found ?? 'it does not say which'})`};
	}
	if (diffIds !== undefined && JSON.stringify(parsed.data.Metadata.DiffIDs ?? []) !== JSON.stringify(diffIds)) {
		return {kind: 'other-layers'};
	}
	const used = parsed.data.Trivy?.Server?.VulnerabilityDB?.UpdatedAt;
	if (databaseUpdatedAt !== undefined && (used === undefined || Date.parse(used) !== Date.parse(databaseUpdatedAt))) {
		return {kind: 'unusable', problems: `it is made with another database (${used ?? 'it does not say which'})`};
	}
	return {kind: 'report', report: summarise(parsed.data)};
}

function summarise({Metadata, Results}: z.infer<typeof report>): TrivyReport {
	const results = Results ?? [];
	const count = (wanted: (item: z.infer<typeof result>) => boolean) =>
		results.filter(wanted).reduce((sum, item) => sum + (item.Packages?.length ?? 0), 0);
	const os = Metadata.OS;
	const layerOf = layerReader(Metadata);
	return {
		os:
			os === undefined || os.Family === '' || os.Family === 'none'
				? undefined
				: {family: os.Family, name: `${os.Family} ${os.Name}`.trim(), endOfLife: os.EOSL === true},
		osPackages: count((item) => item.Class === 'os-pkgs'),
		packages: count(() => true),
		findings: distinct(
			results.flatMap((item) =>
				(item.Vulnerabilities ?? []).map((found) => ({...toFinding(found, item), ...layerOf(found)})),
			),
		),
	};
}

/** Says for a finding which part of the image brings it; nothing when that is not known. */
function layerReader({DiffIDs, ImageConfig}: z.infer<typeof report>['Metadata']) {
	const label = ImageConfig?.config?.Labels?.[baseLayersLabel];
	const base = label === undefined ? undefined : new Set((DiffIDs ?? []).slice(0, Number(label)));
	return ({Layer}: z.infer<typeof vulnerability>): Pick<Finding, 'layer'> => {
		if (base === undefined || Layer?.DiffID === undefined) return {};
		return {layer: base.has(Layer.DiffID) ? 'base' : 'application'};
	};
}

function toFinding(found: z.infer<typeof vulnerability>, {Target: target, Class}: z.infer<typeof result>): Finding {
	return {
		id: found.VulnerabilityID,
		severity: toSeverity(found.Severity),
		package: found.PkgName,
		installedVersion: found.InstalledVersion,
		fixedVersion: found.FixedVersion === '' ? undefined : found.FixedVersion,
		status: found.Status,
		target,
		packagePath: found.PkgPath,
		purl: found.PkgIdentifier?.PURL,
		title: found.Title,
		url: found.PrimaryURL,
		publishedDate: found.PublishedDate,
		type: types[Class ?? ''],
		score: highestScore(found.CVSS ?? {}),
	};
}

const types: Readonly<Record<string, Finding['type']>> = {'os-pkgs': 'os', 'lang-pkgs': 'library'};

function highestScore(sources: NonNullable<z.infer<typeof vulnerability>['CVSS']>): number | undefined {
	const scores = Object.values(sources).flatMap(({V3Score = 0, V40Score = 0}) => [V3Score, V40Score]);
	const highest = Math.max(0, ...scores);
	return highest > 0 ? highest : undefined;
}

function toSeverity(text: string): Severity {
	return severities.find((severity) => severity === text.toUpperCase()) ?? 'UNKNOWN';
}

/** Trivy lists one vulnerability once per package and path; the same one twice is noise. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
	const byIdentity = new Map<string, Finding>();
	for (const finding of findings) {
		const identity = [
			finding.id,
			finding.purl ?? `${finding.package}@${finding.installedVersion}`,
			finding.packagePath ?? '',
		];
		byIdentity.set(JSON.stringify(identity), finding);
	}
	return [...byIdentity.values()];
}
