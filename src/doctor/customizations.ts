import {parse} from 'yaml';
import * as z from 'zod';

/** What argocd-cm says about a kind. */
export interface Customization {
	/** Where it stands, as a person would call it. */
	readonly key: string;
	/** Glob of `group/Kind`. */
	readonly pattern: string;
	readonly text: string;
}

/** Names of the same thing in the two ways to write it. */
const fields = {
	health: 'health.lua',
	ignoreDifferences: 'ignoreDifferences',
} as const;

/**
 * Customizations of resources: a map under one key, or a key for each, in which the last underscore stands for a slash
 * and `all` for everything (Argo CD's util/settings/settings.go, util/lua/lua.go).
 */
export function customizationsOf(
	settings: Readonly<Record<string, string>>,
	field: keyof typeof fields,
): readonly Customization[] {
	const old = z
		.record(z.string(), z.looseObject({[fields[field]]: z.string().optional()}))
		.safeParse(yamlOf(settings['resource.customizations'] ?? ''));
	const together = Object.entries(old.data ?? {}).map(([pattern, entry]) => ({
		key: `resource.customizations, ${pattern}`,
		pattern,
		text: entry[fields[field]] ?? '',
	}));
	const prefix = `resource.customizations.${field}.`;
	const each = Object.entries(settings)
		.filter(([key]) => key.startsWith(prefix))
		.map(([key, text]) => ({key, pattern: patternOf(key.slice(prefix.length)), text}));
	return [...together, ...each];
}

function patternOf(groupAndKind: string): string {
	return groupAndKind === 'all' ? '*/*' : groupAndKind.replace('_', '/');
}

/** A setting that is YAML; what cannot be read counts as nothing, as it does for Argo CD. */
export function yamlOf(text: string): unknown {
	try {
		return parse(text);
	} catch {
		return undefined;
	}
}
