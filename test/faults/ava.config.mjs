// AVA's settings for `npm run test:faults`, which `npm test` leaves out.
// AVA takes nothing else.
// oxlint-disable-next-line import/no-default-export
export default {
	extensions: ['ts'],
	files: ['test/faults/*.faults.ts'],
	workerThreads: false,
	// Between two tests: a watchdog, not a measurement.
	timeout: '10m',
};
