import type { TradeReport } from '../engine/desk.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { amountText, exactText, moneyText } from './figures.ts';
import { gainText, priceText, quantityText } from './gains.ts';
import { bold, type Field, type Reply, type RichText, rich } from './reply.ts';

type Trade = TradeReport['trade'];

export const trade = defineCommand({
  name: 'trade',
  description: 'Closed trades: what was entered, left and earned',
  group: 'Money',
  body: {
    subcommands: {
      list: action({
        description: 'The newest closed trades with their net profit',
        role: 'viewer',
        example: '/trade list demo',
        options: {
          book: { ...bookOption, description: 'Book; without it all of them' },
          from: { type: 'date', description: 'First day' },
          to: { type: 'date', description: 'Last day' },
        },
        run: async (context, { book, from, to }) => {
          const range = { ...(book !== undefined && { book }), ...(from && { from }), ...(to && { to }) };
          return listReply(context, await context.desk.money.trades(range));
        },
      }),
      show: action({
        description:
          'One closed trade: its fills and costs, with a chart where there are prices of that time',
        role: 'viewer',
        example: '/trade show fill:paper:17',
        options: {
          trade: {
            type: 'string',
            description: 'Its id, as /trade list gives it',
            required: true,
            concerns: 'trade',
            example: 'fill:paper:17',
            suggest: async ({ desk }) =>
              (await desk.money.trades({}))
                .slice(-25)
                .map(({ _id, symbols, side, netProfit, currency, book }) => ({
                  value: _id,
                  name: `${symbols.join(', ')} ${side} ${gainText(netProfit, currency)} · ${book}`,
                }))
                .toReversed(),
          },
        },
        run: async (context, { trade: id }) => tradeReply(context, await context.desk.money.trade(id)),
      }),
    },
  },
});

const mostShown = 10;

async function listReply({ desk, times }: CommandContext, trades: readonly Trade[]): Promise<Reply> {
  if (trades.length === 0) return { text: ['No trade was closed then.'] };
  const newest = trades.slice(-mostShown).toReversed();
  return {
    title: trades.length === 1 ? 'One closed trade' : `${trades.length} closed trades`,
    text: [
      ...newest.flatMap(
        (each, index): RichText => [
          index === 0 ? '' : '\n\n',
          ...rich`${gainText(each.netProfit, each.currency)} ${percentText(each.percent)}\n${bold(each.symbols.join(', '))} ${each.side} · ${each.book}, ${desk.accountText(desk.books.accountOf(each.book))} · ${times.near(each.closed)}`,
        ],
      ),
      ...(trades.length > newest.length
        ? [`\n\nThese are the newest ${newest.length}; all are in the CSV.`]
        : []),
    ],
    buttons: [
      ...newest.slice(0, 5).map(({ _id, symbols, netProfit }, index) => ({
        label: `${index + 1}. ${symbols.join(', ').slice(0, 20)} ${moneyText(netProfit, '')}`,
        command: ['trade', 'show'],
        options: { trade: _id },
      })),
      { label: 'All as CSV', command: ['report', 'trades'], options: {} },
    ],
  };
}

export async function tradeReply(
  { desk, times }: CommandContext,
  { trade: shown, account, fills, chart, noChart }: TradeReport,
): Promise<Reply> {
  const { currency, netProfit, grossProfit, fees, interest, percent, capitalInUse, opened, closed } = shown;
  const others = Object.entries(shown.otherCosts).map(([name, amount]) => exactText(amount, name));
  const fields: Field[] = [
    { name: 'Net', value: `${gainText(netProfit, currency)} ${percentText(percent)}` },
    { name: 'Gross', value: gainText(grossProfit, currency) },
    { name: 'Fees', value: amountText(fees, currency) },
    ...(interest === '0' ? [] : [{ name: 'Interest', value: moneyText(interest, currency) }]),
    ...(others.length === 0 ? [] : [{ name: 'Costs not in the net', value: others.join(', ') }]),
    { name: 'Money in it', value: moneyText(capitalInUse, currency) },
    { name: 'Opened', value: times.near(opened) },
    { name: 'Closed', value: times.near(closed) },
  ];
  return {
    title: `${shown.symbols.join(', ')} ${shown.side}, ${shown.book}, ${desk.accountText(account)}`,
    text: [
      ...fills.flatMap(
        ({ side, quantity, symbol, price, at }, index): RichText => [
          index === 0 ? '' : '\n',
          `${side === 'buy' ? 'Bought' : 'Sold'} ${quantityText(quantity)} ${symbol} at ${priceText(price)}, ${times.near(at)}`,
        ],
      ),
      ...(noChart === null ? [] : [`\n${noChart}`]),
    ],
    fields,
    ...(chart && { attachments: [chart] }),
  };
}

/** Of what was tied up in it. */
function percentText(percent: string): string {
  const value = Number(percent);
  return `${value > 0 ? '+' : ''}${value.toFixed(2)}%`;
}
