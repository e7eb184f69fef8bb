import {createDice, type Dice} from './words.ts';

/**
 * CustomResourceDefinitions as controller-gen prints them: schemas of objects in objects, each field with a description
 * of a line or of many, fields of pods among them. The same text in every run. @param size in characters, roughly.
 */
export function definitions(size: number): string {
	const dice = createDice(1);
	const texts: string[] = [];
	for (let length = 0; length < size; length += texts.at(-1)?.length ?? 0) texts.push(definition(texts.length, dice));
	return texts.join('');
}

/** Deep enough that half of what is printed is indentation, as in prometheus-operator's. */
const deepest = 6;

const names = [
	'containers',
	'initContainers',
	'volumes',
	'image',
	'imagePullPolicy',
	'affinity',
	'resources',
	'env',
	'valueFrom',
	'secretKeyRef',
	'matchExpressions',
	'operator',
	'nodeSelectorTerms',
	'preferredDuringSchedulingIgnoredDuringExecution',
	'tolerations',
	'topologySpreadConstraints',
	'securityContext',
	'httpGet',
	'port',
	'scheme',
	'persistentVolumeClaim',
	'storageClassName',
	'template',
	'metadata',
] as const;

function definition(index: number, dice: Dice): string {
	const kind = `Widget${index}`;
	const lines = [
		'---',
		'apiVersion: apiextensions.k8s.io/v1',
		'kind: CustomResourceDefinition',
		'metadata:',
		'  annotations:',
		'    controller-gen.kubebuilder.io/version: v0.20.0',
		`  name: widget${index}s.shop.example`,
		'spec:',
		'  group: shop.example',
		'  names:',
		`    kind: ${kind}`,
		`    listKind: ${kind}List`,
		`    plural: widget${index}s`,
		`    singular: widget${index}`,
		'  scope: Namespaced',
		'  versions:',
		'  - name: v1',
		'    schema:',
		'      openAPIV3Schema:',
		...mapping({spec: 20, status: 4}, 8, 0, dice),
		'    served: true',
		'    storage: true',
		'    subresources:',
		'      status: {}',
	];
	return `${lines.join('\n')}\n`;
}

/** The schema of an object with some fields, each of so many fields in turn. */
function mapping(fields: Readonly<Record<string, number>>, indent: number, depth: number, dice: Dice): string[] {
	const pad = ' '.repeat(indent);
	return [
		...description(indent, dice),
		`${pad}properties:`,
		...Object.entries(fields).flatMap(([name, count]) => [
			`${pad}  ${name}:`,
			...schema(count, indent + 4, depth + 1, dice),
		]),
		...(dice.below(2) === 0
			? [
					`${pad}required:`,
					...Object.keys(fields)
						.slice(0, 2)
						.map((name) => `${pad}- ${name}`),
				]
			: []),
		`${pad}type: object`,
	];
}

function schema(count: number, indent: number, depth: number, dice: Dice): string[] {
	if (count === 0 || depth > deepest) return leaf(indent, dice);
	const fields: Record<string, number> = {};
	for (let index = 0; index < count; index += 1) {
		const name = index < names.length ? dice.pick(names) : `field${index}`;
		fields[`${name}${fields[name] === undefined ? '' : index}`] = childrenOf(depth, dice);
	}
	if (dice.below(3) > 0) return mapping(fields, indent, depth, dice);
	const pad = ' '.repeat(indent);
	return [
		...description(indent, dice),
		`${pad}items:`,
		...mapping(fields, indent + 2, depth, dice),
		`${pad}type: array`,
	];
}

function childrenOf(depth: number, dice: Dice): number {
	return dice.below(10) < (depth < 3 ? 7 : 5) ? 2 + dice.below(4) : 0;
}

function leaf(indent: number, dice: Dice): string[] {
	const pad = ' '.repeat(indent);
	const lines = description(indent, dice);
	switch (dice.below(6)) {
		case 0:
			return [...lines, `${pad}format: int32`, `${pad}type: integer`];
		case 1:
			return [...lines, `${pad}type: boolean`];
		case 2:
			return [...lines, `${pad}enum:`, `${pad}- Always`, `${pad}- Never`, `${pad}type: string`];
		case 3:
			return [
				`${pad}anyOf:`,
				`${pad}- type: integer`,
				`${pad}- type: string`,
				...lines,
				`${pad}pattern: ^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE])?$`,
				`${pad}x-kubernetes-int-or-string: true`,
			];
		case 4:
			return [
				...lines,
				`${pad}items:`,
				`${pad}  type: string`,
				`${pad}type: array`,
				`${pad}x-kubernetes-list-type: atomic`,
			];
		default:
			return [...lines, `${pad}default: ""`, `${pad}minLength: 1`, `${pad}type: string`];
	}
}

function description(indent: number, dice: Dice): string[] {
	const pad = ' '.repeat(indent);
	const lines = dice.below(9);
	if (lines < 2) return [];
	if (lines < 5) return [`${pad}description: ${dice.words(4 + dice.below(6)).replaceAll(/["`]/gu, '')}.`];
	return [
		`${pad}description: |-`,
		...Array.from({length: lines - 4}, () => `${pad}  ${dice.words(8 + dice.below(6))}.`),
	];
}
