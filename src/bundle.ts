// The bundle's first lines. What lies in `compiled` is what V8 made of the files beside it when they were bundled, and is
// run instead of compiling them again; whoever may write there may write the program itself.
import {enableCompileCache} from 'node:module';
import {join} from 'node:path';

enableCompileCache({directory: join(import.meta.dirname, 'compiled'), portable: true});
await import('./main.ts');
