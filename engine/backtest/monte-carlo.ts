/**
 * How much of a backtest was the luck of the order: its trades are drawn again, many times, in another order or with some of
 * them twice, and what that would have come to is told as a distribution.
 *
 * Each trade counts as the factor by which it changed the equity at its entry, and trades follow one another. So trades
 * that overlapped are looked at as if they had not, and a drawdown is one between closed trades: the ups and downs inside
 * of a trade are not in it.
 */
import { UserError } from '../errors.ts';
import { drawIndex, type Random, seededRandom } from './optimize/random.ts';
import type { BacktestResult } from './result.ts';

export interface MonteCarloOptions {
  /** Drawn orders, 1000 unless said. */
  readonly runs?: number;
  /**
   * `bootstrap` draws each trade out of all, so that one may come twice and another never (Efron 1979); `shuffle` only
   * changes their order, and so the drawdown but not the return. `bootstrap` unless said.
   */
  readonly method?: 'bootstrap' | 'shuffle';
  /** 0 unless said. */
  readonly seed?: number;
}

export interface Distribution {
  /** One for each run, from small to large. */
  readonly values: Float64Array;
  /** Of the trades in the order in which they were. */
  readonly observed: number;
  /** The value below which this percentage of the runs lies, 0 to 100. */
  percentile(percent: number): number;
}

export interface MonteCarlo {
  readonly method: 'bootstrap' | 'shuffle';
  readonly trades: number;
  /** Zero or negative, as in the statistics: the lower percentiles are the bad ones. */
  readonly maxDrawdownPct: Distribution;
  readonly returnPct: Distribution;
}

/** @throws UserError for a result without closed trades, or a number of runs that is none */
export function monteCarlo(result: BacktestResult, options: MonteCarloOptions = {}): MonteCarlo {
  const { runs = 1000, method = 'bootstrap', seed = 0 } = options;
  if (!(Number.isInteger(runs) && runs > 0)) {
    throw new UserError(`runs is a whole number above zero, not ${runs}.`);
  }
  if (method !== 'bootstrap' && method !== 'shuffle') {
    throw new UserError(`The method is bootstrap or shuffle, not ${method satisfies never}.`);
  }
  const factors = factorsOf(result);
  if (factors.length === 0) throw new UserError('There is no closed trade whose order could be changed.');
  const random = seededRandom(seed);
  const drawdowns = new Float64Array(runs);
  const returns = new Float64Array(runs);
  const drawn = factors.slice();
  for (let run = 0; run < runs; run++) {
    if (method === 'shuffle') shuffle(drawn, random);
    else
      for (let i = 0; i < drawn.length; i++) drawn[i] = factors[drawIndex(random, factors.length)] as number;
    const outcome = walk(drawn);
    drawdowns[run] = outcome.maxDrawdownPct;
    returns[run] = outcome.returnPct;
  }
  const observed = walk(factors);
  return {
    method,
    trades: factors.length,
    maxDrawdownPct: distribution(drawdowns, observed.maxDrawdownPct),
    returnPct: distribution(returns, observed.returnPct),
  };
}

/** By how much each trade changed the equity of the bar before its entry; 0 for one that lost all of it. */
function factorsOf({ trades, equity }: BacktestResult): Float64Array {
  return Float64Array.from(trades, ({ entryBar, pnl }) => {
    const before = equity[Math.max(entryBar - 1, 0)] as number;
    return Math.max(1 + pnl / before, 0);
  });
}

function walk(factors: Float64Array): { maxDrawdownPct: number; returnPct: number } {
  let equity = 1;
  let peak = 1;
  let lowest = 1;
  for (let i = 0; i < factors.length; i++) {
    equity *= factors[i] as number;
    if (equity > peak) peak = equity;
    else if (equity < lowest * peak) lowest = equity / peak;
  }
  return { maxDrawdownPct: (lowest - 1) * 100, returnPct: (equity - 1) * 100 };
}

/** Durstenfeld 1964 (the shuffle of Fisher and Yates). */
function shuffle(values: Float64Array, random: Random): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = drawIndex(random, last + 1);
    const value = values[last] as number;
    values[last] = values[other] as number;
    values[other] = value;
  }
}

function distribution(values: Float64Array, observed: number): Distribution {
  values.sort();
  return { values, observed, percentile: (percent) => percentileOf(values, percent) };
}

/** Between two values in proportion (type 7 of Hyndman and Fan, 1996). */
function percentileOf(sorted: Float64Array, percent: number): number {
  if (!(percent >= 0 && percent <= 100)) {
    throw new UserError(`A percentile is from 0 to 100, not ${percent}.`);
  }
  const position = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}
