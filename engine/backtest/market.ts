/** The bars of all symbols of a backtest on one time axis. */
import { UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';

/** One symbol on the common axis, every column as long as the axis. */
export interface MarketSymbol {
  readonly symbol: string;
  /** NaN before the symbol is listed. On a bar that it missed, all four prices are its last close. */
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  /** 0 on a bar that it missed. */
  readonly volume: Float64Array;
  readonly extra: Readonly<Record<string, Float64Array>>;
  /** 1 where the symbol traded; null when it did on every bar. Orders fill only where it did. */
  readonly traded: Uint8Array | null;
}

export interface Market {
  readonly time: Float64Array;
  readonly symbols: readonly MarketSymbol[];
}

/**
 * Puts the symbols on the union of their times. A single symbol, or symbols with the same times, are taken as they
 * are, without a copy.
 * @throws UserError for no bars, doubled symbols, mixed intervals, times out of order, or prices that are no prices
 */
export function alignBars(all: readonly Bars[]): Market {
  const first = all[0];
  if (first === undefined) throw new UserError('A backtest needs the bars of at least one symbol.');
  for (const [index, bars] of all.entries()) {
    checkBars(bars);
    if (bars.interval !== first.interval) {
      throw new UserError(`${bars.symbol} has ${bars.interval} bars, but ${first.symbol} ${first.interval}.`);
    }
    if (all.findIndex(({ symbol }) => symbol === bars.symbol) !== index) {
      throw new UserError(`The bars of ${bars.symbol} were given twice.`);
    }
  }
  const time = all.every((bars) => sameTimes(bars.time, first.time)) ? first.time : unionOfTimes(all);
  return {
    time,
    symbols: all.map((bars) => (bars.time.length === time.length ? asIs(bars) : spread(bars, time))),
  };
}

/** A market of one of its bars. */
export function sliceMarket({ time, symbols }: Market, bar: number): Market {
  const cut = (column: Float64Array) => column.subarray(bar, bar + 1);
  return {
    time: cut(time),
    symbols: symbols.map((columns) => ({
      symbol: columns.symbol,
      open: cut(columns.open),
      high: cut(columns.high),
      low: cut(columns.low),
      close: cut(columns.close),
      volume: cut(columns.volume),
      extra: {},
      traded: null,
    })),
  };
}

/** By which share a high or low may miss another price of its bar: adjusted prices are rounded each on its own. */
const rounding = 1e-6;

/** A warning about bars whose high is not their highest price, or whose low is not their lowest; none for all others. */
export function doubtOf({ symbol, time, open, high, low, close }: Bars): string[] {
  let count = 0;
  let firstOf = 0;
  for (let i = 0; i < time.length; i++) {
    const top = (high[i] as number) * (1 + rounding);
    const bottom = (low[i] as number) * (1 - rounding);
    const from = open[i] as number;
    const to = close[i] as number;
    if (from <= top && to <= top && from >= bottom && to >= bottom) continue;
    if (count === 0) firstOf = time[i] as number;
    count++;
  }
  if (count === 0) return [];
  const bars = count === 1 ? '1 bar whose prices are' : `${count} bars whose prices are`;
  return [
    `${symbol} has ${bars} not all between low and high, first on ${new Date(firstOf).toISOString().slice(0, 10)}: what fills on them may be at prices that there never were.`,
  ];
}

function checkBars(bars: Bars): void {
  const { symbol, time } = bars;
  if (time.length === 0) throw new UserError(`${symbol} has no bars.`);
  checkTimes(symbol, time);
  for (const column of ['open', 'high', 'low', 'close'] as const) {
    const prices = bars[column];
    if (prices.length !== time.length) {
      throw new UserError(`${symbol} has ${time.length} times but ${prices.length} values of ${column}.`);
    }
    const wrong = firstUnpriced(prices);
    if (wrong >= 0) {
      throw new UserError(
        `${symbol} has a ${column} of ${prices[wrong]} on ${new Date(time[wrong] as number).toISOString()}; prices must be above zero.`,
      );
    }
  }
}

function checkTimes(symbol: string, time: Float64Array): void {
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < time.length; i++) {
    const here = time[i] as number;
    if (!(here > before && here < Number.POSITIVE_INFINITY)) {
      if (!Number.isFinite(here)) throw new UserError(`${symbol} has a bar without a time, at index ${i}.`);
      throw new UserError(`${symbol} has bars out of order or twice, at ${new Date(here).toISOString()}.`);
    }
    before = here;
  }
}

/** Index of the first value that is no price; -1 where all are. */
function firstUnpriced(prices: Float64Array): number {
  for (let i = 0; i < prices.length; i++) {
    const price = prices[i] as number;
    if (!(price > 0 && price < Number.POSITIVE_INFINITY)) return i;
  }
  return -1;
}

function sameTimes(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((time, index) => time === b[index]));
}

function unionOfTimes(all: readonly Bars[]): Float64Array {
  const times = new Set<number>();
  for (const bars of all) for (const time of bars.time) times.add(time);
  return Float64Array.from(times).sort();
}

function asIs({ symbol, open, high, low, close, volume, extra }: Bars): MarketSymbol {
  return { symbol, open, high, low, close, volume, extra, traded: null };
}

function spread(bars: Bars, time: Float64Array): MarketSymbol {
  const length = time.length;
  const column = () => new Float64Array(length).fill(Number.NaN);
  const [open, high, low, close, volume] = [column(), column(), column(), column(), column()];
  const extra = Object.fromEntries(Object.keys(bars.extra).map((name) => [name, column()]));
  const traded = new Uint8Array(length);
  let own = 0;
  for (let i = 0; i < length; i++) {
    if (bars.time[own] === time[i]) {
      open[i] = bars.open[own] as number;
      high[i] = bars.high[own] as number;
      low[i] = bars.low[own] as number;
      close[i] = bars.close[own] as number;
      volume[i] = bars.volume[own] as number;
      for (const [name, values] of Object.entries(extra)) values[i] = bars.extra[name]?.[own] ?? Number.NaN;
      traded[i] = 1;
      own++;
    } else if (own > 0) {
      const before = close[i - 1] as number;
      open[i] = high[i] = low[i] = close[i] = before;
      volume[i] = 0;
      for (const values of Object.values(extra)) values[i] = values[i - 1] as number;
    }
  }
  return { symbol: bars.symbol, open, high, low, close, volume, extra, traded };
}
