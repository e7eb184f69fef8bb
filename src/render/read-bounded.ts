import {open} from 'node:fs/promises';
import {GateError} from '../errors.ts';
import {notFound} from './confine.ts';

const maxFileBytes = 10 * 1024 * 1024;

/** The bytes of a regular file of at most 10 MiB; `what` and `as` name it in errors. */
export async function readBounded(path: string, what: string, as: string): Promise<Buffer> {
	const file = await open(path).catch((error: unknown) => {
		throw notFound(what, as, error);
	});
	try {
		const stats = await file.stat();
		if (!stats.isFile()) throw notAFile(what, as);
		if (stats.size > maxFileBytes) throw tooBig(what, as);
		return await file.readFile();
	} finally {
		await file.close();
	}
}

function notAFile(what: string, as: string): GateError {
	return new GateError({stage: 'render', code: 'source-not-found', what: `the ${what} is not a file`, where: as});
}

function tooBig(what: string, as: string): GateError {
	return new GateError({
		stage: 'render',
		code: 'limit-exceeded',
		what: `the ${what} is larger than 10 MiB`,
		where: as,
		hint: 'Make it smaller.',
	});
}
