import type { HandTrade } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { bookOption } from './book-option.ts';
import { action, defineCommand } from './command.ts';
import { tradeQuestion, tradeReply } from './hand-trade.ts';
import { heldSymbols } from './sell.ts';

export const close = defineCommand({
  name: 'close',
  description: 'Close a position at the market, long, short or borrowed, after showing what it would bring',
  group: 'Trading',
  body: {
    action: action({
      description:
        'Close a position at the market, long, short or borrowed, after showing what it would bring',
      role: 'trader',
      acts: true,
      example: '/close demo SP500',
      options: {
        book: {
          ...bookOption,
          description: 'Book; without it, or the symbol, what is open is shown to choose from',
        },
        symbol: {
          type: 'string',
          description: 'Symbol of the position',
          example: 'SP500',
          suggest: heldSymbols,
        },
      },
      standsFor: (_, { book, symbol }) =>
        book !== undefined && symbol !== undefined
          ? undefined
          : ['/positions', ...(book === undefined ? [] : [`book=${book}`])].join(' '),
      confirm: (context, named) => tradeQuestion(context, closing(named)),
      run: (context, named) => tradeReply(context, closing(named), { command: ['close'], options: named }),
    }),
  },
});

function closing({ book, symbol }: { readonly book?: string; readonly symbol?: string }): HandTrade {
  if (book === undefined || symbol === undefined) {
    throw new UserError('Name the book and the symbol, such as /close demo SP500.');
  }
  return { do: 'close', book, position: symbol };
}
