import test from 'ava';
import {diagnose} from '../../src/doctor/finding.ts';
import {sidecarChecks} from '../../src/doctor/sidecar-checks.ts';
import type {Reached, SidecarFacts} from '../../src/doctor/sidecar-facts.ts';
import {allRead} from './cluster-facts.ts';

const now = new Date('2026-11-20T12:00:00Z');
const hour = 3_600_000;
const before = (hours: number) => new Date(now.getTime() - hours * hour);
const answered = (name: string, date: Date | undefined = now): Reached => ({name, result: {kind: 'answered'}, date});
const failed = (name: string, reason: (Reached['result'] & {kind: 'failed'})['reason'], detail = 'why'): Reached => ({
	name,
	result: {kind: 'failed', reason, detail},
	date: undefined,
});

const inOrder: SidecarFacts = {
	tools: [{name: 'trivy', pinned: '0.74.0', found: {kind: 'usable', version: '0.74.0'}}],
	policy: {kind: 'read', where: '/etc/trivy-gate/policy.yaml', enforcement: 'seal'},
	maxDatabaseAge: 72,
	database: {kind: 'stored', updatedAt: before(5), nextUpdate: before(-19)},
	downloads: true,
	databaseRepositories: [answered('mirror.example/trivy-db:2')],
	credentials: {kind: 'file', file: '/etc/docker/config.json', hosts: ['registry.example'], helpers: false},
	sourceCredentials: {kind: 'read', inClear: []},
	registries: [failed('registry.example', 'not-found')],
	images: [],
	now,
	directories: [{purpose: 'databases and reports', path: '/cache', free: 8e9, needed: 4e9, writable: true}],
	memoryLimit: 3 * 1024 ** 3,
	concurrency: 4,
	plugin: {kind: 'sidecar', configuration: {spec: {}}, sockets: ['trivy-gate'], name: 'trivy-gate'},
	service: {kind: 'answers', problem: undefined, refreshProblem: undefined},
};

function told(changes: Partial<SidecarFacts>): readonly string[] {
	return diagnose('here', sidecarChecks, allRead({...inOrder, ...changes})).findings.flatMap((finding) =>
		finding.kind === 'fine'
			? []
			: [[`${finding.level} ${finding.check}: ${finding.what}`, ...(finding.where ?? [])].join(' | ')],
	);
}

