/**
 * Listens to how often signals come: chat hears when a book that expects them has heard none for too long, when it hears
 * them again, and when they come nearly as fast as their sender can send.
 *
 * When a book last heard is in the store, among its signals. So a silence is told once, also over restarts, and one that began
 * while the desk was away is told when it is back.
 */
import type { Books } from '../bank/books.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import type { Inbox } from './inbox.ts';
import type { Queue } from './queue.ts';
import type { Signal } from './signal.ts';
import type { Storm } from './storm.ts';
import { calm, stormFrom, tradingViewMost, withAlert } from './storm.ts';

export interface SignalWatchParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly inbox: Inbox;
  /** Whose approvals expire meanwhile. */
  readonly queue: Pick<Queue, 'expireApprovals'>;
  /** How often it looks whether a silence has become too long. */
  readonly everyMs?: number;
}

/** What is remembered of a book that expects signals. */
interface BookWatch extends StoredDocument {
  /** When it was first listened to: before it has heard anything, it waits from here on. */
  readonly since: string;
  /** Of which silence chat knows: when it began. Null when there is none. */
  readonly silentSince: string | null;
}

const bookWatches = defineCollection<BookWatch>('signal_watches');

const defaultEveryMs = 10_000;
/** More signals of a book than this within the last minutes make no difference. */
const rememberedSignals = 100;

export class SignalWatch {
  readonly #parts: SignalWatchParts;
  readonly #watches: Collection<BookWatch>;
  readonly #storms = new Map<string, Storm>();
  readonly #lanes = new Lanes();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;

  private constructor(parts: SignalWatchParts, watches: Collection<BookWatch>) {
    this.#parts = parts;
    this.#watches = watches;
  }

  static async open(parts: SignalWatchParts): Promise<SignalWatch> {
    return new SignalWatch(parts, await parts.store.collection(bookWatches));
  }

  async start(): Promise<void> {
    const { books, inbox, everyMs = defaultEveryMs } = this.#parts;
    for (const book of books.names()) {
      const heard = await inbox.heard(book, rememberedSignals);
      this.#storms.set(
        book,
        deliveriesOf(heard).reduce((storm, at) => withAlert(storm, at).storm, calm),
      );
      if (this.#patienceMs(book) !== undefined) await this.#begin(book);
    }
    this.#stopListening = inbox.onHeard((signal) => this.#heard(signal));
    await this.check();
    this.#timer = setInterval(() => void this.check().catch((error) => this.#failed(error)), everyMs).unref();
  }

  /** Waits until what was heard is told. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    await this.#lanes.idle();
  }

  /** Resolves when all that was heard so far is told. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  /** Looks for silences, and for what nobody has approved in time; and lets the inbox tidy up. */
  async check(): Promise<void> {
    const { books, inbox, queue } = this.#parts;
    await inbox.tidy();
    await queue.expireApprovals();
    for (const book of books.names()) await this.#lanes.run(book, () => this.#checkSilence(book));
  }

  async #checkSilence(book: string): Promise<void> {
    const { clock, inbox, outbox } = this.#parts;
    const patienceMs = this.#patienceMs(book);
    const watch = patienceMs === undefined ? undefined : await this.#watches.get(book);
    if (patienceMs === undefined) return;
    if (!watch) return this.#begin(book); // it expects signals since that was set in chat
    const [last] = await inbox.heard(book, 1);
    if (watch.silentSince !== null) {
      // Heard by a process that died before it told.
      if (last && last.receivedAt > watch.silentSince) await this.#endSilence(last);
      return;
    }
    const since = last && last.receivedAt > watch.since ? last.receivedAt : watch.since;
    if (clock.now().getTime() - Date.parse(since) < patienceMs) return;
    const patience = durationText(patienceMs);
    const reason = last
      ? `The last one came at ${minuteText(last.receivedAt)}; one is expected every ${patience}.`
      : `None has come since ${minuteText(since)}; one is expected every ${patience}.`;
    await outbox.publish({ type: 'signal.silence', book, reason }, `signal.silence:${book}:${since}`);
    await this.#watches.update(book, { silentSince: null }, { silentSince: since });
  }

  #heard(signal: Signal): void {
    const { book } = signal;
    void this.#lanes
      .run(book, async () => {
        await this.#noteStorm(signal);
        await this.#endSilence(signal);
      })
      .catch((error) => this.#failed(error));
  }

  async #noteStorm({ book, receivedAt }: Signal): Promise<void> {
    const at = Date.parse(receivedAt);
    const before = this.#storms.get(book) ?? calm;
    if (before.recent.at(-1) === at) return; // of the same list: for its sender that was one alert
    const { storm, begins } = withAlert(before, at);
    this.#storms.set(book, storm);
    if (!begins) return;
    const reason = `${stormFrom} alerts came within 3 minutes. TradingView stops an alert that fires more than ${tradingViewMost} times in that time, and what it would have said then is missed.`;
    await this.#parts.outbox.publish(
      { type: 'signal.storm', book, reason },
      `signal.storm:${book}:${receivedAt}`,
    );
  }

  async #endSilence({ book, receivedAt }: Signal): Promise<void> {
    const watch = await this.#watches.get(book);
    if (!watch || watch.silentSince === null) return;
    const lasted = durationText(Date.parse(receivedAt) - Date.parse(watch.silentSince));
    await this.#parts.outbox.publish(
      { type: 'signal.heard', book, reason: `It had heard none for ${lasted}.` },
      `signal.heard:${book}:${watch.silentSince}`,
    );
    await this.#watches.update(book, { silentSince: watch.silentSince }, { silentSince: null });
  }

  async #begin(book: string): Promise<void> {
    try {
      await this.#watches.insert({ _id: book, since: stamp(this.#parts.clock), silentSince: null });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  #patienceMs(book: string): number | undefined {
    const seconds = this.#parts.books.settings(book).expectSignalEverySeconds;
    return seconds === undefined ? undefined : seconds * 1000;
  }

  /** It is looked at again soon; a signal is not lost by it. */
  #failed(error: unknown): void {
    this.#parts.log.error({ error: reasonOf(error) }, 'the watch over signals failed; it goes on');
  }
}

/** When messages came, the oldest first; the signals of one list came as one. */
function deliveriesOf(signals: readonly Signal[]): number[] {
  return [...new Set(signals.map(({ receivedAt }) => Date.parse(receivedAt)))].sort((a, b) => a - b);
}

/** `2020-04-17 14:30 UTC`. */
function minuteText(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}

/** `45 s`, `10 min`, `26 h`, `4 days`: the largest unit of which there are at least two. */
function durationText(ms: number): string {
  const units = [
    ['days', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const;
  const [unit, size] = units.find(([, length]) => ms >= 2 * length) ?? ['s', 1000];
  return `${Math.round(ms / size)} ${unit}`;
}
