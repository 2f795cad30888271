/**
 * The line to the exchange: whether it is ready, why not, and every question and action that goes over it.
 *
 * Ready means that the markets are known, our clock's offset is known and the keys were accepted. Trouble in any call leads to
 * a check of all that; what fails it is tried again with growing pauses, for ever. When the exchange says that we ask
 * too much, nothing is asked until the time that it named.
 */
import type { Clock } from '../../clock.ts';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import type { BrokerStatus } from '../broker.ts';
import type { Call } from './call.ts';
import { asCall, newCall } from './call.ts';
import type { CcxtExchange, Client, ExchangeLibrary } from './client.ts';
import type { Dialect } from './dialects.ts';
import type { Markets } from './markets.ts';
import type { Reasons } from './reason.ts';
import type { Verdict } from './verdict.ts';
import { verdictOf } from './verdict.ts';

export interface ConnectionParts {
  readonly name: string;
  readonly library: ExchangeLibrary;
  readonly dialect: Dialect;
  readonly markets: Markets;
  readonly reasons: Reasons;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asks something for which the keys are needed. */
  readonly authenticate: (exchange: CcxtExchange) => Promise<unknown>;
  /** Done now and then while it is ready; returns after how many milliseconds again. */
  readonly beat: () => Promise<number>;
  readonly onStatus: (status: BrokerStatus) => void;
}

/** How an action ended. `call` tells when it was sent. */
export type Action<T> =
  | { readonly done: true; readonly answer: T; readonly call: Call }
  | { readonly done: false; readonly verdict: Verdict; readonly reason: string; readonly call: Call };

/** A question without an answer. The reason is clean. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly verdict: Verdict;

  constructor(reason: string, verdict: Verdict) {
    super(reason);
    this.verdict = verdict;
  }
}

const firstPauseMs = 500;
const longestPauseMs = 60_000;
/** What was ready for less than this was not quite. */
const steadyMs = 5000;
const loginPauseMs = 60_000;
const marketsAgeMs = 3_600_000;
/** Of a limit for which the exchange names no end: Binance bans for two minutes at least. */
const usualLimitSeconds = 10;
const usualBanSeconds = 120;

