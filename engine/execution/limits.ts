/**
 * The limits of a book and of the whole desk: beyond one of them entries stop, exits go on, and chat hears of it.
 *
 * The desk's limits count all books of one currency together. A day begins at midnight UTC.
 */
import type { TradingLimits } from '../bank/book.ts';
import type { BookReport, Books } from '../bank/books.ts';
import type { Clock } from '../clock.ts';
import type { Outbox } from '../events.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, groupThousands, zero } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';

/** An entry that is about to be sent. */
export interface Entry {
  readonly book: string;
  /** What it buys or sells short. */
  readonly asset: string;
  /** In the book's currency; null where there is no price, which no limit on money lets through. */
  readonly notional: Decimal | null;
}

/** An entry that was sent. */
export interface SentEntry {
  readonly book: string;
  readonly sentAt: string;
  /** Decimal text in the book's currency. */
  readonly notional: string;
}

/** What the limits of one scope are compared with. */
export interface Exposure {
  readonly notional: Decimal | null;
  readonly notionalToday: Decimal;
  /** With the one that the entry opens. */
  readonly openPositions: number;
  /** Positive where the day lost money. */
  readonly lossToday: Decimal;
  readonly ordersLastMinute: number;
  readonly currency: string;
}

export interface Hit {
  readonly limit: keyof TradingLimits;
  readonly reason: string;
}

/** The first limit that the entry would go beyond. */
export function limitHit(limits: TradingLimits, exposure: Exposure, whose: string): Hit | undefined {
  const { notional, notionalToday, openPositions, lossToday, ordersLastMinute, currency } = exposure;
  const money = (value: Decimal) => `${groupThousands(value.toFixed(2))} ${currency}`;
  const hit = (limit: keyof TradingLimits, reason: string): Hit => ({
    limit,
    reason: `${reason}, ${whose}.`,
  });
  if ((limits.order !== undefined || limits.notionalPerDay !== undefined) && notional === null) {
    return hit(
      limits.order !== undefined ? 'order' : 'notionalPerDay',
      'There is no price to measure the entry by',
    );
  }
  const worth = notional ?? zero;
  if (limits.order !== undefined && worth.gt(decimal(limits.order))) {
    return hit(
      'order',
      `The entry is worth ${money(worth)}; an order may be worth ${money(decimal(limits.order))}`,
    );
  }
  if (limits.notionalPerDay !== undefined) {
    const allowed = decimal(limits.notionalPerDay);
    if (notionalToday.plus(worth).gt(allowed)) {
      return hit(
        'notionalPerDay',
        `Entries of ${money(notionalToday)} were made today, and this one is worth ${money(worth)}; a day may have ${money(allowed)}`,
      );
    }
  }
  if (limits.openPositions !== undefined && openPositions > limits.openPositions) {
    return hit(
      'openPositions',
      `It would be position number ${openPositions}; ${limits.openPositions} may be open at once`,
    );
  }
  if (limits.lossPerDay !== undefined && lossToday.gte(decimal(limits.lossPerDay))) {
    return hit(
      'lossPerDay',
      `Today has lost ${money(lossToday)}; a day may lose ${money(decimal(limits.lossPerDay))}`,
    );
  }
  if (limits.ordersPerMinute !== undefined && ordersLastMinute >= limits.ordersPerMinute) {
    return hit(
      'ordersPerMinute',
      `${ordersLastMinute} orders were sent in the last minute; ${limits.ordersPerMinute} may be`,
    );
  }
  return undefined;
}

export interface LimitsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly books: Books;
  /** Of the whole desk. */
  readonly desk: TradingLimits;
  /** Entries of a book that were sent since an instant. */
  entriesSince(book: string, since: Date): Promise<readonly SentEntry[]>;
  /** Assets of a book's entries that are open at the broker: a position each, when they are filled. */
  openEntries(book: string): Promise<readonly string[]>;
}

/** What a book was worth when its day began. */
interface DayMark extends StoredDocument {
  readonly equity: string;
  readonly deposited: string;
}

const dayMarks = defineCollection<DayMark>('day_marks');

export class EntryLimits {
  readonly #parts: LimitsParts;
  readonly #marks: Collection<DayMark>;
  #desk: TradingLimits;

