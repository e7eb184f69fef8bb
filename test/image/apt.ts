import {readFile} from 'node:fs/promises';
import {run} from '../../plugin/build-tools.mjs';

/** How a Debian of another release gets its packages from where this machine gets its own. */
export interface Apt {
	/** Lines of a sources.list. */
	readonly sources: readonly string[];
	/** Text of an apt.conf: proxies, retries, what is checked of dates. */
	readonly configuration: string;
}

/** In the package debian-archive-keyring, which every Debian has. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @throws Error when this machine is no Debian or has no source for its own release. */
export async function aptFor(release: string): Promise<Apt> {
	const own = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
	const format = '$(SITE) $(RELEASE) $(COMPONENT)';
	const {stdout} = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
	const targets = stdout.split('\n').map((line) => line.split(' ') as [string, string, string?]);
	const suites = targets.filter(
		([, suite, component]) => [own, `${own}-updates`, `${own}-security`].includes(suite) && component === 'main',
	);
	if (!suites.some(([, suite]) => suite === own)) {
		throw new Error('apt has no source for the release of this machine: the image is built on a Debian only');
	}
	const sources = suites.map(
		([site, suite]) => `deb [signed-by=${keyring}] ${site} ${suite.replace(own ?? '', release)} main`,
	);
	const settings = (await run('apt-config', ['dump'])).stdout.split('\n');
	const configuration = settings.filter((line) => /^Acquire::(?:https?|Retries|Check-)/.test(line)).join('\n');
	return {sources, configuration: `${configuration}\n`};
}
