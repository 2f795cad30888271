/**
 * Bars and prices from Interactive Brokers, over a connection of its own that is opened when something is asked, and closed
 * soon after.
 *
 * The bars of trades are adjusted for splits, always; adjusted ones for dividends as well. Interactive Brokers wants to be asked
 * slowly: one question at a time, none of them twice within 15 s, and it is waited when it says that it was too much.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { historyMessage, NoAnswer, TwsError } from '../../../brokers/ib/codes.ts';
import type { Share } from '../../../brokers/ib/instruments.ts';
import { contractOf, Instruments, nameOf } from '../../../brokers/ib/instruments.ts';
import { Quotes } from '../../../brokers/ib/quotes.ts';
import type { HistoryQuestion, SeenBar } from '../../../brokers/ib/session.ts';
import { NoSession, Session } from '../../../brokers/ib/session.ts';
import { twsTimeOf } from '../../../brokers/ib/times.ts';
import type { Clock } from '../../../clock.ts';
import { UserError } from '../../../errors.ts';
import { Lanes } from '../../../lanes.ts';
import type { Logger } from '../../../log.ts';
import type { Bars, Interval } from '../../bars.ts';
import { inInterval, inRange } from '../lookup.ts';
import type { BarsRequest, LastPrice, Source, SymbolInfo } from '../source.ts';

export interface IbSourceParts {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  readonly timezone: string;
  readonly delayedPrices: boolean;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between the tries when Interactive Brokers says that it was asked too often. */
  readonly pausesMs?: readonly number[];
}

/** What may be asked at once of each bar size, and how far back it is asked where nothing is said. */
interface Step {
  readonly barSize: string;
  readonly chunkDays: number;
  readonly duration: string;
  readonly usualDays: number;
}

const dayMs = 86_400_000;
const steps: Readonly<Partial<Record<Interval, Step>>> = {
  '1m': { barSize: '1 min', chunkDays: 1, duration: '1 D', usualDays: 5 },
  '5m': { barSize: '5 mins', chunkDays: 7, duration: '1 W', usualDays: 30 },
  '15m': { barSize: '15 mins', chunkDays: 7, duration: '1 W', usualDays: 60 },
  '30m': { barSize: '30 mins', chunkDays: 28, duration: '4 W', usualDays: 180 },
  '1h': { barSize: '1 hour', chunkDays: 28, duration: '4 W', usualDays: 365 },
  '4h': { barSize: '4 hours', chunkDays: 28, duration: '4 W', usualDays: 365 },
};
const usualYears = 20;
/** An answer is given again for this long: the same question would be refused. */
const rememberedMs = 15_000;
const idleMs = 5000;

export async function ibSource(parts: IbSourceParts): Promise<Source> {
  const { name, timezone, clock } = parts;
  const line = new LazyLine(parts);
  const instruments = await Instruments.open({ clock, name, session: () => line.current() });
  const quotes = new Quotes({
    clock,
    delayed: parts.delayedPrices,
    instruments,
    session: () => line.current(),
  });
  const history = new History(parts, line);
  return {
    name,
    timezone,
    bars: (request) =>
      line.use(async () => {
        const all: Bars[] = [];
        for (const symbol of request.symbols) {
          all.push(await barsOf(await instruments.find(symbol), request, { name, clock, history }));
        }
        return all;
      }),
    symbols: (query, limit) =>
      line.use(async () => {
        const wanted = query.trim();
        // There is no list of them all.
        if (wanted === '') return [];
        const found = await instruments.search(wanted, limit);
        return found.map(
          (contract): SymbolInfo => ({
            symbol: nameOf(contract),
            name: contract.description ?? '',
            currency: contract.currency ?? '',
          }),
        );
      }),
    lastPrice: (symbol) =>
      line.use(async (): Promise<LastPrice> => {
        const { symbol: found, last, currency, at } = await quotes.of(await instruments.find(symbol));
        return { symbol: found, price: last, currency, at };
      }),
  };
}

async function barsOf(
  share: Share,
  request: BarsRequest,
  { name, clock, history }: { readonly name: string; readonly clock: Clock; readonly history: History },
): Promise<Bars> {
  const { interval, adjusted, from, to } = request;
  const step = steps[interval];
  const whatToShow = adjusted ? 'ADJUSTED_LAST' : 'TRADES';
  const now = clock.now();
  if (!step) {
    const years = from ? Math.ceil((now.getTime() - from.getTime()) / (365 * dayMs)) : usualYears;
    const duration = `${Math.max(years, 1)} Y`;
    const found = await history.ask(share, { end: '', duration, barSize: '1 day', whatToShow });
    const daily = columns(share.symbol, '1d', found);
    if (daily.time.length === 0) throw new UserError(`Source ${name} has no bars of ${share.symbol}.`);
    return inRange(inInterval(daily, interval, name), request, name);
  }
  if (adjusted) {
    throw new UserError(
      `Source ${name} has ${interval} bars adjusted for splits only, not for dividends: ask for unadjusted ones.`,
    );
  }
  const end = to ?? now;
  const begin = from ?? new Date(end.getTime() - step.usualDays * dayMs);
  const found = new Map<string, SeenBar>();
  for (let at = end.getTime(); at > begin.getTime(); at -= step.chunkDays * dayMs) {
    const { barSize, duration } = step;
    const question = { end: twsTimeOf(new Date(at)), duration, barSize, whatToShow } as const;
    for (const bar of await history.ask(share, question)) found.set(bar.time, bar);
  }
  const bars = columns(share.symbol, interval, [...found.values()]);
  if (bars.time.length === 0) {
    throw new UserError(`Source ${name} has no ${interval} bars of ${share.symbol} in that time.`);
  }
  return inRange(bars, request, name);
}

