/** How a kind of broker makes itself known: its type in `desk.yaml`, its settings, and how it is built from them. */
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Outbox } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Broker } from './broker.ts';
import type { Prices } from './prices.ts';

/** What the desk gives to every broker. */
export interface BrokerSurroundings {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** For what a person has to be told. */
  readonly outbox: Outbox;
  /** A source of `desk.yaml` by its name. @throws UserError when there is none */
  prices(source: string): Prices;
}

export interface BrokerAdapter {
  readonly type: string;
  readonly settings: z.ZodType;
  /** @throws ZodError when the settings are not this adapter's */
  create(name: string, settings: unknown, surroundings: BrokerSurroundings): Promise<Broker>;
}

/** Gives `create` the settings as their schema reads them. */
export function defineAdapter<S>(definition: {
  readonly type: string;
  readonly settings: z.ZodType<S>;
  create(name: string, settings: S, surroundings: BrokerSurroundings): Promise<Broker>;
}): BrokerAdapter {
  return {
    type: definition.type,
    settings: definition.settings,
    create: (name, settings, surroundings) =>
      definition.create(name, definition.settings.parse(settings), surroundings),
  };
}
