/**
 * A Binance for tests: an exchange on this machine, with books, balances, loans and fees of its own, that speaks
 * Binance's REST and websocket dialect for spot, cross and isolated margin, and refuses what Binance refuses.
 *
 * ```ts
 * await using binance = await startBinance({ clock });        // time stands where the clock stands
 * binance.deposit('spot', 'USDT', '1000');
 * binance.book('BTC/USDT').price('50000');                    // others bid and ask around it
 *
 * const exchange = new ccxt.binance({ ...binance.keys });     // or ccxt.pro.binance
 * await pointCcxt(exchange, binance);
 * await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01, undefined, { clientOrderId: 'mine-1' });
 *
 * binance.orders();              // what it has, also when its reply was lost
 * binance.balances('spot');      // { BTC: { free: '0.00999', ... }, USDT: ... }
 * binance.faults.next('POST /api/v3/order', loseReply);       // see ../faults.ts
 * binance.streams.goSilent();                                 // see streams.ts
 * ```
 *
 * The desk's own broker needs no `pointCcxt`: it takes `binance.url` as its gateway. Request weights have no limit unless
 * the test sets one, there are no futures, no OCO orders and no listen keys (Binance and ccxt have left those for signed
 * subscriptions and listen tokens), and nobody is liquidated.
 *
 * Amounts are decimal text. A symbol may be written `BTC/USDT` or `BTCUSDT`. Wallets: `spot`, `funding`, `cross`,
 * `isolated:BTCUSDT`. Without a clock it runs on the system's.
 */
import { type Clock, systemClock } from '../../../../engine/clock.ts';
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import { controls, type TestExchange } from '../controls.ts';
import type { ExchangeRequest } from '../faults.ts';
import { ExchangeServer, type Reply } from '../http.ts';
import { Refusal } from '../refusal.ts';
import { type ListedSymbol, listedSymbol, type SymbolOptions, usualSymbols } from '../symbols.ts';
import { Venue } from '../venue.ts';
import { type Bar, Bars } from './bars.ts';
import type { Endpoints } from './endpoint.ts';
import { BinanceError, binanceError } from './errors.ts';
import { ListenTokens } from './listen-tokens.ts';
import { margin } from './margin.ts';
import { marketData } from './market-data.ts';
import { movements } from './movements.ts';
import { Parameters } from './parameters.ts';
import { type Keys, Security } from './security.ts';
import { spot } from './spot.ts';
import { Streams } from './streams.ts';
import { Weights } from './weights.ts';

export interface BinanceOptions {
  readonly clock?: Clock;
  /** By pair, such as `BTC/USDT`, in place of the usual five. */
  readonly symbols?: Readonly<Record<string, SymbolOptions>>;
  /** Request weight a minute; without it there is no limit. Binance's is 6000. */
  readonly weightLimit?: number;
}

export interface SeenLoan {
  readonly wallet: string;
  readonly asset: string;
  readonly borrowed: string;
  readonly interest: string;
}

export interface TestBinance extends TestExchange, AsyncDisposable {
  readonly keys: Keys;
  /** What lenders have left of an asset, which otherwise has no end; an hourly rate; decimals of a loan. */
  setLending(
    asset: string,
    lending: { readonly supply?: string; readonly hourlyRate?: string; readonly decimals?: number },
  ): void;
  /** Debts that are not zero. */
  loans(): readonly SeenLoan[];
  /** Answered to questions for bars of this interval; otherwise they are made from the tape. */
  setBars(symbol: string, interval: string, bars: readonly Bar[]): void;
  readonly streams: Streams;
  revokesKey(): void;
  restoresKey(): void;
  close(): Promise<void>;
}

export async function startBinance(options: BinanceOptions = {}): Promise<TestBinance> {
  const clock = options.clock ?? systemClock;
  const symbols: readonly ListedSymbol[] =
    options.symbols === undefined
      ? usualSymbols
      : Object.entries(options.symbols).map(([pair, rules]) => listedSymbol(pair, rules));
  const keys: Keys = { apiKey: 'outcryTestKey0123456789', secret: 'outcryTestSecret9876543210' };
  const venue = new Venue(symbols, clock);
  const security = new Security(keys);
  const weights = new Weights(options.weightLimit ?? Number.POSITIVE_INFINITY);
  const tokens = new ListenTokens();
  const bars = new Bars();
  const server = new ExchangeServer(
    (request) => answer(request, { venue, security, weights, tokens, bars }),
    clock,
  );
  const streams = new Streams(server, { venue, security, tokens });
  await server.listen();
  const close = async () => {
    streams.close();
    await server.close();
  };

  return Object.assign(controls(venue, server, clock), {
    keys,
    streams,
    setLending(
      asset: string,
      lending: { readonly supply?: string; readonly hourlyRate?: string; readonly decimals?: number },
    ) {
      const { supply, hourlyRate, decimals } = lending;
      if (supply !== undefined) venue.margin.supply.set(asset, decimal(supply));
      if (hourlyRate !== undefined) venue.margin.hourlyRates.set(asset, decimal(hourlyRate));
      if (decimals !== undefined) venue.margin.borrowDecimals.set(asset, decimals);
    },
    loans() {
      venue.margin.accrue();
      return venue.wallets
        .names()
        .flatMap((wallet) =>
          [...venue.wallets.of(wallet)].flatMap(([asset, { borrowed, interest }]) =>
            borrowed.eq(zero) && interest.eq(zero)
              ? []
              : [{ wallet, asset, borrowed: decimalText(borrowed), interest: decimalText(interest) }],
          ),
        );
    },
    setBars: (symbol: string, interval: string, given: readonly Bar[]) =>
      bars.give(symbol.replace('/', ''), interval, given),
    revokesKey() {
      security.revoked = true;
    },
    restoresKey() {
      security.revoked = false;
    },
    close,
    [Symbol.asyncDispose]: close,
  });
}

const endpoints: Endpoints = { ...marketData, ...spot, ...margin, ...movements };

function answer(
  request: ExchangeRequest,
  world: {
    readonly venue: Venue;
    readonly security: Security;
    readonly weights: Weights;
    readonly tokens: ListenTokens;
    readonly bars: Bars;
  },
): Reply {
  const { venue, security, weights } = world;
  const endpoint = endpoints[`${request.method} ${request.path}`];
  if (endpoint === undefined) {
    return { status: 404, body: '<html><body><h2>404 Not found</h2></body></html>', headers: html };
  }
  const parameters = new Parameters(request.parameters);
  try {
    weights.use(endpoint.weight, venue.now());
    venue.margin.accrue();
    if (endpoint.security === 'key') {
      const key = request.headers['x-mbx-apikey'];
      security.checkKey(typeof key === 'string' ? key : undefined);
    }
    if (endpoint.security === 'signed') security.checkRequest(request, parameters, venue.now());
    if (endpoint.parameters !== undefined) parameters.only(endpoint.parameters);
    const body = endpoint.answer(parameters, world);
    return { status: 200, body, headers: { 'x-mbx-used-weight-1m': String(weights.used) } };
  } catch (thrown) {
    if (thrown instanceof BinanceError) return thrown.reply();
    if (!(thrown instanceof Refusal)) throw thrown;
    const isolated = parameters.optional('isIsolated')?.toUpperCase() === 'TRUE';
    return binanceError(thrown, endpoint.asked, isolated).reply();
  }
}

const html = { 'content-type': 'text/html' };
