/**
 * Months by their seeds: `npm run test:months -- --seeds 1..40`, and `--at tws` (unless said), `paper` or `mongodb`.
 */
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const files = { tws: 'month-tws', paper: 'month', mongodb: 'month-mongo' } as const;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1..20' },
    at: { type: 'string', default: 'tws' },
  },
});
const file = Object.entries(files).find(([place]) => place === values.at)?.[1];
if (file === undefined) throw new Error(`--at is ${Object.keys(files).join(', ')}, not ${values.at}`);
process.env['MONTH_SEEDS'] = values.seed ?? values.seeds;
const vitest = await startVitest('test', [`test/engine/plans/${file}.test.ts`], { watch: false });
await vitest.close();
