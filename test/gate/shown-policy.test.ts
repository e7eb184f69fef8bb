import test from 'ava';
import {parsePolicy} from '../../src/gate/policy.ts';
import {shownPolicy} from '../../src/gate/shown-policy.ts';

test('an author sees what is denied, and neither what is let through nor how the operator’s network looks', (t) => {
	const policy = parsePolicy(
		`apiVersion: trivy-gate/v1alpha1
kind: Policy
spec:
  severities: [HIGH, CRITICAL]
  maxDatabaseAge: 3d
  enforcement: seal
  platforms: [linux/amd64, linux/arm64]
  registries:
    allow: [registry.example, ghcr.io/shop]
    deny: [registry.example/old]
    permitAddresses: [10.11.12.0/24]
    mirrors: {registry.example: ["mirror.internal:5000"]}
  images:
    ignore: [{image: "registry.example/let-through*", reason: "an exception"}]
  job: {form: pod, image: "internal.example/printer:1"}
`,
		'policy.yaml',
	);
	const shown = shownPolicy(policy);
	t.deepEqual(shown, {
		severities: 'CRITICAL, HIGH',
		ignoreUnfixed: 'false',
		unscannable: 'unknown',
		noPackages: 'deny',
		endOfLife: 'deny',
		staleDatabase: 'deny',
		maxDatabaseAge: '72h',
		registries: 'only registry.example, ghcr.io/shop; not registry.example/old',
		platforms: 'linux/amd64, linux/arm64',
		digestRequired: 'false',
		packages: 'os, library',
		knownExploited: 'ignore',
		placeholders: 'deny',
		earlyWarning: '336h',
		enforcement: 'seal',
	});
});

test('of a long list the rest is counted', (t) => {
	const registries = Array.from({length: 25}, (_, index) => `r${index}.example`);
	const text = `apiVersion: trivy-gate/v1alpha1\nkind: Policy\nspec: {registries: {allow: [${registries.join(', ')}]}}\n`;
	t.regex(
		shownPolicy(parsePolicy(text, 'policy.yaml'))['registries'] ?? '',
		/^only r0\.example, .*, r19\.example \(\+5 more\)$/,
	);
});
