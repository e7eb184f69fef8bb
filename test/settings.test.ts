import test from 'ava';
import {GateError} from '../src/errors.ts';
import {options, parseSettings, toolEnvironment, variableOf} from '../src/settings.ts';

test('a flag wins over its variable, a variable over the default', (t) => {
	const environment = {TRIVY_GATE_CONCURRENCY: '3', TRIVY_GATE_RETRIES: '0'};
	const settings = parseSettings('scan', '.', {concurrency: '5'}, environment);
	t.is(settings.concurrency, 5);
	t.is(settings.retries, 0);
	t.is(settings.scanTimeoutMs, 300_000);
});

test('generate ends before Argo CD’s 60 seconds, the others have time', (t) => {
	t.is(parseSettings('generate', '.', {}, {}).deadlineMs, 45_000);
	t.is(parseSettings('scan', '.', {}, {}).deadlineMs, 900_000);
	t.is(parseSettings('generate', '.', {}, {TRIVY_GATE_DEADLINE: '90'}).deadlineMs, 90_000);
	t.is(parseSettings('announce', '.', {}, {TRIVY_GATE_DEADLINE: '90'}).deadlineMs, 20_000);
	t.is(parseSettings('announce', '.', {}, {TRIVY_GATE_DEADLINE: '9'}).deadlineMs, 9000);
});

test('every mistake is named at once', (t) => {
	const environment = {TRIVY_GATE_DEADLINE: 'soon', TRIVY_GATE_DATABASE_UPDATE: 'maybe', TRIVY_GATE_POLCY: 'x'};
	const error = t.throws(() => parseSettings('scan', '.', {concurrency: '0', format: 'xml'}, environment), {
		instanceOf: GateError,
	});
	t.is(error.code, 'settings-invalid');
	for (const words of [
		'--concurrency must be a whole number from 1 to 256, not "0"',
		'TRIVY_GATE_DEADLINE',
		'TRIVY_GATE_DATABASE_UPDATE must be true or false',
		'TRIVY_GATE_POLCY is not a setting',
		'--format must be table, json, ',
	]) {
		t.true(error.output?.includes(words), words);
	}
});

test('where the scan service is, and who may ask it', (t) => {
	const token = {TRIVY_GATE_SERVICE_TOKEN: 'x'.repeat(32)};
	const settings = parseSettings('generate', '.', {}, {...token, TRIVY_GATE_SERVICE: 'http://gate.example:8080'});
	t.deepEqual(settings.service, {kind: 'tcp', host: 'gate.example', port: 8080});
	t.deepEqual(settings.serviceToken, {kind: 'text', text: 'x'.repeat(32)});
	const file = parseSettings('serve', '.', {listen: '[::1]:80', 'service-token-file': '/token'}, token);
	t.deepEqual(file.serviceToken, {kind: 'file', path: '/token'});
	const open = parseSettings('sidecar', '.', {}, {TRIVY_GATE_LISTEN: 'unix:/run/gate/socket'});
	t.is(open.serviceToken, undefined);
	for (const [command, environment, words] of [
		['generate', {TRIVY_GATE_SERVICE: 'http://gate.example:8080'}, 'a service behind http:// needs a token'],
		['sidecar', {TRIVY_GATE_LISTEN: '127.0.0.1:80'}, 'listening at a port needs a token'],
		['sidecar', {TRIVY_GATE_METRICS_LISTEN: 'unix:/run/gate/metrics'}, '--metrics-listen takes ADDRESS:PORT only'],
		['generate', {TRIVY_GATE_SERVICE: 'gate.example'}, 'TRIVY_GATE_SERVICE must be unix:PATH or http://HOST:PORT'],
		['serve', {}, 'serve needs --listen'],
		['sidecar', {TRIVY_GATE_REPORTS_LISTEN: '0.0.0.0:80'}, 'reading reports at a port needs a token'],
		['sidecar', {TRIVY_GATE_REPORTS_LISTEN: 'unix:/run/reports'}, '--reports-listen takes ADDRESS:PORT only'],
		['sidecar', {TRIVY_GATE_REPORTS_ACCESS: 'all'}, 'TRIVY_GATE_REPORTS_ACCESS must be token or anyone, not "all"'],
	] as const) {
		const error = t.throws(() => parseSettings(command, '.', {}, environment), {instanceOf: GateError});
		t.true(error.output?.includes(words), error.output);
	}
});

test('who may read reports is the operator’s to say', (t) => {
	const listen = {TRIVY_GATE_REPORTS_LISTEN: '0.0.0.0:8091'};
	const {keptReports: open} = parseSettings('sidecar', '.', {}, {...listen, TRIVY_GATE_REPORTS_ACCESS: 'anyone'});
	t.like(open, {access: 'anyone', tokenFile: undefined, kept: 10});
	const {keptReports: guarded} = parseSettings('sidecar', '.', {'reports-token-file': '/token'}, listen);
	t.like(guarded, {access: 'token', tokenFile: {kind: 'file', path: '/token'}});
});

function reportsUrl(text: string) {
	return parseSettings('generate', '.', {}, {TRIVY_GATE_REPORTS_URL: text}).keptReports.url;
}

test('where browsers find reports is an address without anything secret', (t) => {
	t.is(reportsUrl('https://trivy-gate.example/'), 'https://trivy-gate.example');
	t.is(reportsUrl('https://argo.example/gate'), 'https://argo.example/gate');
	for (const unusable of ['trivy-gate.example', 'javascript:alert(1)', 'https://a:b@c.example', 'https://a.example?b'])
		t.throws(() => reportsUrl(unusable), {instanceOf: GateError}, unusable);
});

test('a token is no flag: every process of the machine could read it', (t) => {
	t.false(options.some(({name}) => name.endsWith('-token')));
});

