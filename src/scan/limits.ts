/** What processes take at most, about (measured with Trivy 0.74.0): a client that analyses layers, a server, and the gate. */
const clientBytes = 270 * 1024 * 1024;
const serverBytes = 130 * 1024 * 1024;
const gateBytes = 300 * 1024 * 1024;
/** While a database is switched there are two. */
const servers = 2;

/**
 * How many images are scanned at once: as asked, but no more than fit into the memory beside the gate and its servers.
 * @param memoryBytes of the container (`process.constrainedMemory()`, which reads the cgroup's limit of version 1 and 2);
 * 0 or a number beyond reason when there is no limit.
 */
export function scansAtOnce(asked: number, memoryBytes: number): number {
	if (memoryBytes <= 0 || memoryBytes >= Number.MAX_SAFE_INTEGER) return asked;
	const fit = Math.floor((memoryBytes - gateBytes - servers * serverBytes) / clientBytes);
	return Math.max(1, Math.min(asked, fit));
}
