import * as z from 'zod';

// What is looked at of Kubernetes' and Argo CD's objects; everything else is left aside.

const texts = z.record(z.string(), z.string());
const metadata = z.object({
	name: z.string(),
	namespace: z.string().optional(),
	labels: texts.default({}),
	annotations: texts.default({}),
});

const environmentVariable = z.object({
	name: z.string(),
	value: z.string().optional(),
	valueFrom: z.object({configMapKeyRef: z.object({name: z.string(), key: z.string()}).optional()}).optional(),
});

const container = z.object({
	name: z.string(),
	image: z.string().default(''),
	command: z.array(z.string()).default([]),
	args: z.array(z.string()).default([]),
	env: z.array(environmentVariable).default([]),
	envFrom: z.array(z.object({configMapRef: z.object({name: z.string()}).optional()})).default([]),
	volumeMounts: z
		.array(z.object({name: z.string(), mountPath: z.string(), subPath: z.string().optional()}))
		.default([]),
	resources: z.object({limits: z.record(z.string(), z.union([z.string(), z.number()])).optional()}).default({}),
});

const volume = z.object({
	name: z.string(),
	configMap: z.object({name: z.string().optional()}).optional(),
	emptyDir: z.object({medium: z.string().optional()}).optional(),
});

export const workload = z.object({
	metadata,
	spec: z.object({
		template: z.object({
			spec: z.object({containers: z.array(container), volumes: z.array(volume).default([])}),
		}),
	}),
});

export const configMap = z.object({metadata, data: texts.default({})});

const source = z.object({
	helm: z.unknown().optional(),
	kustomize: z.unknown().optional(),
	directory: z.unknown().optional(),
	chart: z.string().optional(),
	ref: z.string().optional(),
	plugin: z
		.object({
			name: z.string().default(''),
			parameters: z.array(z.object({name: z.string().default(''), string: z.string().optional()})).default([]),
		})
		.optional(),
});
export type SourceObject = z.output<typeof source>;

export const application = z.object({
	metadata,
	spec: z.object({
		project: z.string().default(''),
		source: source.optional(),
		sources: z.array(source).default([]),
		sourceHydrator: z.object({drySource: source}).optional(),
		syncPolicy: z
			.object({
				automated: z.object({selfHeal: z.boolean().optional(), enabled: z.boolean().optional()}).optional(),
				syncOptions: z.array(z.string()).default([]),
			})
			.default({syncOptions: []}),
		ignoreDifferences: z
			.array(
				z.object({
					kind: z.string().default(''),
					jsonPointers: z.array(z.string()).default([]),
					jqPathExpressions: z.array(z.string()).default([]),
				}),
			)
			.default([]),
	}),
	status: z
		.object({
			operationState: z
				.object({
					operation: z.object({sync: z.object({manifests: z.array(z.string()).default([])}).optional()}).optional(),
				})
				.optional(),
		})
		.default({}),
});

const templateSpec = z.object({
	project: z.string().default(''),
	source: source.optional(),
	sources: z.array(source).default([]),
	sourceHydrator: z.object({drySource: source.optional()}).optional(),
});
export type TemplateSpec = z.output<typeof templateSpec>;

/** A generator is an object with one key, its kind. */
const generator = z.record(z.string(), z.unknown());
const generatorTemplate = z.object({template: z.object({spec: templateSpec})});

export const applicationSet = z.object({
	metadata,
	spec: z.object({
		generators: z.array(generator).default([]),
		template: z.object({spec: templateSpec}),
		templatePatch: z.string().optional(),
	}),
});

/** The templates that generators have of their own. */
export function generatorTemplates(generators: ReadonlyArray<z.output<typeof generator>>): readonly TemplateSpec[] {
	return generators.flatMap((kinds) =>
		Object.values(kinds).flatMap((one) => {
			const parsed = generatorTemplate.safeParse(one);
			return parsed.success ? [parsed.data.template.spec] : [];
		}),
	);
}

const groupKind = z.object({group: z.string().default(''), kind: z.string().default('')});

export const project = z.object({
	metadata,
	spec: z.object({
		destinations: z
			.array(
				z.object({
					server: z.string().optional(),
					name: z.string().optional(),
					namespace: z.string().optional(),
				}),
			)
			.default([]),
		namespaceResourceWhitelist: z.array(groupKind).optional(),
		namespaceResourceBlacklist: z.array(groupKind).default([]),
	}),
});

const resourceRule = z.object({
	apiGroups: z.array(z.string()).default([]),
	resources: z.array(z.string()).default([]),
	operations: z.array(z.string()).default([]),
});
export type ResourceRule = z.output<typeof resourceRule>;

export const webhookConfiguration = z.object({
	metadata,
	webhooks: z.array(z.object({rules: z.array(resourceRule).default([])})).default([]),
});

export const mutatingPolicy = z.object({
	metadata,
	spec: z.object({
		matchConstraints: z.object({resourceRules: z.array(resourceRule).default([])}).default({resourceRules: []}),
	}),
});

export const validatingPolicy = z.object({metadata});

export const validatingBinding = z.object({
	metadata,
	spec: z.object({
		policyName: z.string(),
		validationActions: z.array(z.string()).default([]),
		paramRef: z
			.object({
				name: z.string().optional(),
				selector: z
					.object({
						matchLabels: texts.default({}),
						matchExpressions: z
							.array(z.object({key: z.string(), operator: z.string(), values: z.array(z.string()).default([])}))
							.default([]),
					})
					.optional(),
			})
			.optional(),
	}),
});
