import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {addressOf, basicLogin} from './source-address.ts';
import type {SourceCredential} from '../types.ts';

/**
 * Tells git the operator's credentials in the private home, as headers: git needs a shell for its credential helpers, and
 * a `.netrc` knows neither ports nor schemes. After a redirect git would send the header to wherever it was led, so where
 * there are credentials it follows none.
 */
export async function writeGitCredentials(home: string, credentials: readonly SourceCredential[]): Promise<void> {
	const sections = credentials
		.filter(({scheme}) => scheme !== 'oci')
		.map((credential) => {
			return `[http "${addressOf(credential)}"]\n\textraHeader = "Authorization: Basic ${basicLogin(credential)}"\n\tfollowRedirects = false\n`;
		});
	if (sections.length === 0) return;
	await writeFile(join(home, '.gitconfig'), sections.join(''), {mode: 0o600, flag: 'wx'});
}
