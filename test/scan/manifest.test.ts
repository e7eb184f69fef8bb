import test from 'ava';
import {readImageConfig, readImageManifest, sha256} from '../../src/scan/manifest.ts';

type Step = string | {readonly empty: string};

const counts = test.macro({
	exec(t, _title: string, steps: readonly Step[], layers: number, expected: number | undefined) {
		const bytes = Buffer.from(
			JSON.stringify({
				os: 'linux',
				architecture: 'amd64',
				rootfs: {type: 'layers', diff_ids: Array.from({length: layers}, (_, index) => digest(index))},
				history: steps.map((step) =>
					typeof step === 'string' ? {created_by: step} : {created_by: step.empty, empty_layer: true},
				),
			}),
		);
		const manifest = {
			digest: digest(100),
			config: sha256(bytes),
			layers: Array.from({length: layers}, (_, index) => ({digest: digest(index), bytes: 1})),
		};
		const config = readImageConfig(bytes, manifest);
		t.is('reason' in config ? config.detail : config.baseLayers, expected);
	},
	title: (_, title: string) => title,
});

function digest(index: number): string {
	return `sha256:${index.toString(16).padStart(64, '0')}`;
}

const debian = ['ADD file:1 in /', {empty: '/bin/sh -c #(nop)  CMD ["bash"]'}] as const;
const built = [{empty: 'ENV A=1'}, 'RUN apt-get install -y curl', {empty: 'CMD ["sh"]'}] as const;

test(counts, 'what stands in front of the base’s CMD is its own', [...debian, 'COPY . .'], 2, 1);
test(counts, 'the nearest base counts', [...debian, ...built, 'COPY . .', {empty: 'CMD ["node"]'}], 3, 2);
test(counts, 'an image’s own CMD ends no base', debian, 1, undefined);
test(counts, 'no CMD, no base', ['ADD a', 'ADD b'], 2, undefined);
test(counts, 'a history of other layers tells nothing', [...debian, 'COPY . .'], 3, undefined);
test(counts, 'a word that begins like CMD is none', ['ADD a', {empty: 'CMDLINE'}, 'ADD b'], 2, undefined);

test('what a runtime might read as another format is no manifest', (t) => {
	const read = (more: object) => {
		const layer = {mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest(2), size: 1};
		const bytes = Buffer.from(JSON.stringify({config: {digest: digest(1)}, layers: [layer], ...more}));
		return readImageManifest(bytes, sha256(bytes));
	};
	t.like(read({}), {config: digest(1)});
	const refused = {reason: 'registry-error', detail: 'the registry answered with something that is no image manifest'};
	for (const more of [{manifests: []}, {fsLayers: []}, {FsLayers: [{blobSum: digest(3)}]}]) t.like(read(more), refused);
});
