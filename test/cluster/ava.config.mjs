// AVA's settings for `npm run test:cluster`, which `npm test` leaves out.
// AVA takes nothing else.
// oxlint-disable-next-line import/no-default-export
export default {
	extensions: ['ts'],
	files: ['test/cluster/*.cluster.ts'],
	workerThreads: false,
	// Each file starts an API server of its own.
	concurrency: 2,
	timeout: '10m',
};
