import {setTimeout as sleep} from 'node:timers/promises';

/**
 * Asks again until there is an answer.
 * @param say what is known when it took too long, for the error.
 * @throws Error after a minute, with the last error if there was one.
 */
export async function waitFor<T>(
	what: string,
	ask: () => Promise<T | undefined | false>,
	{say = () => '', patienceMs = 60_000}: {readonly say?: () => string; readonly patienceMs?: number} = {},
): Promise<T> {
	const deadline = performance.now() + patienceMs;
	let failure: unknown;
	while (performance.now() < deadline) {
		try {
			const answer = await ask();
			failure = undefined;
			if (answer !== undefined && answer !== false) return answer;
		} catch (error) {
			failure = error;
		}
		await sleep(200);
	}
	throw new Error(`${what}: not within ${patienceMs / 1000} s. ${say()}`, {cause: failure});
}
