// Makes what the cluster with Argo CD is started from, so that the scenarios need no network.
import {installPackages} from '../lab/debian-packages.ts';
import {prepareLab} from '../lab/lab.ts';
import {buildPrograms} from './programs.ts';

const say = (line: string) => console.error(`set-up: ${line}`);
await installPackages({etcd: 'etcd-server', 'redis-server': 'redis-server', git: 'git'}, say);
await buildPrograms(say);
await prepareLab({say});