function columns(symbol: string, interval: Interval, seen: readonly SeenBar[]): Bars {
  const bars = seen
    .map((bar) => ({ ...bar, at: instantOf(bar.time) }))
    .filter(({ at, open, high, low, close }) => [at, open, high, low, close].every((value) => value > 0))
    .toSorted((a, b) => a.at - b.at);
  const column = (of: (bar: (typeof bars)[number]) => number) => Float64Array.from(bars, of);
  return {
    symbol,
    interval,
    time: column(({ at }) => at),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volume: column(({ volume }) => (volume >= 0 ? volume : Number.NaN)),
    extra: {},
  };
}

/** A date, of a daily bar, or seconds since 1970. */
function instantOf(time: string): number {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(time) ?? [];
  if (year !== undefined) return Date.UTC(Number(year), Number(month) - 1, Number(day));
  return Number(time) * 1000;
}

/** The historical data service, asked at its own pace. */
class History {
  readonly #parts: IbSourceParts;
  readonly #line: LazyLine;
  readonly #lanes = new Lanes();
  readonly #answers = new Map<string, { readonly at: number; readonly bars: readonly SeenBar[] }>();

  constructor(parts: IbSourceParts, line: LazyLine) {
    this.#parts = parts;
    this.#line = line;
  }

  /** Empty where there are none. @throws UserError, NoAnswer */
  ask(share: Share, question: HistoryQuestion): Promise<readonly SeenBar[]> {
    return this.#lanes.run('history', async () => {
      const key = `${share.conId} ${Object.values(question).join(' ')}`;
      const now = performance.now();
      for (const [id, { at }] of this.#answers) if (now - at >= rememberedMs) this.#answers.delete(id);
      const known = this.#answers.get(key);
      if (known) return known.bars;
      const bars = await this.#patiently(share, question);
      this.#answers.set(key, { at: performance.now(), bars });
      return bars;
    });
  }

  async #patiently(share: Share, question: HistoryQuestion): Promise<readonly SeenBar[]> {
    const { pausesMs = [10_000, 30_000, 60_000], log, name } = this.#parts;
    for (const pauseMs of [...pausesMs, undefined]) {
      try {
        return await this.#line.current().history(contractOf(share), question);
      } catch (error) {
        if (!(error instanceof TwsError)) throw error;
        if (error.code === historyMessage && /no data/i.test(error.message)) return [];
        const tooOften = error.code === historyMessage && /pacing/i.test(error.message);
        if (!tooOften || pauseMs === undefined) {
          throw new UserError(`Source ${name} gave no bars of ${share.symbol}: ${error.message}`, {
            cause: error,
          });
        }
        log.warn({ source: name, pauseMs }, 'Interactive Brokers was asked for too many bars: waiting');
        await sleep(pauseMs);
      }
    }
    throw new Error('unreachable');
  }
}

/** A connection that is there while something is asked, and a little longer. */
class LazyLine {
  readonly #parts: IbSourceParts;
  readonly #lanes = new Lanes();
  #session: Session | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(parts: IbSourceParts) {
    this.#parts = parts;
  }

  /** The connection within `use`. @throws NoAnswer when it broke meanwhile */
  current(): Session {
    if (this.#session?.isOpen) return this.#session;
    throw new NoAnswer('the connection to TWS broke');
  }

  /** @throws UserError when TWS cannot be reached, or broke off */
  async use<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#users++;
    try {
      await this.#lanes.run('open', () => this.#open());
      return await work();
    } catch (error) {
      if (!(error instanceof NoSession || error instanceof NoAnswer)) throw error;
      throw new UserError(
        `Source ${this.#parts.name}: ${error.message} Is TWS or IB Gateway running and logged in?`,
        { cause: error },
      );
    } finally {
      this.#users--;
      if (this.#users === 0) {
        this.#idle = setTimeout(() => this.#session?.close('nothing is asked any more'), idleMs);
        this.#idle.unref();
      }
    }
  }

  async #open(): Promise<void> {
    if (this.#session?.isOpen) return;
    const { host, port, clientId, timeoutSeconds, log } = this.#parts;
    this.#session = await Session.open({ host, port, clientId, timeoutMs: timeoutSeconds * 1000, log });
  }
}
