// Bundles the program into a directory (dist by default): trivy-gate.js is what is started, and loads what only some
// commands need when they run. Nothing else is needed there but package.json; no node_modules. `compiled` holds the same,
// compiled, for the Node that made it; another one compiles anew.
//
//   node plugin/bundle.mjs [DIRECTORY]
import {spawnSync} from 'node:child_process';
import {cpSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';

const commit =
	process.env.TRIVY_GATE_COMMIT ||
	spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], {encoding: 'utf8'}).stdout.trim() ||
	'unknown commit';
const [directory = 'dist'] = process.argv.slice(2);
rmSync(directory, {recursive: true, force: true});
/**
 * string-width makes a segmenter and a pattern of all emoji as soon as it is loaded, which takes Node 18 ms at every
 * start, and only yargs' help ever uses them.
 */
const measureLater = {
	name: 'measure-later',
	setup: ({onLoad}) =>
		onLoad({filter: /[\\/]string-width[\\/]index\.js$/}, ({path}) => {
			const contents = readFileSync(path, 'utf8');
			const later = contents
				.replace('new Intl.Segmenter();', '{segment: text => new Intl.Segmenter().segment(text)};')
				.replace(String.raw`= /^\p{RGI_Emoji}$/v;`, String.raw`= {test: text => /^\p{RGI_Emoji}$/v.test(text)};`);
			if (/^const \w+ = (?:new Intl|.*RGI_Emoji.*v;$)/m.test(later) || later === contents)
				throw new Error(`${path} makes what it needs in another way than it did`);
			return {contents: later};
		}),
};
const {metafile} = await build({
	entryPoints: {'trivy-gate': 'src/bundle.ts'},
	outdir: directory,
	bundle: true,
	splitting: true,
	platform: 'node',
	target: 'node24',
	format: 'esm',
	legalComments: 'linked',
	plugins: [measureLater],
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

// What most calls load comes first: a file is compiled as far as its first run went.
for (const args of [['images', '-'], ['status'], ['serve', '--print-schema']]) {
	const manifest = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: a}]\n';
	spawnSync(process.execPath, [join(directory, 'trivy-gate.js'), ...args], {input: manifest});
}
