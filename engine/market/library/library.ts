/**
 * A source whose bars are kept in the store, so that only what is new is fetched.
 *
 * The newest kept bars are fetched again each time. Where they are no longer what they were, the vendor has corrected them or
 * adjusted its history: a single correction is taken over and told, an adjusted history is fetched again as a whole. A bar is
 * kept only once it is over; the unfinished ones of today come from the source every time.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf, UserError } from '../../errors.ts';
import type { Outbox } from '../../events.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/store.ts';
import { type Bars, sliceBars } from '../bars.ts';
import { inRange } from '../sources/lookup.ts';
import type { BarsRequest, Source } from '../sources/source.ts';
import { finalBars, isKept } from './final.ts';
import { indexAt, joinBars, periodOf } from './join.ts';
import { type Correction, compareOverlap } from './overlap.ts';
import { type Series, type SeriesRecord, Shelf } from './shelf.ts';

export interface LibraryParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
}

/** Bars that are fetched again each time: vendors correct the newest ones. */
const overlapBars = 10;

/** The largest corrections of a request that are told with their prices. */
const mostTold = 5;

type TellableCorrection = Correction & { readonly symbol: string };

/** What there is of a symbol before the source is asked. */
interface Kept {
  readonly series: Series;
  readonly record: SeriesRecord | undefined;
  /** None when nothing is kept, or not as far back as is asked. */
  readonly bars: Bars | undefined;
  /** From when on the source is asked; undefined from the beginning, null not at all. */
  readonly fetchFrom: number | undefined | null;
}

type KeptRequest = BarsRequest & { readonly interval: Series['interval'] };

/** The same source, remembering its bars. */
export async function withLibrary(source: Source, parts: LibraryParts): Promise<Source> {
  const shelf = await Shelf.open(parts.store, parts.clock);
  const library = new Library(source, shelf, parts);
  return {
    ...source,
    bars: (request) => library.bars(request),
    symbols: (query, limit) => source.symbols(query, limit),
    lastPrice: (symbol) => source.lastPrice(symbol),
    library: {
      size: () => shelf.size(source.name),
      forget: (symbol) => shelf.forget(source.name, symbol),
    },
  };
}

class Library {
  readonly #source: Source;
  readonly #shelf: Shelf;
  readonly #parts: LibraryParts;
  /** How the source spells what was asked for. */
  readonly #spellings = new Map<string, string>();

  constructor(source: Source, shelf: Shelf, parts: LibraryParts) {
    this.#source = source;
    this.#shelf = shelf;
    this.#parts = parts;
  }

