// Makes what the cluster with Argo CD is started from, so that the scenarios need no network.
import {prepareLab} from '../lab/lab.ts';
import {installPackages} from './packages.ts';
import {buildPrograms} from './programs.ts';

const say = (line: string) => console.error(`set-up: ${line}`);
await installPackages(say);
await buildPrograms(say);
await prepareLab({say});
