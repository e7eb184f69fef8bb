import test from 'ava';
import {withoutCredentials} from '../../src/log.ts';
import {explainAnswer, explainFailure} from '../../src/scan/failure.ts';
import type {UnscannedReason} from '../../src/types.ts';

const exited = (stderr: string) =>
	({kind: 'exited', exitCode: 1, stdout: new Uint8Array(), stderr, milliseconds: 1}) as const;

const about = {timeoutMs: 1000};

const says = test.macro<[stderr: string, reason: UnscannedReason, transient: boolean]>({
	exec(t, stderr, reason, transient) {
		const failure = explainFailure(exited(stderr), 'crane', about);
		t.deepEqual({reason: failure.reason, transient: failure.transient}, {reason, transient});
		t.not(failure.detail, '');
	},
	title: (_title, stderr, reason, transient) =>
		`${reason} (${transient ? 'transient' : 'permanent'}): ${stderr.slice(0, 70)}`,
});

test(
	says,
	'Error: fetching manifest a/b:1: GET http://r/v2/b/manifests/1: MANIFEST_UNKNOWN: manifest unknown',
	'not-found',
	false,
);
test(says, 'Error: GET https://r/v2/b/manifests/1: unexpected status code 404 Not Found', 'not-found', false);
test(says, 'Error: GET https://r/v2/b/manifests/1: NAME_UNKNOWN: Unknown name', 'not-found', false);
test(says, 'Error: GET https://r/token: UNAUTHORIZED: authentication required', 'unauthorized', false);
test(says, 'Error: GET https://r/v2/: unexpected status code 403 Forbidden: nope', 'unauthorized', false);
test(says, 'Error: GET https://r/v2/b/manifests/1: TOOMANYREQUESTS: pull rate limit', 'rate-limited', true);
test(says, 'Error: GET https://r/v2/: unexpected status code 429 Too Many Requests', 'rate-limited', true);
test(says, 'Error: GET https://r/v2/: unexpected status code 500 Internal Server Error', 'registry-error', true);
test(says, 'Error: GET https://r/v2/: unexpected status code 503 Service Unavailable', 'registry-error', true);
test(says, 'Error: Get "https://r/v2/": dial tcp: lookup r: no such host', 'unreachable', true);
test(
	says,
	'Error: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
	'unreachable',
	true,
);
test(says, 'Error: read tcp 10.0.0.1:1->10.0.0.2:2: read: connection reset by peer', 'unreachable', true);
test(
	says,
	'Error: Get "https://r/v2/": tls: failed to verify certificate: x509: unknown authority',
	'unreachable',
	false,
);
test(says, '2026-01-01T00:00:00Z\tFATAL\tFatal error\twrite /tmp/x: no space left on device', 'scanner-failed', false);
test(says, 'panic: something else', 'scanner-failed', false);

test('a tool that says nothing is explained by its exit code', (t) => {
	t.is(explainFailure(exited(''), 'trivy', about).detail, 'trivy ended with exit code 1; --verbose shows its words');
});

test('a tool that was killed may be tried again', (t) => {
	const failure = explainFailure({kind: 'stopped', reason: 'signal', signal: 'SIGKILL', stderr: ''}, 'trivy', about);
	t.true(failure.transient);
	t.regex(failure.detail, /killed by SIGKILL/);
});

test('what a registry says does not get out: it may be an answer from inside the network', (t) => {
	const body = 'Error: GET https://r/token: no token in bearer response:\n{"SecretAccessKey":"s3cr3t"}';
	t.deepEqual(explainFailure(exited(body), 'crane', about), {
		reason: 'scanner-failed',
		transient: false,
		detail: 'crane ended with exit code 1; --verbose shows its words',
	});
	t.notRegex(
		explainFailure(exited('Error: GET https://r/v2/: UNAUTHORIZED: send your password to evil'), 'crane', about).detail,
		/evil/,
	);
});

test('an image’s own name does not explain its failure', (t) => {
	for (const name of ['team/429:1', 'x/certificate:1', 'UNAUTHORIZED/x:1'.toLowerCase(), 'no/such-host:1']) {
		t.is(
			explainFailure(exited(missing(name)), 'crane', {...about, reference: `r.example/${name}`}).reason,
			'not-found',
			name,
		);
	}
});

test('credentials in a tool’s words are masked where they are shown', (t) => {
	const words = withoutCredentials(
		'GET https://user:secret@r/v2/?private_token=secret&x=1: Authorization: Bearer secret.secret',
	);
	t.notRegex(words, /secret/);
	t.regex(words, /r\/v2/);
});

function missing(name: string): string {
	const [repository, tag] = name.split(':');
	return `Error: fetching manifest r.example/${name}: GET https://r.example/v2/${repository}/manifests/${tag}: MANIFEST_UNKNOWN: no`;
}

const answers = test.macro<[status: number, codes: readonly string[], reason: UnscannedReason, transient: boolean]>({
	exec(t, status, codes, reason, transient) {
		const body = Buffer.from(JSON.stringify({errors: codes.map((code) => ({code, message: 'send money'}))}));
		const failure = explainAnswer('r.example', {status, body}, 0);
		t.deepEqual({reason: failure.reason, transient: failure.transient}, {reason, transient});
		t.is(failure.detail, ['r.example answered', status, ...codes].join(' '));
	},
	title: (_title, status, codes, reason, transient) =>
		`${reason} (${transient ? 'transient' : 'permanent'}): ${[status, ...codes].join(' ')}`,
});
test(answers, 404, ['MANIFEST_UNKNOWN'], 'not-found', false);
test(answers, 404, [], 'not-found', false);
test(answers, 400, ['NAME_UNKNOWN'], 'not-found', false);
test(answers, 401, ['UNAUTHORIZED'], 'unauthorized', false);
test(answers, 403, ['DENIED'], 'unauthorized', false);
test(answers, 429, [], 'rate-limited', true);
test(answers, 403, ['TOOMANYREQUESTS'], 'rate-limited', true);
test(answers, 500, ['UNKNOWN'], 'registry-error', true);
test(answers, 503, [], 'registry-error', true);
test(answers, 599, [], 'registry-error', true);
test(answers, 418, [], 'registry-error', false);

test('how long to wait is seconds or a date, and counts for what passes', (t) => {
	const now = Date.parse('2026-11-27T12:00:00Z');
	const wait = (retryAfter: string, status = 503) =>
		explainAnswer('r', {status, body: Buffer.alloc(0), retryAfter}, now).retryAfterMs;
	t.is(wait('120'), 120_000);
	t.is(wait('Fri, 27 Nov 2026 12:00:30 GMT'), 30_000);
	t.is(wait('Fri, 27 Nov 2026 11:00:00 GMT'), 0);
	t.is(wait('soon'), undefined);
	t.is(wait('120', 404), undefined);
});