  private constructor(parts: LimitsParts, marks: Collection<DayMark>) {
    this.#parts = parts;
    this.#marks = marks;
    this.#desk = parts.desk;
  }

  static async open(parts: LimitsParts): Promise<EntryLimits> {
    return new EntryLimits(parts, await parts.store.collection(dayMarks));
  }

  /** Gives the whole desk other limits, from the next entry on. */
  change(desk: TradingLimits): void {
    this.#desk = desk;
  }

  /** Whether the desk has limits of its own, which count the entries of all books together. */
  get countsTogether(): boolean {
    return Object.values(this.#desk).some((limit) => limit !== undefined);
  }

  /** Remembers what each book is worth at the beginning of the day; the first call of a day counts. */
  async markDay(): Promise<void> {
    for (const book of this.#parts.books.names()) await this.#mark(await this.#parts.books.show(book));
  }

  /** Why the entry may not be sent, for people; tells chat of it once a day. */
  async refusal(entry: Entry): Promise<string | undefined> {
    const { books, outbox } = this.#parts;
    const { limits, currency } = books.settings(entry.book);
    const hit =
      (await this.#hit(limits, entry, [entry.book], `by the limits of ${entry.book}`)) ??
      (await this.#hit(
        this.#desk,
        entry,
        books.names().filter((name) => books.settings(name).currency === currency),
        'by the limits of the desk',
      ));
    if (!hit) return undefined;
    const { limit, reason } = hit;
    await outbox.publish(
      { type: 'limit.hit', book: entry.book, limit, reason },
      `limit.hit:${entry.book}:${limit}:${this.#today()}`,
    );
    return reason;
  }

  async #hit(
    limits: TradingLimits,
    entry: Entry,
    names: readonly string[],
    whose: string,
  ): Promise<Hit | undefined> {
    if (Object.values(limits).every((limit) => limit === undefined)) return undefined;
    const { books, clock } = this.#parts;
    const { currency } = books.settings(entry.book);
    const now = clock.now();
    const minuteAgo = new Date(now.getTime() - 60_000);
    const midnight = new Date(`${this.#today()}T00:00:00.000Z`);
    const since = midnight < minuteAgo ? midnight : minuteAgo;
    const sent = (await Promise.all(names.map((name) => this.#parts.entriesSince(name, since)))).flat();
    const today = sent.filter(({ sentAt }) => Date.parse(sentAt) >= midnight.getTime());
    const open = new Set<string>([`${entry.book} ${entry.asset}`]);
    for (const name of names) {
      const entering = await this.#parts.openEntries(name);
      const held = (await books.holdings(name)).positions.keys();
      for (const asset of [...entering, ...held]) open.add(`${name} ${asset}`);
    }
    return limitHit(
      limits,
      {
        notional: entry.notional,
        notionalToday: today.reduce((sum, { notional }) => sum.plus(decimal(notional)), zero),
        openPositions: open.size,
        lossToday: limits.lossPerDay === undefined ? zero : await this.#lossToday(names),
        ordersLastMinute: sent.filter(({ sentAt }) => Date.parse(sentAt) > minuteAgo.getTime()).length,
        currency,
      },
      whose,
    );
  }

  async #lossToday(names: readonly string[]): Promise<Decimal> {
    let loss = zero;
    for (const name of names) {
      const report = await this.#parts.books.show(name);
      const { equity, deposited } = await this.#mark(report);
      const paidIn = decimal(report.deposited).minus(decimal(deposited));
      loss = loss.plus(decimal(equity)).plus(paidIn).minus(decimal(report.equity));
    }
    return loss;
  }

  async #mark({ name, equity, deposited }: BookReport): Promise<DayMark> {
    const id = `${name}:${this.#today()}`;
    const known = await this.#marks.get(id);
    if (known) return known;
    const mark = { _id: id, equity: decimalText(decimal(equity)), deposited };
    try {
      await this.#marks.insert(mark);
      return mark;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return (await this.#marks.get(id)) ?? mark; // another desk on this store was first
    }
  }

  #today(): string {
    return this.#parts.clock.now().toISOString().slice(0, 10);
  }
}
