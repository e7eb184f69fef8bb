import {decide, type DecideOptions} from '../../src/gate/decide.ts';
import type {Exception, Exceptions} from '../../src/gate/exceptions.ts';
import {defaultPolicy} from '../../src/gate/policy.ts';
import {
	severities,
	type Finding,
	type ImageName,
	type ImageReference,
	type Platform,
	type ScanVerdict,
} from '../../src/types.ts';
import {createDice, type Dice} from './words.ts';

/** What the promise is about: an application of this size, against a policy with so many exceptions. */
const images = 200;
const findingsEach = 500;
const exceptionCount = 1000;
/** Milliseconds of CPU. */
const promised = 100;
const runs = 15;

/** `npm run bench policy`: what a decision costs, and how it grows. @returns whether both promises hold. */
export function benchPolicy(): boolean {
	const whole = caseOf(images, findingsEach, exceptionCount);
	const cold = cpuOf(whole);
	const rows = [
		['the first of a process', images, findingsEach, exceptionCount, cold],
		...[
			[images, findingsEach, exceptionCount],
			[images / 2, findingsEach, exceptionCount],
			[images * 2, findingsEach, exceptionCount],
			[images, findingsEach * 2, exceptionCount],
			[images, findingsEach, exceptionCount * 10],
		].map(([some = 0, each = 0, exceptions = 0]) => {
			return ['the quickest of later ones', some, each, exceptions, least(caseOf(some, each, exceptions))] as const;
		}),
	] as const;
	console.log('| decision | images | findings each | exceptions | CPU |\n| --- | --- | --- | --- | --- |');
	for (const [what, some, each, exceptions, cpu] of rows)
		console.log(`| ${what} | ${some} | ${each} | ${exceptions} | ${cpu.toFixed(0)} ms |`);
	const [, usual = 0, , doubleImages = 0, doubleFindings = 0, manyExceptions = 0] = rows.map((row) => row[4]);
	const quick = usual < promised;
	// Twice as much may cost twice as much; half as much again is room for the machine.
	const linear = doubleImages < usual * 3 && doubleFindings < usual * 3 && manyExceptions < usual * 3;
	console.log(`\nunder ${promised} ms of CPU: ${quick ? 'yes' : 'no'}; linear: ${linear ? 'yes' : 'no'}`);
	return quick && linear;
}

/** What else runs on the machine can only add to it. */
function least(options: DecideOptions): number {
	return Math.min(...Array.from({length: runs}, () => cpuOf(options)));
}

function cpuOf(options: DecideOptions): number {
	const before = process.cpuUsage();
	const {decision} = decide(options);
	const {user, system} = process.cpuUsage(before);
	if (decision !== 'deny') throw new Error('the application of the benchmark must be denied');
	return (user + system) / 1000;
}

/** The same in every run. */
function caseOf(imageCount: number, each: number, exceptionTotal: number): DecideOptions {
	const dice = createDice(7);
	const names = Array.from({length: imageCount}, (_, index) => `registry.example/team-${index % 20}/app-${index}:1.4`);
	const references = names.map((image, index): ImageReference => ({
		image,
		name: image as ImageName,
		outcome: 'scan',
		origins: [
			{
				object: `Deployment/shop/app-${index}`,
				objectIndex: index,
				path: 'spec.template.spec.containers[0].image',
				rule: 'pod',
				outcome: 'scan',
				reason: undefined,
				file: undefined,
			},
		],
	}));
	const verdicts = names.map((image, index): ScanVerdict => {
		return {
			image: image as ImageName,
			platform: 'linux/amd64' as Platform,
			kind: 'scanned',
			digest: `sha256:${index.toString(16).padStart(64, '0')}`,
			findings: Array.from({length: each}, () => findingOf(dice)),
			caveats: [],
			os: 'debian 12.4',
			packages: 400,
			database: {version: 2, updatedAt: '2026-11-20T06:00:00Z'},
			cached: false,
		};
	});
	return {
		references,
		// As a service or a report brings them: texts that were joined here would still be in pieces.
		verdicts: JSON.parse(JSON.stringify(verdicts)) as readonly ScanVerdict[],
		policy: {...defaultPolicy, grace: {HIGH: 240}},
		canonical: (name) => ({repository: name.replace(/:[^/:]*$/, ''), tag: '1.4', digest: undefined}),
		now: new Date('2026-11-21T12:00:00Z'),
		scope: {application: 'shop', project: 'shop', revision: 'b9e1cb0f'},
		exceptions: exceptionsOf(exceptionTotal, dice),
	};
}

const cves = 3000;

function findingOf(dice: Dice): Finding {
	const name = `lib${dice.below(400)}`;
	const number = dice.below(cves);
	return {
		id: `CVE-2024-${number}`,
		severity: severities[number % severities.length] ?? 'UNKNOWN',
		package: name,
		installedVersion: '1.2.3-4',
		fixedVersion: number % 3 === 0 ? undefined : '1.2.3-5',
		status: number % 3 === 0 ? 'affected' : 'fixed',
		target: 'debian 12.4',
		packagePath: undefined,
		purl: `pkg:deb/debian/${name}@1.2.3-4?arch=amd64&distro=debian-12.4`,
		title: 'a vulnerability of the benchmark',
		url: undefined,
		publishedDate: '2026-11-15T06:00:00Z',
		type: 'os',
		score: 7.5,
	};
}

function exceptionsOf(count: number, dice: Dice): Exceptions {
	const exceptions = Array.from({length: count}, (_, index): Exception => {
		const purl = `pkg:deb/debian/lib${dice.below(400)}`;
		return {
			id: [`CVE-2024-${dice.below(cves)}`],
			...(index % 2 === 0 ? {package: purl} : {}),
			...(index % 3 === 0 ? {image: `registry.example/team-${index % 20}/*`} : {}),
			project: 'shop',
			owner: 'team@example.com',
			reason: 'not reachable',
			expires: index % 10 === 0 ? '2026-11-01' : '2027-01-01',
			source: `shop.yaml#${index + 1}`,
		};
	});
	return {exceptions, breakGlass: []};
}