export class Connection {
  readonly #parts: ConnectionParts;
  #client: Client | undefined;
  #status: BrokerStatus;
  #running: Promise<void> | undefined;
  #stopped = true;
  #wake: (() => void) | undefined;
  #woken = false;
  /** By our clock; nothing is asked before. */
  #limitedUntil = 0;
  #marketsAt = 0;
  readonly #lanes = new Lanes();

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#status = { state: 'down', since: parts.clock.now(), why: 'not connected yet' };
  }

  status(): BrokerStatus {
    return this.#status;
  }

  /** The client, for a copy of its markets and offset. */
  get exchange(): CcxtExchange | undefined {
    return this.#client?.exchange;
  }

  /** Resolves after the first attempt. */
  async connect(): Promise<void> {
    if (this.#running) return;
    this.#stopped = false;
    this.#become('connecting', `connecting to ${this.#parts.name}`);
    await new Promise<void>((attempted) => {
      this.#running = this.#run(attempted);
    });
  }

  async disconnect(): Promise<void> {
    this.#stopped = true;
    this.#wakeUp();
    await this.#client?.close();
    await this.#running;
    this.#running = undefined;
    this.#client = undefined;
    this.#become('down', 'disconnected by the desk');
  }

  /**
   * Asks; with a wrong clock once more after it was set.
   * @throws NoAnswer
   */
  async read<T>(question: (exchange: CcxtExchange) => Promise<T>): Promise<T> {
    const ended = await this.act(question);
    if (ended.done) return ended.answer;
    throw new NoAnswer(ended.reason, ended.verdict);
  }

  /** Sends once. Only what was refused for its time is sent again, once, with the right one. Never throws. */
  async act<T>(action: (exchange: CcxtExchange) => Promise<T>): Promise<Action<T>> {
    const first = await this.#once(action);
    if (first.done || first.verdict !== 'time') return first;
    this.#parts.log.warn({ broker: this.#parts.name }, 'the clock is off: it is set by the exchange');
    const set = await this.#once((exchange) => exchange.loadTimeDifference());
    return set.done ? this.#once(action) : first;
  }

  /** Whether the keys are accepted just now; undefined when that cannot be told. */
  async keysAreAccepted(): Promise<boolean | undefined> {
    const ended = await this.#once(this.#parts.authenticate);
    if (ended.done) return true;
    return ended.verdict === 'login' ? false : undefined;
  }

  async #once<T>(action: (exchange: CcxtExchange) => Promise<T>): Promise<Action<T>> {
    const call = newCall();
    const now = this.#parts.clock.now().getTime();
    if (now < this.#limitedUntil) {
      return { done: false, verdict: 'busy', reason: this.#limitReason(), call };
    }
    try {
      const client = this.#client;
      if (!client) throw new Error(`${this.#parts.name} is not connected`);
      const ask = () => asCall(call, () => action(client.exchange));
      const answer = await (this.#parts.dialect.countsRequests ? this.#lanes.run('requests', ask) : ask());
      return { done: true, answer, call };
    } catch (error) {
      const verdict = verdictOf(error, call, this.#parts.dialect.codes);
      const reason = this.#parts.reasons.of(error);
      if (verdict === 'busy') this.#limited(call);
      if (verdict === 'login' || (verdict === 'unsure' && isTroubleOfTheLine(call))) this.#checkSoon();
      return { done: false, verdict, reason: verdict === 'busy' ? this.#limitReason() : reason, call };
    }
  }

  #limited({ status, retryAfterSeconds }: Call): void {
    const seconds = retryAfterSeconds ?? (status === 418 ? usualBanSeconds : usualLimitSeconds);
    const until = this.#parts.clock.now().getTime() + seconds * 1000;
    if (until <= this.#limitedUntil) return;
    this.#limitedUntil = until;
    this.#checkSoon();
    this.#become('connecting', this.#limitReason());
  }

  #limitReason(): string {
    const until = new Date(this.#limitedUntil).toISOString().slice(11, 19);
    return `${this.#parts.name} takes no more requests until ${until} UTC: too many were sent from this address`;
  }

  async #run(attempted: () => void): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!this.#stopped) {
      const outcome = await this.#attempt();
      attempted();
      this.#woken = false; // what failed meanwhile is answered by this attempt
      if (this.#stopped) return;
      if (outcome === 'ready') {
        const since = performance.now();
        await this.#stayReady();
        if (performance.now() - since > steadyMs) {
          pauseMs = firstPauseMs;
          continue;
        }
        // Ready, and in trouble again at once: checked again, but not without end.
        this.#woken = false;
      }
      const limitMs = this.#limitedUntil - this.#parts.clock.now().getTime();
      await this.#pause(limitMs > 0 ? limitMs : outcome === 'login' ? loginPauseMs : pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** Everything that ready means. */
  async #attempt(): Promise<'ready' | 'login' | 'failed'> {
    const { name, library, markets, reasons, clock, authenticate } = this.#parts;
    try {
      this.#client ??= await library.client();
    } catch (error) {
      this.#become('down', `${name} could not be prepared: ${reasons.of(error)}`);
      return 'failed';
    }
    const time = await this.#once((exchange) => exchange.loadTimeDifference());
    if (!time.done) return this.#failed(time);
    if (!markets.loaded || clock.now().getTime() - this.#marketsAt > marketsAgeMs) {
      const known = await this.#once(async (exchange) => {
        await exchange.loadMarkets(true); // without it ccxt gives a first failure again, for ever
        markets.take(exchange);
      });
      if (known.done) this.#marketsAt = clock.now().getTime();
      else if (!markets.loaded) return this.#failed(known);
    }
    const keys = await this.#once(authenticate);
    if (!keys.done) return this.#failed(keys);
    if (!this.#stopped) this.#become('ready');
    return 'ready';
  }

  #failed({ verdict, reason }: Action<unknown> & { readonly done: false }): 'login' | 'failed' {
    const { name } = this.#parts;
    if (verdict === 'login') {
      this.#become(
        'needs-login',
        `${name} does not accept the keys: check apiKey, secret, their permissions and the addresses allowed there. (${reason})`,
      );
      return 'login';
    }
    if (verdict === 'busy') this.#become('connecting', this.#limitReason());
    else this.#become('down', `${name} cannot be reached: ${reason}`);
    return 'failed';
  }

  /** Returns when it is not ready any more, or may not be. */
  async #stayReady(): Promise<void> {
    let beatMs = 0;
    for (;;) {
      await this.#pause(beatMs);
      if (this.#stopped || this.#status.state !== 'ready') return;
      if (this.#woken) return;
      try {
        beatMs = await this.#parts.beat();
      } catch (error) {
        this.#parts.log.warn(
          { broker: this.#parts.name, error: this.#parts.reasons.of(error) },
          'a check failed',
        );
        return;
      }
      if (this.#parts.clock.now().getTime() - this.#marketsAt > marketsAgeMs) return;
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#woken || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  /** While it is not ready, it is being tried anyway, at its own pace. */
  #checkSoon(): void {
    if (this.#status.state === 'ready') this.#wakeUp();
  }

  #wakeUp(): void {
    this.#woken = true;
    this.#wake?.();
  }

  #become(state: BrokerStatus['state'], why?: string): void {
    if (this.#status.state === state && this.#status.why === why) return;
    const since = this.#status.state === state ? this.#status.since : this.#parts.clock.now();
    this.#status = { state, since, ...(why !== undefined && { why }) };
    this.#parts.onStatus(this.#status);
  }
}

/** An answer that cannot be read is none. */
function isTroubleOfTheLine({ sentAt, status }: Call): boolean {
  return sentAt !== undefined && (status === undefined || status >= 500);
}
