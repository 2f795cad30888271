/**
 * What every source over a network does alike: asks its vendor symbol by symbol, puts pages together, makes weeks and months
 * of days, leaves out what is not finished and what was not asked for, and says which symbol was perhaps meant.
 */
import type { Clock } from '../../../clock.ts';
import { UserError } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import { nearest } from '../../../nearest.ts';
import { type Bars, type Interval, intervals, sliceBars } from '../../bars.ts';
import { resampleDaily } from '../../resample.ts';
import { noBars, searchSymbols } from '../lookup.ts';
import type { BarsRequest, LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import { newestFinished } from './finished.ts';
import { VendorRefusal } from './refusal.ts';
import { barsOfRows, type Row } from './rows.ts';

export interface HistoryQuestion {
  /** In the vendor's spelling. */
  readonly symbol: string;
  /** Milliseconds UTC, both inclusive. Of daily bars they are midnights UTC. Without a beginning: from the vendor's own. */
  readonly from: number | undefined;
  readonly to: number;
  readonly interval: Interval;
  readonly adjusted: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface History {
  /** In any order; more than was asked for does no harm. */
  readonly rows: readonly Row[];
  readonly market: Market;
  /** As the vendor writes it, where that is only known by now. */
  readonly symbol?: string;
  /** Which bar is still being made, where the vendor tells; null: none. */
  readonly unfinished?: number | null;
}

/** One data vendor. What it throws is a `VendorRefusal`. */
export interface Vendor {
  /** Those that it has itself. Weeks and months are made of its days. */
  readonly intervals: readonly Interval[];
  /** How far back its bars of an interval reach, in days, where that is little. */
  readonly reachDays?: Readonly<Partial<Record<Interval, number>>>;
  /** A price that is younger is given again without a question. */
  readonly priceForMs: number;
  /** A symbol as the vendor writes it. */
  spelled(symbol: string): string;
  /** Rejects with the kind `unknown-symbol`, or with `no-data` when there is none in the range. */
  history(question: HistoryQuestion): Promise<History>;
  /** By symbol or name; not asked where all can be listed. */
  search(query: string): Promise<readonly SymbolInfo[]>;
  /** All symbols there are; undefined where there are too many to list. */
  list?(): Promise<readonly SymbolInfo[]>;
  last(symbol: string): Promise<LastPrice>;
  market(symbol: string): Promise<Market>;
}

const dayMs = 86_400_000;
/** Asked for at the same time. */
const lanes = 4;
/** Bars within a day that come without being asked how many, in days. */
const usualDays: Readonly<Partial<Record<Interval, number>>> = {
  '1m': 7,
  '5m': 60,
  '15m': 60,
  '30m': 60,
  '1h': 730,
  '4h': 730,
};
const searchForMs = 3_600_000;
const mostRemembered = 500;

export function remoteSource(
  vendor: Vendor,
  {
    name,
    timezone,
    clock,
    log,
  }: { readonly name: string; readonly timezone: string; readonly clock: Clock; readonly log: Logger },
): Source {
  const offered = intervals.filter(
    (interval) => vendor.intervals.includes(interval) || isMadeOfDays(interval, vendor),
  );
  const prices = new Remembered<LastPrice>(vendor.priceForMs, clock);
  const searches = new Remembered<readonly SymbolInfo[]>(searchForMs, clock);
  const now = () => clock.now().getTime();

  async function history(wanted: string, request: BarsRequest): Promise<Bars> {
    const { interval, adjusted, signal, unfinished = false } = request;
    if (!offered.includes(interval)) {
      throw new UserError(`Source ${name} has no ${interval} bars, only ${offered.join(', ')}.`);
    }
    const symbol = vendor.spelled(wanted);
    const days = isMadeOfDays(interval, vendor);
    const asked = days ? '1d' : interval;
    const { from, to } = rangeOf(request, asked);
    if (from !== undefined && from > to) throw noBars(wanted, request, name);
    // Weeks and months begin before what is asked for and end after it: they are made of all their days.
    const around = days === undefined ? 0 : days === '1w' ? 7 * dayMs : 31 * dayMs;
    const question = {
      symbol,
      from: from && from - around,
      to: to + around,
      interval: asked,
      adjusted,
      signal,
    } as const;
    const found = await known(wanted, request, () => vendor.history(question));
    const rows = unfinished ? found.rows : finished(found, asked);
    const bars = barsOfRows(found.symbol ?? symbol, asked, rows);
    return cut(days ? resampleDaily(bars, days) : bars, request);
  }

  /** As far back as the vendor has bars of this length; without a wish as far as is usual. */
  function rangeOf({ from, to }: BarsRequest, interval: Interval): { from: number | undefined; to: number } {
    // Where it is tomorrow already, today's session has tomorrow's date.
    const newest = now() + (interval === '1d' ? dayMs : 0);
    const last = Math.min(to?.getTime() ?? newest, newest);
    const reach = vendor.reachDays?.[interval];
    const first = reach === undefined ? undefined : now() - reach * dayMs;
    if (first !== undefined && last < first) {
      throw new UserError(`Source ${name} has ${interval} bars of the last ${reach} days only.`);
    }
    const usual = usualDays[interval];
    const wished = from?.getTime() ?? (usual === undefined ? undefined : last - usual * dayMs);
    return { from: first === undefined ? wished : Math.max(first, wished ?? first), to: last };
  }

  function finished({ rows, market, unfinished }: History, interval: Interval): readonly Row[] {
    if (unfinished !== undefined) return rows.filter(({ time }) => time !== unfinished);
    const newest = newestFinished(interval, market, now());
    return rows.filter(({ time }) => time <= newest);
  }

  function cut(bars: Bars, request: BarsRequest): Bars {
    const first = request.from?.getTime() ?? Number.NEGATIVE_INFINITY;
    const last = request.to?.getTime() ?? Number.POSITIVE_INFINITY;
    let begin = 0;
    let end = bars.time.length;
    while (begin < end && (bars.time[begin] ?? 0) < first) begin++;
    while (end > begin && (bars.time[end - 1] ?? 0) > last) end--;
    if (begin === end) throw noBars(bars.symbol, request, name);
    return sliceBars(bars, begin, end);
  }

  /** An unknown symbol is told with those that were perhaps meant, an empty range with the range. */
  async function known<T>(
    wanted: string,
    { from, to }: Pick<BarsRequest, 'from' | 'to'>,
    ask: () => Promise<T>,
  ): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof VendorRefusal)) throw error;
      if (error.kind === 'no-data') throw noBars(wanted, { ...(from && { from }), ...(to && { to }) }, name);
      if (error.kind !== 'unknown-symbol') throw error;
      throw new VendorRefusal(
        'unknown-symbol',
        `Source ${name} has no symbol "${wanted}".${await meant(wanted)}`,
        { cause: error },
      );
    }
  }

  async function meant(wanted: string): Promise<string> {
    let found: readonly string[];
    try {
      found = (await search(wanted)).map(({ symbol }) => symbol);
    } catch (error) {
      if (!(error instanceof VendorRefusal)) throw error;
      log.warn({ source: name, error: error.message }, 'no symbols like an unknown one could be looked up');
      return '';
    }
    const near = nearest(wanted, found);
    const hint = near.length > 0 ? near : found.slice(0, 3);
    return hint.length > 0 ? ` Did you mean ${hint.join(' or ')}?` : '';
  }

  async function search(query: string): Promise<readonly SymbolInfo[]> {
    const key = query.trim().toUpperCase();
    const all = await list();
    if (!all) return searches.get(key, () => vendor.search(key));
    const found = searchSymbols(all, key, all.length);
    if (found.length > 0) return found;
    const symbols = all.map(({ symbol }) => symbol);
    const near = nearest(key, symbols); // it may be mistyped
    return all.filter(({ symbol }) => near.includes(symbol));
  }

  /** All there are, where they can be listed. */
  function list(): Promise<readonly SymbolInfo[]> | undefined {
    const { list: ask } = vendor;
    return ask && searches.get('', () => ask.call(vendor));
  }

  return {
    name,
    timezone,
    remote: { intervals: offered, listsSymbols: vendor.list !== undefined },
    bars: (request) => inLanes(request.symbols, (symbol) => history(symbol, request), request.signal),
    async symbols(query, limit) {
      if (query.trim() === '') return ((await list()) ?? []).slice(0, limit);
      const found = await search(query);
      const fitting = searchSymbols(found, query, found.length);
      // Vendors also find what was perhaps meant.
      return [...new Set([...fitting, ...found])].slice(0, limit);
    },
    lastPrice: (wanted) => {
      const symbol = vendor.spelled(wanted);
      return prices.get(symbol, () => known(wanted, {}, () => vendor.last(symbol)));
    },
    market: (wanted) => known(wanted, {}, () => vendor.market(vendor.spelled(wanted))),
  };
}

