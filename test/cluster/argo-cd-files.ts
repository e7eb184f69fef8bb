import {cp, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {goSettings, readPins, run} from '../../plugin/build-tools.mjs';
import {cached, filesBelow, type Say} from '../lab/cache.ts';

/** Files of an Argo CD release, from its Go module: nothing is built. */
export interface ArgoCdFiles {
	/** Directory with the CustomResourceDefinitions. */
	readonly definitions: string;
	/** What `kubectl apply` and Kustomize users install, but for the CustomResourceDefinitions. */
	readonly install: string;
	/** Every environment variable that the release's sources name. */
	readonly variables: ReadonlySet<string>;
}

/** The newest release that the gate was tried with, and the oldest. */
export const newestArgoCd = '3.5.1';
export const oldestArgoCd = '3.2.6';

/** Downloads a release's sources, once. Needs Go and, the first time, the module proxy. */
export async function argoCdFiles(version: string, say: Say): Promise<ArgoCdFiles> {
	const {go} = await readPins();
	const directory = await cached({
		what: `argo-cd-files-${version}`,
		inputs: [import.meta.filename],
		settings: [version],
		takes: '10 s',
		say,
		async fill(into) {
			const module = await download(`github.com/argoproj/argo-cd/v3@v${version}`, go);
			await cp(join(module, 'manifests', 'crds'), join(into, 'crds'), {recursive: true});
			const install = await readFile(join(module, 'manifests', 'install.yaml'), 'utf8');
			const documents = install.split(/^---\n/m).filter((text) => !/^kind: CustomResourceDefinition$/m.test(text));
			await writeFile(join(into, 'install.yaml'), documents.join('---\n'));
			await writeFile(join(into, 'variables.json'), JSON.stringify(await variablesOf(module)));
		},
	});
	const variables = await readFile(join(directory, 'variables.json'), 'utf8');
	return {
		definitions: join(directory, 'crds'),
		install: join(directory, 'install.yaml'),
		variables: new Set(JSON.parse(variables) as readonly string[]),
	};
}

/** The release of the Argo CD operator that plugin/argocd-operator.yaml was tried with. */
const operatorVersion = '0.18.0';

/**
 * Downloads the operator's definition of ArgoCD resources, once, as Argo CD's files are.
 * @returns its path.
 */
export async function operatorDefinition(say: Say): Promise<string> {
	const {go} = await readPins();
	const name = 'argoproj.io_argocds.yaml';
	const directory = await cached({
		what: 'argocd-operator-files',
		inputs: [import.meta.filename],
		settings: [operatorVersion],
		takes: '10 s',
		say,
		async fill(into) {
			const module = await download(`github.com/argoproj-labs/argocd-operator@v${operatorVersion}`, go);
			await cp(join(module, 'config', 'crd', 'bases', name), join(into, name));
		},
	});
	return join(directory, name);
}

/** @returns the directory of a Go module. */
async function download(module: string, go: string): Promise<string> {
	const {stdout} = await run('go', ['mod', 'download', '-json', module], {environment: await goSettings(go)});
	return (JSON.parse(stdout) as {readonly Dir: string}).Dir;
}

/** What the string literals of the Go sources name. */
async function variablesOf(module: string): Promise<readonly string[]> {
	const names = new Set<string>();
	for (const file of await filesBelow(module)) {
		if (!file.endsWith('.go') || file.endsWith('_test.go')) continue;
		const text = await readFile(join(module, file), 'utf8');
		for (const [, name = ''] of text.matchAll(/"(ARGOCD_[A-Z0-9_]+)"/g)) names.add(name);
	}
	return [...names].toSorted();
}
