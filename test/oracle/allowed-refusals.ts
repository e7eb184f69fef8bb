import type {JsonObject, JsonValue} from '../../src/types.ts';

/** Control characters but tab, line feed and carriage return; the next-line character is a line break. */
const controls = /(?![\t\n\r\u0085])[\p{Cc}\uFFFE\uFFFF]/u;

/**
 * Why our reader may refuse a stream that the oracle takes; undefined when it may not.
 * @param objects what the oracle makes of the stream.
 */
export function whyRefusalIsAllowed(stream: string, objects: readonly JsonObject[]): string | undefined {
	// go-yaml refuses them too, where it looks: not in what it drops, and not in front of JSON.
	if (controls.test(stream)) return 'it has control characters';
	// When its buffer begins with one, go-yaml skips the first character of every line (is_bom in yamlprivateh.go).
	if (/(?<!^|(?:^|\n)---[^\n]*\n)\uFEFF/u.test(stream)) return 'it has a byte order mark inside of a document';
	return objects.map(whyRefusedLater).find((reason) => reason !== undefined);
}

/** Why Argo CD cannot apply an object, whatever its settings. */
function whyRefusedLater({apiVersion, metadata}: JsonObject): string | undefined {
	// The dynamic client is asked for the version (gitops-engine/pkg/sync/sync_context.go, ServerResourceForGroupVersionKind).
	if (typeof apiVersion !== 'string' || apiVersion === '') return 'an object has no apiVersion';
	if (metadata === undefined || metadata === null) return undefined;
	// NestedString and NestedMap of k8s.io/apimachinery fail, so the name is empty (unstructured.go, GetName).
	if (!isMapping(metadata)) return 'metadata are no mapping';
	for (const key of ['name', 'generateName', 'namespace']) {
		const value = metadata[key];
		if (value !== undefined && value !== null && typeof value !== 'string') return `a ${key} is no text`;
	}
	// The tracking annotation cannot be added (util/kube/kube.go, nestedNullableStringMap).
	const {annotations} = metadata;
	const wrong = annotations !== undefined && annotations !== null && !isMapping(annotations);
	return wrong ? 'annotations are no mapping' : undefined;
}

function isMapping(value: JsonValue): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
