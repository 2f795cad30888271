/**
 * The contract of a handler: code that turns a signal into steps for its book.
 *
 * It is pure: it sees the signal, the book and the market as they are handed to it, and answers with steps or with the
 * reason why there are none. What can be wrong with a payload is said by its schema, before the signal is taken in.
 * A new handler is one file beside `handlers/order.ts` and a line in `handlers/index.ts`.
 */
import type { z } from 'zod';
import type { Purpose } from '../bank/books.ts';
import type { Instrument, Quote } from '../brokers/broker.ts';
import { UserError } from '../errors.ts';
import type { Step } from '../execution/operation.ts';
import type { Decimal } from '../money.ts';

/** A book as a handler sees it. Money in the book's currency. */
export interface BookView {
  readonly name: string;
  readonly currency: string;
  readonly cash: Decimal;
  /** Cash and positions at the last price. */
  readonly equity: Decimal;
  /** Cash in its home wallet that no open position needs: an entry that takes more has to be lent the rest. */
  readonly free: Decimal;
  /** What it owns of itself: deposits and closed profit, less fees. Risk is sized by it. */
  readonly capital: Decimal;
  /**
   * What it may put into a trade now: its cash and what the bank would lend of its pool, and no more than really is free
   * in its home wallet.
   */
  readonly available: Decimal;
  readonly minimumEntry: Decimal;
  /** The most that a trade may lose, in percent of `capital`; null where the book says nothing. */
  readonly maximumLossPercent: Decimal | null;
  /** Where its money rests, and where it trades. */
  readonly home: string;
  readonly wallet: string;
  /** Quantities by asset, what is owed taken off: negative when short. What is not held is missing. */
  readonly positions: ReadonlyMap<string, Decimal>;
  /** What is owed by asset, with interest as far as it is booked. */
  readonly debts: ReadonlyMap<string, Decimal>;
  /** What its positions cost a unit, or brought where they are short, by asset; without fees. */
  readonly averagePrices: ReadonlyMap<string, Decimal>;
  /** How many entries made a position, by asset; missing where that is not known. */
  readonly entries: ReadonlyMap<string, number>;
}

/** What is known of one symbol. Each part may be missing; `why` then says for what reason. */
export interface SymbolView {
  readonly instrument?: Instrument;
  readonly quote?: Quote;
  readonly why?: string;
}

/** The symbols that the signal named, under the names that it gave them: `instrument` has the broker's. */
export type MarketView = ReadonlyMap<string, SymbolView>;

export type Decision =
  | {
      readonly purpose: Purpose;
      readonly steps: readonly Step[];
      /** What an entry puts at stake, in the book's currency: limits and approvals go by it. */
      readonly notional: Decimal;
      /** What chat should hear although it is done. */
      readonly warning?: string;
      /**
       * Of an exit that an entry of the same signal follows: when it is done, the signal is decided once more, with the
       * book as it then is. Two decisions, because nothing may undo the exit when the entry cannot be made.
       */
      readonly thenAgain?: true;
    }
  | { readonly refused: string }
  /** Not now, but perhaps in a moment: an entry that comes before the exit of what is still open. */
  | { readonly again: string; readonly afterSeconds: number };

/** A payload that was understood. */
export interface ReadSignal {
  readonly summary: string;
  /** Whose instrument and quote the decision needs. */
  readonly symbols: readonly string[];
  decide(book: BookView, market: MarketView): Decision;
}

/** A handler with the settings of one book. */
export interface BookHandler {
  /** @throws UserError naming every field that is wrong */
  read(payload: unknown): ReadSignal;
}

export interface Handler {
  readonly name: string;
  /** @throws UserError naming every setting that is wrong */
  withSettings(settings: unknown): BookHandler;
}

export function defineHandler<Settings, Data>(definition: {
  readonly name: string;
  readonly settings: z.ZodType<Settings>;
  /** What its signals look like in a book with these settings. */
  signal(settings: Settings): z.ZodType<Data>;
  /** What the signal asks for, in a few words. */
  summary(data: Data): string;
  symbols(data: Data): readonly string[];
  decide(
    signal: { readonly data: Data; readonly settings: Settings },
    book: BookView,
    market: MarketView,
  ): Decision;
}): Handler {
  const { name, summary, symbols, decide } = definition;
  return {
    name,
    withSettings(input) {
      const settings = parsed(definition.settings, input, `The settings of the handler "${name}" are wrong`);
      const schema = definition.signal(settings);
      return {
        read(payload) {
          const data = parsed(schema, payload, 'The signal cannot be read');
          return {
            summary: summary(data),
            symbols: symbols(data),
            decide: (book, market) => decide({ data, settings }, book, market),
          };
        },
      };
    },
  };
}

function parsed<T>(schema: z.ZodType<T>, input: unknown, what: string): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new UserError(`${what}: ${issues.join('; ')}.`);
}
