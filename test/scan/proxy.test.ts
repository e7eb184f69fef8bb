import test from 'ava';
import {proxyFor} from '../../src/scan/proxy.ts';

const proxies = {HTTPS_PROXY: 'http://proxy.example:3128', http_proxy: 'plain.example:3128'};

const goes = test.macro<[url: string, noProxy: string, proxy: string | undefined]>({
	exec: (t, url, noProxy, proxy) => t.is(proxyFor(new URL(url), {...proxies, NO_PROXY: noProxy}), proxy),
	title: (_title, url, noProxy, proxy) => `${url} without [${noProxy}]: ${proxy ?? 'directly'}`,
});
const secure = 'http://proxy.example:3128';
test(goes, 'https://registry.example/v2/', '', secure);
test(goes, 'http://registry.example/v2/', '', 'http://plain.example:3128');
test(goes, 'https://registry.example/v2/', 'registry.example', undefined);
test(goes, 'https://registry.example/v2/', 'example', undefined);
test(goes, 'https://registry.example/v2/', ' .example , other', undefined);
test(goes, 'https://registry.example/v2/', '*.example', undefined);
test(goes, 'https://example/v2/', '.example', secure);
test(goes, 'https://badexample/v2/', 'example', secure);
test(goes, 'https://registry.example:5000/v2/', 'registry.example:5000', undefined);
test(goes, 'https://registry.example/v2/', 'registry.example:5000', secure);
test(goes, 'https://registry.example/v2/', 'registry.example:443', undefined);
test(goes, 'https://10.1.2.3/v2/', '10.0.0.0/8', undefined);
test(goes, 'https://11.1.2.3/v2/', '10.0.0.0/8,10.1.2.3', secure);
test(goes, 'https://[fd00::1]:5000/v2/', 'fd00::/8', undefined);
test(goes, 'https://[fd00::1]/v2/', 'fd00::1', undefined);
test(goes, 'https://registry.example/v2/', '*', undefined);
test(goes, 'http://127.0.0.1:5000/v2/', '', undefined);
test(goes, 'http://localhost:5000/v2/', '', undefined);
test('without a proxy everything goes directly', (t) => {
	t.is(proxyFor(new URL('https://registry.example'), {}), undefined);
});
