/**
 * Runs seeds: `npm run test:faults -- --seed 1234` one with its log, `-- --seeds 1..1000` many with a summary.
 */
import { parseArgs } from 'node:util';
import { runSeed } from './seed.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1..100' },
    log: { type: 'boolean', default: false },
  },
});
const [first = 1, last = first] = (values.seed ?? values.seeds).split('..').map(Number);
const failed: number[] = [];
const sums = new Map<string, number>();
const add = (name: string, value: number) => sums.set(name, (sums.get(name) ?? 0) + value);
const begun = process.hrtime.bigint();
const secondsSince = (since: bigint) => Number(process.hrtime.bigint() - since) / 1e9;

for (let seed = first; seed <= last; seed++) {
  const start = process.hrtime.bigint();
  const { problems, log, faults, ...figures } = await runSeed(seed);
  for (const [name, value] of Object.entries({ ...figures, ...faults }))
    if (name !== 'seed') add(name, value);
  if (values.log || (values.seed !== undefined && problems.length > 0))
    for (const line of log) console.log(line);
  if (problems.length > 0) {
    failed.push(seed);
    console.log(`seed ${seed} FAILED. Again, with its log: npm run test:faults -- --seed ${seed}`);
    for (const problem of problems) console.log(`  ${problem}`);
  } else if (values.seed !== undefined || seed % 10 === 0) {
    const counts = Object.entries({ ...figures, ...faults }).map(([name, value]) => `${name} ${value}`);
    console.log(`${counts.join(', ')} (${secondsSince(start).toFixed(2)} s)`);
  }
}
const totals = [...sums].map(([name, value]) => `${value} ${name}`).join(', ');
const count = last - first + 1;
console.log(
  `${count - failed.length} of ${count} seeds (${first}..${last}) passed in ${secondsSince(begun).toFixed(0)} s: ${totals}.`,
);
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
