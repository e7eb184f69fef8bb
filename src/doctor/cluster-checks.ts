import {applicationSets} from './application-sets.ts';
import {mutators, openProjects, projectsWithoutJobs, requirePlugin} from './admission.ts';
import {escapes, hydrators, ignoredDifferences, selfHeal, skippedDryRuns} from './applications.ts';
import {jobExclusions, jobHealth, localSyncs, serverSideDiff} from './argo-settings.ts';
import type {ClusterFacts} from './cluster-facts.ts';
import type {Check} from './finding.ts';
import {policy} from './policy.ts';
import {discovery, image, memory, otherPlugins, sidecar, version, volumes} from './repo-server.ts';
import {errorPause, timeouts} from './timeouts.ts';

/** What is looked at in a cluster. */
export const clusterChecks: ReadonlyArray<Check<ClusterFacts>> = [
	sidecar,
	version,
	image,
	policy,
	timeouts,
	errorPause,
	otherPlugins,
	discovery,
	volumes,
	memory,
	requirePlugin,
	openProjects,
	escapes,
	applicationSets,
	hydrators,
	localSyncs,
	selfHeal,
	jobHealth,
	jobExclusions,
	mutators,
	projectsWithoutJobs,
	ignoredDifferences,
	skippedDryRuns,
	serverSideDiff,
];
