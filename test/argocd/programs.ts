import {chmod, cp, mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {goSettings, readPins, run} from '../../plugin/build-tools.mjs';
import {cached, type Say} from '../lab/cache.ts';
import {compile} from '../lab/images.ts';

/** What is built for a cluster with Argo CD. */
export interface Programs {
	/** cmp-server, repo-server, application-controller, git-ask-pass: ARGOCD_BINARY_NAME says which. */
	readonly argoCd: string;
	/** Directory with Argo CD's CustomResourceDefinitions. */
	readonly definitions: string;
	/** Directory with the script that the repo-server calls for every revision. */
	readonly scripts: string;
	/** kube-apiserver and kube-controller-manager: the first argument says which. */
	readonly kubernetes: string;
}

const sources = join(import.meta.dirname, 'programs');
const kubernetesVersion = '1.36.1';

/** Builds Argo CD and Kubernetes as Go modules, once. Needs Go and, the first time, the module proxy. */
export async function buildPrograms(say: Say): Promise<Programs> {
	const {go} = await readPins();
	const argoCd = await buildArgoCd(go, say);
	return {
		argoCd: join(argoCd, 'argo-cd'),
		definitions: join(argoCd, 'crds'),
		scripts: join(argoCd, 'scripts'),
		kubernetes: await buildKubernetes(say),
	};
}

async function buildArgoCd(go: string, say: Say): Promise<string> {
	const source = join(sources, 'argo-cd');
	return cached({
		what: 'argo-cd',
		inputs: [source],
		settings: [go],
		takes: '4 min on 2 cores',
		say,
		async fill(directory) {
			await compile(source, join(directory, 'argo-cd'), go);
			const list = ['list', '-m', '-f', '{{.Dir}}', 'github.com/argoproj/argo-cd/v3'];
			const module = (await run('go', list, {cwd: source, environment: await goSettings(go)})).stdout.trim();
			await cp(join(module, 'manifests', 'crds'), join(directory, 'crds'), {recursive: true});
			await mkdir(join(directory, 'scripts'));
			const script = join(directory, 'scripts', 'git-verify-wrapper.sh');
			await cp(join(module, 'hack', 'git-verify-wrapper.sh'), script);
			// Files of Go's module cache are neither writable nor executable.
			await chmod(script, 0o755);
		},
	});
}

/**
 * Builds kube-apiserver and kube-controller-manager as one program, once.
 * @returns its path.
 */
export async function buildKubernetes(say: Say): Promise<string> {
	const {go} = await readPins();
	const source = join(sources, 'kubernetes');
	const [major = '', minor = ''] = kubernetesVersion.split('.');
	const at = 'k8s.io/component-base/version';
	const directory = await cached({
		what: 'kubernetes',
		inputs: [source],
		settings: [go, kubernetesVersion],
		takes: '6 min on 2 cores',
		say,
		fill: (into) =>
			compile(
				source,
				join(into, 'kubernetes'),
				go,
				{},
				// Without its version the API server says 0.0, which charts refuse.
				{[`${at}.gitVersion`]: `v${kubernetesVersion}`, [`${at}.gitMajor`]: major, [`${at}.gitMinor`]: minor},
			),
	});
	return join(directory, 'kubernetes');
}
