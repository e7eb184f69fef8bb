import {defaultPolicy, type Policy} from '../../src/gate/policy.ts';
import {decide, type CanonicalImage} from '../../src/gate/decide.ts';
import type {
	Finding,
	GateDecision,
	ImageName,
	ImageOrigin,
	ImageReference,
	ManifestObject,
	Platform,
	ScanVerdict,
} from '../../src/types.ts';

/** Values for tests: complete, plausible, and each field open to change. */

export const amd64 = 'linux/amd64' as Platform;
export const arm64 = 'linux/arm64' as Platform;

export function finding(change: Partial<Finding> = {}): Finding {
	return {
		id: 'CVE-2021-44906',
		severity: 'CRITICAL',
		package: 'minimist',
		installedVersion: '0.0.8',
		fixedVersion: '0.2.4',
		status: 'fixed',
		target: 'Node.js',
		packagePath: 'app/node_modules/minimist/package.json',
		purl: 'pkg:npm/minimist@0.0.8',
		title: 'minimist: prototype pollution',
		url: 'https://avd.aquasec.com/nvd/cve-2021-44906',
		publishedDate: '2022-03-17T16:15:00Z',
		...change,
	};
}

export function origin(change: Partial<ImageOrigin> = {}): ImageOrigin {
	return {
		object: 'Deployment/shop/api',
		objectIndex: 0,
		path: 'spec.template.spec.containers[0].image',
		rule: 'pod',
		outcome: 'scan',
		reason: undefined,
		file: undefined,
		...change,
	};
}

export function reference(image: string, change: Partial<ImageReference> = {}): ImageReference {
	return {image, name: image as ImageName, outcome: 'scan', origins: [origin()], ...change};
}

type Scanned = Extract<ScanVerdict, {kind: 'scanned'}>;

export function scanned(image: string, change: Partial<Scanned> = {}): ScanVerdict {
	return {
		image: image as ImageName,
		platform: amd64,
		kind: 'scanned',
		digest: `sha256:${'a'.repeat(64)}`,
		findings: [],
		caveats: [],
		os: 'debian 12.4',
		packages: 88,
		database: {version: 2, updatedAt: '2026-11-20T06:00:00Z'},
		cached: false,
		...change,
	};
}

type Unscanned = Extract<ScanVerdict, {kind: 'unscanned'}>;

export function unscanned(image: string, change: Partial<Unscanned> = {}): ScanVerdict {
	return {
		image: image as ImageName,
		platform: amd64,
		kind: 'unscanned',
		reason: 'rate-limited',
		transient: true,
		detail: '429 Too Many Requests',
		...change,
	};
}

export function policy(change: Partial<Policy> = {}): Policy {
	return {...defaultPolicy, ...change};
}

/** When everything happens: a day after the database of `scanned` was built. */
export const now = new Date('2026-11-21T12:00:00Z');

/** Enough of the real thing for names without a port: the first segment is the host. */
export function canonical(name: ImageName): CanonicalImage {
	const [repository = '', digest] = name.split('@');
	return {repository: repository.replace(/:[^/:]*$/, ''), tag: /:([^/:]*)$/.exec(repository)?.[1], digest};
}

export function decided(
	references: readonly ImageReference[],
	verdicts: readonly ScanVerdict[],
	change: Partial<Policy> = {},
): GateDecision {
	return decide({references, verdicts, policy: policy(change), canonical, now});
}

export interface ObjectOptions {
	readonly apiVersion?: string;
	readonly kind?: string;
	readonly namespace?: string | undefined;
	readonly name?: string;
	readonly annotations?: Readonly<Record<string, string>>;
}

/** A stream of small documents, and its objects as the reader of manifests would place them. */
export function stream(...list: readonly ObjectOptions[]): {text: string; objects: readonly ManifestObject[]} {
	let text = '';
	const objects = list.map((options, index) => {
		const {apiVersion = 'apps/v1', kind = 'Deployment', name = 'api', annotations = {}} = options;
		const namespace = 'namespace' in options ? options.namespace : 'shop';
		const start = text.length;
		text += `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n`;
		if (namespace !== undefined) text += `  namespace: ${namespace}\n`;
		const places = Object.entries(annotations).map(([key, value], position) => {
			if (position === 0) text += '  annotations:\n';
			const keyStart = text.length + 4;
			text += `    ${key}: "${value}"\n`;
			const valueStart = keyStart + key.length + 2;
			return {
				key: {start: keyStart, end: keyStart + key.length},
				value: {start: valueStart, end: valueStart + value.length + 2},
				name: key,
				text: value,
			};
		});
		const apiVersionStart = start + '---\napiVersion: '.length;
		return {
			document: index + 1,
			apiVersion,
			kind,
			namespace,
			name,
			file: undefined,
			value: {apiVersion, kind, metadata: {name, annotations}},
			apiVersionAt: {start: apiVersionStart, end: apiVersionStart + apiVersion.length},
			hooks: {
				argo: places.find((place) => place.name === 'argocd.argoproj.io/hook'),
				helm: places.find((place) => place.name === 'helm.sh/hook'),
			},
		};
	});
	return {text, objects};
}
