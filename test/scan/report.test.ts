import test from 'ava';
import {baseLayersLabel, parseReport} from '../../src/scan/report.ts';

const reference = 'registry.example/shop/api@sha256:1';
const vulnerability = {
	VulnerabilityID: 'CVE-2021-44906',
	PkgName: 'minimist',
	PkgPath: 'app/node_modules/minimist/package.json',
	PkgIdentifier: {PURL: 'pkg:npm/minimist@0.0.8'},
	InstalledVersion: '0.0.8',
	FixedVersion: '1.2.6, 0.2.4',
	Status: 'fixed',
	Severity: 'CRITICAL',
};
const report = {
	SchemaVersion: 2,
	ArtifactName: reference,
	ArtifactType: 'container_image',
	Metadata: {ImageID: 'sha256:2', OS: {Family: 'debian', Name: '12.4'}},
	Results: [
		{Target: 'x (debian 12.4)', Class: 'os-pkgs', Packages: [{}, {}]},
		{Target: 'Node.js', Class: 'lang-pkgs', Packages: [{}], Vulnerabilities: [vulnerability]},
	],
};

const parse = (changes: object) =>
	parseReport(JSON.stringify({...report, ...changes}), {artifact: reference, imageId: 'sha256:2'});

test('a report becomes an operating system, counts and findings', (t) => {
	const parsed = parse({});
	t.like(parsed, {
		kind: 'report',
		report: {os: {family: 'debian', name: 'debian 12.4', endOfLife: false}, osPackages: 2, packages: 3},
	});
	t.like(parsed.kind === 'report' && parsed.report.findings, [
		{
			id: 'CVE-2021-44906',
			severity: 'CRITICAL',
			package: 'minimist',
			installedVersion: '0.0.8',
			fixedVersion: '1.2.6, 0.2.4',
			target: 'Node.js',
		},
	]);
});

test('the same finding of the same package and path counts once', (t) => {
	const parsed = parse({
		Results: [
			{Target: 'Node.js', Vulnerabilities: [vulnerability, {...vulnerability}, {...vulnerability, PkgPath: 'other'}]},
		],
	});
	t.is(parsed.kind === 'report' && parsed.report.findings.length, 2);
});

test('an image of which Trivy knows nothing has neither an operating system nor packages', (t) => {
	t.like(parse({Metadata: {ImageID: 'sha256:2'}, Results: null}), {
		kind: 'report',
		report: {os: undefined, packages: 0},
	});
	t.like(parse({Metadata: {ImageID: 'sha256:2', OS: {Family: 'none', Name: ''}}}), {
		kind: 'report',
		report: {os: undefined},
	});
});

test('a finding tells whether the base image or what was built on it brings it', (t) => {
	const diffIds = ['sha256:a', 'sha256:b', 'sha256:c'];
	const layersOf = (label: string | undefined, ...found: readonly string[]) => {
		const parsed = parse({
			Metadata: {
				ImageID: 'sha256:2',
				DiffIDs: diffIds,
				ImageConfig: {config: label === undefined ? {} : {Labels: {[baseLayersLabel]: label}}},
			},
			Results: [
				{
					Vulnerabilities: found.map((DiffID) => ({...vulnerability, PkgPath: DiffID, Layer: {DiffID}})),
				},
			],
		});
		return parsed.kind === 'report' ? parsed.report.findings.map(({layer}) => layer) : parsed.kind;
	};
	t.deepEqual(layersOf('2', ...diffIds), ['base', 'base', 'application']);
	t.deepEqual(layersOf('0', ...diffIds), ['application', 'application', 'application']);
	t.deepEqual(layersOf(undefined, ...diffIds), [undefined, undefined, undefined]);
});

test('an unheard-of severity is UNKNOWN, so that a policy can still deny it', (t) => {
	const parsed = parse({Results: [{Vulnerabilities: [{...vulnerability, Severity: 'APOCALYPTIC'}]}]});
	t.is(parsed.kind === 'report' && parsed.report.findings[0]?.severity, 'UNKNOWN');
});

const unusable = test.macro<[text: string, words: RegExp]>({
	exec(t, text, words) {
		const parsed = parseReport(text, {artifact: reference, imageId: 'sha256:2'});
		t.is(parsed.kind, 'unusable');
		t.regex(parsed.kind === 'unusable' ? parsed.problems : '', words);
	},
	title: (title) => `unusable: ${title}`,
});
test('half a report', unusable, JSON.stringify(report).slice(0, 200), /not whole JSON/);
test('nothing', unusable, '', /not whole JSON/);
test('another artifact', unusable, JSON.stringify({...report, ArtifactName: 'other'}), /another artifact \(other\)/);
test(
	'another image',
	unusable,
	JSON.stringify({...report, Metadata: {ImageID: 'sha256:3'}}),
	/another image \(sha256:3\)/,
);
test('another kind of artifact', unusable, JSON.stringify({...report, ArtifactType: 'filesystem'}), /ArtifactType/);
test('another schema', unusable, JSON.stringify({...report, SchemaVersion: 3}), /SchemaVersion/);
test(
	'a finding without a name',
	unusable,
	JSON.stringify({...report, Results: [{Vulnerabilities: [{...vulnerability, VulnerabilityID: ''}]}]}),
	/VulnerabilityID/,
);
