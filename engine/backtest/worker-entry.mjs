/**
 * Where a worker thread begins. JavaScript, because tsx must be registered from inside of a worker before it can
 * read TypeScript: on Node 20 neither `--import` in `execArgv` nor the hooks of the main thread reach its modules.
 */
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
