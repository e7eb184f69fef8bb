import {characters} from './corpus/characters.ts';
import type {CorpusEntry} from './corpus/entry.ts';
import {found} from './corpus/found.ts';
import {keys} from './corpus/keys.ts';
import {lists} from './corpus/lists.ts';
import {merge} from './corpus/merge.ts';
import {ordinary} from './corpus/ordinary.ts';
import {scalars} from './corpus/scalars.ts';
import {streams} from './corpus/streams.ts';
import {tags} from './corpus/tags.ts';

/** Streams made by hand, each with what a reader must make of it. */
export const corpus: readonly CorpusEntry[] = [
	...ordinary,
	...merge,
	...keys,
	...tags,
	...characters,
	...streams,
	...lists,
	...scalars,
	...found,
];
