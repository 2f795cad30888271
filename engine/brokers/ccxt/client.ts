/**
 * ccxt, and the only file that loads it: one exchange alone, since all of them together cost half a second and 90 MB.
 *
 * All numbers come out as text (`exchange.number = String`), nothing is sent twice by itself, each answer's status is noted
 * for the error table, and a request that hangs is given up even in the middle of its answer.
 */
import { access } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { noteAnswer, noteSending } from './call.ts';
import type { Dialect } from './dialects.ts';
import type { CcxtSettings } from './settings.ts';

type Params = Readonly<Record<string, unknown>>;

/** The part of a ccxt exchange that the desk uses. What it returns is read by `read.ts`. */
export interface CcxtExchange {
  readonly id: string;
  readonly name: string;
  readonly has: Readonly<Record<string, unknown>>;
  readonly features: unknown;
  readonly precisionMode: number;
  readonly timeframes: Readonly<Record<string, unknown>> | undefined;
  readonly options: Record<string, unknown>;
  markets: Readonly<Record<string, unknown>> | undefined;
  currencies: Readonly<Record<string, unknown>> | undefined;
  loadMarkets(reload?: boolean): Promise<unknown>;
  setMarkets(markets: unknown, currencies?: unknown): unknown;
  fetchCurrencies(): Promise<unknown>;
  loadTimeDifference(): Promise<unknown>;
  fetchBalance(params?: Params): Promise<unknown>;
  fetchTicker(symbol: string): Promise<unknown>;
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<unknown>;
  fetchOrderBook(symbol: string, limit?: number): Promise<unknown>;
  createOrder(
    symbol: string,
    type: string,
    side: string,
    amount: string,
    price?: string,
    params?: Params,
  ): Promise<unknown>;
  cancelOrder(id: string | undefined, symbol: string, params?: Params): Promise<unknown>;
  fetchOrder(id: string | undefined, symbol: string, params?: Params): Promise<unknown>;
  fetchOrders(symbol: string, since?: number, limit?: number, params?: Params): Promise<unknown>;
  fetchClosedOrders(symbol: string, since?: number, limit?: number, params?: Params): Promise<unknown>;
  fetchOpenOrders(symbol?: string, since?: number, limit?: number, params?: Params): Promise<unknown>;
  fetchMyTrades(symbol?: string, since?: number, limit?: number, params?: Params): Promise<unknown>;
  watchOrders(symbol?: string, since?: number, limit?: number, params?: Params): Promise<unknown>;
  close(cleanCache?: boolean): Promise<void>;
}

/** What is replaced in it. */
interface Replaceable {
  number: (text: string) => string;
  milliseconds: () => number;
  nonce: () => number;
  timeout: number;
  enableRateLimit: boolean;
  urls: { api: unknown };
  streaming: Record<string, unknown>;
  client?: (url: string) => { future: (hash: string) => Promise<unknown> };
  throttle: (cost?: number | string) => Promise<unknown>;
  /** Requests may be sent while there are tokens; each takes what it costs. */
  throttler?: {
    readonly running: boolean;
    readonly config: { tokens: number; readonly refillRate: number; readonly capacity: number };
  };
  fetch: (url: string, method?: string, headers?: unknown, body?: unknown) => Promise<unknown>;
  handleErrors: (...answer: unknown[]) => unknown;
  undiciRequest: (url: string, request: unknown) => Promise<unknown>;
  loadHttpProxyAgent: () => Promise<unknown>;
  delay: (ms: number, method: (...given: unknown[]) => unknown, ...given: unknown[]) => void;
  setSandboxMode: (on: boolean) => void;
  httpsProxy?: string;
  wssProxy?: string;
  socksProxy?: string;
  wsSocksProxy?: string;
}

/** What a client is made from: without keys it reads what everybody may. */
export type ClientSettings = Pick<
  CcxtSettings,
  | 'exchange'
  | 'timeoutSeconds'
  | 'sandbox'
  | 'silenceSeconds'
  | 'options'
  | 'password'
  | 'proxy'
  | 'gateway'
  | 'requestMs'
> &
  Partial<Pick<CcxtSettings, 'apiKey' | 'secret'>>;

