import {GateError} from '../errors.ts';
import type {JsonValue, ManifestObject} from '../types.ts';
import {runsBeforeSync} from './hooks.ts';
import {short} from './line.ts';
import {objectName} from './names.ts';

/** Argo CD compares waves by a subtraction that overflows; within these bounds it cannot. */
const bound = 2n ** 31n;

/**
 * The sync wave in which nothing runs before the gate Job: one below the lowest of the objects that Argo CD applies
 * before the sync, and below 0 when there are none.
 * @throws GateError wave-out-of-range when there is no such wave that Argo CD compares rightly.
 */
export function gateWave(objects: readonly ManifestObject[]): number {
	let lowest = 0n;
	for (const object of objects.filter(runsBeforeSync)) {
		const wave = waveOf(object);
		if (wave <= -bound || wave > bound) throw outOfRange(object, wave);
		if (wave < lowest) lowest = wave;
	}
	return Number(lowest - 1n);
}

/** gitops-engine/pkg/sync/syncwaves/waves.go: Argo's annotation, else Helm's, else 0; what cannot be parsed is ignored. */
function waveOf(object: ManifestObject): bigint {
	const annotations = entries(entries(object.value['metadata'])['annotations']);
	return (
		parseInteger(annotations['argocd.argoproj.io/sync-wave']) ?? parseInteger(annotations['helm.sh/hook-weight']) ?? 0n
	);
}

/** strconv.Atoi: a sign and decimal digits within 64 bits. A number without quotes is read like its text. */
function parseInteger(value: JsonValue | undefined): bigint | undefined {
	if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
	const [, sign = '', digits] = /^([+-]?)0*(\d{1,19})$/.exec(String(value)) ?? [];
	if (digits === undefined) return undefined;
	const integer = BigInt(digits) * (sign === '-' ? -1n : 1n);
	return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

function entries(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
	return typeof value === 'object' && value !== null && !isList(value) ? value : {};
}

function isList(value: JsonValue): value is readonly JsonValue[] {
	return Array.isArray(value);
}

function outOfRange(object: ManifestObject, wave: bigint): GateError {
	return new GateError({
		stage: 'gate',
		code: 'wave-out-of-range',
		what: `an image is denied, and no sync wave is left for the gate Job before wave ${wave}`,
		where: short(objectName(object)),
		hint: 'Give this hook a sync wave or hook weight within ±2000000000.',
	});
}
