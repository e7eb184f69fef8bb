import test from 'ava';
import {addressText, parseListenAddress, reachableFromHere, parseServiceAddress} from '../../src/service/address.ts';
import type {ServiceAddress} from '../../src/service/address.ts';

const listens = test.macro<[text: string, expected: ServiceAddress | RegExp]>({
	exec: (t, text, expected) => check(t.regex, t.deepEqual, parseListenAddress(text), expected),
	title: (_title, text) => `listens at ${text}`,
});

const asks = test.macro<[text: string, expected: ServiceAddress | RegExp]>({
	exec: (t, text, expected) => check(t.regex, t.deepEqual, parseServiceAddress(text), expected),
	title: (_title, text) => `asks ${text}`,
});

function check(
	regex: (text: string, expected: RegExp) => unknown,
	equal: (one: unknown, other: unknown) => unknown,
	parsed: ServiceAddress | string,
	expected: ServiceAddress | RegExp,
): void {
	if (expected instanceof RegExp) regex(typeof parsed === 'string' ? parsed : JSON.stringify(parsed), expected);
	else equal(parsed, expected);
}

test(listens, 'unix:/run/gate/socket', {kind: 'unix', path: '/run/gate/socket'});
test(listens, 'unix:socket', /whole path/);
test(listens, 'unix:/run/', /whole path/);
test(listens, `unix:/${'x'.repeat(110)}`, /more than 103 bytes/);
test(listens, '127.0.0.1:8080', {kind: 'tcp', host: '127.0.0.1', port: 8080});
test(listens, '[::1]:0', {kind: 'tcp', host: '::1', port: 0});
test(listens, '0.0.0.0:8080', {kind: 'tcp', host: '0.0.0.0', port: 8080});
test(listens, 'localhost:8080', {kind: 'tcp', host: 'localhost', port: 8080});
test(listens, 'gate.example:8080', /must be unix:PATH or ADDRESS:PORT/);
test(listens, '127.0.0.1:99999', /must be/);
test(listens, ':8080', /must be/);
test(listens, '8080', /must be/);

test(asks, 'unix:/run/gate/socket', {kind: 'unix', path: '/run/gate/socket'});
test(asks, 'http://gate.example:8080', {kind: 'tcp', host: 'gate.example', port: 8080});
test(asks, 'http://gate.example', {kind: 'tcp', host: 'gate.example', port: 80});
test(asks, 'http://[::1]:8080/', {kind: 'tcp', host: '::1', port: 8080});
test(asks, 'https://gate.example', /must be unix:PATH or http:/);
test(asks, 'http://gate.example/v1', /must be/);
test(asks, 'gate.example:8080', /must be/);

test('a password in an address is not told', (t) => {
	t.is(
		parseServiceAddress('http://user:sesame@gate.example'),
		'must be unix:PATH or http://HOST:PORT, not "http://***@gate.example"',
	);
});

test('an address is read as it is written', (t) => {
	for (const text of ['unix:/run/gate/socket', 'http://gate.example:8080', 'http://[::1]:8080']) {
		const address = parseServiceAddress(text);
		t.is(typeof address === 'string' ? address : addressText(address), text);
	}
});

test('what listens everywhere is reached at loopback', (t) => {
	for (const [text, reached] of [
		['0.0.0.0:80', 'http://127.0.0.1:80'],
		['[::]:80', 'http://[::1]:80'],
		['10.0.0.7:80', 'http://10.0.0.7:80'],
		['unix:/run/gate/socket', 'unix:/run/gate/socket'],
	] as const) {
		const address = parseListenAddress(text);
		t.is(typeof address === 'string' ? address : addressText(reachableFromHere(address)), reached);
	}
});