const cases: Readonly<Record<string, readonly [changes: Partial<SidecarFacts>, told: readonly string[]]>> = {
	'everything in order': [{}, []],
	'a tool that is not there, and one of another version': [
		{
			tools: [
				{name: 'helm', pinned: '4.2.1', found: {kind: 'unusable', why: 'helm is not there — /x', fix: 'Install it'}},
				{name: 'crane', pinned: '0.21.9', found: {kind: 'usable', version: '0.20.0'}},
			],
		},
		[
			'error tools: helm cannot be used — helm is not there — /x',
			'info tools: crane is 0.20.0, and the gate is tested with 0.21.9',
		],
	],
	'a policy that cannot be read': [
		{policy: {kind: 'broken', where: '/policy.yaml', problem: 'it cannot be read'}},
		['error policy: the policy cannot be used — /policy.yaml: it cannot be read'],
	],
	'an old database': [
		{database: {kind: 'stored', updatedAt: before(100), nextUpdate: before(76)}},
		['error database: the vulnerability database is 100 hours old, and the policy allows 72'],
	],
	'no database yet': [{database: {kind: 'none'}}, []],
	'no database, and none is to be had': [
		{database: {kind: 'none'}, downloads: false, databaseRepositories: []},
		[
			'error database: no vulnerability database can be used: none is stored, and downloads are off',
			'info clock: no registry told the time, so the clock was not compared',
		],
	],
	'a damaged database': [
		{database: {kind: 'unusable', problem: 'its file was cut off'}},
		['warning database: no vulnerability database can be used: its file was cut off'],
	],
	'a database repository that does not answer': [
		{databaseRepositories: [failed('one', 'unreachable'), answered('two')]},
		['info database: 1 repository of the vulnerability database does not answer | one cannot be read: why'],
	],
	'no database repository that answers': [
		{databaseRepositories: [failed('one', 'unreachable'), failed('two', 'rate-limited')], images: [answered('a')]},
		[
			'error database: no repository of the vulnerability database answers | one cannot be read: why | two cannot be read: why',
		],
	],
	'credentials of sources that cannot be read': [
		{sourceCredentials: {kind: 'broken', directory: '/sources', problems: ['git/url must be …']}},
		[
			'error source-credentials: the credentials of private charts and bases cannot be used — /sources | git/url must be …',
		],
	],
	'credentials of sources without TLS': [
		{sourceCredentials: {kind: 'read', inClear: ['http://git.example/shop']}},
		['warning source-credentials: credentials of private charts and bases are sent in clear | http://git.example/shop'],
	],
	'no credentials': [{credentials: {kind: 'none'}}, ['info credentials: there are no registry credentials']],
	'credentials that cannot be read': [
		{credentials: {kind: 'broken', file: '/c.json', problem: 'it is not JSON'}},
		['error credentials: the registry credentials cannot be used — /c.json: it is not JSON'],
	],
	'credential helpers': [
		{credentials: {kind: 'file', file: '/c.json', hosts: [], helpers: true}},
		['warning credentials: /c.json names credential helpers'],
	],
	'a registry that refuses strangers answers': [{registries: [failed('registry.example', 'unauthorized')]}, []],
	'registries that do not answer, or not now': [
		{registries: [failed('one.example', 'unreachable', 'crane: no such host'), failed('two.example', 'rate-limited')]},
		[
			'error registries: the registry one.example cannot be read: crane: no such host',
			'warning registries: the registry two.example cannot be read: why',
		],
	],
	'an image that may not be read': [
		{images: [answered('ok'), failed('registry.example/a:1', 'unauthorized', 'crane: UNAUTHORIZED')]},
		['error registries: the image registry.example/a:1 cannot be read: crane: UNAUTHORIZED'],
	],
	'a clock that is ahead': [
		{databaseRepositories: [answered('mirror.example', before(0.25)), answered('other.example', before(0.01))]},
		['error clock: the clock is 15 minutes ahead of the one of mirror.example'],
	],
	'a clock that is behind': [
		{databaseRepositories: [answered('mirror.example', before(-2))]},
		['error clock: the clock is 120 minutes behind the one of mirror.example'],
	],
	'a clock that is behind, as the database shows': [
		{
			database: {kind: 'stored', updatedAt: before(-1), nextUpdate: before(-25)},
			databaseRepositories: [],
			downloads: false,
		},
		['error clock: the vulnerability database was made 60 minutes after now'],
	],
	'a clock that nobody compares': [
		{databaseRepositories: [], downloads: false},
		['info clock: no registry told the time, so the clock was not compared'],
	],
	'a directory that cannot be written': [
		{directories: [{purpose: 'databases and reports', path: '/cache', free: 8e9, needed: 4e9, writable: false}]},
		['error disk: /cache cannot be written'],
	],
	'a disk that fills up, and one that is full': [
		{
			directories: [
				{purpose: 'databases and reports', path: '/cache', free: 2e9, needed: 4e9, writable: true},
				{purpose: 'layers that are being scanned', path: '/tmp', free: 1e7, needed: 2e9, writable: true},
				{purpose: 'layers that are being scanned', path: '/asks-nothing', free: undefined, needed: 2e9, writable: true},
			],
		},
		[
			'error disk: /tmp has 10 MB left, and should have 1907 MB',
			'warning disk: /cache has 1907 MB left, and should have 3815 MB',
		],
	],
	'too little memory': [
		{memoryLimit: 512 * 1024 ** 2, concurrency: 1},
		['error memory: 1 scan at once need about 830 MB, and this container is limited to 512 MB'],
	],
	'no memory for all scans': [
		{memoryLimit: 1024 ** 3},
		['info memory: 4 scans at once need about 1640 MB, and this container is limited to 1024 MB'],
	],
	'no scan service': [
		{service: {kind: 'silent', why: 'the scan service does not listen (ENOENT)'}},
		['error service: the scan service does not answer: the scan service does not listen (ENOENT)'],
	],
	'no scan service, where there need not be one': [
		{service: {kind: 'silent', why: 'no'}, plugin: {kind: 'nowhere'}},
		['info plugin: this is no sidecar of Argo CD’s repo-server'],
	],
	'a scan service that cannot scan': [
		{service: {kind: 'answers', problem: 'there is no database', refreshProblem: 'it could not be downloaded'}},
		[
			'error service: the scan service cannot scan: there is no database',
			'warning service: the scan service could not refresh a database: it could not be downloaded',
		],
	],
	'no memory limit': [{memoryLimit: undefined}, []],
	'no sidecar': [{plugin: {kind: 'nowhere'}}, ['info plugin: this is no sidecar of Argo CD’s repo-server']],
	'no plugin.yaml': [
		{plugin: {kind: 'sidecar', configuration: undefined, sockets: [], name: undefined}},
		['error plugin: there is no plugin.yaml'],
	],
	'no socket, and another plugin': [
		{plugin: {kind: 'sidecar', configuration: {spec: {}}, sockets: ['vault'], name: 'trivy-gate'}},
		[
			'error plugin: the socket of the plugin trivy-gate is not there',
			'error plugin: the repo-server has other plugins beside the gate | plugin vault',
		],
	],
	discovery: [
		{
			plugin: {
				kind: 'sidecar',
				configuration: {spec: {discover: {fileName: 'Chart.yaml'}}},
				sockets: ['trivy-gate'],
				name: 'trivy-gate',
			},
		},
		['error plugin: the plugin is discovered: plugin.yaml'],
	],
};

for (const [title, [changes, expected]] of Object.entries(cases)) {
	test(title, (t) => {
		t.deepEqual(told(changes), expected);
	});
}
