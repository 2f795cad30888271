import type { HandTrade } from '../engine/desk.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { tradeQuestion, tradeReply } from './hand-trade.ts';
import { sizeOf, type Terms, termOptions, termsOf } from './trade-options.ts';

export const buy = defineCommand({
  name: 'buy',
  description: 'Buy for a book: a quantity, a part of its equity, or for an amount of money',
  group: 'Trading',
  body: {
    action: action({
      description: 'Buy for a book: a quantity, a part of its equity, or for an amount of money',
      role: 'trader',
      acts: true,
      example: '/buy demo SP500 10%',
      options: {
        book: { ...bookOption, required: true },
        symbol: {
          type: 'string',
          description: 'Symbol',
          example: 'SP500',
          required: true,
          suggest: ({ desk }, typed) => desk.suggestSymbols(typed.trim()),
        },
        size: {
          type: 'string',
          description: 'Quantity 3, part of the equity 10%, or money "500 USD"',
          example: '10%',
          required: true,
        },
        ...termOptions,
      },
      confirm: async (context, asked) => tradeQuestion(context, await orderOf(context, asked)),
      run: async (context, asked) =>
        tradeReply(context, await orderOf(context, asked), { command: ['buy'], options: asked }),
    }),
  },
});

async function orderOf(
  { desk }: CommandContext,
  {
    book,
    symbol,
    size,
    ...terms
  }: Terms & { readonly book: string; readonly symbol: string; readonly size: string },
): Promise<HandTrade> {
  const { currency } = await desk.books.show(book);
  return {
    do: 'order',
    book,
    order: { action: 'buy', symbol, ...sizeOf(size, currency), ...termsOf(terms) },
  };
}
