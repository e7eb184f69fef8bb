// AVA's settings for `npm run test:fuzz`, which `npm test` leaves out.
// AVA takes nothing else.
// oxlint-disable-next-line import/no-default-export
export default {
	extensions: ['ts'],
	files: ['test/oracle/*.fuzz.ts'],
	workerThreads: false,
	// Between two tests; a million streams take their time.
	timeout: '6h',
};
