import {main} from './cli.ts';

// The YAML parser prints to stdout when these are set, and stdout carries manifests and nothing else.
delete process.env['LOG_TOKENS'];
delete process.env['LOG_STREAM'];

// Not `once`: execa's clean-up re-raises a signal to which nobody else listens any more.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
// A reader that goes away (`trivy-gate images | head`) is no error of ours; writing tells it, too.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
// Without it Node would end with 1, which means denied.
process.on('uncaughtException', (error) => {
	process.stderr.write(
		`gate: this is a bug of trivy-gate. Please report it with these lines:\n${error.stack ?? error.message}\n`,
	);
	process.exit(2);
});

const exitCode = await main({
	args: process.argv.slice(2),
	environment: process.env,
	stdin: process.stdin,
	stdout: process.stdout,
	stderr: process.stderr,
	signal: stop.signal,
});
// Everything is written by now, and what is still pending (a name look-up, an open stdin) must not hold the process.
process.exit(exitCode);
