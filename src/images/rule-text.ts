/** What each rule of the finder looks at, by the start of its name; the longest start counts. */
const texts: readonly (readonly [start: string, text: string])[] = [
	['pod/containers', 'a container, by the shape of a pod'],
	['pod/initContainers', 'an init container, by the shape of a pod'],
	['pod/ephemeralContainers', 'an ephemeral container, by the shape of a pod'],
	['pod/image-volume', 'a volume that holds an image, by the shape of a pod'],
	['table/', 'a field that is known for this kind (src/images/crd-fields.json)'],
	['policy/', 'a field that images.rules of the policy names for this kind'],
	['policy/extra/', 'an image that images.extra of the policy adds for this kind'],
	['key/image', 'a field named image'],
	['key/suffix', 'a field whose name speaks of an image'],
	['key/split', 'fields that hold repository and tag'],
	['named/env', 'a variable that is known to name an image'],
	['named/config', 'an entry of a ConfigMap that is known to name an image'],
	['named/flag', 'a flag that is known to name an image'],
	['named/annotation', 'an annotation that names the image of an injected container'],
	['named/list', 'a list that a variable or a flag is known to hold'],
	['text/env', 'a variable whose name speaks of an image'],
	['text/config', 'an entry of a ConfigMap that speaks of an image'],
	['text/annotation', 'an annotation that speaks of an image'],
	['text/flag', 'a flag that speaks of an image'],
	['text/lines', 'a line of a text'],
	['text/reference', 'a text that reads like an image'],
	['text/object', 'a text that should hold an object'],
	['text/hidden', 'a value that is not shown'],
	['schema/default', 'a default in the schema of a custom resource'],
	['chosen/', 'nothing is written, so an operator chooses'],
	['deployer/', 'a resource that brings images which manifests do not show'],
	['injector', 'a label or annotation by which the cluster adds or changes containers'],
	['limit', 'a limit of the finder'],
];

/** What a rule looks at, for a person. */
export function ruleText(rule: string): string {
	const longest = texts
		.filter(([start]) => rule.startsWith(start))
		.toSorted(([one], [other]) => other.length - one.length)[0];
	return longest?.[1] ?? rule;
}
