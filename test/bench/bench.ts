// `npm run bench`: every benchmark. `npm run bench NAME [arguments]`: one of them.
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
	async scan() {
		const {benchScan} = await import('./scan.ts');
		await benchScan();
	},
	async images(args) {
		const {benchImages} = await import('./images.ts');
		await benchImages(args);
	},
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined) {
	for (const [each, bench] of Object.entries(benches)) {
		console.log(`── ${each}\n`);
		await bench([]);
	}
} else {
	const bench = benches[name];
	if (bench === undefined) throw new Error(`"${name}" is none of ${Object.keys(benches).join(', ')}`);
	await bench(args);
}
