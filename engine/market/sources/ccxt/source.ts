/**
 * Bars and prices of one exchange, read by the client of the brokers' room without keys. The exchange's code is loaded, and
 * its markets are asked for, when the first question comes.
 */
import { z } from 'zod';
import { asCall, newCall } from '../../../brokers/ccxt/call.ts';
import { type CcxtExchange, ExchangeLibrary } from '../../../brokers/ccxt/client.ts';
import { dialectOf } from '../../../brokers/ccxt/dialects.ts';
import { Reasons } from '../../../brokers/ccxt/reason.ts';
import { UserError } from '../../../errors.ts';
import { decimal, decimalText } from '../../../money.ts';
import { barLengthMs, intervals } from '../../bars.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { VendorRefusal } from '../remote/refusal.ts';
import type { Row } from '../remote/rows.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import { untilAborted } from '../remote/until-aborted.ts';
import type { LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import type { CcxtSourceSettings } from './settings.ts';

const firstDay = Date.UTC(2010, 0, 1);
const barsPerAnswer = 1000;
const mostTries = 4;
const firstPauseMs = 1000;

const longestMs = barLengthMs['1d'];

const market = z.object({
  id: z.string(),
  symbol: z.string(),
  quote: z.string(),
  active: z.boolean().nullish(),
  type: z.string().nullish(),
});
type ReadMarket = z.infer<typeof market>;

/** The client gives numbers as text, so that prices of the books keep every digit. */
const figure = z.union([z.number(), z.string().transform(Number)]).nullable();
const bars = z.array(z.tuple([z.number(), figure, figure, figure, figure, figure]));
const ticker = z.object({
  last: z.string().nullish(),
  close: z.string().nullish(),
  timestamp: z.number().nullish(),
});

interface Opened {
  readonly exchange: CcxtExchange;
  readonly markets: ReadonlyMap<string, ReadMarket>;
  /** `BTCUSDT` for `BTC/USDT`. */
  readonly bySymbolWithoutSlash: ReadonlyMap<string, string>;
}

export function ccxtSource(
  name: string,
  settings: CcxtSourceSettings,
  { clock, log, network }: SourceSurroundings,
): Source {
  const place: Market = { exchange: settings.exchange, timezone: 'UTC', calendar: '24/7' };
  const reasons = new Reasons([]);
  let opening: Promise<Opened> | undefined;

  function opened(): Promise<Opened> {
    opening ??= open().catch((error: unknown) => {
      opening = undefined; // the next question is a new chance
      throw error;
    });
    return opening;
  }

  async function open(): Promise<Opened> {
    const { exchange: id, options, proxy, gateway, timeoutSeconds } = settings;
    const library = await ExchangeLibrary.load(
      {
        ...{ exchange: id, options, timeoutSeconds, sandbox: false, silenceSeconds: 30 },
        ...(proxy !== undefined && { proxy }),
        ...(gateway !== undefined && { gateway }),
      },
      clock,
      dialectOf(id),
    );
    const { exchange } = await library.client();
    await asked(undefined, () => exchange.loadMarkets(true));
    const markets = new Map<string, ReadMarket>();
    for (const entry of Object.values(exchange.markets ?? {})) {
      const { data: read } = market.safeParse(entry); // an exchange lists thousands, some of them half empty
      if (read && read.active !== false) markets.set(read.symbol.toUpperCase(), read);
    }
    const spot = [...markets.values()].filter(({ type }) => type === 'spot');
    const compact = new Map(spot.map(({ symbol }) => [symbol.replace('/', '').toUpperCase(), symbol]));
    return { exchange, markets, bySymbolWithoutSlash: compact };
  }

  async function known(
    symbol: string,
  ): Promise<{ readonly exchange: CcxtExchange; readonly found: ReadMarket }> {
    const { exchange, markets, bySymbolWithoutSlash } = await opened();
    const found = markets.get(symbol) ?? markets.get(bySymbolWithoutSlash.get(symbol)?.toUpperCase() ?? '');
    if (found) return { exchange, found };
    throw new VendorRefusal(
      'unknown-symbol',
      `Source ${name}: ${settings.exchange} has no market ${symbol}.`,
    );
  }

  async function history({
    symbol,
    from = firstDay,
    to,
    interval,
    signal,
  }: HistoryQuestion): Promise<History> {
    const { exchange, found } = await known(symbol);
    if (exchange.timeframes && !(interval in exchange.timeframes)) {
      const there = intervals.filter(
        (each) => barLengthMs[each] <= longestMs && each in (exchange.timeframes ?? {}),
      );
      throw new UserError(`Source ${name} has no ${interval} bars, only ${there.join(', ')}.`);
    }
    const rows: Row[] = [];
    for (let since = Math.max(from, firstDay); since <= to; ) {
      signal?.throwIfAborted();
      const page = bars.safeParse(
        await asked(signal, () => exchange.fetchOHLCV(found.symbol, interval, since, barsPerAnswer)),
      );
      if (!page.success) throw refusal('fault', `sent bars that cannot be read: ${firstIssue(page.error)}`);
      const last = page.data.at(-1)?.[0];
      if (last === undefined || last < since) break;
      rows.push(
        ...page.data.map(([time, open, high, low, close, volume]) => ({
          time,
          open,
          high,
          low,
          close,
          volume,
        })),
      );
      since = last + Math.min(barLengthMs[interval], longestMs);
    }
    return { rows, market: place, symbol: found.symbol };
  }

  async function last(symbol: string): Promise<LastPrice> {
    const { exchange, found } = await known(symbol);
    const answer = ticker.safeParse(await asked(undefined, () => exchange.fetchTicker(found.symbol)));
    if (!answer.success)
      throw refusal('fault', `sent a price that cannot be read: ${firstIssue(answer.error)}`);
    const price = answer.data.last ?? answer.data.close;
    if (!price) throw refusal('no-data', `has no price of ${found.symbol}`);
    return {
      symbol: found.symbol,
      price: decimalText(decimal(price)),
      currency: found.quote,
      at: new Date(answer.data.timestamp ?? clock.now().getTime()),
    };
  }

  async function list(): Promise<readonly SymbolInfo[]> {
    const { markets } = await opened();
    return [...markets.values()].map(({ symbol, quote, type }) => ({
      symbol,
      name: type && type !== 'spot' ? `${symbol}, ${type}` : symbol,
      currency: quote,
    }));
  }

  /** Reads are asked again after what passes by itself. */
  async function asked<T>(signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const call = newCall();
      try {
        // ccxt cannot take a request back.
        return await untilAborted(asCall(call, ask), signal);
      } catch (error) {
        signal?.throwIfAborted();
        const kinds = kindsOf(error);
        if (kinds.includes('BadSymbol')) throw refusal('unknown-symbol', reasons.of(error), error);
        const tooOften = call.status === 429 || call.status === 418 || kinds.includes('RateLimitExceeded');
        const passes =
          tooOften || kinds.includes('OperationFailed') || kinds.includes('NoAnswerOfTheExchange');
        const what = tooOften
          ? 'was asked too often'
          : call.status === undefined
            ? 'did not answer'
            : 'gave nothing';
        const line = `${what}: ${reasons.of(error)}`;
        if (!passes || tries === mostTries) throw refusal(tooOften ? 'rate-limit' : 'fault', line, error);
        const pauseMs = (call.retryAfterSeconds ?? 0) * 1000 || firstPauseMs * 2 ** (tries - 1);
        log.warn(
          { source: name, error: reasons.of(error), again: `${pauseMs} ms` },
          'an exchange is asked again',
        );
        await network.pause(pauseMs, signal);
      }
    }
  }

  function refusal(kind: VendorRefusal['kind'], text: string, cause?: unknown): VendorRefusal {
    return new VendorRefusal(kind, `Source ${name}: ${settings.exchange} ${text}.`, { cause });
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '15m', '30m', '1h', '4h', '1d'],
    priceForMs: 1_000,
    spelled: (symbol) => symbol.trim().toUpperCase(),
    ...{ history, list, last },
    search: () => list(),
    market: async (symbol) => {
      await known(symbol);
      return place;
    },
  };
  return remoteSource(vendor, { name, timezone: place.timezone, clock, log });
}

/** ccxt's errors are classes that stand for each other: what a thing is, is in the names of all of them. */
function kindsOf(error: unknown): string[] {
  const kinds: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = Object.getPrototypeOf(each)) {
    kinds.push(each.constructor.name);
  }
  return kinds;
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.map(String).join('.')} ${issue.message}` : 'it is something else';
}
