import {createDice, type Dice} from './words.ts';

/**
 * What charts render for a shop of many services: Deployments, Services, ConfigMaps with files in them, roles, jobs and
 * custom resources, without a CustomResourceDefinition. The same text in every run. @param size in characters, roughly.
 */
export function workloads(size: number): string {
	const dice = createDice(2);
	const texts: string[] = [];
	let length = 0;
	for (let index = 0; length < size; index += 1) {
		for (const [file, lines] of service(`service-${index}`, dice)) {
			const text = `---\n# Source: shop/templates/${file}\n${lines.join('\n')}\n`;
			length += text.length;
			texts.push(text);
		}
	}
	return texts.join('');
}

type Lines = readonly string[];

function service(name: string, dice: Dice): readonly (readonly [file: string, lines: Lines])[] {
	const labels = [
		`app.kubernetes.io/name: ${name}`,
		'app.kubernetes.io/instance: shop',
		`app.kubernetes.io/version: "${dice.below(9)}.${dice.below(20)}"`,
		'app.kubernetes.io/managed-by: Helm',
		'helm.sh/chart: shop-1.2.3',
	];
	const head = (apiVersion: string, kind: string) => [
		`apiVersion: ${apiVersion}`,
		`kind: ${kind}`,
		'metadata:',
		`  name: ${name}`,
		'  namespace: "shop"',
		'  labels:',
		...labels.map((label) => `    ${label}`),
	];
	const pod = [
		'    metadata:',
		'      labels:',
		...labels.map((label) => `        ${label}`),
		'      annotations:',
		`        checksum/config: ${'0123456789abcdef'.repeat(4)}`,
		'    spec:',
		`      serviceAccountName: ${name}`,
		'      containers:',
		...container(name, dice),
		...container('proxy', dice),
		'      volumes:',
		'        - name: config',
		'          configMap:',
		`            name: ${name}`,
		'        - name: tmp',
		'          emptyDir: {}',
	];
	return [
		['serviceaccount.yaml', [...head('v1', 'ServiceAccount'), 'automountServiceAccountToken: false']],
		['configmap.yaml', [...head('v1', 'ConfigMap'), 'data:', ...files(dice)]],
		[
			'deployment.yaml',
			[
				...head('apps/v1', 'Deployment'),
				'spec:',
				`  replicas: ${1 + dice.below(4)}`,
				'  selector:',
				'    matchLabels:',
				...labels.slice(0, 2).map((label) => `      ${label}`),
				'  template:',
				...pod,
			],
		],
		[
			'service.yaml',
			[
				...head('v1', 'Service'),
				'spec:',
				'  type: ClusterIP',
				'  ports:',
				'    - name: http',
				'      port: 80',
				'      targetPort: http',
				'      protocol: TCP',
				'  selector:',
				...labels.slice(0, 2).map((label) => `    ${label}`),
			],
		],
		['role.yaml', [...head('rbac.authorization.k8s.io/v1', 'Role'), 'rules:', ...rules(dice)]],
		[
			'job.yaml',
			[...head('batch/v1', 'Job'), 'spec:', '  backoffLimit: 1', '  template:', ...pod, '      restartPolicy: Never'],
		],
		[
			'alerts.yaml',
			[
				...head('monitoring.coreos.com/v1', 'PrometheusRule'),
				'spec:',
				'  groups:',
				`    - name: ${name}`,
				'      rules:',
				...Array.from({length: 4}, (_, index) => alert(index, name, dice)).flat(),
			],
		],
	];
}

function container(name: string, dice: Dice): Lines {
	return [
		`        - name: ${name}`,
		`          image: "registry.example/shop/${name}:1.${dice.below(40)}"`,
		'          imagePullPolicy: IfNotPresent',
		'          args:',
		'            - --config=/etc/shop/config.yaml',
		`            - "--listen=:${8000 + dice.below(1000)}"`,
		'          env:',
		...Array.from({length: 6}, (_, index) => [
			`            - name: SHOP_OPTION_${index}`,
			`              value: ${JSON.stringify(dice.words(2))}`,
		]).flat(),
		'            - name: POD_NAMESPACE',
		'              valueFrom:',
		'                fieldRef:',
		'                  fieldPath: metadata.namespace',
		'          ports:',
		'            - name: http',
		'              containerPort: 8080',
		...['livenessProbe', 'readinessProbe'].flatMap((probe) => [
			`          ${probe}:`,
			'            httpGet:',
			'              path: /healthz',
			'              port: http',
			`            periodSeconds: ${5 + dice.below(20)}`,
		]),
		'          resources:',
		'            limits: {cpu: 500m, memory: 256Mi}',
		'            requests:',
		'              cpu: 100m',
		'              memory: 128Mi',
		'          securityContext:',
		'            allowPrivilegeEscalation: false',
		'            runAsNonRoot: true',
		'            capabilities:',
		'              drop: ["ALL"]',
		'          volumeMounts:',
		'            - name: config',
		'              mountPath: /etc/shop',
		'              readOnly: true',
	];
}

function files(dice: Dice): Lines {
	return [
		'  config.yaml: |',
		...Array.from({length: 12}, (_, index) => `    option${index}: ${dice.words(3).replaceAll(/["`]/gu, '')}`),
		'  server.conf: |-',
		...Array.from(
			{length: 10},
			() => `    location /${dice.below(1000)} { proxy_pass http://upstream.shop.svc:8080; }`,
		),
		`  LOG_LEVEL: ${dice.pick(['info', 'debug'])}`,
	];
}

function rules(dice: Dice): Lines {
	return Array.from({length: 3}, () => [
		'  - apiGroups: [""]',
		`    resources: ["${dice.pick(['pods', 'secrets', 'configmaps'])}", "events"]`,
		'    verbs: ["get", "list", "watch"]',
	]).flat();
}

function alert(index: number, name: string, dice: Dice): Lines {
	return [
		`        - alert: ${dice.pick(['ErrorsAreMany', 'LatencyIsHigh'])}${index}`,
		'          annotations:',
		`            description: '{{ $labels.pod }} ${dice.words(8).replaceAll("'", '')}.'`,
		'          expr: |',
		`            sum by (job) (rate(http_requests_total{job="${name}",code=~"5.."}[5m]))`,
		'              /',
		`            sum by (job) (rate(http_requests_total{job="${name}"}[5m])) > 0.0${1 + dice.below(9)}`,
		'          for: 10m',
		'          labels:',
		'            severity: warning',
	];
}
