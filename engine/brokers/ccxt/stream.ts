/**
 * The websocket of one wallet's orders. It only says that something happened to an order: what, is then read from the
 * exchange's books, so that there is one truth and an event that comes twice, late or never changes nothing.
 *
 * Each connection is a client of its own: ccxt remembers subscriptions of a broken one and would not renew them.
 */
import type { Logger } from '../../log.ts';
import type { CcxtExchange, Client } from './client.ts';
import { orderNewsShape } from './read.ts';
import type { Reasons } from './reason.ts';

export interface StreamParts {
  readonly wallet: string;
  readonly open: () => Promise<Client>;
  /** Resolves when the exchange has agreed to tell; undefined where ccxt does not say. */
  readonly subscribe: ((exchange: CcxtExchange) => Promise<unknown>) | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  readonly onNews: (news: {
    readonly symbol: string | undefined;
    readonly brokerOrderId: string | undefined;
    readonly clientOrderId: string | undefined;
  }) => void;
  /** What happened while it was not up has to be asked for. */
  readonly onUp: () => void;
  readonly reasons: Reasons;
  readonly log: Logger;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** What held for this long broke for a reason of its own. */
const steadyMs = 60_000;

export class Stream {
  readonly #parts: StreamParts;
  readonly #running: Promise<void>;
  #client: Client | undefined;
  #stopped = false;
  #up = false;
  #endPause: (() => void) | undefined;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  get up(): boolean {
    return this.#up;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endPause?.();
    await this.#client?.close().catch(() => undefined); // it is being left: how it ends matters to nobody
    await this.#running;
  }

  async #run(): Promise<void> {
    const { wallet, log, reasons } = this.#parts;
    let pauseMs = firstPauseMs;
    while (!this.#stopped) {
      const since = performance.now();
      try {
        await this.#listen();
      } catch (error) {
        if (!this.#stopped) {
          log.warn({ wallet, error: reasons.of(error), again: `${pauseMs} ms` }, 'the order stream broke');
        }
      }
      this.#up = false;
      if (performance.now() - since > steadyMs) pauseMs = firstPauseMs;
      await this.#client?.close().catch(() => undefined);
      this.#client = undefined;
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** @throws when the connection breaks, or is silent for too long */
  async #listen(): Promise<void> {
    const { open, subscribe, params, onNews } = this.#parts;
    const client = await open();
    this.#client = client;
    if (this.#stopped) return;
    await subscribe?.(client.exchange);
    this.#up = true;
    this.#parts.onUp();
    while (!this.#stopped) {
      const news = orderNewsShape.parse(
        await client.exchange.watchOrders(undefined, undefined, undefined, params),
      );
      for (const { symbol, id, clientOrderId } of news) onNews({ symbol, brokerOrderId: id, clientOrderId });
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#endPause = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#endPause = done;
    });
  }
}
