/**
 * The plainest loop that finds the trades of the SMA cross: two running sums, one position, one list of trades. What
 * an engine costs is told as a multiple of it. It knows nothing of orders, costs, statistics or any other strategy.
 */
import type { Bars } from '../../engine/market/bars.ts';

export interface PlainRun {
  readonly trades: readonly {
    readonly size: number;
    readonly entryBar: number;
    readonly exitBar: number;
    readonly pnl: number;
  }[];
  readonly equity: Float64Array;
}

export function plainSmaCross({ open, close }: Bars, fast: number, slow: number, cash: number): PlainRun {
  const bars = close.length;
  const quick = average(close, fast);
  const calm = average(close, slow);
  const equity = new Float64Array(bars).fill(cash, 0, slow);
  const trades: { size: number; entryBar: number; exitBar: number; pnl: number }[] = [];
  let money = cash;
  let size = 0;
  let entryPrice = 0;
  let entryBar = 0;
  let wanted = 0;
  const leave = (bar: number) => {
    const pnl = size * ((open[bar] as number) - entryPrice);
    money += pnl;
    trades.push({ size, entryBar, exitBar: bar, pnl });
    size = 0;
  };
  for (let bar = slow; bar < bars; bar++) {
    const price = open[bar] as number;
    if (wanted !== 0) {
      if (size !== 0) leave(bar);
      size = wanted * Math.floor((money * (1 - 2 ** -52)) / price);
      entryPrice = price;
      entryBar = bar;
      wanted = 0;
    }
    equity[bar] = money + size * ((close[bar] as number) - entryPrice);
    const before = (quick[bar - 1] as number) - (calm[bar - 1] as number);
    const now = (quick[bar] as number) - (calm[bar] as number);
    if (before < 0 && now > 0) wanted = 1;
    else if (before > 0 && now < 0) wanted = -1;
  }
  if (size !== 0) leave(bars - 1);
  equity[bars - 1] = money;
  return { trades, equity };
}

function average(values: Float64Array, period: number): Float64Array {
  const out = new Float64Array(values.length).fill(Number.NaN);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i] as number;
    if (i >= period) sum -= values[i - period] as number;
    if (i >= period - 1) out[i] = sum / period;
  }
  return out;
}
