import * as z from 'zod';
import {imageForms} from '../types.ts';

/** A text in which `*` stands for any characters. */
const wildcard = z.string().min(1).max(512);

/** The grammar is the finder's (images/pattern.ts); here is what keeps a slip of the pen from matching nothing. */
const fieldPath = z
	.string()
	.max(512)
	.regex(
		/^(?!\*\*$)(?:\*\*|\*|\([^()[\]{}.*]+\)|[^()[\]{}.*"]+|\["[^"\]]+"\])(?:\[\]|\{\}|\[[^=[\]"]+=[^[\]"]+\]|\["[^"\]]+"\])*(?:\.(?:\*\*|\*|\([^()[\]{}.*]+\)|[^()[\]{}.*"]+)(?:\[\]|\{\}|\[[^=[\]"]+=[^[\]"]+\]|\["[^"\]]+"\])*)*$/,
		'is not a path such as spec.image, spec.items[].image or spec.parts{}.image',
	)
	.refine((text) => text.split('**').length <= 2, 'has more than one **')
	.refine((text) => !text.endsWith('**'), 'must not end in **');

const parts = {
	image: wildcard.optional(),
	registry: wildcard.optional(),
	repository: wildcard.optional(),
	name: wildcard.optional(),
	tag: z.union([wildcard, z.array(wildcard).min(1).readonly()]).optional(),
	tagPrefix: wildcard.optional(),
	tagSuffix: wildcard.optional(),
	digest: wildcard.optional(),
	jmx: wildcard.optional(),
};

const imageField = {
	path: fieldPath,
	form: z.enum(imageForms),
	keys: z.strictObject(parts).readonly().optional(),
	tagFrom: fieldPath.optional(),
	registryFrom: fieldPath.optional(),
	tagStyle: z.literal('k0s').optional(),
	default: wildcard.optional(),
	when: z.record(z.string(), z.string()).readonly().optional(),
	scheme: wildcard.optional(),
	partial: z.boolean().optional(),
	reason: z.string().min(1).max(300).optional(),
};

const imageRule = {
	group: z.string().max(253),
	kind: wildcard,
	fields: z
		.array(
			z
				.strictObject(imageField)
				.refine(({form, keys}) => form !== 'parts' || keys !== undefined, {
					path: ['keys'],
					error: 'is missing; the form "parts" needs the keys that hold them',
					when: ({value}) => typeof value === 'object' && value !== null,
				})
				.readonly(),
		)
		.min(1)
		.readonly(),
	source: z.string().max(512).optional(),
};

const imageIgnore = {
	image: wildcard.optional(),
	group: z.string().max(253).optional(),
	kind: wildcard.optional(),
	path: fieldPath.optional(),
	reason: z.string().min(1).max(300),
};

const extraImage = {
	group: z.string().max(253),
	kind: wildcard,
	image: z.string().min(1).max(512),
	reason: z.string().min(1).max(300),
};

const settings = {
	rules: z.array(z.strictObject(imageRule).readonly()).readonly().prefault([]),
	ignore: z
		.array(
			z
				.strictObject(imageIgnore)
				.refine((rule) => rule.image !== undefined || rule.kind !== undefined || rule.path !== undefined, {
					error: 'must name an image, a kind or a path; without them it would ignore every image',
					when: ({value}) => typeof value === 'object' && value !== null,
				})
				.readonly(),
		)
		.readonly()
		.prefault([]),
	extra: z.array(z.strictObject(extraImage).readonly()).readonly().prefault([]),
};

/** What the operator says about finding images: `spec.images` of the policy. */
export const images = z.strictObject(settings).readonly().prefault({});

/** The keys of its maps, by their path in the policy. */
export const imageKeys = {
	'spec.images': settings,
	'spec.images.rules[]': imageRule,
	'spec.images.rules[].fields[]': imageField,
	'spec.images.rules[].fields[].keys': parts,
	'spec.images.ignore[]': imageIgnore,
	'spec.images.extra[]': extraImage,
} as const;
