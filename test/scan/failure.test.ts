import test from 'ava';
import {explainFailure, lastWords} from '../../src/scan/failure.ts';
import type {UnscannedReason} from '../../src/types.ts';

const exited = (stderr: string) =>
	({kind: 'exited', exitCode: 1, stdout: new Uint8Array(), stderr, milliseconds: 1}) as const;

const says = test.macro<[stderr: string, reason: UnscannedReason, transient: boolean]>({
	exec(t, stderr, reason, transient) {
		const failure = explainFailure(exited(stderr), 'crane', 1000);
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
	t.is(explainFailure(exited(''), 'trivy', 1000).detail, 'trivy ended with exit code 1 and said nothing');
});

test('a tool that was killed may be tried again', (t) => {
	const failure = explainFailure({kind: 'stopped', reason: 'signal', signal: 'SIGKILL', stderr: ''}, 'trivy', 1000);
	t.true(failure.transient);
	t.regex(failure.detail, /killed by SIGKILL/);
});

test('credentials in a tool’s words do not get out', (t) => {
	const words = lastWords('Error: GET https://user:secret@r/v2/?token=secret&x=1: Authorization: Bearer secret.secret');
	t.notRegex(words, /secret/);
	t.regex(words, /r\/v2/);
});
