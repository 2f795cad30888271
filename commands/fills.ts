import { bookOption } from './book-option.ts';
import { action, defineCommand } from './command.ts';
import { amountText } from './figures.ts';
import { priceText, quantityText } from './gains.ts';
import { bold, type RichText, rich } from './reply.ts';

export const fills = defineCommand({
  name: 'fills',
  description: 'What was bought and sold last, at what price and fee',
  group: 'Money',
  body: {
    action: action({
      description: 'What was bought and sold last, at what price and fee',
      role: 'viewer',
      example: '/fills demo',
      options: {
        book: { ...bookOption, description: 'Book; without it all of them' },
        count: { type: 'integer', description: 'How many; 10 where not given', min: 1, max: 40 },
      },
      run: async ({ desk, times }, { book, count = 10 }) => {
        const found = await desk.money.fills({ ...(book !== undefined && { book }), limit: count });
        if (found.length === 0) return { text: ['Nothing was bought or sold yet.'] };
        return {
          title: 'The newest fills',
          text: found.flatMap(
            (
              { side, quantity, symbol, price, currency, fee, feeCurrency, book: of, broker, at },
              index,
            ): RichText => [
              index === 0 ? '' : '\n\n',
              ...rich`${bold(`${side === 'buy' ? 'Bought' : 'Sold'} ${quantityText(quantity)} ${symbol}`)} at ${priceText(price)} ${currency}\nfee ${amountText(fee, feeCurrency)} · ${of}, ${desk.accountText(broker)} · ${times.near(at)}`,
            ],
          ),
          buttons: [
            {
              label: 'All as CSV',
              command: ['report', 'fills'],
              options: book === undefined ? {} : { book },
            },
          ],
        };
      },
    }),
  },
});
