/**
 * Looks at the market while something rests: prices that the source streams, and those that it is asked for again and
 * again, with its new bars. When nothing rests nobody is asked.
 */
import { reasonOf, UserError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Bars, Interval } from '../../market/bars.ts';
import { decimalOfNumber } from '../../money.ts';
import type { Price, Prices } from '../prices.ts';
import type { Glimpse } from './matching.ts';
import { glimpseOf } from './matching.ts';

export interface WatchParts {
  readonly broker: string;
  readonly prices: Prices;
  readonly log: Logger;
  readonly pollMs: number;
  readonly interval: Interval;
  /** Symbols in which something rests, each with the time from which on bars are to be judged. */
  resting(): ReadonlyMap<string, Date>;
  /** How soon an order that is on its way arrives at the market; undefined when none is. */
  nextArrivalMs(): number | undefined;
  judge(symbol: string, glimpse: Glimpse): Promise<void>;
}

export class Watch {
  readonly #parts: WatchParts;
  readonly #streams = new Map<string, () => void>();
  /** Newest price of a symbol: without a newer one there is no newer bar either. */
  readonly #seen = new Map<string, string>();
  /** Of those that were judged. It is asked for again, because it may not have been over. */
  readonly #newestBar = new Map<string, Date>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  /** What was begun: one glimpse is judged after the other, in the order in which they came. */
  #work: Promise<void> = Promise.resolve();
  readonly #faulty = new Set<string>();

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#plan(0);
  }

  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const stopStream of this.#streams.values()) stopStream();
    this.#streams.clear();
    this.#seen.clear();
    this.#newestBar.clear();
    await this.#work;
  }

  /** Something new rests, or rests no more. */
  refresh(): void {
    if (!this.#running) return;
    const resting = this.#parts.resting();
    for (const [symbol, stopStream] of this.#streams) {
      if (resting.has(symbol)) continue;
      stopStream();
      this.#streams.delete(symbol);
      this.#seen.delete(symbol);
    }
    for (const symbol of resting.keys()) this.#follow(symbol);
    const soon = this.#parts.nextArrivalMs();
    if (soon !== undefined) this.#plan(soon);
    else if (resting.size > 0 && this.#timer === undefined) this.#plan(this.#parts.pollMs);
  }

  #follow(symbol: string): void {
    if (this.#streams.has(symbol) || !this.#parts.prices.subscribe) return;
    const stop = this.#parts.prices.subscribe(symbol, (price) => {
      this.#then(symbol, () => this.#judge(symbol, price));
    });
    this.#streams.set(symbol, stop);
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#poll(), ms);
    this.#timer.unref(); // an order that rests keeps no process alive
  }

  #poll(): void {
    this.#timer = undefined;
    for (const [symbol, since] of this.#parts.resting()) {
      this.#then(symbol, () => this.#look(symbol, since));
    }
    this.#work = this.#work.then(() => this.refresh());
  }

  async #look(symbol: string, since: Date): Promise<void> {
    const price = await this.#parts.prices.lastPrice(symbol);
    for (const bar of await this.#newBars(symbol, price, since)) {
      await this.#parts.judge(symbol, bar);
      this.#newestBar.set(symbol, new Date(bar.at));
    }
    await this.#judge(symbol, price);
  }

  async #judge(symbol: string, price: Price): Promise<void> {
    this.#seen.set(symbol, price.at.toISOString());
    if (this.#running) await this.#parts.judge(symbol, glimpseOf(price));
  }

  async #newBars(symbol: string, price: Price, since: Date): Promise<readonly Glimpse[]> {
    const { prices, interval } = this.#parts;
    const newest = this.#newestBar.get(symbol);
    const from = newest && newest > since ? newest : since;
    const isNews = this.#seen.get(symbol) !== price.at.toISOString() && price.at >= from;
    if (!prices.bars || !isNews) return [];
    try {
      const [bars] = await prices.bars({ symbols: [symbol], from, interval, adjusted: false });
      return bars ? glimpsesOf(bars) : [];
    } catch (error) {
      if (error instanceof UserError) return []; // there is none in the range, or none of this length
      throw error;
    }
  }

  /** After all that was begun. A fault is told to the log once until it is over; the next price is a new chance. */
  #then(symbol: string, look: () => Promise<void>): void {
    const { broker, log } = this.#parts;
    this.#work = this.#work.then(async () => {
      if (!this.#running) return;
      try {
        await look();
        this.#faulty.delete(symbol);
      } catch (error) {
        if (!this.#faulty.has(symbol)) {
          log.warn(
            { broker, symbol, error: reasonOf(error) },
            'a resting order could not be compared with the market',
          );
        }
        this.#faulty.add(symbol);
      }
    });
  }
}

function glimpsesOf({ time, open, high, low, volume }: Bars): readonly Glimpse[] {
  return [...time].map((at, index) => {
    const traded = volume[index] ?? Number.NaN;
    return {
      open: decimalOfNumber(open[index] ?? Number.NaN),
      high: decimalOfNumber(high[index] ?? Number.NaN),
      low: decimalOfNumber(low[index] ?? Number.NaN),
      at: new Date(at).toISOString(),
      volume: Number.isFinite(traded) ? decimalOfNumber(traded) : undefined,
      isBar: true,
    };
  });
}
