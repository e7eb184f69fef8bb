// AVA's settings for `npm run test:argocd`, which `npm test` leaves out.
// AVA takes nothing else.
// oxlint-disable-next-line import/no-default-export
export default {
	extensions: ['ts'],
	files: ['test/argocd/*.argocd.ts'],
	workerThreads: false,
	timeout: '60m',
};
