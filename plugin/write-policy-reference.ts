import {writeFileSync} from 'node:fs';
import {policyReference} from './policy-reference.ts';

writeFileSync(new URL('../docs/policy.md', import.meta.url), policyReference());
