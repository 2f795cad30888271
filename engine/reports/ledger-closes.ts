/** Daily closes of what books held, from whichever source has them. */
import { reasonOf, UserError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Bars } from '../market/bars.ts';
import type { Source } from '../market/sources/source.ts';
import { dayMs } from './ledger-equity.ts';

/** Over weekends and holidays the last close stands; beyond that nobody knows the price. */
const longestGapDays = 7;

export class DailyCloses {
  readonly #closes: ReadonlyMap<string, ReadonlyMap<number, number>>;

  private constructor(closes: ReadonlyMap<string, ReadonlyMap<number, number>>) {
    this.#closes = closes;
  }

  /** A symbol that no source knows, or none can tell of just now, has no closes. */
  static async of(
    symbols: readonly string[],
    {
      sources,
      from,
      log,
    }: {
      readonly sources: ReadonlyMap<string, Source>;
      readonly from: Date;
      readonly log: Logger;
    },
  ): Promise<DailyCloses> {
    const early = new Date(from.getTime() - longestGapDays * dayMs);
    const found = symbols.map(async (symbol): Promise<[string, ReadonlyMap<number, number>][]> => {
      for (const source of sources.values()) {
        try {
          const [bars] = await source.bars({
            symbols: [symbol],
            from: early,
            interval: '1d',
            adjusted: false,
          });
          if (!bars) continue;
          // What was asked for under another name is held under the source's.
          const closes = closesOf(bars);
          return [...new Set([symbol, bars.symbol])].map((name) => [name, closes]);
        } catch (error) {
          if (error instanceof UserError) continue; // this source does not know it
          log.warn({ symbol, source: source.name, error: reasonOf(error) }, 'no bars for what a book held');
        }
      }
      return [];
    });
    return new DailyCloses(new Map((await Promise.all(found)).flat()));
  }

  /** The close of a day, or of one shortly before; undefined where it is not known. */
  on(symbol: string, day: number): number | undefined {
    const closes = this.#closes.get(symbol);
    for (let before = 0; closes && before <= longestGapDays; before++) {
      const close = closes.get(day - before * dayMs);
      if (close !== undefined) return close;
    }
    return undefined;
  }
}

function closesOf({ time, close }: Bars): ReadonlyMap<number, number> {
  const closes = new Map<number, number>();
  time.forEach((at, bar) => {
    const price = close[bar];
    if (price !== undefined && Number.isFinite(price)) closes.set(Math.floor(at / dayMs) * dayMs, price);
  });
  return closes;
}
