import {mkdir, mkdtemp, readdir, readFile, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import test from 'ava';
import {installDirectory} from '../../plugin/build-tools.mjs';

async function target(): Promise<string> {
	return join(await mkdtemp(join(tmpdir(), 'install-')), 'tool-1.0');
}

test('what several want at once is made once, and nothing else is left', async (t) => {
	const directory = await target();
	let made = 0;
	const fill = async (temporary: string) => {
		made += 1;
		await wait(300);
		await writeFile(join(temporary, 'tool'), 'whole');
	};
	await Promise.all([1, 2, 3].map(() => installDirectory(directory, fill)));
	t.is(made, 1);
	t.is(await readFile(join(directory, 'tool'), 'utf8'), 'whole');
	t.deepEqual(await readdir(join(directory, '..')), ['tool-1.0']);
});

test('one that fails leaves nothing, and the next makes it', async (t) => {
	const directory = await target();
	await t.throwsAsync(
		installDirectory(directory, () => Promise.reject(new Error('no compiler'))),
		{message: 'no compiler'},
	);
	t.deepEqual(await readdir(join(directory, '..')), []);
	await installDirectory(directory, (temporary) => writeFile(join(temporary, 'tool'), 'whole'));
	t.deepEqual(await readdir(directory), ['tool']);
});

test('a lock that was left behind is taken', async (t) => {
	const directory = await target();
	await mkdir(`${directory}.lock`);
	const longAgo = new Date(Date.now() - 3_600_000);
	await utimes(`${directory}.lock`, longAgo, longAgo);
	await installDirectory(directory, (temporary) => writeFile(join(temporary, 'tool'), 'whole'));
	t.deepEqual(await readdir(join(directory, '..')), ['tool-1.0']);
});
