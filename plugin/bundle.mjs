// Bundles the program into a directory (dist by default): trivy-gate.js is what is started, and loads what only some
// commands need when they run. Nothing else is needed there but package.json; no node_modules.
//
//   node plugin/bundle.mjs [DIRECTORY]
import {spawnSync} from 'node:child_process';
import {cpSync, rmSync} from 'node:fs';
import {build} from 'esbuild';

const commit =
	process.env.TRIVY_GATE_COMMIT ||
	spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], {encoding: 'utf8'}).stdout.trim() ||
	'unknown commit';
const [directory = 'dist'] = process.argv.slice(2);
rmSync(directory, {recursive: true, force: true});
const {metafile} = await build({
	entryPoints: {'trivy-gate': 'src/main.ts'},
	outdir: directory,
	bundle: true,
	splitting: true,
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
	const packageDirectory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
	if (packageDirectory !== undefined) {
		cpSync(`${packageDirectory}/package.json`, `${directory}/${packageDirectory}/package.json`);
	}
}
const programs = Object.entries(metafile.outputs).filter(([name]) => name.endsWith('.js'));
for (const [name, {bytes}] of programs) console.log(`${name} ${Math.round(bytes / 1024)} KiB`);
