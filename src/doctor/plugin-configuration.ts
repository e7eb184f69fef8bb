import * as z from 'zod';
import type {Trouble} from './finding.ts';

const configuration = z.object({
	spec: z.object({version: z.unknown().optional(), discover: z.unknown().optional()}),
});

/** What is wrong with a plugin.yaml. */
export function configurationTroubles(content: unknown, where: string): readonly Trouble[] {
	const parsed = configuration.safeParse(content);
	if (!parsed.success) return [];
	const {version, discover} = parsed.data.spec;
	const troubles: Trouble[] = [];
	if (discover !== undefined && discover !== null) {
		troubles.push({
			level: 'error',
			what: `the plugin is discovered: ${where}`,
			why: 'Argo CD takes every failure of discovery for "no plugin" and renders natively, unscanned',
			fix: 'Remove spec.discover from plugin.yaml, name the plugin in each Application, and restart the repo-server',
		});
	}
	if (version !== undefined && version !== null && version !== '') {
		troubles.push({
			level: 'warning',
			what: `the plugin has a version: ${where}`,
			why: 'It becomes a part of the plugin’s name, so that an upgrade breaks every Application',
			fix: 'Remove spec.version from plugin.yaml',
		});
	}
	return troubles;
}
