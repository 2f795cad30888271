import type { BookReport } from '../engine/desk.ts';
import { groupThousands } from '../engine/money.ts';
import { action, defineCommand, type StringOption } from './command.ts';
import { moneyText, signedMoneyText } from './figures.ts';
import { bold, type Reply, rich } from './reply.ts';

/** A book by its name, offered from those that there are. */
export const bookOption = {
  type: 'string',
  description: 'Book',
  example: 'demo',
  suggest: ({ desk }) => desk.bookNames(),
} as const satisfies StringOption;

export const book = defineCommand({
  name: 'book',
  description: 'The books: pots of capital with their own profit and loss',
  group: 'Books',
  body: {
    subcommands: {
      list: action({
        description: 'All books with what they own and have earned',
        role: 'viewer',
        options: {},
        example: '/book list',
        run: async ({ desk }) => listReply(await desk.books()),
      }),
      show: action({
        description: 'One book: capital, positions, profit and loss',
        role: 'viewer',
        options: { book: { ...bookOption, required: true } },
        example: '/book show demo',
        run: async ({ desk }, { book: name }) => showReply(await desk.book(name)),
      }),
    },
  },
});

function listReply(books: readonly BookReport[]): Reply {
  if (books.length === 0) {
    return {
      tone: 'warning',
      text: ['There are no books. Add one as a file in the folder books/ of the configuration.'],
    };
  }
  return {
    title: 'Books',
    table: {
      columns: [
        { name: 'Book' },
        { name: 'Account' },
        { name: 'Capital', align: 'right' },
        { name: 'Profit', align: 'right' },
        { name: 'Positions', align: 'right' },
        { name: 'State' },
      ],
      rows: books.map((report) => [
        report.name,
        report.account,
        moneyText(report.equity, report.currency),
        signedMoneyText(report.profit, report.currency),
        String(report.positions.length),
        stateText(report),
      ]),
    },
    buttons: books
      .slice(0, 5)
      .map(({ name }) => ({ label: name, command: ['book', 'show'], options: { book: name } })),
  };
}

function showReply(report: BookReport): Reply {
  const { currency } = report;
  return {
    title: `Book ${report.name}, ${report.account}`,
    ...(report.suspension && { tone: 'warning' as const }),
    text: rich`${report.description}${report.description === '' ? '' : '\n'}${bold(stateText(report))}`,
    fields: [
      { name: 'Capital', value: moneyText(report.equity, currency) },
      { name: 'Cash', value: moneyText(report.cash, currency) },
      { name: 'Profit', value: signedMoneyText(report.profit, currency) },
      { name: 'Realised', value: signedMoneyText(report.realised, currency) },
      { name: 'Open', value: signedMoneyText(report.unrealised, currency) },
      { name: 'Fees', value: moneyText(report.fees, currency) },
    ],
    ...(report.positions.length > 0 && {
      table: {
        columns: [
          { name: 'Symbol' },
          { name: 'Quantity', align: 'right' as const },
          { name: 'Avg. cost', align: 'right' as const },
          { name: 'Last', align: 'right' as const },
          { name: 'Open profit', align: 'right' as const },
        ],
        rows: report.positions.map((position) => [
          position.symbol,
          groupThousands(position.quantity),
          moneyText(position.averageCost, ''),
          position.lastPrice === null ? 'no price' : moneyText(position.lastPrice, ''),
          signedMoneyText(position.unrealised, ''),
        ]),
      },
    }),
  };
}

function stateText({ active, suspension }: BookReport): string {
  if (suspension) {
    const what = suspension.scope === 'all' ? 'suspended' : 'entries suspended';
    const scope = suspension.book === null ? ' with the whole desk' : '';
    return `${what}${scope} by ${suspension.by}${suspension.reason === '' ? '' : `: ${suspension.reason}`}`;
  }
  return active ? 'active' : 'not active';
}
