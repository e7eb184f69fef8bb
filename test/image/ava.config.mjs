// AVA's settings for `npm run test:image`, which `npm test` leaves out.
// AVA takes nothing else.
// oxlint-disable-next-line import/no-default-export
export default {
	extensions: ['ts'],
	files: ['test/image/*.image.ts'],
	workerThreads: false,
	// One container after the other, on a machine with two cores.
	concurrency: 1,
	timeout: '10m',
};
