import test from 'ava';
import * as fc from 'fast-check';
import {credentialFor, parseSourceAddress, secretMasks} from '../../src/render/source-address.ts';
import type {SourceCredential} from '../../src/types.ts';

const credential = (url: string, password = 'secret'): SourceCredential => {
	const address = parseSourceAddress(url);
	if (address === undefined) throw new Error(url);
	return {...address, name: undefined, username: 'reader', password, passCredentials: false};
};

test('an address is a scheme, a host with its port, and a path', (t) => {
	t.deepEqual(parseSourceAddress('https://Git.example:443/shop/'), {
		scheme: 'https',
		host: 'git.example',
		path: ['shop'],
	});
	t.deepEqual(parseSourceAddress('oci://registry.example:5000'), {
		scheme: 'oci',
		host: 'registry.example:5000',
		path: [],
	});
	t.deepEqual(parseSourceAddress('http://[::1]:80/a/b.git'), {scheme: 'http', host: '[::1]', path: ['a', 'b.git']});
});

const charts = credential('https://charts.example/shop');
const given = test.macro<[address: string]>({
	exec: (t, address) => t.is(credentialFor(address, [charts]), charts),
	title: (_title, address) => `credentials for https://charts.example/shop are given for ${address}`,
});
test(given, 'https://charts.example/shop');
test(given, 'https://charts.example/shop/');
test(given, 'HTTPS://CHARTS.EXAMPLE:443/shop/stable');

const withheld = test.macro<[address: string]>({
	exec: (t, address) => t.is(credentialFor(address, [charts]), undefined),
	title: (_title, address) => `they are withheld from ${JSON.stringify(address)}`,
});
for (const address of [
	'http://charts.example/shop',
	'https://charts.example',
	'https://charts.example/shopping',
	'https://charts.example/Shop',
	'https://charts.example/shop/../other',
	'https://charts.example/shop/%2e%2e/other',
	'https://charts.example/shop/..%2fother',
	'https://charts.example/shop//x',
	'https://charts.example/other/../shop',
	'https://charts.example:8443/shop',
	'https://charts.example./shop',
	'https://evil.charts.example/shop',
	'https://charts.example.evil.example/shop',
	'https://charts.example@evil.example/shop',
	'https://user:password@charts.example/shop',
	'https://evil.example/https://charts.example/shop',
	'https://evil.example#@charts.example/shop',
	'https://evil.example?@charts.example/shop',
	'https://charts.example\\@evil.example/shop',
	'https:\\\\charts.example\\shop',
	'https://charts.example/shop?redirect=https://evil.example',
	'https://charts.example/shop\n',
	' https://charts.example/shop',
	'https://ch\tarts.example/shop',
	'https://charts。example/shop',
	'git::https://charts.example/shop',
	'charts.example/shop',
	'',
])
	test(withheld, address);

test('whatever is given credentials is at their host for every reader of addresses', (t) => {
	const piece = fc.constantFrom(
		'https:',
		'http:',
		'/',
		'//',
		'\\',
		'@',
		':',
		'443',
		'.',
		'..',
		'%2e',
		'#',
		'?',
		'charts.example',
		'evil.example',
		'shop',
		'\t',
		' ',
	);
	fc.assert(
		fc.property(fc.array(piece, {maxLength: 12}), fc.boolean(), (pieces, prefixed) => {
			const address = `${prefixed ? 'https://charts.example/shop' : ''}${pieces.join('')}`;
			if (credentialFor(address, [charts]) === undefined) return;
			const {protocol, host, pathname, username} = new URL(address);
			t.deepEqual([protocol, host, username], ['https:', 'charts.example', '']);
			t.regex(pathname, /^\/shop(?:\/|$)/);
		}),
		{numRuns: 5000},
	);
});

test('the longest path wins', (t) => {
	const [host, team] = [credential('https://git.example', 'of-all'), credential('https://git.example/team', 'of-team')];
	for (const all of [
		[host, team],
		[team, host],
	]) {
		t.is(credentialFor('https://git.example/team/base', all), team);
		t.is(credentialFor('https://git.example/other', all), host);
	}
});

test('a password is masked in each of its spellings', (t) => {
	const said = secretMasks([credential('https://git.example', 'p@ss w')]).map(({path}) => path);
	t.deepEqual(said, ['p@ss w', 'p%40ss%20w', Buffer.from('reader:p@ss w').toString('base64')]);
});
