/**
 * What happened, told by the engine and heard by the bot.
 *
 * An event is stored in the outbox before it is told. Each chat keeps its own place in the outbox, so it hears every
 * event, in order, however long its platform was away. What the user is told about it is decided in the bot.
 */
import type { Clock } from './clock.ts';
import { stamp } from './clock.ts';
import type { Collection, Store, StoredDocument } from './store/store.ts';
import { DuplicateKeyError, defineCollection } from './store/store.ts';

/** A fill as it is told. Quantities, prices and amounts are decimal text. */
export interface ToldFill {
  /** Its name in the ledger; missing in what was told by an earlier version. */
  readonly id?: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: string;
  readonly price: string;
  readonly fee: string;
  readonly feeCurrency: string;
  readonly currency: string;
}

/** A book's money after something happened. Decimal text in the book's currency. */
export interface ToldCapital {
  readonly cash: string;
  /** Cash and positions at the last price. */
  readonly equity: string;
  readonly currency: string;
}

export type DeskEvent =
  | { readonly type: 'desk.started'; readonly version: string; readonly environment: string }
  | {
      readonly type: 'desk.stopping';
      readonly environment: string;
      readonly by: string;
      /** Whether it starts anew by itself. */
      readonly restarts: boolean;
    }
  /** Its people, its settings or its workings were changed in chat: for the admins. */
  | { readonly type: 'desk.changed'; readonly text: string; readonly by: string }
  /** Somebody has confirmed a command that takes a second person. */
  | {
      readonly type: 'command.waiting';
      /** As it would be typed. */
      readonly line: string;
      readonly command: readonly string[];
      readonly options: Readonly<Record<string, string | number | boolean>>;
      readonly by: string;
      readonly withinMinutes: number;
    }
  | {
      readonly type: 'signal.received';
      readonly signal: string;
      readonly book: string;
      readonly summary: string;
    }
  | {
      readonly type: 'signal.refused';
      readonly signal: string;
      readonly book: string;
      readonly summary: string;
      readonly reason: string;
      /** It can be decided once more: it was read, and led to no trade. */
      readonly replayable?: true;
    }
  | {
      readonly type: 'signal.done';
      readonly signal: string;
      readonly book: string;
      readonly account: string;
      readonly summary: string;
      readonly fills: readonly ToldFill[];
      readonly capital: ToldCapital;
    }
  | {
      readonly type: 'signal.failed';
      readonly signal: string;
      readonly book: string;
      readonly summary: string;
      readonly reason: string;
      /** It can be decided once more: it was read, and led to no trade. */
      readonly replayable?: true;
    }
  | {
      /** A person must approve it before it is acted on. */
      readonly type: 'signal.waiting';
      readonly signal: string;
      readonly book: string;
      readonly account: string;
      readonly summary: string;
      readonly reason: string;
    }
  | {
      /**
       * A book that expects signals has heard none for too long; hears them again; or hears them nearly as fast as their
       * sender can send.
       */
      readonly type: 'signal.silence' | 'signal.heard' | 'signal.storm';
      readonly book: string;
      readonly reason: string;
    }
  | {
      /** A trade that a person asked for by command is over. Without fills nothing was traded. */
      readonly type: 'trade.ended';
      readonly trade: string;
      readonly book: string;
      readonly account: string;
      readonly by: string;
      readonly summary: string;
      readonly reason: string | null;
      readonly fills: readonly ToldFill[];
      readonly capital: ToldCapital;
      /** What names the wish for it. */
      readonly request: string;
    }
  | {
      /** It goes neither on nor back by itself; it is tried again. */
      readonly type: 'operation.stuck';
      readonly operation: string;
      readonly book: string;
      readonly account: string;
      readonly summary: string;
      readonly reason: string;
    }
  | {
      /** A person has given it up: it goes no further. */
      readonly type: 'operation.ended';
      readonly operation: string;
      readonly book: string;
      readonly account: string;
      readonly summary: string;
      readonly by: string;
      readonly reason: string;
      readonly fills: readonly ToldFill[];
      /** What stays open in the book and at the broker; sentences for people. */
      readonly left: readonly string[];
    }
  | {
      /** What had rested at the broker was traded: a stop loss, a take profit. */
      readonly type: 'order.filled';
      readonly order: string;
      readonly book: string;
      readonly account: string;
      readonly fills: readonly ToldFill[];
      readonly capital: ToldCapital;
    }
  | {
      /** A broker that works by hand asks a person to place an order there, and to report it. */
      readonly type: 'order.todo';
      readonly order: string;
      readonly book: string | null;
      readonly account: string;
      readonly text: string;
    }
  | {
      /** The broker says something else than the books. */
      readonly type: 'difference.found';
      readonly difference: string;
      readonly account: string;
      readonly text: string;
      /** Whether it stops the entries of the account. */
      readonly blocks: boolean;
    }
  | {
      readonly type: 'difference.resolved';
      readonly difference: string;
      readonly account: string;
      readonly text: string;
      readonly by: string;
    }
  | { readonly type: 'limit.hit'; readonly book: string; readonly limit: string; readonly reason: string }
  | { readonly type: 'ledger.wrong'; readonly reason: string }
  | {
      /** Prices that were kept are told otherwise by their vendor now. */
      readonly type: 'bars.corrected';
      readonly source: string;
      readonly interval: string;
      readonly symbols: readonly string[];
      /** How many prices. */
      readonly prices: number;
      /** A few, the largest first. */
      readonly largest: readonly {
        readonly symbol: string;
        readonly at: string;
        readonly column: string;
        readonly before: number;
        readonly now: number;
      }[];
    }
  | {
      readonly type: 'order.unknown';
      readonly order: string;
      readonly book: string;
      readonly account: string;
      readonly reason: string;
    }
  | {
      readonly type: 'run.finished';
      readonly run: string;
      readonly plan: string;
      readonly book: string;
      readonly account: string;
      /** Those that went to the broker. */
      readonly newOrders: number;
      /** Those that wait: for the broker, for the market, for money. */
      readonly waiting: number;
      /** What else is worth knowing. */
      readonly notes: readonly string[];
      readonly fills: readonly ToldFill[];
      readonly capital: ToldCapital;
      /** What names the wish for it, where somebody ran it by hand. */
      readonly request?: string;
    }
  | {
      /** Orders of a plan that had waited went to the broker, or were given up. */
      readonly type: 'run.sent';
      readonly run: string;
      readonly plan: string;
      readonly book: string;
      readonly account: string;
      readonly sent: number;
      readonly givenUp: number;
      readonly notes: readonly string[];
      readonly fills: readonly ToldFill[];
      readonly capital: ToldCapital;
    }
  /** Runs whose moments went by while the desk was down. */
  | { readonly type: 'run.skipped'; readonly plan: string; readonly book: string; readonly reason: string }
  /** It runs no more until somebody enables it. */
  | { readonly type: 'run.stopped'; readonly plan: string; readonly book: string; readonly reason: string }
  | { readonly type: 'run.failed'; readonly run: string; readonly plan: string; readonly reason: string }
  | {
      /** A script ran at its time. What it left for chat is in the history of tasks. */
      readonly type: 'task.finished';
      readonly run: string;
      readonly task: string;
      /** What it printed, shortened. */
      readonly output: string;
    }
  | {
      readonly type: 'task.failed';
      readonly run: string;
      readonly task: string;
      readonly state: 'failed' | 'cancelled' | 'missed';
      readonly reason: string;
      readonly output: string;
    }
  | {
      /** It cannot be reached; or a person has to do something there, such as log in. */
      readonly type: 'broker.down' | 'broker.login';
      readonly broker: string;
      readonly reason: string;
      /** Orders that cannot be sent before it is back. */
      readonly waiting: number;
    }
  /** It is ready again after one of these was told. */
  | { readonly type: 'broker.back'; readonly broker: string }
  | {
      /** Its market has been open for so long while it is out of reach. Told once. */
      readonly type: 'broker.blind';
      readonly broker: string;
      readonly minutes: number;
      readonly reason: string;
    }
  | {
      /** A symbol means several contracts: a person has to say which. */
      readonly type: 'broker.contract';
      readonly broker: string;
      readonly symbol: string;
      readonly choices: readonly { readonly symbol: string; readonly name: string }[];
    }
  /** What a person should know of it: a corrected trade, that it is back after an alarm. */
  | { readonly type: 'broker.notice'; readonly broker: string; readonly text: string }
  | {
      readonly type: 'suspended';
      readonly scope: 'entries' | 'all';
      readonly book: string | null;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly type: 'resumed'; readonly book: string | null; readonly by: string }
  /** A mail server will never take what was sent to an address. */
  | { readonly type: 'mail.refused'; readonly address: string; readonly reason: string }
  /** A chat that wants what it is told in threads lets the desk open none, or write into none. */
  | { readonly type: 'threads.refused'; readonly chat: string; readonly reason: string }
  | { readonly type: 'access.refused'; readonly attempts: number; readonly latest: string };

