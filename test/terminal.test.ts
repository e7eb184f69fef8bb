import test from 'ava';
import {terminalOf} from '../src/terminal.ts';

const screen = {isTTY: true, columns: 132};

test('only a terminal has colours, a width and links', (t) => {
	const environment = {TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app'};
	t.deepEqual(terminalOf(screen, environment), {colour: true, width: 132, links: true});
	t.deepEqual(terminalOf({columns: 132}, environment), {colour: false, width: undefined, links: false});
});

test('colours can be refused', (t) => {
	t.false(terminalOf(screen, {NO_COLOR: '1'}).colour);
	t.true(terminalOf(screen, {NO_COLOR: ''}).colour);
	t.false(terminalOf(screen, {TERM: 'dumb'}).colour);
});

test('a width of nothing is none', (t) => {
	t.is(terminalOf({isTTY: true, columns: 0}, {}).width, undefined);
});

const links = test.macro({
	exec(t, environment: Readonly<Record<string, string>>, expected: boolean) {
		t.is(terminalOf(screen, environment).links, expected);
	},
	title: (_, environment: Readonly<Record<string, string>>, expected: boolean) =>
		`${expected ? 'links' : 'no links'} with ${JSON.stringify(environment)}`,
});

test(links, {}, false);
test(links, {TERM: 'xterm-256color'}, false);
test(links, {TERM: 'xterm-kitty'}, true);
test(links, {VTE_VERSION: '7200'}, true);
test(links, {VTE_VERSION: '4800'}, false);
test(links, {WT_SESSION: 'x'}, true);
test(links, {WT_SESSION: 'x', TMUX: '/tmp/tmux'}, false);
test(links, {TERM_PROGRAM: 'iTerm.app', TERM: 'dumb'}, false);
