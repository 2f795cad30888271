/** How a kind of source makes itself known: its type in `desk.yaml`, its settings, and how it is built from them. */
import type { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/store.ts';
import type { Source } from './source.ts';

/** What the desk gives to every source. */
export interface SourceSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Another source of `desk.yaml` by its name; only to be called once all are built. @throws UserError when there is none */
  source(name: string): Source;
  /** The brokers of a type in `desk.yaml`, by their names. */
  brokers(type: string): readonly string[];
  /** What brokers remember of their instruments is there. */
  readonly store?: Store;
  readonly network: Network;
}

/** The way out, and waiting. */
export interface Network {
  readonly fetch: Fetch;
  /** Rejects when the signal aborts. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The part of `fetch` that sources need. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>;

export interface FetchRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface SourceAdapter {
  readonly type: string;
  /** What it has lies on the desk's machine, or is kept by others: there is no setting `library` to keep its bars. */
  readonly isLocal?: boolean;
  readonly settings: z.ZodType;
  /** @throws ZodError when the settings are not this adapter's */
  create(name: string, settings: unknown, surroundings: SourceSurroundings): Promise<Source>;
}

/** Gives `create` the settings as their schema reads them. What a source needs is imported there: only when it is used. */
export function defineSource<S>(definition: {
  readonly type: string;
  readonly isLocal?: boolean;
  readonly settings: z.ZodType<S>;
  create(name: string, settings: S, surroundings: SourceSurroundings): Promise<Source>;
}): SourceAdapter {
  return {
    type: definition.type,
    isLocal: definition.isLocal ?? false,
    settings: definition.settings,
    create: (name, settings, surroundings) =>
      definition.create(name, definition.settings.parse(settings), surroundings),
  };
}
