/** A vendor of bars that a test fills, corrects and counts: behind it may be any source. */
import { UserError } from '../../engine/errors.ts';
import type { Bars } from '../../engine/market/bars.ts';
import { canonicalSymbol, inInterval, inRange } from '../../engine/market/sources/lookup.ts';
import type { BarsRequest, Source } from '../../engine/market/sources/source.ts';

export interface VendorBar {
  /** `2026-01-02`, or with the time of day: `2026-01-02T14:30`. */
  readonly at: string;
  readonly close: number;
  readonly volume?: number;
}

export interface Vendor extends Source {
  /** What it was asked, oldest first. */
  readonly requests: BarsRequest[];
  /** Replaces the bars of a symbol. */
  tell(symbol: string, bars: readonly VendorBar[]): void;
  /** Why it does not answer. */
  problem: string;
}

export function vendor({ timezone = 'America/New_York', interval = '1d' as Bars['interval'] } = {}): Vendor {
  const all = new Map<string, Bars>();
  const requests: BarsRequest[] = [];
  return {
    name: 'vendor',
    timezone,
    requests,
    problem: '',
    tell(symbol, bars) {
      all.set(symbol, columnsOf(symbol, interval, bars));
    },
    async bars(request) {
      requests.push(request);
      if (this.problem !== '') throw new UserError(this.problem);
      return request.symbols.map((wanted) => {
        const symbol = canonicalSymbol(wanted, [...all.keys()], 'vendor');
        const bars = all.get(symbol);
        if (bars === undefined) throw new Error(`no bars of ${symbol}`);
        return inRange(inInterval(bars, request.interval, 'vendor'), request, 'vendor');
      });
    },
    symbols: async () => [...all.keys()].map((symbol) => ({ symbol, name: symbol, currency: 'USD' })),
    lastPrice: async (symbol) => ({ symbol, price: '1', currency: 'USD', at: new Date(0) }),
  };
}

/** The weekdays from one day to another, closing at 100, 101, 102, ... times `factor`. */
export function weekdayBars(from: string, to: string, factor = 1): VendorBar[] {
  const bars: VendorBar[] = [];
  for (let time = Date.parse(from); time <= Date.parse(to); time += 86_400_000) {
    const at = new Date(time);
    if ([0, 6].includes(at.getUTCDay())) continue;
    bars.push({ at: at.toISOString().slice(0, 10), close: (100 + bars.length) * factor });
  }
  return bars;
}

function columnsOf(symbol: string, interval: Bars['interval'], bars: readonly VendorBar[]): Bars {
  const column = (pick: (bar: VendorBar) => number) => Float64Array.from(bars, pick);
  return {
    symbol,
    interval,
    time: column(({ at }) => Date.parse(at.length > 10 ? `${at}Z` : at)),
    open: column(({ close }) => close * 0.995),
    high: column(({ close }) => close * 1.01),
    low: column(({ close }) => close * 0.98),
    close: column(({ close }) => close),
    volume: column(({ volume }) => volume ?? Number.NaN),
    extra: {},
  };
}
