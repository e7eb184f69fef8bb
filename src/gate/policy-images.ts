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

const group = z.string().max(253).describe('API group, empty for the core; `*` stands for any characters.');
const kind = wildcard.describe('Kind; `*` stands for any characters.');
const reason = z.string().min(1).max(300);

const parts = {
	image: wildcard.optional().describe('Holds a whole name, which wins over the parts.'),
	registry: wildcard.optional().describe('Holds the registry.'),
	repository: wildcard.optional().describe('Holds the repository.'),
	name: wildcard.optional().describe('Joined to the repository by a slash.'),
	tag: z
		.union([wildcard, z.array(wildcard).min(1).readonly()])
		.optional()
		.describe('The first that is there counts.'),
	tagPrefix: wildcard.optional().describe('Holds what stands before the tag.'),
	tagSuffix: wildcard.optional().describe('Holds what stands behind the tag.'),
	digest: wildcard.optional().describe('Holds the digest.'),
	jmx: wildcard.optional().describe('A boolean that adds `-jmx` to the tag.'),
};

const imageField = {
	path: fieldPath.describe(
		'`[]` any item, `{}` any value of a map, `(a|b)`, one `**` for any depth: `spec.items[].image`.',
	),
	form: z
		.enum(imageForms)
		.describe(
			'What stands there. `image`: a whole name. `parts`: a map that holds parts of one. `artifact`: an OCI artifact, not scanned. `chosen`: something of which an operator makes names. `object`, `text`, `pod`: searched like objects.',
		),
	keys: z.strictObject(parts).readonly().optional().describe('The keys that hold the parts of a name.'),
	tagFrom: fieldPath.optional().describe('The path of the tag from the object’s root, when the parts hold none.'),
	registryFrom: fieldPath.optional().describe('The same for the registry.'),
	tagStyle: z.literal('k0s').optional().describe('`+k0s.` of a version becomes `-k0s.`.'),
	default: wildcard.optional().describe('What the kind’s schema fills in when the field is left out.'),
	when: z
		.record(z.string(), z.string())
		.readonly()
		.optional()
		.describe('Keys beside the field, with the text that each must hold.'),
	scheme: wildcard
		.optional()
		.describe('What may stand in front of the name and is no part of it, such as `docker://`.'),
	partial: z.boolean().optional().describe('A text without `:`, `/` and `@` is not a whole name here.'),
	reason: z.string().min(1).max(300).optional().describe('Of `chosen`: what the operator does, as a sentence.'),
};

const imageRule = {
	group,
	kind,
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
		.readonly()
		.describe('Where objects of the kind name images.'),
	source: z.string().max(512).optional().describe('Where this is known from.'),
};

const imageIgnore = {
	image: wildcard
		.optional()
		.describe('Compared with the text as written and with the full name; `*` stands for any characters.'),
	group: group.optional(),
	kind: kind.optional(),
	path: fieldPath.optional().describe('As in a rule.'),
	reason: reason.describe('Shown with what is ignored.'),
};

const extraImage = {
	group,
	kind,
	image: z.string().min(1).max(512).describe('Its name.'),
	reason: reason.describe('Shown with the image.'),
};

const settings = {
	rules: z
		.array(z.strictObject(imageRule).readonly())
		.readonly()
		.prefault([])
		.describe('Further fields that hold images.'),
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
		.prefault([])
		.describe(
			'What is no image although it looks like one. All conditions of an entry must hold. An ignored image is not scanned, wherever an author names it, so be as exact as you can.',
		),
	extra: z
		.array(z.strictObject(extraImage).readonly())
		.readonly()
		.prefault([])
		.describe(
			'Images that objects of a kind bring although no manifest shows them, such as those that an operator chooses. They are scanned for every application that has such an object.',
		),
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