test('a flag of one command is refused by the others', (t) => {
	const error = t.throws(() => parseSettings('render', '.', {'print-schema': true, all: true}, {}), {
		instanceOf: GateError,
	});
	t.is(error.output, '--print-schema is not for render\n--all is not for render');
});

function outputsOf(...output: readonly string[]) {
	return parseSettings('scan', '.', {output}, {}).outputs;
}

test('a report file says its format by its name or in front of it', (t) => {
	t.deepEqual(outputsOf('/out/Gate.JSON', 'json=/out/report', '/out/a.txt'), [
		{format: 'json', file: '/out/Gate.JSON'},
		{format: 'json', file: '/out/report'},
		{format: 'table', file: '/out/a.txt'},
	]);
	t.deepEqual(outputsOf('/out/a=b.json'), [{format: 'json', file: '/out/a=b.json'}]);
	for (const unusable of ['report', 'yaml=report', 'json=', '/out/report.csv']) {
		const error = t.throws(() => outputsOf(unusable), {instanceOf: GateError});
		t.regex(error.output ?? '', /^--output takes FORMAT=FILE \(.+\) or a FILE that ends in \.txt.*, not "/);
	}
	t.deepEqual(parseSettings('generate', '.', {}, {TRIVY_GATE_OUTPUT: '/out/a.json'}).outputs, []);
});

test('lists take commas and repeated flags', (t) => {
	t.deepEqual(parseSettings('scan', '.', {}, {TRIVY_GATE_DATABASE_REPOSITORY: 'a/db:2, b/db:2'}).databaseRepositories, [
		'a/db:2',
		'b/db:2',
	]);
	t.deepEqual(parseSettings('scan', '.', {'database-repository': ['a/db:2', 'b/db:2']}, {}).databaseRepositories, [
		'a/db:2',
		'b/db:2',
	]);
});

test('Argo CD’s variables describe the application', (t) => {
	const settings = parseSettings(
		'generate',
		'.',
		{},
		{
			ARGOCD_APP_NAME: 'shop',
			ARGOCD_APP_NAMESPACE: 'web',
			ARGOCD_APP_PROJECT_NAME: 'web-team',
			ARGOCD_APP_REVISION: 'b9e1cb0f',
			TRIVY_GATE_PROJECT: 'other',
			TRIVY_GATE_APP: 'other',
			KUBE_VERSION: '1.36.1',
			KUBE_API_VERSIONS: '',
			ARGOCD_ENV_X: 'no',
			ARGOCD_APP_PARAMETERS: 'null',
		},
	);
	t.true(settings.calledByArgo);
	t.deepEqual(settings.application, {
		name: 'shop',
		project: 'web-team',
		revision: 'b9e1cb0f',
		namespace: 'web',
		kubeVersion: '1.36.1',
		apiVersions: [],
	});
	t.deepEqual(settings.build, {
		ARGOCD_APP_NAME: 'shop',
		ARGOCD_APP_NAMESPACE: 'web',
		ARGOCD_APP_PROJECT_NAME: 'web-team',
		ARGOCD_APP_REVISION: 'b9e1cb0f',
		KUBE_VERSION: '1.36.1',
		KUBE_API_VERSIONS: '',
	});
});

test('where Argo CD does not call, flags say whose exceptions hold', (t) => {
	const {application, exceptions} = parseSettings('scan', '.', {app: 'api', project: 'shop', exceptions: 'x'}, {});
	t.like(application, {name: 'api', project: 'shop'});
	t.is(exceptions, 'x');
	t.throws(() => parseSettings('scan', '.', {}, {TRIVY_GATE_EXCEPTIONS: ''}), {instanceOf: GateError});
});

test('an Argo CD that tells no project has none, whatever a variable says', (t) => {
	const environment = {ARGOCD_APP_NAME: 'shop', TRIVY_GATE_PROJECT: 'other'};
	t.is(parseSettings('generate', '.', {}, environment).application.project, undefined);
});

test('what an author can set cannot be a setting of the operator', (t) => {
	for (const {name} of options) t.notRegex(variableOf(name), /^(?:ARGOCD_|PARAM_|KUBE_)/);
});

test('maps are flags of the form name=value', (t) => {
	t.deepEqual(parseSettings('render', '.', {'helm-parameters': ['a.b=1', 'c=x=y']}, {}).parameters, {
		'helm-parameters': {'a.b': '1', c: 'x=y'},
	});
	t.throws(() => parseSettings('render', '.', {'helm-parameters': 'novalue'}, {}), {instanceOf: GateError});
});

test('tools inherit the way out of the network and nothing else', (t) => {
	const environment = {
		PATH: '/bin',
		HTTPS_PROXY: 'http://proxy',
		AWS_SECRET_ACCESS_KEY: 'x',
		ARGOCD_ENV_A: 'x',
		TRIVY_SERVER: 'x',
		NODE_OPTIONS: 'x',
		HOME: '/root',
	};
	t.deepEqual(toolEnvironment(environment, '/etc/ca.pem'), {
		PATH: '/bin',
		HTTPS_PROXY: 'http://proxy',
		SSL_CERT_FILE: '/etc/ca.pem',
	});
});

test('the variables that Kubernetes makes for a Service called trivy-gate are no mistakes', (t) => {
	const environment = {
		TRIVY_GATE_SERVICE_HOST: '10.0.0.1',
		TRIVY_GATE_SERVICE_PORT_HTTP: '80',
		TRIVY_GATE_PORT: 'tcp://10.0.0.1:80',
		TRIVY_GATE_PORT_80_TCP_ADDR: '10.0.0.1',
	};
	t.notThrows(() => parseSettings('generate', '.', {}, environment));
});
