/** A short part of the simulation: `npm run test:faults -- --seeds 1..1000` runs as much of it as is wanted. */
import { expect, test } from 'vitest';
import { runSeed } from './seed.ts';

test.each([
  2, 3, 5, 7, 8, 10, 11, 12, 13, 16, 17, 20, 21, 22, 26,
])('whatever fails, each alert is traded at most once and the ledger equals the exchange (seed %i)', async (seed) => {
  const { problems } = await runSeed(seed);
  expect(problems, `again, with its log: npm run test:faults -- --seed ${seed}`).toEqual([]);
}, 120_000);
