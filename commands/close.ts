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
        book: { ...bookOption, required: true },
        symbol: {
          type: 'string',
          description: 'Symbol of the position',
          example: 'SP500',
          required: true,
          suggest: heldSymbols,
        },
      },
      confirm: (context, { book, symbol }) => tradeQuestion(context, { do: 'close', book, position: symbol }),
      run: (context, { book, symbol }) => tradeReply(context, { do: 'close', book, position: symbol }),
    }),
  },
});
