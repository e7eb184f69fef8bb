// node_modules/.bin/node test/oracle/ask.ts FILE | '"a stream as JSON"'
// What Argo CD makes of a stream, and what our reader does.
import {readFile} from 'node:fs/promises';
import {readManifests} from '../../src/manifests/read.ts';
import {startOracle} from './oracle.ts';

const [argument = ''] = process.argv.slice(2);
const stream = argument.startsWith('"') ? (JSON.parse(argument) as string) : await readFile(argument, 'utf8');
const oracle = await startOracle();
const json = (value: unknown) =>
	JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}` : inner), 2);
console.log('Argo CD:', json(await oracle.ask(stream)));
try {
	const {objects, odd, text} = readManifests(stream);
	console.log('ours:', json({objects: objects.map(({value}) => value), odd, output: text}));
} catch (error) {
	console.log('ours:', String(error));
}
await oracle.stop();
