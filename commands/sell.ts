import type { HandTrade } from '../engine/desk.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { tradeQuestion, tradeReply } from './hand-trade.ts';
import { isWithin } from './reach.ts';
import { sizeOf, type Terms, termOptions, termsOf } from './trade-options.ts';

export const sell = defineCommand({
  name: 'sell',
  description: 'Sell what a book holds: all of it, a quantity, a part, or for an amount of money',
  group: 'Trading',
  body: {
    action: action({
      description: 'Sell what a book holds: all of it, a quantity, a part, or for an amount of money',
      role: 'trader',
      acts: true,
      example: '/sell demo SP500 50%',
      options: {
        book: { ...bookOption, required: true },
        symbol: {
          type: 'string',
          description: 'Symbol',
          example: 'SP500',
          required: true,
          suggest: heldSymbols,
        },
        size: {
          type: 'string',
          description: 'Quantity 3, part of the position 50%, or money "500 USD"; all where not given',
          example: '50%',
        },
        ...termOptions,
      },
      confirm: async (context, asked) => tradeQuestion(context, await orderOf(context, asked)),
      run: async (context, asked) =>
        tradeReply(context, await orderOf(context, asked), { command: ['sell'], options: asked }),
    }),
  },
});

/** Symbols that the book has open, or where none is given, any book within somebody's reach. */
export async function heldSymbols(
  { desk, caller }: CommandContext,
  typed: string,
  { book: of }: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  const wanted = typed.trim().toLowerCase();
  const open = (await desk.books.openSymbols()).filter(
    ({ book }) =>
      (of === undefined || book === of) &&
      isWithin(caller.reach, { book, account: desk.books.accountOf(book) }),
  );
  const symbols = [...new Set(open.map(({ symbol }) => symbol))];
  return symbols.filter((symbol) => symbol.toLowerCase().includes(wanted));
}

async function orderOf(
  { desk }: CommandContext,
  {
    book,
    symbol,
    size,
    ...terms
  }: Terms & { readonly book: string; readonly symbol: string; readonly size?: string },
): Promise<HandTrade> {
  const { currency } = await desk.books.show(book);
  const sized = size === undefined || size.toLowerCase() === 'all' ? {} : sizeOf(size, currency);
  return { do: 'order', book, order: { action: 'sell', symbol, ...sized, ...termsOf(terms) } };
}