  async bars(request: BarsRequest): Promise<Bars[]> {
    const { interval, symbols } = request;
    if (!isKept(interval)) return this.#source.bars(request);
    const wanted: KeptRequest = { ...request, interval };
    const kept = await Promise.all(symbols.map((symbol) => this.#kept(symbol, wanted)));
    const fetched = await this.#fetch(kept, wanted);
    const corrected: TellableCorrection[] = [];
    const all: Bars[] = [];
    for (const [index, each] of kept.entries()) {
      const { bars, corrections } = await this.#together(each, fetched[index], wanted);
      corrected.push(...corrections.map((correction) => ({ symbol: bars.symbol, ...correction })));
      all.push(await this.#cut(bars, each, wanted));
    }
    await this.#tell(interval, corrected);
    return all;
  }

  /** @throws UserError when there are none in the asked range: as the source says it */
  async #cut(bars: Bars, { series, fetchFrom }: Kept, request: KeptRequest): Promise<Bars> {
    const start = request.from?.getTime() ?? Number.NEGATIVE_INFINITY;
    const end = request.to?.getTime() ?? Number.POSITIVE_INFINITY;
    if (fetchFrom === null && !bars.time.some((time) => time >= start && time <= end)) {
      const [own] = await this.#ask([series.symbol], request.from?.getTime(), request);
      if (own) return own;
    }
    return inRange(bars, request, this.#source.name);
  }

  async #kept(wanted: string, request: KeptRequest): Promise<Kept> {
    const chosen = await this.#source.chosen?.(wanted);
    const symbol = chosen ?? this.#spellings.get(wanted) ?? wanted;
    const { interval, adjusted } = request;
    const series: Series = { source: this.#source.name, symbol, interval, adjusted };
    const from = request.from?.getTime();
    // A second time when another process changed the series while it was read.
    for (let attempt = 0; attempt < 2; attempt++) {
      const record = await this.#shelf.find(series);
      if (record === undefined || !reachesBack(record, from))
        return { series, record, bars: undefined, fetchFrom: from };
      const isEnough = request.to !== undefined && request.to.getTime() <= Date.parse(record.last);
      const bars = await this.#read(record, request, isEnough);
      if (bars === 'damaged') return { series, record, bars: undefined, fetchFrom: from };
      if (bars === undefined) continue;
      const overlap = bars.time[Math.max(0, bars.time.length - overlapBars)];
      return { series, record, bars, fetchFrom: isEnough ? null : overlap };
    }
    return { series, record: await this.#shelf.find(series), bars: undefined, fetchFrom: from };
  }

  async #read(record: SeriesRecord, { from, to }: KeptRequest, isEnough: boolean) {
    const first = from === undefined ? '' : periodOf(from.getTime(), record);
    // The overlap may begin in the last period but one.
    const overlap = record.chunks.at(-2)?.period ?? '';
    const start = isEnough || first < overlap ? first : overlap;
    const end = isEnough && to ? periodOf(to.getTime(), record) : '\u{ffff}';
    try {
      return await this.#shelf.read(record, start, end);
    } catch (error) {
      this.#parts.log.warn(
        { series: record._id, reason: reasonOf(error) },
        'kept bars are damaged: fetched again',
      );
      return 'damaged' as const;
    }
  }

  /** Of each symbol what the source has from its `fetchFrom` on; symbols with the same are asked for together. */
  async #fetch(kept: readonly Kept[], request: KeptRequest): Promise<(Bars | undefined)[]> {
    const fetched: (Bars | undefined)[] = kept.map(() => undefined);
    for (const from of new Set(kept.map(({ fetchFrom }) => fetchFrom))) {
      if (from === null) continue;
      const group = kept.flatMap(({ fetchFrom }, index) => (fetchFrom === from ? [index] : []));
      const symbols = group.map((index) => request.symbols[index] ?? '');
      const bars = await this.#ask(symbols, from, request);
      for (const [position, index] of group.entries()) fetched[index] = bars[position];
    }
    return fetched;
  }

  /** What a symbol's kept and fetched bars are together; what is new and over is kept. */
  async #together(
    kept: Kept,
    fetched: Bars | undefined,
    request: KeptRequest,
  ): Promise<{ bars: Bars; corrections: readonly Correction[] }> {
    if (fetched === undefined) {
      if (kept.bars === undefined) throw leftOut(this.#source, kept.series);
      return { bars: kept.bars, corrections: [] };
    }
    if (kept.bars === undefined) {
      await this.#keepAnew(kept, fetched, request.from?.toISOString() ?? null);
      return { bars: fetched, corrections: [] };
    }
    if (fetched.symbol !== kept.series.symbol) throw changedItsMind(this.#source, kept.series, fetched);
    const { corrections, gone, added, factor } = compareOverlap(kept.bars, fetched);
    const isRewritten = factor !== undefined || (request.adjusted && corrections.length > 0);
    if (isRewritten) return this.#rewritten(kept, corrections, factor, request);
    const stays = sliceBars(
      kept.bars,
      0,
      indexAt(kept.bars.time, fetched.time[0] ?? Number.POSITIVE_INFINITY),
    );
    const bars = joinBars(kept.series, [stays, fetched]);
    const final = this.#final(bars, kept.series);
    if (!areSame(final, kept.bars)) {
      const since = periodOf(fetched.time[0] ?? Number.NaN, fetched);
      await this.#shelf.put(kept.series, kept.record, final, { from: kept.record?.from ?? null, since });
    }
    if (corrections.length + gone.length + added.length > 0) {
      const fields = { series: kept.series, corrections: corrections.slice(0, 5), gone, added };
      this.#parts.log.warn(fields, 'the vendor corrected its newest bars');
    }
    return { bars, corrections };
  }

  /** The source has adjusted its history, for a split or a dividend: all of it is fetched anew. */
  async #rewritten(
    { series, record }: Kept,
    corrections: readonly Correction[],
    factor: number | undefined,
    request: KeptRequest,
  ): Promise<{ bars: Bars; corrections: readonly Correction[] }> {
    this.#parts.log.info(
      { series, factor, first: corrections[0] },
      'the source adjusted its history: fetched again',
    );
    const from = record?.from ?? null;
    const { to: _, ...open } = request;
    const [bars] = await this.#ask([series.symbol], from === null ? undefined : Date.parse(from), open);
    if (bars === undefined) throw leftOut(this.#source, series);
    await this.#shelf.put(series, record, this.#final(bars, series), { from, since: '' });
    // An adjustment is the usual course of things, and no correction.
    return { bars, corrections: factor === undefined ? corrections : [] };
  }

  async #keepAnew({ series, record }: Kept, fetched: Bars, from: string | null): Promise<void> {
    const own = { ...series, symbol: fetched.symbol };
    const isSpelledOtherwise = own.symbol !== series.symbol;
    if (isSpelledOtherwise) this.#spellings.set(series.symbol, own.symbol);
    // Under its own spelling more may be kept already: the next request finds it.
    if (isSpelledOtherwise && (await this.#shelf.find(own))) return;
    await this.#shelf.put(own, record, this.#final(fetched, own), { from, since: '' });
  }

  async #tell(interval: Series['interval'], corrected: readonly TellableCorrection[]): Promise<void> {
    if (corrected.length === 0) return;
    const share = ({ before, now }: Correction) => Math.abs(now / before - 1);
    const largest = corrected.toSorted((a, b) => share(b) - share(a)).slice(0, mostTold);
    const told = largest.map(({ time, ...rest }) => ({ at: new Date(time).toISOString(), ...rest }));
    const source = this.#source.name;
    const symbols = [...new Set(corrected.map(({ symbol }) => symbol))];
    // The same in two processes is told once.
    const key = `bars.corrected:${source}:${interval}:${told.map(({ symbol, at, now }) => `${symbol} ${at} ${now}`)}`;
    await this.#parts.outbox.publish(
      { type: 'bars.corrected', source, interval, symbols, prices: corrected.length, largest: told },
      key,
    );
  }

