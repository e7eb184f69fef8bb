import {resolve} from 'node:path';
import {applicationRoot} from './application-root.ts';
import type {Surroundings} from './cli.ts';
import {GateError} from './errors.ts';
import {parsePolicy} from './gate/policy.ts';
import {shownPolicy} from './gate/shown-policy.ts';
import {findValueTags, mostTags} from './images/value-tags.ts';
import {printable} from './log.ts';
import {renderParameters, shown} from './parameters.ts';
import type {ShownName} from './parameters.ts';
import {loadPolicy} from './policy-file.ts';
import {detectSource} from './render/detect.ts';
import {readChartValues} from './render/helm.ts';
import {escapeKey} from './render/set-line.ts';
import {parseSettings} from './settings.ts';
import type {Flags, Settings} from './settings.ts';
import type {Log} from './types.ts';
import {withTools} from './with-tools.ts';

interface AnnounceRequest {
	/** Of the application's directory. */
	readonly path: string;
	readonly flags: Flags;
	readonly surroundings: Surroundings;
	readonly log: Log;
	readonly now: Date;
}

type Texts = Readonly<Record<string, string>>;

/** Stands in a map for what could not be found out; no key of a policy or a chart looks like it. */
const notKnown = '(not known)';
const longestText = 300;

/**
 * What Argo CD's form shows besides the parameters: a JSON array of announcements (plugin.yaml's `parameters.dynamic`).
 * Argo CD shows an error instead of the whole form when this fails, and then nobody could correct a parameter there. So
 * what is wrong is a text in the form, and never the end of it.
 */
export async function announce(request: AnnounceRequest): Promise<{readonly stdout: string; readonly exitCode: 0}> {
	const {policy, ...others} = await contents(request);
	// Argo CD keeps the answer for a revision as long as it keeps what it renders.
	const dated = {policy: {...policy, '(as of)': `${request.now.toISOString().slice(0, 16).replace('T', ' ')} UTC`}};
	const announcements = Object.entries({...dated, ...others}).map(([name, map]) => ({
		...shown.find((entry) => entry.name === name),
		collectionType: 'map',
		map,
	}));
	return {stdout: `${JSON.stringify(announcements)}\n`, exitCode: 0};
}

async function contents(request: AnnounceRequest): Promise<Partial<Readonly<Record<ShownName, Texts>>>> {
	let parsed: {readonly settings: Settings; readonly problem: Texts};
	try {
		parsed = tolerantSettings(request);
	} catch (error) {
		return {policy: {[notKnown]: wordsFor(error, request.log)}};
	}
	const {settings, problem} = parsed;
	const [policy, tags] = await Promise.all([
		orReason(() => policyInForce(settings), request.log),
		orReason(() => imageTags(settings, request), request.log),
	]);
	return {policy: {...policy, ...problem}, ...(Object.keys(tags).length === 0 ? {} : {'image-tags': tags})};
}

/** With parameters that cannot be used, as if there were none. */
function tolerantSettings({path, flags, surroundings, log}: AnnounceRequest) {
	const {environment} = surroundings;
	try {
		return {settings: parseSettings('announce', path, flags, environment), problem: {}};
	} catch (error) {
		if (!(error instanceof GateError) || error.code !== 'parameters-invalid') throw error;
		const {ARGOCD_APP_PARAMETERS: _, ...others} = environment;
		const problem = {'(without the parameters)': wordsFor(error, log)};
		return {settings: parseSettings('announce', path, flags, others), problem};
	}
}

async function policyInForce(settings: Settings): Promise<Texts> {
	const {policy, file} = await loadPolicy(settings);
	const layers = file === undefined ? [] : parsePolicy(file.text, file.path).layers;
	const {project} = settings.application;
	const depends = layers.some(
		({match, override}) => override !== undefined || match.projects !== undefined || match.namespaces !== undefined,
	);
	return {
		...shownPolicy(policy),
		...(depends && project === undefined ? {'(project not known)': withoutProject} : {}),
	};
}

const withoutProject =
	'Argo CD does not tell the form of which project and namespace the application is: what tightens for some of them is counted in, and what is overridden for some is not.';

/** By the keys that helm's `--set` takes. */
async function imageTags(settings: Settings, {surroundings, log}: AnnounceRequest): Promise<Texts> {
	const directory = resolve(settings.path);
	const root = await applicationRoot(directory, settings.root);
	const parameters = renderParameters(settings.parameters, settings.application);
	const source = await detectSource({directory, root, type: parameters.type, plain: parameters.plain});
	if (source.kind !== 'helm') return {};
	const values = await withTools({settings, surroundings, log}, ({context}) =>
		readChartValues({source, parameters, build: settings.build, context}),
	);
	const found = findValueTags(values).map(({path, text}) => [setKey(path), shorten(text)] as const);
	return Object.fromEntries(found.length < mostTags ? found : [...found, ['(more)', 'not shown']]);
}

function setKey(path: readonly (string | number)[]): string {
	const key = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${escapeKey(part)}`)).join('');
	return shorten(key.slice(1));
}

async function orReason(find: () => Promise<Texts>, log: Log): Promise<Texts> {
	try {
		return await find();
	} catch (error) {
		return {[notKnown]: wordsFor(error, log)};
	}
}

/** Everything goes to the log; what is shown names no file of the container. */
function wordsFor(error: unknown, log: Log): string {
	const all = error instanceof Error ? error.message : String(error);
	log.warn('settings', `not announced: ${all}`);
	if (!(error instanceof GateError)) return 'the gate failed; its log says how';
	const {what, where, hint, output} = error.explanation;
	const place = where === undefined || where.startsWith('/') ? '' : ` — ${where}`;
	const words = error.code === 'parameters-invalid' ? `: ${output?.replaceAll('\n', '; ')}` : '';
	return shorten(`${what}${place}${words}. ${hint ?? ''}`.trim());
}

function shorten(text: string): string {
	const clean = printable(text).replaceAll(/\s+/g, ' ');
	return clean.length > longestText ? `${clean.slice(0, longestText)}…` : clean;
}
