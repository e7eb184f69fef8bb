import {isUtf8} from 'node:buffer';
import {GateError} from '../errors.ts';
import {renderHelm} from './helm.ts';
import {renderKustomize} from './kustomize.ts';
import {renderPlain} from './plain.ts';
import type {
	BuildEnvironment,
	RenderedManifests,
	RenderParameters,
	Source,
	SourceCredential,
	ToolContext,
} from '../types.ts';

interface RenderRequest {
	readonly source: Source;
	readonly parameters: RenderParameters;
	readonly build: BuildEnvironment;
	/** Of the operator, for what the source brings in from elsewhere. */
	readonly credentials?: readonly SourceCredential[] | undefined;
	readonly context: ToolContext;
	/** Options of `kustomize build`, from the operator alone. */
	readonly kustomizeBuildOptions: readonly string[];
	/** The helm that kustomize is to run when the options have --enable-helm. */
	readonly helmPath?: string | undefined;
	/** What was read from stdin, for a source of that kind. */
	readonly input?: Uint8Array | undefined;
	/** Whether nothing at all is a good answer. */
	readonly allowEmpty?: boolean | undefined;
}

/**
 * Source → RenderedManifests. `bytes` is what the tool printed, and `text` is the same as UTF-8.
 * Throws render-empty for output without a document (Argo CD would prune the application) unless `allowEmpty`,
 * manifests-unreadable for bytes that are not UTF-8, and what the renderers throw.
 */
export async function render(request: RenderRequest): Promise<RenderedManifests> {
	const {source, allowEmpty} = request;
	const bytes = await renderBytes(request);
	const text = decode(bytes);
	if (allowEmpty !== true && isEmpty(text)) throw empty(source.kind);
	return {source, bytes, text};
}

async function renderBytes({
	source,
	parameters,
	build,
	credentials = [],
	context,
	kustomizeBuildOptions,
	helmPath,
	input,
}: RenderRequest): Promise<Uint8Array> {
	switch (source.kind) {
		case 'helm':
			return renderHelm({source, parameters, build, credentials, context});
		case 'kustomize':
			return renderKustomize({
				source,
				parameters,
				build,
				credentials,
				context,
				buildOptions: kustomizeBuildOptions,
				helmPath,
			});
		case 'plain':
			return renderPlain({source, context});
		case 'stdin':
			return input ?? new Uint8Array();
	}
}

function decode(bytes: Uint8Array): string {
	if (isUtf8(bytes)) return new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes);
	throw new GateError({
		stage: 'render',
		code: 'manifests-unreadable',
		what: 'the manifests are not UTF-8',
		where: `byte ${invalidAt(bytes)}`,
		hint: 'Correct the file or value that is printed there; write binary data as base64.',
	});
}

/** The offset of the first byte that is not UTF-8: where decoding and encoding again first makes a difference. */
function invalidAt(bytes: Uint8Array): number {
	const again = Buffer.from(Buffer.from(bytes).toString('utf8'));
	return bytes.findIndex((byte, index) => byte !== again[index]);
}

/** Only blank lines, comments and document marks. */
function isEmpty(text: string): boolean {
	return !/^(?!(?:---|\.\.\.)?[^\S\n]*(?:#.*)?$)/m.test(text.replace(/^\u{FEFF}/u, ''));
}

function empty(kind: Source['kind']): GateError {
	return new GateError({
		stage: 'render',
		code: 'render-empty',
		what: 'nothing was rendered, and Argo CD would delete what the application has',
		where: `source type ${kind}`,
		hint: 'Check the path and the values, or set the parameter allow-empty.',
	});
}
