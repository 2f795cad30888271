/** The first code in the process of a task: it tells the desk, on a channel of its own, with what error a script ended. */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const failureChannel = 3;

// Packages of the older kind that were compiled into the script ask for Node's modules in this way.
globalThis.require = createRequire(import.meta.url);

process.on('uncaughtExceptionMonitor', (thrown) => {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  writeSync(failureChannel, JSON.stringify({ name, message, stack: stack?.slice(0, 16_384) }));
});
