/**
 * The first code in the worker thread, JavaScript because it is what lets the thread load TypeScript: `--import tsx`
 * registers in the main thread only (on Node 20), and worker threads do not inherit its loader.
 */
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(workerData.module);
