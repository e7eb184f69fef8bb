import {readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import type {ToolContext} from '../types.ts';
import {readBolt} from './bolt.ts';
import type {BoltEntry} from './bolt.ts';
import {explainFailure} from './failure.ts';
import type {TrivyRunner} from './trivy.ts';

/** A package that a database itself calls vulnerable: a scanner that does not find it does not work. */
export interface Canary {
	/** As trivy-db names it, for example `alpine 3.20`. */
	readonly source: string;
	readonly package: string;
	readonly vulnerability: string;
	readonly distribution: string;
	readonly release: string;
}

const advisory = z.object({FixedVersion: z.string().min(1)});
/** Where an installed version of 0 is older than any fix, and Trivy needs no more than a package's name. */
const sources = /^(alpine|debian|ubuntu) (\d[\d.]*)$/;

/**
 * Looks a canary up in a database (trivy-db's buckets: source, package, vulnerability).
 * @returns why there is none: an empty database has none.
 */
export async function findCanary(databaseFile: string): Promise<Canary | string> {
	try {
		return (await readBolt(databaseFile, chooseCanary)) ?? 'it holds no advisory for a distribution';
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

async function chooseCanary(buckets: AsyncGenerator<BoltEntry>): Promise<Canary | undefined> {
	for await (const bucket of buckets) {
		const [, distribution, release] = sources.exec(bucket.key) ?? [];
		if (distribution === undefined || release === undefined) continue;
		for await (const entry of bucket.entries()) {
			for await (const {key, value} of entry.entries()) {
				const parsed = advisory.safeParse(value === undefined ? undefined : JSON.parse(value.toString('utf8')));
				// Alpine's "0" says that the package was never affected.
				if (parsed.success && /^(?:\d+:)?[1-9]/.test(parsed.data.FixedVersion) && key.startsWith('CVE-'))
					return {source: bucket.key, package: entry.key, vulnerability: key, distribution, release};
			}
		}
	}
	return undefined;
}

/**
 * Lets Trivy look at the canary.
 * @param scanner.arguments where it matches: `--server URL`, or the memory backend on a database of its own.
 * @returns why the scanner cannot be trusted, or undefined.
 */
export async function checkCanary(
	canary: Canary,
	scanner: {
		readonly context: ToolContext;
		readonly trivy: TrivyRunner;
		readonly cacheDirectory: string;
		readonly arguments: readonly string[];
		readonly environment?: Readonly<Record<string, string>>;
	},
): Promise<string | undefined> {
	const {context, trivy, cacheDirectory, environment} = scanner;
	const directory = await context.makeDirectory('canary');
	try {
		const bom = join(directory, 'canary.cdx.json');
		const output = join(directory, 'report.json');
		await writeFile(bom, JSON.stringify(billOfMaterials(canary)));
		const flags = ['--scanners', 'vuln', '--format', 'json', '--output', output, '--skip-db-update', '--offline-scan'];
		const timeoutMs = 60_000;
		const result = await trivy.run(['sbom', ...flags, ...scanner.arguments], {
			cacheDirectory,
			timeoutMs,
			operands: [bom],
			...(environment === undefined ? {} : {environment}),
		});
		if (result.kind !== 'exited' || result.exitCode !== 0) return explainFailure(result, 'trivy', {timeoutMs}).detail;
		const report = await readFile(output, 'utf8').catch(() => '');
		return report.includes(`"${canary.vulnerability}"`)
			? undefined
			: `trivy does not find ${canary.vulnerability} in ${canary.package} (${canary.source}), which the database lists`;
	} finally {
		await rm(directory, {recursive: true, force: true});
	}
}

/** CycloneDX with the properties by which Trivy knows its own (facts: trivy's pkg/sbom/cyclonedx). */
function billOfMaterials({distribution, release, package: name}: Canary): unknown {
	const kind = distribution === 'alpine' ? 'apk' : 'deb';
	const distro = distribution === 'alpine' ? release : `${distribution}-${release}`;
	const purl = `pkg:${kind}/${distribution}/${encodeURIComponent(name)}@0?distro=${distro}`;
	return {
		bomFormat: 'CycloneDX',
		specVersion: '1.5',
		version: 1,
		components: [
			{
				'bom-ref': 'os',
				type: 'operating-system',
				name: distribution,
				version: release,
				properties: [
					{name: 'aquasecurity:trivy:Class', value: 'os-pkgs'},
					{name: 'aquasecurity:trivy:Type', value: distribution},
				],
			},
			{'bom-ref': purl, type: 'library', name, version: '0', purl},
		],
		dependencies: [{ref: 'os', dependsOn: [purl]}],
	};
}
