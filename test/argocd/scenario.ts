import type {Contents} from './repository.ts';
import type {OperationState} from './application.ts';
import type {Stage} from './stage.ts';

/** How the gate refuses: `enforcement` of the policy. */
export type Refusal = 'job' | 'seal' | 'fail-render';

/** What comes of a scenario, in plain words. The first two are checked alike everywhere, see stage.ts. */
export type Outcome =
	/** The sync fails, tells why, and nothing in the cluster is new or changed. */
	| {readonly refused: string}
	/** The denied image runs: a road around this way to refuse. */
	| {readonly deployed: string}
	/** The scenario checks it itself. */
	| {readonly checked: string};

/**
 * One thing that is done to an Application in a real Argo CD, and what comes of it. Each directory of scenarios/ holds
 * one, with the content of its repository when that is not one of content/.
 */
export interface Scenario {
	/** What is done, in plain words. */
	readonly about: string;
	/** For each way to refuse that it is tried with. */
	readonly outcomes: Partial<Readonly<Record<Refusal, Outcome>>>;
	/** What its Application has more than application.yaml. */
	readonly application?: (stage: {
		readonly name: string;
		readonly repository: string;
		readonly refusal: Refusal;
	}) => object;
	/** What is deployed at first, in good order; default `allowed`. With `nothing` there is no namespace either. */
	readonly first?: Contents;
	/** The operator's policy (the text of labPolicy with more), for a plugin of its own, which is named like the scenario. */
	readonly policy?: string;
	/** More variables of that plugin. */
	readonly environment?: Readonly<Record<string, string>>;
	/** Entries of argocd-cm. They hold for all of Argo CD, so all ways to refuse are played together, and nothing else. */
	readonly settings?: Readonly<Record<string, string>>;
	/** It needs the whole machine, so it is played alone. */
	readonly alone?: true;
	/** The object whose row tells why, as `Kind/name`; default `Deployment/api`. */
	readonly refusedObject?: string;
	/** What is done. @returns the sync that is checked when the outcome is refused or deployed. */
	readonly play: (stage: Stage) => Promise<OperationState | undefined>;
}
