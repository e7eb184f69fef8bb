const units: Readonly<Record<string, number>> = {
	'': 1,
	k: 1000,
	M: 1000 ** 2,
	G: 1000 ** 3,
	T: 1000 ** 4,
	Ki: 1024,
	Mi: 1024 ** 2,
	Gi: 1024 ** 3,
	Ti: 1024 ** 4,
};

/** Bytes of a Kubernetes quantity such as `3Gi`; undefined when there is none or it is not understood. */
export function memoryOf(quantity: string | number | undefined): number | undefined {
	const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(String(quantity ?? '')) ?? [];
	const factor = units[unit];
	return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
