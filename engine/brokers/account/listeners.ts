/** Those who listen to a broker. One that throws is told to the log, and harms nobody else. */
import { reasonOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { BrokerListener } from '../broker.ts';

export class Listeners {
  readonly #broker: string;
  readonly #log: Logger;
  readonly #all = new Set<BrokerListener>();

  constructor(broker: string, log: Logger) {
    this.#broker = broker;
    this.#log = log;
  }

  add(listener: BrokerListener): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  tell(call: (listener: BrokerListener) => void): void {
    for (const listener of this.#all) {
      try {
        call(listener);
      } catch (error) {
        this.#log.error({ broker: this.#broker, error: reasonOf(error) }, 'a listener of the broker failed');
      }
    }
  }
}
