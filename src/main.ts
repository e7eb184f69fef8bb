import {main} from './cli.ts';

// The YAML parser prints to stdout when these are set, and stdout carries manifests and nothing else.
delete process.env['LOG_TOKENS'];
delete process.env['LOG_STREAM'];

// Not `once`: execa's clean-up re-raises a signal to which nobody else listens any more.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
// A reader that goes away (`trivy-gate images | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
	if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await main({
	args: process.argv.slice(2),
	environment: process.env,
	stdin: process.stdin,
	stdout: process.stdout,
	stderr: process.stderr,
	signal: stop.signal,
});
