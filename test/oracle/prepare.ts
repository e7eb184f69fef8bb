// Compiles the oracle, which is all that the differential test is started from.
import {buildOracle} from './build.ts';

await buildOracle({say: (line) => console.error(`set-up: ${line}`)});
