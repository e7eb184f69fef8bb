// One reader, one input, one process: `node read-one.ts READER FILE` prints the CPU that reading took, and how many
// objects and images came of it. READER `nothing` tells what a process costs by itself.
import {readFileSync} from 'node:fs';

/** What was read; an object that has a kind counts. */
interface Outcome {
	readonly objects: number;
	readonly images?: number;
}

/** Each brings its own modules, and only those. */
const readers: Readonly<Record<string, () => Promise<(text: string) => Outcome>>> = {
	async nothing() {
		return () => ({objects: 0});
	},
	async gate() {
		const {readManifests} = await import('../../src/manifests/read.ts');
		const {findImages} = await import('../../src/images/find.ts');
		return (text) => {
			const {objects} = readManifests(text);
			return {objects: objects.length, images: findImages(objects).filter(({outcome}) => outcome === 'scan').length};
		};
	},
	async yaml() {
		const {parseAllDocuments} = await import('yaml');
		return (text) => {
			const documents = parseAllDocuments(text);
			return {objects: countObjects(Array.from(documents, (document): unknown => document.toJS()))};
		};
	},
	async 'js-yaml'() {
		const {loadAll} = await import('js-yaml');
		return (text) => ({objects: countObjects(loadAll(text))});
	},
};

const [name = '', file] = process.argv.slice(2);
const reader = await readers[name]?.();
if (reader === undefined) throw new Error(`"${name}" is none of ${Object.keys(readers).join(', ')}`);
const text = file === undefined ? '' : readFileSync(file, 'utf8');
const before = process.cpuUsage();
const outcome = reader(text);
const {user, system} = process.cpuUsage(before);
console.log(JSON.stringify({...outcome, milliseconds: (user + system) / 1000, process: processMilliseconds()}));

function processMilliseconds(): number {
	const whole = process.cpuUsage();
	return (whole.user + whole.system) / 1000;
}

function countObjects(values: readonly unknown[]): number {
	return values.filter((value) => typeof value === 'object' && value !== null && 'kind' in value).length;
}
