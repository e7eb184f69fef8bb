// Makes what the test lab is started from, so that later steps need no network and no time.
import {buildOracle} from '../oracle/build.ts';
import {prepareLab} from './lab.ts';

const say = (line: string) => console.error(`set-up: ${line}`);
await prepareLab({say});
await buildOracle({say});
