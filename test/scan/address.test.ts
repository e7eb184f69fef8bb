import test from 'ava';
import {refusedAddress} from '../../src/scan/address.ts';

const answering =
	(...addresses: string[]) =>
	async () =>
		addresses;
const failing = async () => {
	throw new Error('ENOTFOUND');
};

const refused = test.macro<[host: string, addresses: readonly string[]]>({
	exec: async (t, host, addresses) => {
		t.is(typeof (await refusedAddress(host, [], answering(...addresses))), 'string');
	},
	title: (_title, host, addresses) => `refused: ${host} ${addresses.join(' ')}`,
});
const permitted = test.macro<[host: string, addresses: readonly string[], ranges: readonly string[]]>({
	exec: async (t, host, addresses, ranges) => {
		t.is(await refusedAddress(host, ranges, answering(...addresses)), undefined);
	},
	title: (_title, host, addresses, ranges) =>
		`permitted: ${host} ${addresses.join(' ')} with ${ranges.join(' ') || 'nothing'}`,
});

test(refused, '127.0.0.1:5000', []);
test(refused, '127.1.2.3', []);
test(refused, '0.0.0.0:80', []);
test(refused, '169.254.169.254', []);
test(refused, '[::1]:5000', []);
test(refused, '[fe80::1]:5000', []);
test(refused, '[::ffff:127.0.0.1]:5000', []);
test(refused, '[fd00:ec2::254]:80', []);
test(refused, '[fd00:ec2::23]:80', []);
test(refused, '[fd20:ce::254]:80', []);
test(refused, '168.63.129.16:80', []);
test(refused, '[64:ff9b::a9fe:a9fe]:80', []);
test(refused, 'translated.example', ['64:ff9b::127.0.0.1']);
test(refused, 'localhost:5000', ['127.0.0.1']);
test(refused, 'rebind.example', ['93.184.216.34', '169.254.169.254']);
test(permitted, 'registry.example', ['93.184.216.34'], []);
test(permitted, '10.1.2.3:5000', [], []);
test(permitted, '[64:ff9b::808:808]:5000', [], []);
test(permitted, '168.63.129.16:5000', [], ['168.63.129.16']);
test(permitted, '127.0.0.1:5000', [], ['127.0.0.1']);
test(permitted, '127.0.0.1:5000', [], ['127.0.0.0/8']);
test(permitted, '[::1]:5000', [], ['::1/128']);
test(refused, '127.0.0.2:5000', []);

test('a name that cannot be looked up is left to the connection', async (t) => {
	t.is(await refusedAddress('nowhere.example', [], failing), undefined);
});