type ExchangeClass = new (settings: object) => CcxtExchange & Replaceable;

/** A client of the exchange, and what ends its timers. */
export interface Client {
  readonly exchange: CcxtExchange;
  close(): Promise<void>;
}

export class ExchangeLibrary {
  readonly #class: ExchangeClass;
  readonly #settings: ClientSettings;
  readonly #clock: Clock;
  readonly #dialect: Dialect;
  #lastNumber = 0;

  private constructor(
    exchangeClass: ExchangeClass,
    settings: ClientSettings,
    clock: Clock,
    dialect: Dialect,
  ) {
    this.#class = exchangeClass;
    this.#settings = settings;
    this.#clock = clock;
    this.#dialect = dialect;
  }

  /**
   * Loads the code of one exchange, with its websockets where ccxt has them.
   * @throws UserError for an exchange that ccxt does not have
   */
  static async load(settings: ClientSettings, clock: Clock, dialect: Dialect): Promise<ExchangeLibrary> {
    const main = import.meta.resolve('ccxt');
    // ccxt's exports map hides the files of single exchanges, so they are named by their place. Its version is pinned.
    for (const path of [`./src/pro/${settings.exchange}.js`, `./src/${settings.exchange}.js`]) {
      const file = new URL(path, main);
      if (!(await exists(file))) continue;
      const module = (await import(file.href)) as { readonly default: ExchangeClass };
      return new ExchangeLibrary(module.default, settings, clock, dialect);
    }
    throw new UserError(
      `There is no exchange "${settings.exchange}": the names are those of ccxt, such as binance, kraken or bybit.`,
    );
  }

  /** A new client. With `markets` of another one it need not load them. */
  async client(from?: CcxtExchange): Promise<Client> {
    const { apiKey, secret, password, timeoutSeconds, sandbox, proxy, gateway, silenceSeconds, requestMs } =
      this.#settings;
    const keys = {
      ...(apiKey !== undefined && { apiKey }),
      ...(secret !== undefined && { secret }),
      ...(password !== undefined && { password }),
    };
    const pace = requestMs === undefined ? {} : { rateLimit: requestMs };
    const exchange = new this.#class({ ...this.#dialect.client, ...pace, ...keys });
    exchange.number = String;
    // With that, what a request costs is text too, and the throttle would append it instead of adding it.
    const throttle = exchange.throttle.bind(exchange);
    const refill = refillWhenIdle(exchange);
    exchange.throttle = (cost) => {
      refill();
      return throttle(cost === undefined ? undefined : Number(cost));
    };
    exchange.timeout = timeoutSeconds * 1000;
    exchange.enableRateLimit = true;
    exchange.milliseconds = () => this.#clock.now().getTime();
    if (this.#dialect.countsRequests) exchange.nonce = () => this.#nextNumber();
    if (sandbox) exchange.setSandboxMode(true);
    Object.assign(exchange.options, this.#dialect.options, this.#settings.options, {
      maxRetriesOnFailure: 0,
    });
    // A ping goes out three times within the silence that is borne.
    exchange.streaming['keepAlive'] = (silenceSeconds * 1000) / 3;
    if (proxy !== undefined) useProxy(exchange, proxy);
    if (gateway !== undefined) await useGateway(exchange, gateway);
    noteAnswers(exchange, timeoutSeconds);
    hearRejections(exchange);
    const timers = keepTimers(exchange);
    if (from?.markets) {
      exchange.setMarkets(from.markets, from.currencies);
      exchange.options['timeDifference'] = from.options['timeDifference'];
    }
    return {
      exchange,
      async close() {
        for (const timer of timers) clearTimeout(timer);
        timers.clear();
        await exchange.close();
      },
    };
  }

  /** Larger with each request, also after a restart. */
  #nextNumber(): number {
    this.#lastNumber = Math.max(this.#lastNumber + 1, this.#clock.now().getTime());
    return this.#lastNumber;
  }
}

/** The answer was no JSON: perhaps the page of a proxy. What was asked may have been done. */
class NoAnswerOfTheExchange extends Error {
  override readonly name = 'NoAnswerOfTheExchange';
}

