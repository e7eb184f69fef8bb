import type {BuildEnvironment} from '../types.ts';

/**
 * Replaces `$NAME` and `${NAME}` by the build environment, unknown names by nothing, and `$$` by `$`:
 * Argo CD's Env.Envsubst (pkg/apis/application/v1alpha1/types.go), which is Go's os.Expand with its odd cases.
 */
export function substitute(text: string, build: BuildEnvironment): string {
	let result = '';
	for (let index = 0; index < text.length;) {
		const character = text[index] ?? '';
		index += 1;
		if (character !== '$' || index === text.length) {
			result += character;
			continue;
		}
		const {name, width} = shellName(text.slice(index));
		// A dollar without a name stays; broken braces are eaten.
		if (name === '') result += width > 0 ? '' : '$';
		else result += name === '$' ? '$' : Object.hasOwn(build, name) ? (build[name] ?? '') : '';
		index += width;
	}
	return result;
}

/** The name after a dollar and how many characters it takes, braces included. */
function shellName(rest: string): {readonly name: string; readonly width: number} {
	if (rest.startsWith('{')) {
		const special = /^\{([*#$@!?\-0-9])\}/.exec(rest)?.[1];
		if (special !== undefined) return {name: special, width: 3};
		const end = rest.indexOf('}');
		if (end === -1) return {name: '', width: 1};
		return {name: rest.slice(1, end), width: end + 1};
	}
	if (/^[*#$@!?\-0-9]/.test(rest)) return {name: rest.charAt(0), width: 1};
	const name = /^\w*/.exec(rest)?.[0] ?? '';
	return {name, width: name.length};
}
