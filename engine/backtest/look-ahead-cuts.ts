/** Where the look-ahead check cuts the data, and the data that is left. */
import { type Bars, sliceBars } from '../market/bars.ts';

/**
 * The bars after which the data ends in a rerun, ascending: the first on which the strategy decides, the last but one,
 * `samples` by chance, and before, on and after the bars of `samples` of the orders, the first and the last of them
 * always. The same seed gives the same bars.
 */
export function chooseCuts(
  { bars, firstBar, orderBars }: { bars: number; firstBar: number; orderBars: readonly number[] },
  samples: number,
  seed: number,
): number[] {
  const random = randomNumbers(seed);
  const cuts = new Set([firstBar, bars - 2]);
  const withOrders = [...new Set(orderBars)];
  const chosen = new Set([withOrders.at(0), withOrders.at(-1), ...pick(withOrders, samples, random)]);
  for (const bar of chosen) {
    if (bar !== undefined) for (const near of [bar - 1, bar, bar + 1]) cuts.add(near);
  }
  for (let i = 0; i < samples; i++) cuts.add(firstBar + Math.floor(random() * (bars - firstBar)));
  // Before the first decision nothing can be compared, and on the last bar nothing is cut off.
  return [...cuts].filter((bar) => bar >= firstBar && bar < bars - 1).sort((a, b) => a - b);
}

/**
 * The bars up to the time of `bar` on the common axis, as copies: a view would still lead to what was cut off. A symbol
 * that was not listed by then stays with one made-up bar after the cut, so that the strategy sees the same symbols.
 */
export function barsUntil(all: readonly Bars[], axis: Float64Array, bar: number): Bars[] {
  const last = axis[bar] as number;
  const after = axis[bar + 1] as number;
  return all.map((bars) => {
    const end = bars.time.findIndex((time) => time > last);
    if (end < 0) return bars;
    return end === 0 ? madeUpBar(bars, after, 1) : copyOf(sliceBars(bars, 0, end));
  });
}

/**
 * The bars from the time of `bar` on. A symbol that has none of them any more stays with one bar at its last close, at
 * that time.
 */
export function barsFrom(all: readonly Bars[], axis: Float64Array, bar: number): Bars[] {
  const first = axis[bar] as number;
  return all.map((bars) => {
    const start = bars.time.findIndex((time) => time >= first);
    if (start < 0) return madeUpBar(bars, first, bars.close.at(-1) ?? 1);
    return start === 0 ? bars : copyOf(sliceBars(bars, start, bars.time.length));
  });
}

function madeUpBar(bars: Bars, time: number, price: number): Bars {
  const one = (value: number) => Float64Array.of(value);
  return {
    ...bars,
    time: one(time),
    open: one(price),
    high: one(price),
    low: one(price),
    close: one(price),
    volume: one(0),
    extra: Object.fromEntries(Object.keys(bars.extra).map((name) => [name, one(Number.NaN)])),
  };
}

function copyOf(bars: Bars): Bars {
  // Float64Array.from, not slice: a slice of shared memory would be shared memory too.
  const copy = (column: Float64Array) => Float64Array.from(column);
  return {
    ...bars,
    time: copy(bars.time),
    open: copy(bars.open),
    high: copy(bars.high),
    low: copy(bars.low),
    close: copy(bars.close),
    volume: copy(bars.volume),
    extra: Object.fromEntries(Object.entries(bars.extra).map(([name, column]) => [name, copy(column)])),
  };
}

/** `count` of the values without repetition (Fisher and Yates's shuffle, stopped early). */
function pick(values: readonly number[], count: number, random: () => number): number[] {
  const rest = [...values];
  const most = Math.min(count, rest.length);
  for (let i = 0; i < most; i++) {
    const other = i + Math.floor(random() * (rest.length - i));
    [rest[i], rest[other]] = [rest[other] as number, rest[i] as number];
  }
  return rest.slice(0, most);
}

/** Mulberry32 (Tommy Ettinger, public domain): even numbers from 0 to below 1. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
