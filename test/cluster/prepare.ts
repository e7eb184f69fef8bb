// Makes what an API server with Argo CD's kinds is started from, so that the tests need no network.
import {buildKubernetes} from '../argocd/programs.ts';
import {installPackages} from '../lab/debian-packages.ts';
import {prepareLab} from '../lab/lab.ts';
import {argoCdFiles, newestArgoCd, oldestArgoCd, operatorDefinition} from './argo-cd-files.ts';

const say = (line: string) => console.error(`set-up: ${line}`);
await installPackages({etcd: 'etcd-server'}, say);
await buildKubernetes(say);
await argoCdFiles(oldestArgoCd, say);
await argoCdFiles(newestArgoCd, say);
await operatorDefinition(say);
await prepareLab({say});
