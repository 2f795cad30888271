/**
 * The first code in every worker thread: it registers tsx, and loads the module whose URL is `workerData.module`.
 *
 * JavaScript, because tsx must be registered from inside of a worker before it can read TypeScript: on Node 20 neither
 * `--import` in `execArgv` nor the hooks of the main thread reach a worker's modules.
 */
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
