import {defaultPolicy} from '../../src/gate/policy.ts';
import type {Policy} from '../../src/gate/policy.ts';
import type {Report, ReportException} from '../../src/report/model.ts';
import {reportOf} from '../../src/report-of.ts';
import type {ImageReference, ScanVerdict} from '../../src/types.ts';
import {arm64, canonical, decided, finding, origin, reference, scanned, unscanned} from '../gate/samples.ts';

/** Reports for tests, made as the program makes them. */

export function reported(
	references: readonly ImageReference[],
	verdicts: readonly ScanVerdict[],
	change: Partial<Policy> = {},
): Report {
	const report = reportOf({
		decision: decided(references, verdicts, change),
		application: 'shop',
		project: 'shops',
		revision: '0123456789abcdef0123456789abcdef01234567',
		canonical,
		odd: [],
		trivyVersion: '0.74.0',
		placeOf: (_image, {file}) =>
			file === undefined ? undefined : {file: file.replace(/^shop\//, 'charts/shop/'), line: 12},
	});
	return {...report, gate: {version: '0.0.0'}};
}

const api = 'registry.example/shop/api:1.4';
const inApi = origin({file: 'shop/templates/api.yaml'});

export const granted: ReportException = {
	source: 'shop.yaml#2',
	owner: 'shop@example.com',
	reason: 'the template function is not used',
	expires: '2026-12-01',
	ticket: 'SHOP-12',
};

const suggestion = 'Or move to registry.example/shop/api:1.5, which the registry has and which would be allowed now.';

/** Something of everything that the gate decides. */
export function sampleReport(): Report {
	const minimist = finding({layer: 'application'});
	const lodash = finding({
		layer: 'application',
		id: 'CVE-2020-8203',
		severity: 'HIGH',
		package: 'lodash',
		installedVersion: '4.17.15',
		fixedVersion: '4.17.20',
		packagePath: 'app/node_modules/lodash/package.json',
		purl: 'pkg:npm/lodash@4.17.15',
		title: 'nodejs-lodash: prototype pollution in zipObjectDeep function',
		url: 'https://avd.aquasec.com/nvd/cve-2020-8203',
	});
	const zlib = finding({
		id: 'CVE-2023-45853',
		package: 'zlib1g',
		installedVersion: '1:1.2.13.dfsg-1',
		fixedVersion: undefined,
		status: 'will_not_fix',
		layer: 'base',
		target: 'debian 12.4',
		packagePath: undefined,
		purl: 'pkg:deb/debian/zlib1g@1.2.13.dfsg-1?arch=amd64&distro=debian-12.4&epoch=1',
		title: 'zlib: integer overflow and resultant heap-based buffer overflow in zipOpenNewFileInZip4_6',
		url: 'https://avd.aquasec.com/nvd/cve-2023-45853',
	});
	const again = finding({
		layer: 'application',
		packagePath: 'app/node_modules/mkdirp/node_modules/minimist/package.json',
	});
	const report = reported(
		[
			reference(api, {
				origins: [
					inApi,
					origin({
						object: 'CronJob/shop/report',
						path: 'spec.jobTemplate.spec.template.spec.containers[0].image',
						file: 'shop/templates/report.yaml',
					}),
				],
			}),
			reference('registry.example/shop/web:2.0', {
				origins: [origin({object: 'Deployment/shop/web', file: 'shop/templates/web.yaml'})],
			}),
			reference('registry.example/old/cron:9', {origins: [origin({object: 'CronJob/shop/old'})]}),
			reference('registry.example/secret/tool:1', {origins: [origin({object: 'Job/shop/tool'})]}),
			reference('${IMAGE}', {
				name: undefined,
				outcome: 'placeholder',
				origins: [
					origin({
						object: 'Pod/shop/late',
						outcome: 'placeholder',
						reason: 'it holds a variable that something else fills in',
					}),
				],
			}),
			reference('registry.example/guess:1', {
				outcome: 'potential',
				origins: [origin({outcome: 'potential', object: 'ConfigMap/shop/settings', path: 'data.image'})],
			}),
		],
		[
			scanned(api, {findings: [minimist, again, lodash, zlib, finding({id: 'CVE-2020-7598', severity: 'MEDIUM'})]}),
			scanned(api, {platform: arm64, findings: [minimist]}),
			scanned('registry.example/shop/web:2.0', {findings: []}),
			scanned('registry.example/old/cron:9', {
				os: 'debian 9.13',
				caveats: [{kind: 'end-of-life', os: 'debian 9.13'}],
			}),
			unscanned('registry.example/secret/tool:1', {
				reason: 'unauthorized',
				transient: false,
				detail: '401 Unauthorized',
			}),
		],
		{...defaultPolicy, placeholders: 'warn'},
	);
	const {publishedDate: _, ...excepted} = finding({
		id: 'CVE-2021-23337',
		severity: 'HIGH',
		package: 'lodash',
		installedVersion: '4.17.15',
		fixedVersion: '4.17.21',
		purl: 'pkg:npm/lodash@4.17.15',
	});
	return {
		...report,
		images: report.images.map((image) => {
			if (image.image === api) return {...image, suggestion};
			return image.image.includes('/web:')
				? {...image, excepted: [{...excepted, fix: '4.17.21', platform: 'linux/amd64', exception: granted}]}
				: image;
		}),
		exceptions: [{exception: granted, findings: 1}],
		breakGlass: [
			{
				grant: {
					source: 'shop.yaml#3',
					approver: 'ada@example.com',
					reason: 'the shop is down',
					ticket: 'OPS-7',
					until: '2026-11-28T12:00:00Z',
				},
				needed: false,
			},
		],
		ahead: [
			{
				kind: 'exception',
				image: 'registry.example/shop/web:2.0',
				until: '2026-12-01',
				ids: ['CVE-2021-23337'],
				exception: granted,
			},
		],
		documentsPrintedAsJson: [{document: 3, line: 41, file: 'shop/templates/web.yaml', reasons: ['a merge key ("<<")']}],
	};
}

/** Nothing speaks against it. */
export function allowedReport(): Report {
	return reported([reference(api, {origins: [inApi]})], [scanned(api)]);
}
