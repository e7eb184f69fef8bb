import test from 'ava';
import {exitCodeOf, type Diagnosis} from '../../src/doctor/finding.ts';
import {globMatches} from '../../src/doctor/glob.ts';
import {selects} from '../../src/doctor/label-selector.ts';
import {memoryOf} from '../../src/doctor/memory-of.ts';
import {formatDiagnosis, formatDiagnosisAsJson} from '../../src/doctor/print.ts';

test('globs are Argo CD’s', (t) => {
	for (const [pattern, text, expected] of [
		['batch/Job', 'batch/Job', true],
		['batch/*', 'batch/Job', true],
		['*/*', 'batch/Job', true],
		['*', 'batch/Job', true],
		['**', 'batch/Job', true],
		['b?tch/[IJK]ob', 'batch/Job', true],
		['batch/[!J]ob', 'batch/Job', false],
		['{apps,batch}/{Job,CronJob}', 'batch/Job', true],
		['{apps,extensions}/*', 'batch/Job', false],
		['batch.Job', 'batch/Job', false],
		['*.example,x', 'a.example,x', true],
		['{', '{', false],
		['shop-(a)+$', 'shop-(a)+$', true],
	] as const) {
		t.is(globMatches(pattern, text), expected, `${pattern} ${text}`);
	}
});

const by = (operator: string, values: readonly string[] = []) => ({
	matchLabels: {},
	matchExpressions: [{key: 'a', operator, values}],
});

test('labels are selected as Kubernetes does', (t) => {
	t.true(selects({matchLabels: {}, matchExpressions: []}, {}));
	t.true(selects({matchLabels: {a: '1'}, matchExpressions: []}, {a: '1', b: '2'}));
	t.false(selects({matchLabels: {a: '1'}, matchExpressions: []}, {a: '2'}));
	t.true(selects(by('In', ['1', '2']), {a: '2'}));
	t.false(selects(by('In', ['1']), {}));
	t.true(selects(by('NotIn', ['1']), {}));
	t.false(selects(by('NotIn', ['1']), {a: '1'}));
	t.true(selects(by('Exists'), {a: ''}));
	t.true(selects(by('DoesNotExist'), {}));
	t.false(selects(by('Unheard'), {a: '1'}));
});

test('quantities of memory', (t) => {
	t.is(memoryOf('3Gi'), 3 * 1024 ** 3);
	t.is(memoryOf('1.5G'), 1.5e9);
	t.is(memoryOf(1024), 1024);
	t.is(memoryOf('12'), 12);
	t.is(memoryOf(undefined), undefined);
	t.is(memoryOf('much'), undefined);
});

const diagnosis: Diagnosis = {
	subject: 'cluster lab\u001B[2J',
	findings: [
		{
			kind: 'trouble',
			check: 'escapes',
			level: 'error',
			what: '12 Applications escape\u001B[31m',
			why: 'They do',
			fix: 'Stop them',
			where: Array.from({length: 12}, (_, index) => `argocd/a${index}`),
		},
		{kind: 'fine', check: 'timeouts', level: 'ok', what: 'they fit'},
	],
	unchecked: [{check: 'policy', why: 'configmaps may not be read', fix: 'Ask for it'}],
};

test('for a person: what is urgent with its reason and remedy, then what is well', (t) => {
	t.is(
		formatDiagnosis(diagnosis, {colour: false}),
		`error  escapes: 12 Applications escape\uFFFD[31m
       argocd/a0
       argocd/a1
       argocd/a2
       argocd/a3
       argocd/a4
       argocd/a5
       argocd/a6
       argocd/a7
       argocd/a8
       argocd/a9
       and 2 more (--format json lists all)
  why  They do
  fix  Stop them

not checked  policy: configmaps may not be read
  fix  Ask for it

ok  timeouts: they fit

cluster lab\uFFFD[2J: 1 error, 0 warnings, 0 to know of, 1 check without trouble, 1 could not be made
`,
	);
	t.true(formatDiagnosis(diagnosis, {colour: true}).startsWith('\u001B[1;31merror\u001B[0m  escapes: '));
});

test('for a program: everything', (t) => {
	const {version, findings, unchecked} = JSON.parse(formatDiagnosisAsJson(diagnosis)) as {
		readonly version: number;
		readonly findings: ReadonlyArray<{readonly where?: readonly string[]}>;
		readonly unchecked: readonly object[];
	};
	t.is(version, 1);
	t.is(findings[0]?.where?.length, 12);
	t.deepEqual(findings[1], {check: 'timeouts', level: 'ok', what: 'they fit'} as object);
	t.deepEqual(unchecked, [{check: 'policy', why: 'configmaps may not be read', fix: 'Ask for it'}]);
});

test('exit codes: errors before what is not known', (t) => {
	t.is(exitCodeOf(diagnosis), 1);
	t.is(exitCodeOf({...diagnosis, findings: []}), 2);
	t.is(exitCodeOf({...diagnosis, findings: [], unchecked: []}), 0);
});
