// Makes what the test lab is started from, so that later steps need no network and no time.
import {prepareLab} from './lab.ts';

await prepareLab({say: (line) => console.error(`set-up: ${line}`)});