function noteAnswers(exchange: Replaceable, timeoutSeconds: number): void {
  const fetch = exchange.fetch.bind(exchange);
  // ccxt's own time limit ends with the head of the answer, and would wait for its body for minutes.
  const deadlineMs = (timeoutSeconds + 2) * 1000;
  exchange.fetch = async (...request) => {
    noteSending(exchange.milliseconds());
    const answer = await within(deadlineMs, fetch(...request));
    if (typeof answer === 'string' && answer.trim() !== '') {
      throw new NoAnswerOfTheExchange(`the answer was no JSON but: ${answer.slice(0, 100)}`);
    }
    return answer;
  };
  const handleErrors = exchange.handleErrors.bind(exchange);
  exchange.handleErrors = (...answer) => {
    const [status, , , , headers, , body] = answer;
    if (typeof status === 'number') noteAnswer(status, headers, body);
    return handleErrors(...answer);
  };
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no whole answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * ccxt fills its bucket of tokens only while a request waits for them. So after an hour of silence a request would still wait
 * for what the one before it cost: 20 ms for a price at Binance, and then the order for as long again.
 */
function refillWhenIdle(exchange: Replaceable): () => void {
  let idleSince = performance.now();
  return () => {
    const now = performance.now();
    const { throttler } = exchange;
    if (throttler && !throttler.running) {
      const { config } = throttler;
      config.tokens = Math.min(config.capacity, config.tokens + config.refillRate * (now - idleSince));
    }
    idleSince = now;
  };
}

/** ccxt renews its listen keys by timers that would keep the process alive for a day. */
function keepTimers(exchange: Replaceable): Set<NodeJS.Timeout> {
  const timers = new Set<NodeJS.Timeout>();
  exchange.delay = (ms, method, ...given) => {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        Promise.resolve(method.apply(exchange, given)).catch(() => undefined); // the stream breaks, and is opened anew
      },
      Math.min(ms, 2 ** 31 - 1),
    );
    timers.add(timer.unref());
  };
  return timers;
}

/**
 * When a socket breaks, ccxt rejects all that was waited for on it, also promises for which nobody waits: those would end the
 * process. Who does wait still hears of it.
 */
function hearRejections(exchange: Replaceable): void {
  if (!exchange.client) return; // without websockets
  const client = exchange.client.bind(exchange);
  const heard = new WeakSet<object>();
  exchange.client = (url) => {
    const socket = client(url);
    if (heard.has(socket)) return socket;
    heard.add(socket);
    const future = socket.future.bind(socket);
    socket.future = (hash) => {
      const promise = future(hash);
      promise.catch(() => undefined);
      return promise;
    };
    return socket;
  };
}

function useProxy(exchange: Replaceable, proxy: string): void {
  if (proxy.startsWith('socks')) {
    exchange.socksProxy = proxy;
    exchange.wsSocksProxy = proxy;
  } else {
    exchange.httpsProxy = proxy;
    exchange.wssProxy = proxy;
  }
}

/**
 * Everything goes to the gateway, with the true host as the first part of the path. HTTP addresses are changed at the last
 * moment, because ccxt tells one market's errors from another's by the true address.
 */
async function useGateway(exchange: Replaceable, gateway: string): Promise<void> {
  const base = gateway.replace(/\/+$/, '');
  const send = exchange.undiciRequest.bind(exchange);
  exchange.undiciRequest = (url, request) => send(through(base, url), request);
  rewriteSockets(exchange.urls.api, base.replace(/^http/, 'ws'));
  await exchange.loadHttpProxyAgent(); // ccxt loads what plain ws:// needs only for a proxy
}

function rewriteSockets(node: unknown, base: string): void {
  if (typeof node !== 'object' || node === null) return;
  const entries = node as Record<string, unknown>;
  for (const [name, value] of Object.entries(entries)) {
    if (typeof value !== 'string') rewriteSockets(value, base);
    else if (value.startsWith('ws')) entries[name] = through(base, value);
  }
}

function through(base: string, url: string): string {
  const { hostname, pathname, search } = new URL(url);
  return `${base}/${hostname}${pathname}${search}`;
}

async function exists(file: URL): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
