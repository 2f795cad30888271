/**
 * The first code in a worker thread that is given its strategy as one compiled file: it waits for the file's name, and loads
 * it. Where there is no such file it begins like every other worker thread.
 */
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

parentPort.once('message', async (file) => {
  if (file === null) {
    await import('../worker-start.mjs');
    return;
  }
  // So that the stack of an error names the strategy's own file and line.
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(file));
});
