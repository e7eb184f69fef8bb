/** Longer keys are cut: a path is for people, and a hostile key can have a million characters. */
const longestKey = 64;

/** The path of a mapping's field: `spec.template`, `metadata["app.kubernetes.io/name"]`. */
export function fieldPath(parent: string, key: string): string {
	if (key.length <= longestKey && /^[A-Za-z_][\w-]*$/u.test(key)) return parent === '' ? key : `${parent}.${key}`;
	const cut = key.length > longestKey ? `${key.slice(0, longestKey)}…` : key;
	return `${parent}[${JSON.stringify(cut)}]`;
}

/** The path of a list's element: `containers[0]`. */
export function itemPath(parent: string, index: number): string {
	return `${parent}[${index}]`;
}
