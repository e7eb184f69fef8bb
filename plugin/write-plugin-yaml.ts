import {writeFileSync} from 'node:fs';
import {pluginYaml} from './plugin-yaml.ts';

writeFileSync(new URL('../plugin.yaml', import.meta.url), pluginYaml());
