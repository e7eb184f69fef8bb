import {lstat, mkdtemp, readFile, readdir, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {writeWhole} from '../src/write-file.ts';

test('links that an author left in the directory are not followed', async (t) => {
	const directory = await mkdtemp(join(tmpdir(), 'write-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	const [file, elsewhere] = [join(directory, 'gate.json'), join(directory, 'elsewhere')];
	await writeFile(elsewhere, 'mine');
	await symlink(elsewhere, file);
	await symlink(elsewhere, `${file}.${process.pid}.tmp`);
	await writeWhole(file, 'report');
	t.is(await readFile(elsewhere, 'utf8'), 'mine');
	t.is(await readFile(file, 'utf8'), 'report');
	t.true((await lstat(file)).isFile());
	t.deepEqual((await readdir(directory)).toSorted(), ['elsewhere', 'gate.json', `gate.json.${process.pid}.tmp`]);
});