export interface OutboxRecord extends StoredDocument {
  /** 1, 2, 3, ... without repetition. */
  readonly sequence: number;
  readonly at: string;
  readonly event: DeskEvent;
  /** Names what happened, where the same thing may be told again after a crash. */
  readonly key?: string;
}

const outboxRecords = defineCollection<OutboxRecord>('outbox', { unique: [['sequence'], ['key']] });

const pageSize = 200;

export class Outbox {
  readonly #records: Collection<OutboxRecord>;
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: DeskEvent) => void>();
  #newest: number;
  /** One at a time: a number is given only when the one before it is stored, so a reader never skips a late one. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(records: Collection<OutboxRecord>, clock: Clock, newest: number) {
    this.#records = records;
    this.#clock = clock;
    this.#newest = newest;
  }

  static async open(store: Store, clock: Clock): Promise<Outbox> {
    const records = await store.collection(outboxRecords);
    return new Outbox(records, clock, await newestSequence(records));
  }

  /** Resolves when the event is stored. An event under a `key` that was told before is not told again. */
  publish(event: DeskEvent, key?: string): Promise<void> {
    const published = this.#queue.then(() => this.#store(event, key));
    this.#queue = published.catch(() => undefined); // the caller hears of it; the next event still gets its turn
    return published;
  }

  async #store(event: DeskEvent, key: string | undefined): Promise<void> {
    for (;;) {
      const sequence = this.#newest + 1;
      const at = stamp(this.#clock);
      try {
        await this.#records.insert({ _id: `event-${sequence}`, sequence, at, event, ...(key && { key }) });
        this.#newest = sequence;
        break;
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
        if (key && (await this.#records.count({ key })) > 0) return;
        // Another worker on the same store took this number.
        this.#newest = await newestSequence(this.#records);
      }
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** Events after `sequence`, oldest first. */
  after(sequence: number, limit: number): Promise<OutboxRecord[]> {
    return this.#records.find({ sequence: { gt: sequence } }, { sort: [['sequence', 'ascending']], limit });
  }

  /** What happened after `since`, until and with `until`; the newest first, by which it is found without an index. */
  async between(since: Date, until: Date): Promise<DeskEvent[]> {
    const [from, to] = [since.toISOString(), until.toISOString()];
    const found: DeskEvent[] = [];
    let before = (await this.newest()) + 1;
    for (;;) {
      const page = await this.#records.find(
        { sequence: { lt: before } },
        { sort: [['sequence', 'descending']], limit: pageSize },
      );
      found.push(...page.filter(({ at }) => at > from && at <= to).map(({ event }) => event));
      const last = page.at(-1);
      // Workers on one store number events by turns, and their clocks may differ by a little: a page more costs nothing.
      if (!last || page.length < pageSize || page.every(({ at }) => at <= from)) return found;
      before = last.sequence;
    }
  }

  /** The newest number that was given; 0 when nothing was published yet. */
  newest(): Promise<number> {
    return newestSequence(this.#records);
  }

  /** Calls `listener` after each event that was stored here; returns what ends that. */
  onPublished(listener: (event: DeskEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

async function newestSequence(records: Collection<OutboxRecord>): Promise<number> {
  const [newest] = await records.find({}, { sort: [['sequence', 'descending']], limit: 1 });
  return newest?.sequence ?? 0;
}