  #final(bars: Bars, { interval }: Series): Bars {
    const count = finalBars(bars.time, interval, this.#source.timezone, this.#parts.clock.now());
    return sliceBars(bars, 0, count);
  }

  #ask(
    symbols: readonly string[],
    from: number | undefined,
    { from: _, ...request }: KeptRequest,
  ): Promise<Bars[]> {
    return this.#source.bars({
      ...{ ...request, symbols },
      ...(from !== undefined && { from: new Date(from) }),
    });
  }
}

function leftOut({ name }: Source, { symbol }: Series): Error {
  return new Error(`source ${name} was asked for ${symbol} and answered without it`);
}

/** Its bars must not be mixed with those that are kept. */
function changedItsMind({ name }: Source, { symbol }: Series, fetched: Bars): UserError {
  return new UserError(`Source ${name} was asked for ${symbol} and gave ${fetched.symbol}. Ask again.`);
}

function reachesBack({ from }: SeriesRecord, wanted: number | undefined): boolean {
  return from === null || (wanted !== undefined && wanted >= Date.parse(from));
}

/** To the last bit, NaN being NaN: so nothing is written when there is nothing new. */
function areSame(one: Bars, other: Bars): boolean {
  const names = Object.keys(one.extra);
  if (names.join() !== Object.keys(other.extra).join()) return false;
  const columns = (bars: Bars) => [
    ...[bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume],
    ...names.map((name) => bars.extra[name] ?? new Float64Array()),
  ];
  const others = columns(other);
  return columns(one).every((column, index) => {
    const compared = others[index];
    return column.length === compared?.length && column.every((value, at) => Object.is(value, compared[at]));
  });
}
