/** Bars of a symbol: those that a test gave, and where it gave none, the tape's. */
import { type Decimal, zero } from '../../../../engine/money.ts';
import type { Venue } from '../venue.ts';
import { BinanceError } from './errors.ts';
import { eight } from './wire.ts';

/** Open time in milliseconds, then open, high, low, close, volume as decimal text. */
export type Bar = readonly [
  at: number,
  open: string,
  high: string,
  low: string,
  close: string,
  volume: string,
];

const intervalsMs: Readonly<Record<string, number>> = {
  '1s': 1000,
  '1m': 60_000,
  '3m': 180_000,
  '5m': 300_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '4h': 14_400_000,
  '6h': 21_600_000,
  '8h': 28_800_000,
  '12h': 43_200_000,
  '1d': 86_400_000,
  '3d': 259_200_000,
  '1w': 604_800_000,
};

export class Bars {
  readonly #given = new Map<string, readonly Bar[]>();

  give(symbol: string, interval: string, bars: readonly Bar[]): void {
    this.#given.set(`${symbol} ${interval}`, bars);
  }

  /** As `/api/v3/klines` answers. */
  read(
    venue: Venue,
    symbol: string,
    interval: string,
    range: { readonly startTime?: number; readonly endTime?: number; readonly limit: number },
  ): readonly unknown[] {
    const length = intervalsMs[interval];
    if (length === undefined) throw new BinanceError(-1120, 'Invalid interval.');
    venue.listed(symbol);
    const all = this.#given.get(`${symbol} ${interval}`) ?? fromTape(venue, symbol, length);
    const { startTime = 0, endTime = venue.now(), limit } = range;
    const within = all.filter(([at]) => at >= startTime && at <= endTime);
    const page = range.startTime === undefined ? within.slice(-limit) : within.slice(0, limit);
    return page.map(([at, open, high, low, close, volume]) => [
      at,
      open,
      high,
      low,
      close,
      volume,
      at + length - 1,
      eight(zero),
      0,
      eight(zero),
      eight(zero),
      '0',
    ]);
  }
}

function fromTape(venue: Venue, symbol: string, length: number): readonly Bar[] {
  interface Growing {
    readonly at: number;
    readonly open: Decimal;
    high: Decimal;
    low: Decimal;
    close: Decimal;
    volume: Decimal;
  }
  const bars: Growing[] = [];
  for (const { price, quantity, at } of venue.prints(symbol)) {
    const start = at - (at % length);
    const bar = bars.at(-1);
    if (bar === undefined || bar.at !== start) {
      bars.push({ at: start, open: price, high: price, low: price, close: price, volume: quantity });
      continue;
    }
    if (price.gt(bar.high)) bar.high = price;
    if (price.lt(bar.low)) bar.low = price;
    bar.close = price;
    bar.volume = bar.volume.plus(quantity);
  }
  return bars.map((bar) => [
    bar.at,
    eight(bar.open),
    eight(bar.high),
    eight(bar.low),
    eight(bar.close),
    eight(bar.volume),
  ]);
}
