#!/usr/bin/env node
// The program's first lines, for whatever Node starts them: TypeScript needs Node 24, which the checkout brings.
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {constants} from 'node:os';
import {fileURLToPath} from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const local = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (major > 24 || (major === 24 && minor >= 12)) {
	await import('./main.ts');
} else if (existsSync(local)) {
	const child = spawn(local, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {stdio: 'inherit'});
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
	child.on('exit', (code, signal) => (process.exitCode = code ?? 128 + constants.signals[signal]));
} else {
	console.error('trivy-gate: Node 24.12 or newer is needed. Run "npm ci" in the checkout: it brings one.');
	process.exitCode = 2;
}
