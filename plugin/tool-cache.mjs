// Where the pinned tools are, for set-up and for the program itself. Plain Node 20, without packages.
import {homedir} from 'node:os';
import {join} from 'node:path';

/** Where built programs live, one directory a tool and version. Shared by all checkouts of one user. */
export function toolCache(environment) {
	return (
		environment.TRIVY_GATE_TOOL_CACHE ||
		join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'argocd-trivy-gate', 'tools')
	);
}

/** The path of a pinned tool in the cache, whether or not it is built. */
export function toolPath(pin, environment) {
	return join(toolCache(environment), `${pin.name}-${pin.version}`, pin.name);
}
