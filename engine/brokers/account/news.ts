/**
 * Tells those who listen to a broker what its journal says, in the order in which it happened. One that throws is told
 * to the log, and harms nobody else.
 */
import { reasonOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { BrokerListener, BrokerStatus } from '../broker.ts';
import type { Entry } from './entry.ts';
import type { Journal } from './journal.ts';

export class News {
  readonly #broker: string;
  readonly #journal: Journal;
  readonly #log: Logger;
  readonly #listeners = new Set<BrokerListener>();
  #telling: Promise<void> = Promise.resolve();

  constructor({ broker, journal, log }: { broker: string; journal: Journal; log: Logger }) {
    this.#broker = broker;
    this.#journal = journal;
    this.#log = log;
  }

  subscribe(listener: BrokerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  ofStatus(status: BrokerStatus): void {
    this.#tell((listener) => listener.onStatus?.(status));
  }

  ofEntry({ event }: Entry): void {
    if (event.kind !== 'placed' && event.kind !== 'progress') return;
    const id = event.kind === 'placed' ? event.order.clientOrderId : event.clientOrderId;
    const fresh = new Set(event.fills.map((fill) => fill.id));
    this.#telling = this.#telling.then(() => this.#ofOrder(id, fresh));
  }

  /** Resolves when all is told. */
  async idle(): Promise<void> {
    await this.#telling;
  }

  async #ofOrder(clientOrderId: string, fresh: ReadonlySet<string>): Promise<void> {
    try {
      const order = await this.#journal.order(clientOrderId);
      if (!order) return;
      for (const fill of order.fills) {
        if (fresh.has(fill.id)) this.#tell((listener) => listener.onFill?.(fill));
      }
      this.#tell((listener) => listener.onOrder?.(order));
    } catch (error) {
      // Nobody relies on being told: the executor asks again.
      this.#log.warn({ broker: this.#broker, error: reasonOf(error) }, 'an order could not be told of');
    }
  }

  #tell(call: (listener: BrokerListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        call(listener);
      } catch (error) {
        this.#log.error({ broker: this.#broker, error: reasonOf(error) }, 'a listener of the broker failed');
      }
    }
  }
}
