/**
 * Run as a process of its own with a file of bars: runs the strategy once, and prints its largest memory in kB.
 *
 *     node --import tsx bench/backtest/peak-memory.ts BARS.f64
 */
import { existsSync, readFileSync } from 'node:fs';
import { Backtest } from '../../engine/backtest/index.ts';
import SmaCross from './sma-cross.ts';

const bytes = readFileSync(process.argv[2] ?? '');
const all = new Float64Array(
  bytes.buffer,
  bytes.byteOffset,
  bytes.byteLength / Float64Array.BYTES_PER_ELEMENT,
);
const count = all.length / 6;
const column = (index: number) => all.subarray(index * count, (index + 1) * count);
const bars = {
  ...({ symbol: 'SYNTH', interval: '1m', extra: {} } as const),
  ...{
    time: column(0),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  },
};
const { statistics } = new Backtest(bars, SmaCross, { cash: 10_000, finalizeTrades: true }).run();
console.log(JSON.stringify({ trades: statistics.trades, peakKb: peakKb() }));

/** Linux counts the memory of the process that started this one into `maxRSS`, but not into what it says in /proc. */
function peakKb(): number {
  const status = '/proc/self/status';
  const own = existsSync(status) ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return own === undefined ? process.resourceUsage().maxRSS : Number(own);
}
