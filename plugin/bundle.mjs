// Bundles the program into dist/trivy-gate.js, so that the image needs no node_modules.
import {spawnSync} from 'node:child_process';
import {cpSync} from 'node:fs';
import {build} from 'esbuild';

const commit =
	process.env.TRIVY_GATE_COMMIT ||
	spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], {encoding: 'utf8'}).stdout.trim() ||
	'unknown commit';
const {metafile} = await build({
	entryPoints: ['src/main.ts'],
	outfile: 'dist/trivy-gate.js',
	bundle: true,
	platform: 'node',
	target: 'node24',
	format: 'esm',
	legalComments: 'linked',
	metafile: true,
	define: {TRIVY_GATE_COMMIT: JSON.stringify(commit)},
	banner: {
		js: '#!/usr/bin/env node\nimport {createRequire as createBundleRequire} from "node:module"; const require = createBundleRequire(import.meta.url);',
	},
});
// Scanners of the image know packages by this file.
for (const input of Object.keys(metafile.inputs)) {
	const directory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
	if (directory !== undefined) cpSync(`${directory}/package.json`, `dist/${directory}/package.json`);
}
console.log(`dist/trivy-gate.js ${Math.round(metafile.outputs['dist/trivy-gate.js'].bytes / 1024)} KiB`);
