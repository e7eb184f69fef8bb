import {printable} from '../log.ts';
import type {DatabaseInfo} from '../types.ts';
import type {ServiceStatus} from './protocol.ts';

/** The service's state for a person. @param now milliseconds since 1970. */
export function formatStatus({engine, ...service}: ServiceStatus, now: number): string {
	const limit = engine.queueLimit === 0 ? '' : ` of at most ${engine.queueLimit}`;
	const rest = engine.running + engine.waiting === 0 ? '' : `, about ${Math.ceil(service.secondsLeft)} s of work`;
	const rows = [
		['images', engine.problem === undefined ? 'can be scanned' : `cannot be scanned: ${engine.problem}`],
		['database', databaseText(engine.database, now)],
		['Java database', databaseText(engine.javaDatabase, now)],
		...(engine.refreshProblem === undefined ? [] : [['last refresh', `failed: ${engine.refreshProblem}`]]),
		['trivy server', `${engine.trivyServer}, version ${service.trivyVersion}`],
		['scans', `${engine.running} running of at most ${engine.concurrency}, ${engine.waiting} waiting${limit}${rest}`],
		['requests', `${service.requests} open`],
		['store', `${megabytes(engine.storeBytes)} of reports, ${megabytes(engine.layerCacheBytes)} of layers`],
		['service', `version ${service.version}, up ${duration(now - Date.parse(service.startedAt))}`],
	];
	return rows.map(([name = '', text = '']) => `${name.padEnd(15)}${printable(text).replaceAll('\n', ' ')}\n`).join('');
}

function databaseText(info: DatabaseInfo | undefined, now: number): string {
	return info === undefined ? 'none yet' : `of ${info.updatedAt}, ${duration(now - Date.parse(info.updatedAt))} old`;
}

function duration(milliseconds: number): string {
	const minutes = Math.max(0, Math.round(milliseconds / 60_000));
	if (minutes < 120) return `${minutes} min`;
	return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

function megabytes(bytes: number): string {
	return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
