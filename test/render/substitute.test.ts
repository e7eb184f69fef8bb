import test from 'ava';
import {substitute} from '../../src/render/substitute.ts';

const build = {ARGOCD_APP_NAME: 'shop', A: '1', 'odd name': '2'};

// The right sides are what Go 1.26's os.Expand gives with Argo CD's mapping.
for (const [text, expected] of [
	['plain', 'plain'],
	['$ARGOCD_APP_NAME', 'shop'],
	['${ARGOCD_APP_NAME}-x', 'shop-x'],
	['$A$A', '11'],
	['$A_B', ''],
	['$UNKNOWN.', '.'],
	['${odd name}', '2'],
	['$$A', '$A'],
	['$$', '$'],
	['$', '$'],
	['a$', 'a$'],
	['$.x', '$.x'],
	['${}', ''],
	['${A', 'A'],
	['$1x', 'x'],
	['${1}x', 'x'],
	['${$}', '$'],
	['$*', ''],
	['$é', '$é'],
	['$constructor', ''],
	['$__proto__', ''],
] as const) {
	test(`${text} becomes ${expected}`, (t) => {
		t.is(substitute(text, build), expected);
	});
}
