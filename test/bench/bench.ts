// `npm run bench`: every benchmark. `npm run bench NAME -- [--runs N] [--calls N] [--output DIRECTORY]`: one of them.
// The exit code is 1 when a number that has to be exact is not.
import {parseBenchSettings} from './settings.ts';

const benches: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
	async scan(args) {
		const {benchScan} = await import('./scan.ts');
		return benchScan(parseBenchSettings(args));
	},
	async generate(args) {
		const {benchGenerate} = await import('./generate.ts');
		return benchGenerate(parseBenchSettings(args));
	},
	async 'start-up'(args) {
		const {benchStartUp} = await import('./start-up.ts');
		return benchStartUp(parseBenchSettings(args));
	},
	async policy() {
		const {benchPolicy} = await import('./policy.ts');
		return benchPolicy();
	},
	async images(args) {
		const {benchImages} = await import('./images.ts');
		await benchImages(args);
		return true;
	},
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined) {
	for (const [each, bench] of Object.entries(benches)) {
		console.log(`── ${each}\n`);
		if (!(await bench([]))) process.exitCode = 1;
	}
} else {
	const bench = benches[name];
	if (bench === undefined) throw new Error(`"${name}" is none of ${Object.keys(benches).join(', ')}`);
	if (!(await bench(args))) process.exitCode = 1;
}
