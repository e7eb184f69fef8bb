import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {installDirectory, run, toolCache} from '../../plugin/build-tools.mjs';
import {fingerprint, type Say} from '../lab/cache.ts';
import {toolPaths} from '../lab/prepared.ts';
import {aptFor} from './apt.ts';
import {makeBaseImages, type BaseImages} from './base-images.ts';
import {baseNames} from './dockerfile.ts';
import {authoritiesAt, npmSettings} from './npm.ts';

/** The image that was built of this checkout. */
export const image = {
	/** An OCI layout. */
	layout: join(import.meta.dirname, '../../dist/image/argocd-trivy-gate'),
	/** CycloneDX, as JSON. */
	billOfMaterials: join(import.meta.dirname, '../../dist/image/argocd-trivy-gate.cdx.json'),
} as const;

const root = join(import.meta.dirname, '..', '..');
/** Everything that .dockerignore lets through, and what decides how it is built. */
const inputs = [
	'Dockerfile',
	'.dockerignore',
	'package.json',
	'package-lock.json',
	'.npmrc',
	'tsconfig.json',
	'plugin.yaml',
	'LICENSE',
	'plugin',
	'src',
	'test/image/build.ts',
];

/**
 * Builds the Dockerfile, unless `dist/image` holds what it makes already. Debian's fixes of a day get in on the next.
 * Needs root, buildah, and the package registries as this machine is set to reach them.
 */
export async function buildImage(say: Say): Promise<void> {
	const bases = await makeBaseImages(say);
	const commit = (await run('git', ['rev-parse', '--short=12', 'HEAD'], {cwd: root})).stdout.trim();
	const state = await fingerprint(
		inputs.map((path) => join(root, path)),
		[commit, ...bases.digests, new Date().toISOString().slice(0, 10)],
	);
	const directory = dirname(image.layout);
	const made = await readFile(join(directory, 'state'), 'utf8').catch(() => undefined);
	if (made === state) return;
	say('building the image (about 2 min)');
	const started = performance.now();
	await rm(directory, {recursive: true, force: true});
	await installDirectory(directory, async (target) => {
		const name = basename(image.layout);
		await build(bases, commit, join(target, name));
		await describeContent(target, name, basename(image.billOfMaterials));
		await writeFile(join(target, 'state'), state);
	});
	say(`built the image in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function build(bases: BaseImages, commit: string, layout: string): Promise<void> {
	const {crane} = await toolPaths();
	const work = await mkdtemp(join(tmpdir(), 'image-build-'));
	const registry = await bases.serve(crane);
	try {
		const buildah = await buildahIn(work, registry.address);
		const mounts = await registryMounts(work);
		await buildah([
			'build',
			// Neither a daemon nor privileges: RUN is a chroot, layers are directories.
			'--isolation=chroot',
			'--layers=false',
			`--build-arg=TRIVY_GATE_COMMIT=${commit}`,
			...mounts.map(([source, target]) => `--volume=${source}:${target}:ro`),
			'--tag=trivy-gate',
			root,
		]);
		await buildah(['push', 'trivy-gate', `oci:${layout}:trivy-gate`]);
	} finally {
		await registry.stop();
		await rm(work, {recursive: true, force: true});
	}
}

/** buildah with a store of its own, for which Docker Hub is the registry at this address. */
async function buildahIn(work: string, registry: string) {
	const registries = join(work, 'registries.conf');
	const location = `prefix = "docker.io"\nlocation = "${registry}"\ninsecure = true\n`;
	await writeFile(registries, `unqualified-search-registries = ["docker.io"]\n[[registry]]\n${location}`);
	const policy = join(work, 'policy.json');
	await writeFile(policy, JSON.stringify({default: [{type: 'insecureAcceptAnything'}]}));
	const store = [`--root=${join(work, 'store')}`, `--runroot=${join(work, 'run')}`, '--storage-driver=vfs'];
	const [command, ...flags] = ['buildah', ...store, `--registries-conf=${registries}`] as const;
	const environment = {...process.env, TMPDIR: work};
	return ([verb = '', ...args]: readonly string[]) =>
		run(command, [...flags, verb, `--signature-policy=${policy}`, ...args], {environment});
}

/**
 * Files for steps that fetch packages, so that they ask where this machine asks. They are mounted, and become no part
 * of the image. With them come the tools that are built already: the same that these steps would build.
 */
async function registryMounts(work: string): Promise<readonly (readonly [source: string, target: string])[]> {
	const {sources, configuration} = await aptFor((await baseNames()).release);
	const apt = join(work, 'apt');
	for (const part of ['apt.conf.d', 'preferences.d', 'trusted.gpg.d', 'sources.list.d']) {
		await mkdir(join(apt, part), {recursive: true});
	}
	await writeFile(join(apt, 'sources.list'), `${sources.join('\n')}\n`);
	await writeFile(join(apt, 'apt.conf.d', '50machine'), configuration);
	const {settings, authorities} = await npmSettings();
	const npmrc = join(work, 'npmrc');
	await writeFile(npmrc, settings, {mode: 0o600});
	return [
		[apt, '/etc/apt'],
		[npmrc, '/root/.npmrc'],
		...(authorities === undefined ? [] : [[authorities, authoritiesAt] as const]),
		[toolCache(process.env), '/root/.cache/argocd-trivy-gate/tools'],
	];
}

/** Trivy's list of what is in the image: Debian's packages, the npm packages of the bundle, the modules of the tools. */
async function describeContent(directory: string, layout: string, file: string): Promise<void> {
	const {trivy} = await toolPaths();
	const flags = ['--format=cyclonedx', '--offline-scan', '--skip-version-check', '--disable-telemetry', '--quiet'];
	const cache = await mkdtemp(join(tmpdir(), 'image-trivy-'));
	try {
		// The document names the image as it is named here.
		const paths = [`--cache-dir=${cache}`, `--output=${file}`, `--input=${layout}`];
		await run(trivy, ['image', ...flags, ...paths], {cwd: directory});
	} finally {
		await rm(cache, {recursive: true, force: true});
	}
}
