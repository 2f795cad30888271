/** Stands in for the drawing worker: it does what the strategy's name says, or answers with its thread's number. */
import { parentPort, threadId } from 'node:worker_threads';
import type { ChartRequest } from '../../../../engine/reports/charts/request.ts';

parentPort?.on('message', (request: ChartRequest) => {
  const mood = request.kind === 'backtest' ? request.run.strategy : '';
  if (mood === 'Throws') throw new Error('out of paint');
  if (mood === 'Exits') process.exit(7);
  if (mood === 'Hangs') for (;;);
  if (mood === 'Refuses') parentPort?.postMessage({ error: 'Error: no such colour\n    at somewhere' });
  else parentPort?.postMessage({ png: Uint8Array.of(threadId) });
});
