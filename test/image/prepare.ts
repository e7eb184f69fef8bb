// Makes what the image's tests are started from: the image itself, and the lab.
import {relative} from 'node:path';
import {buildPrograms} from '../argocd/programs.ts';
import {installPackages} from '../lab/debian-packages.ts';
import {prepareLab} from '../lab/lab.ts';
import {buildImage, image} from './build.ts';

const say = (line: string) => console.error(`set-up: ${line}`);
if (process.getuid?.() !== 0) throw new Error('building and starting an image without a daemon needs root');
await installPackages(
	{
		buildah: 'buildah',
		crun: 'crun',
		mmdebstrap: 'mmdebstrap',
		etcd: 'etcd-server',
		'redis-server': 'redis-server',
		git: 'git',
	},
	say,
);
await buildPrograms(say);
await prepareLab({say});
await buildImage(say);
say(`the image is ${relative('.', image.layout)}, what is in it ${relative('.', image.billOfMaterials)}`);
