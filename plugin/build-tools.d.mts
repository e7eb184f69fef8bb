/** The part of build-tools.mjs that typed code uses. */
export interface Pin {
	readonly name: string;
	readonly version: string;
	readonly minimum: string;
	readonly refused?: readonly string[];
	/** For the tests alone; not in the image. */
	readonly development?: boolean;
}
export function readPins(): Promise<{readonly go: string; readonly tools: readonly Pin[]}>;
export {toolCache, toolPath} from './tool-cache.mjs';
export function installDirectory(target: string, fill: (temporary: string) => Promise<void>): Promise<void>;
export function exists(path: string): Promise<boolean>;
export function goSettings(version: string, environment?: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv>;
export function run(
	file: string,
	args: readonly string[],
	options?: {readonly environment?: NodeJS.ProcessEnv; readonly cwd?: string},
): Promise<{readonly stdout: string; readonly stderr: string}>;
