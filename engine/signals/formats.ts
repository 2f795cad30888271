/**
 * The formats in which an alert may come, and the book that it is for.
 *
 * The plain one names its book, if its address did not, and everything else in it is for the book's handler. Mirage's names
 * a strategy and an instance, which a book says of itself in its file, and has what is for the handler under `data`.
 */
import { z } from 'zod';
import { type BookSettings, bookName } from '../bank/book.ts';
import { UserError } from '../errors.ts';
import { type AlertFields, longestList } from './alert.ts';

const positive = z.union([z.number().positive(), z.string().regex(/^\d{1,15}(\.\d{1,18})?$/)]);
const number = z.union([z.number(), z.string().regex(/^-?\d{1,15}(\.\d{1,18})?$/)]);
const text = z.union([z.string(), z.number()]);

/**
 * The words of the plain format. Which of them a book understands, and which it needs, its handler says: it refuses what it
 * does not know, rather than reading over it.
 */
export const plainAlert = z
  .looseObject({
    book: bookName.optional().describe('The book; not needed where the address names it'),
    action: z
      .string()
      .optional()
      .describe('buy or sell for the handler "order", entry or exit for "position" and "pair"'),
    symbol: z.string().optional().describe('What to trade; BINANCE:BTCUSDT is read as BTCUSDT'),
    ticker: z.string().optional().describe('The same as symbol'),
    pair: z
      .string()
      .optional()
      .describe('Of the handler "pair": two symbols and their ratio, NEOUSDT-12*ADAUSDT'),
    side: z.enum(['long', 'short']).optional().describe('The direction of an entry'),
    quantity: positive.optional().describe('Size in units of the symbol'),
    cost: positive.optional().describe("Size in money of the book's currency, fee included"),
    percent: positive
      .optional()
      .describe("Size in percent: of the book's equity; of a sale or an exit, in percent of the position"),
    risk: positive
      .optional()
      .describe("What an entry may lose at its stop, in percent of the book's capital"),
    type: z
      .enum(['market', 'limit', 'stop', 'stop_limit'])
      .optional()
      .describe('Of the handler "order": market where not given'),
    price: number.optional().describe('Limit price of an order; of an entry the price of the chart'),
    stop: positive.optional().describe('Stop price of an order; of a position its stop loss'),
    stop_loss: positive.optional().describe('Of the handler "order": a stop loss for what was bought'),
    stoploss_price: number
      .optional()
      .describe('Of the handler "pair": the price of the spread at which it is left'),
    take_profit: positive.optional().describe('Take profit: a price'),
    open_for: positive.optional().describe('How many seconds an order may stay open'),
    tag: text.optional().describe('Kept with the signal, for people'),
    comment: text.optional().describe('Kept with the signal, for people'),
    time: text.optional().describe('Time of the bar; with the symbol it tells a repetition of the alert'),
    timenow: text.optional().describe('Time of the alert; makes its text its own'),
    id: text.optional().describe('Names this alert: a second one with the same id is a repetition'),
    key: z.string().optional().describe('The key, where the senders of the book prove themselves by one'),
  })
  .describe('The plain format');

/** Mirage's format, as it is after its envelope was opened. */
export const mirageAlert = z
  .strictObject({
    strategy: z.strictObject({
      name: z.string().describe("A book's mirage.strategy"),
      instance_id: z.string().describe("The same book's mirage.instance"),
    }),
    data: z
      .record(z.string(), z.unknown())
      .describe("What the book's handler reads; {} where it needs nothing"),
    id: text.optional().describe('Names this alert: a second one with the same id is a repetition'),
  })
  .describe("Mirage's format");

/** JSON Schema (draft 2020-12) of what may be sent: an alert in either format, or a list of them that runs in order. */
export function alertSchema(): object {
  const { $schema, ...plain } = z.toJSONSchema(plainAlert, { io: 'input' });
  const { $schema: _, ...mirage } = z.toJSONSchema(mirageAlert, { io: 'input' });
  const ref = (name: string) => ({ $ref: `#/$defs/${name}` });
  return {
    $schema,
    title: 'What may be sent to the desk: an alert, or a list of them that runs in order',
    anyOf: [ref('alert'), { type: 'array', items: ref('alert'), minItems: 1, maxItems: longestList }],
    $defs: { alert: { anyOf: [ref('plain'), ref('mirage')] }, plain, mirage },
  };
}

/** A signal at the book that it is for, as the book's handler reads it. */
export interface AddressedAlert {
  readonly book: string;
  readonly payload: AlertFields;
  /** By which the sender knows it, when that is not in the payload. */
  readonly id?: string;
}

/**
 * Finds the book of an alert.
 * @param hook the book that the sender's address names, if it names one
 * @throws UserError when it names none, another one than its address, or one that does not exist
 */
export function addressed(
  alert: AlertFields,
  hook: string | undefined,
  books: readonly BookSettings[],
): AddressedAlert {
  // A plain alert may well have a `strategy`, but as a text.
  const isMirage = typeof alert['strategy'] === 'object' && alert['strategy'] !== null;
  return isMirage ? mirageAddressed(alert, hook, books) : plainAddressed(alert, hook, books);
}

function plainAddressed(
  { book: named, ...payload }: AlertFields,
  hook: string | undefined,
  books: readonly BookSettings[],
): AddressedAlert {
  if (named === undefined && hook === undefined) {
    throw new UserError('The alert names no book: add "book", or send it to the address of one.');
  }
  if (named !== undefined && typeof named !== 'string') throw new UserError('book: must be text.');
  if (named !== undefined && hook !== undefined && named !== hook) {
    throw new UserError(`The alert is for the book "${named}", but was sent to the address of "${hook}".`);
  }
  const book = named ?? hook ?? '';
  if (!books.some(({ name }) => name === book)) throw new UserError(`There is no book "${book}".`);
  return { book, payload };
}

function mirageAddressed(
  alert: AlertFields,
  hook: string | undefined,
  books: readonly BookSettings[],
): AddressedAlert {
  const read = mirageAlert.safeParse(alert);
  if (!read.success) {
    const issues = read.error.issues.map(({ path, message }) => [path.join('.'), message].join(': '));
    throw new UserError(`The alert in Mirage's format cannot be read: ${issues.join('; ')}.`);
  }
  const { strategy, data, id } = read.data;
  const words = `strategy ${strategy.name}, instance ${strategy.instance_id}`;
  const book = books.find(
    ({ mirage }) => mirage?.strategy === strategy.name && mirage.instance === strategy.instance_id,
  );
  if (!book) {
    throw new UserError(`No book is ${words}: set mirage.strategy and mirage.instance in the book's file.`);
  }
  if (hook !== undefined && book.name !== hook) {
    throw new UserError(
      `The alert is for the book "${book.name}" (${words}), but was sent to the address of "${hook}".`,
    );
  }
  return { book: book.name, payload: data, ...(id !== undefined && { id: String(id) }) };
}
