import {printable} from '../log.ts';

/** Names and titles come from images, registries and manifests: one line without characters that are not to be seen. */
export function clean(text: string): string {
	return printable(text.toWellFormed())
		.replaceAll(/[\p{Cf}\p{Co}\p{Cn}]/gu, '\u{FFFD}')
		.replaceAll(/\s+/gu, ' ')
		.trim();
}

/** The address when it is one of the web, as browsers write it; everything else is no link. */
export function webAddress(text: string | undefined): string | undefined {
	if (text === undefined || !URL.canParse(text)) return undefined;
	const {protocol, username, password, href} = new URL(text);
	const web = (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
	return web && href.length <= 2000 ? href : undefined;
}
