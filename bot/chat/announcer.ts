/**
 * Makes of an event what a chat is told: its words, and on an exit what the trade brought, with its picture. The same
 * event is told to many chats; it is drawn once.
 */
import { gainPercentText, gainText } from '../../commands/gains.ts';
import { type Reply, type RichText, rich } from '../../commands/reply.ts';
import type { Desk } from '../../engine/desk.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { DeskEvent, OutboxRecord, ToldFill } from '../../engine/events.ts';
import type { Logger } from '../../engine/log.ts';
import { type Announcement, announce, type Telling } from './announcements.ts';

export interface AnnouncerParts {
  readonly desk: Pick<Desk, 'accountText' | 'books' | 'filesOf' | 'money'>;
  readonly log: Logger;
}

type Record = Pick<OutboxRecord, 'sequence' | 'at' | 'event'>;
type TradeNews = Pick<Reply, 'text' | 'attachments'>;

/** So many events are told at a time at most: chats that are away for longer draw anew. */
const mostKept = 20;
const mostPictures = 3;

export class Announcer {
  readonly #parts: AnnouncerParts;
  readonly #kept = new Map<number, Promise<Announcement>>();

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  announce(record: Record): Promise<Announcement> {
    const kept = this.#kept.get(record.sequence);
    if (kept) return kept;
    const made = this.#make(record);
    this.#kept.set(record.sequence, made);
    // Tried again with the next attempt; whoever asked hears of it.
    made.catch(() => this.#kept.delete(record.sequence));
    for (const sequence of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(sequence);
    }
    return made;
  }

  async #make({ at, event }: Record): Promise<Announcement> {
    const { content, subject } = announce(event, this.#telling());
    const news = await this.#tradeNews(event, at);
    const files = [...(await this.#parts.desk.filesOf(event)), ...(news.attachments ?? [])];
    return {
      subject,
      content: {
        ...content,
        text: [...(content.text ?? []), ...(news.text ?? [])],
        ...(files.length > 0 && { attachments: files }),
      },
    };
  }

  #telling(): Telling {
    const { desk } = this.#parts;
    return {
      accountText: (broker) => desk.accountText(broker),
      accountOf: (book) => {
        try {
          return desk.books.accountOf(book);
        } catch (error) {
          if (error instanceof UserError) return undefined;
          throw error;
        }
      },
    };
  }

  /** What the trades brought that this event closed. Without it the event is told all the same. */
  async #tradeNews(event: DeskEvent, until: string): Promise<TradeNews> {
    const { desk, log } = this.#parts;
    const fills = 'fills' in event ? namesOf(event.fills) : [];
    if (!('fills' in event) || fills.length === 0) return {};
    try {
      const trades = await desk.money.closedBy({ book: event.book, fills, until });
      const reports = await Promise.all(trades.slice(-mostPictures).map(({ _id }) => desk.money.trade(_id)));
      const pictures = reports.flatMap(({ chart }) => chart ?? []);
      return {
        text: trades.flatMap(
          ({ symbols, netProfit, currency, capitalInUse }): RichText =>
            rich`\n${symbols.join(', ')}: ${gainText(netProfit, currency)} ${gainPercentText(netProfit, capitalInUse)} net`,
        ),
        ...(pictures.length > 0 && { attachments: pictures }),
      };
    } catch (error) {
      log.warn({ type: event.type, reason: reasonOf(error) }, 'what a trade brought could not be told');
      return {};
    }
  }
}

function namesOf(fills: readonly ToldFill[]): string[] {
  return fills.flatMap(({ id }) => id ?? []);
}