/** `1w` or `1mo` where the vendor's are not used: everywhere, so that a week begins on Monday at every source. */
function isMadeOfDays(interval: Interval, vendor: Vendor): '1w' | '1mo' | undefined {
  if (interval !== '1w' && interval !== '1mo') return undefined;
  return vendor.intervals.includes('1d') ? interval : undefined;
}

/** In the order of the list, some at a time. The first that fails ends it; no further one is begun. */
async function inLanes<T>(
  symbols: readonly string[],
  ask: (symbol: string) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T[]> {
  const found = new Map<number, T>();
  const waiting = [...symbols.entries()];
  let failed = false;
  const lane = async () => {
    for (let next = waiting.shift(); next && !failed; next = waiting.shift()) {
      signal?.throwIfAborted();
      const [index, symbol] = next;
      found.set(index, await ask(symbol));
    }
  };
  const all = Array.from({ length: Math.min(lanes, symbols.length) }, lane);
  await Promise.all(all).catch((error: unknown) => {
    failed = true;
    throw error;
  });
  return [...found].sort(([a], [b]) => a - b).map(([, value]) => value);
}

/** Answers that are given again for a while, also to those who ask while the first is under way. Failures are not. */
class Remembered<T> {
  readonly #forMs: number;
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();

  constructor(forMs: number, clock: Clock) {
    this.#forMs = forMs;
    this.#clock = clock;
  }

  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = this.#clock.now().getTime();
    const known = this.#answers.get(key);
    if (known && now < known.until) return known.answer;
    const entry = { until: now + this.#forMs, answer: ask() };
    this.#answers.set(key, entry);
    entry.answer.catch(() => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    });
    if (this.#answers.size > mostRemembered) {
      const [oldest] = this.#answers.keys();
      if (oldest !== undefined) this.#answers.delete(oldest);
    }
    return entry.answer;
  }
}
