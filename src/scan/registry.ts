import type {RegistryClient, RegistryQuestion} from './registry-client.ts';
import type {Failed} from './retrying.ts';
import type {ScanFailure} from './failure.ts';

/** What reaching registries needs: a client with the operator's credentials, and the mirrors of each registry. */
export interface Registries {
	readonly client: RegistryClient;
	readonly mirrors: Readonly<Record<string, readonly string[]>>;
	/** For a manifest or a configuration, in milliseconds. */
	readonly timeoutMs: number;
}

/** As much as other clients read of a manifest (containers/image's and distribution's own limit); a bigger one is refused. */
const maxDocumentBytes = 4 * 1024 * 1024;

/**
 * Asks a registry's mirrors, in order, and then the registry itself, until one answers.
 * @throws as the client.
 */
export async function askRegistries<Result>(
	{host, repository}: {readonly host: string; readonly repository: string},
	{client, mirrors}: Registries,
	ask: Pick<RegistryQuestion<Result>, 'about' | 'timeoutMs' | 'read'>,
): Promise<{readonly kind: 'answered'; readonly value: Result} | Failed> {
	const failures: ScanFailure[] = [];
	for (const server of [...(mirrors[host] ?? []), host]) {
		const answer = await client.ask({...ask, server, repository});
		if (answer.kind === 'answered') return answer;
		failures.push(answer);
		if (answer.reason === 'canceled') break;
	}
	return {...joinFailures(failures), kind: 'failed'};
}

/**
 * Reads a body that is a document. One that is too long is as good as none, because it cannot have the digest of one
 * that is not.
 */
export async function readDocument(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
	const pieces: Uint8Array[] = [];
	let bytes = 0;
	for await (const piece of body) {
		bytes += piece.length;
		if (bytes > maxDocumentBytes) return new Uint8Array();
		pieces.push(piece);
	}
	return Buffer.concat(pieces);
}

/** The last that answered at all gives the reason; what each of them said is told. */
function joinFailures(failures: readonly ScanFailure[]): ScanFailure {
	const last = failures.findLast(({reason}) => reason !== 'unreachable') ?? failures.at(-1);
	if (last === undefined) return {reason: 'unreachable', transient: false, detail: 'no registry was asked'};
	if (failures.length < 2) return last;
	return {
		...last,
		transient: failures.some(({transient}) => transient),
		detail: failures.map(({detail}) => detail).join('; '),
	};
}
