/** Anything with environment variables: process.env, or a test's own. */
type Environment = Readonly<Record<string, string | undefined>>;
export function toolCache(environment: Environment): string;
export function toolPath(pin: {readonly name: string; readonly version: string}, environment: Environment): string;
