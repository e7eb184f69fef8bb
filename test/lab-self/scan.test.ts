import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from '../../plugin/build-tools.mjs';
import {startLab, type ExpectedScan, type Lab} from '../lab/lab.ts';

/** Real Trivy on the lab's images finds what their expected.json says, by hand. */

interface Package {
	readonly Name: string;
}

interface Vulnerability {
	readonly VulnerabilityID: string;
	readonly PkgName: string;
	readonly InstalledVersion: string;
	readonly FixedVersion?: string;
	readonly Severity: string;
	readonly Status: string;
}

interface Report {
	readonly Metadata: {readonly OS?: {readonly Family: string; readonly Name: string; readonly EOSL?: boolean}};
	readonly Results?: readonly {
		readonly Packages?: readonly Package[];
		readonly Vulnerabilities?: readonly Vulnerability[];
	}[];
}

let lab: Lab;
let directory: string;

test.before(async () => {
	lab = await startLab();
	directory = await mkdtemp(join(tmpdir(), 'lab-scan-'));
	await mkdir(join(directory, 'home'));
	await writeFile(join(directory, 'empty.yaml'), '');
	await download(lab.databaseRepository);
});

test.after.always(async () => {
	await lab.stop();
	await rm(directory, {recursive: true, force: true});
});

const finds = test.macro({
	title: (_, name: string, platform: string) => `Trivy finds in ${name} for ${platform} what is written down`,
	async exec(t, name: string, platform: string) {
		t.deepEqual(summary(await scan(lab.image(name), platform)), await lab.expected(name, platform));
	},
});

for (const name of ['alpine', 'alpine-vulnerable', 'api-fixed', 'api-vulnerable', 'debian', 'debian-blind']) {
	test.serial(finds, name, 'linux/amd64');
}
for (const name of ['debian-vulnerable', 'empty', 'end-of-life', 'go-service', 'multi-arch']) {
	test.serial(finds, name, 'linux/amd64');
}
test.serial(finds, 'multi-arch', 'linux/arm64');

test.serial('every image has been scanned above', (t) => {
	const scanned = new Set(lab.proxy.requests.map(({repository}) => repository));
	t.deepEqual(
		lab.imageNames.filter((name) => !scanned.has(`shop/${name}`)),
		[],
	);
});

test.serial('a variant of an image has the findings of the image', async (t) => {
	const {image} = await lab.publishVariant('debian-vulnerable', 'seven');
	t.deepEqual(summary(await scan(image, 'linux/amd64')), await lab.expected('debian-vulnerable'));
});

test.serial('a database of another date is downloaded with that date', async (t) => {
	const updatedAt = new Date('2026-01-02T03:04:05Z');
	const repository = await lab.pushDatabase({updatedAt, as: 'aquasec/trivy-db:old'});
	await download(repository, 'old');
	const metadata = await readFile(join(directory, 'old', 'db', 'metadata.json'), 'utf8');
	t.is((JSON.parse(metadata) as {UpdatedAt: string}).UpdatedAt, '2026-01-02T03:04:05Z');
});

test.serial('with a database of no advisories everything looks clean', async (t) => {
	await download(await lab.pushDatabase({advisories: [], as: 'aquasec/trivy-db:empty'}), 'none');
	const report = await scan(lab.image('api-vulnerable'), 'linux/amd64', '--cache-dir', join(directory, 'none'));
	t.deepEqual(summary(report), {...(await lab.expected('api-vulnerable')), findings: []});
});

const refuses = test.macro({
	title: (_, damage: string) => `Trivy refuses a ${damage} database`,
	async exec(t, damage: 'truncated' | 'garbage', message: RegExp) {
		const repository = await lab.pushDatabase({damage, as: `aquasec/trivy-db:${damage}`});
		await t.throwsAsync(download(repository, damage), {message});
	},
});

test.serial(refuses, 'truncated', /failed to download vulnerability DB.*unexpected EOF/);
test.serial(refuses, 'garbage', /failed to download vulnerability DB.*gzip: invalid header/);

test.serial('Trivy reads from the registry over TLS when it knows the authority', async (t) => {
	const {registry, authority, proxy} = await lab.secure();
	const report = await scan(`${registry}/shop/empty:1.0`, 'linux/amd64', '--cacert', authority);
	t.deepEqual(summary(report), await lab.expected('empty'));
	t.true(proxy.count({kind: 'blob-get'}) > 0);
});

const quietly = ['--quiet', '--skip-version-check', '--disable-telemetry'];
const cached = ['--cache-backend', 'memory', '--skip-db-update', '--offline-scan'];
const wanted = ['--image-src', 'remote', '--scanners', 'vuln', '--format', 'json', '--list-all-pkgs'];

async function scan(image: string, platform: string, ...more: readonly string[]): Promise<Report> {
	return JSON.parse(
		await trivy([...quietly, ...cached, ...wanted, '--platform', platform, ...more, '--', image]),
	) as Report;
}

function download(repository: string, cache?: string): Promise<string> {
	return trivy([...quietly, '--download-db-only', '--db-repository', repository], cache);
}

async function trivy(args: readonly string[], cache = 'cache'): Promise<string> {
	const home = join(directory, 'home');
	const environment = {PATH: '/usr/bin:/bin', HOME: home, DOCKER_CONFIG: home, TMPDIR: home};
	const settings = ['--config', join(directory, 'empty.yaml'), '--cache-dir', join(directory, cache)];
	return (await run(lab.tools.trivy, ['image', ...settings, ...args], {environment, cwd: home})).stdout;
}

function summary({Metadata: {OS}, Results = []}: Report): ExpectedScan {
	const packages = Results.flatMap((result) => result.Packages ?? []).length;
	const findings = Results.flatMap((result) => result.Vulnerabilities ?? []).map((found) => ({
		id: found.VulnerabilityID,
		package: found.PkgName,
		installedVersion: found.InstalledVersion,
		fixedVersion: found.FixedVersion ?? null,
		severity: found.Severity,
		status: found.Status,
	}));
	return {
		os: OS === undefined ? null : `${OS.Family} ${OS.Name}`,
		packages,
		caveats: [
			...(OS === undefined && packages === 0 ? (['no-os'] as const) : []),
			...(OS !== undefined && packages === 0 ? (['no-packages'] as const) : []),
			...(OS?.EOSL === true ? (['end-of-life'] as const) : []),
		],
		findings: findings.toSorted((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1)),
	};
}

function sortKey(finding: {readonly id: string; readonly package: string}): string {
	return `${finding.package} ${finding.id}`;
}
