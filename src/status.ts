import {reachableFromHere} from './service/address.ts';
import {openServiceClient} from './scanner.ts';
import {defaultSocket} from './settings.ts';
import type {Settings} from './settings.ts';
import {formatStatus} from './service/status-text.ts';

/**
 * `status`: how the scan service is that is named, or would listen with these settings; for a person or as JSON.
 * @throws GateError service-unreachable.
 */
export async function tellStatus(settings: Settings): Promise<{readonly stdout: string; readonly exitCode: 0 | 2}> {
	const service = settings.service ?? reachableFromHere(settings.listen ?? defaultSocket());
	const client = await openServiceClient({...settings, service}, () => Infinity);
	const status = await client.status();
	const stdout =
		settings.format === 'json' ? `${JSON.stringify(status, undefined, 2)}\n` : formatStatus(status, Date.now());
	return {stdout, exitCode: status.engine.problem === undefined ? 0 : 2};
}
