import type { BookReport } from '../engine/desk.ts';
import { groupThousands } from '../engine/money.ts';
import {
  activateBook,
  deactivateBook,
  depositIntoBook,
  moveBetweenBooks,
  withdrawFromBook,
} from './book-actions.ts';
import { createBook } from './book-create.ts';
import { bookOption } from './book-option.ts';
import { deleteBook, renewKey, setBook } from './book-settings.ts';
import { action, defineCommand } from './command.ts';
import { exactText, moneyText, signedMoneyText } from './figures.ts';
import { isWithin } from './reach.ts';
import { bold, type Field, type Reply, rich } from './reply.ts';

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
        run: async ({ desk, caller }) =>
          listReply(
            (await desk.books.list()).filter(({ name, broker }) =>
              isWithin(caller.reach, { book: name, account: broker }),
            ),
          ),
      }),
      show: action({
        description: 'One book: capital, positions, profit and loss',
        role: 'viewer',
        options: { book: { ...bookOption, required: true } },
        example: '/book show demo',
        run: async ({ desk }, { book: name }) => showReply(await desk.books.show(name)),
      }),
      create: createBook,
      set: setBook,
      key: renewKey,
      deposit: depositIntoBook,
      withdraw: withdrawFromBook,
      move: moveBetweenBooks,
      activate: activateBook,
      deactivate: deactivateBook,
      delete: deleteBook,
    },
  },
});

function listReply(books: readonly BookReport[]): Reply {
  if (books.length === 0) {
    return {
      tone: 'warning',
      text: ['There are no books. /book create makes one.'],
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
  return {
    title: `Book ${report.name}, ${report.account}`,
    ...(report.suspension && { tone: 'warning' as const }),
    text: rich`${report.description}${report.description === '' ? '' : '\n'}${bold(stateText(report))}`,
    fields: moneyFields(report),
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

/** What is zero for most books is shown only where it is not. */
function moneyFields(report: BookReport): readonly Field[] {
  const { currency, debts, interest, otherCash, feesByCurrency } = report;
  const money = (amount: string) => moneyText(amount, currency);
  const all = (amounts: readonly { readonly asset: string; readonly amount: string }[]) =>
    amounts.map(({ asset, amount }) => exactText(amount, asset)).join(', ');
  const otherFees = feesByCurrency.filter(({ asset }) => asset !== currency);
  const unpriced = otherCash.filter(({ value }) => value === null);
  return [
    { name: 'Equity', value: money(report.equity) },
    { name: 'Capital', value: money(report.capital) },
    { name: 'Cash', value: money(report.cash) },
    { name: 'In use', value: money(report.inUse) },
    { name: 'Available', value: money(report.available) },
    ...(report.pool === '0'
      ? []
      : [{ name: 'Pool', value: `${money(report.lent)} lent of ${money(report.pool)}` }]),
    { name: 'Profit', value: signedMoneyText(report.profit, currency) },
    { name: 'Realised', value: signedMoneyText(report.realised, currency) },
    { name: 'Open', value: signedMoneyText(report.unrealised, currency) },
    {
      name: 'Fees',
      value: [money(report.fees), ...(otherFees.length > 0 ? [all(otherFees)] : [])].join(', '),
    },
    ...(debts.length > 0 ? [{ name: 'Owed to the broker', value: all(debts) }] : []),
    ...(interest.length > 0 ? [{ name: 'Interest', value: all(interest) }] : []),
    ...(unpriced.length > 0 ? [{ name: 'Without a price, not in the equity', value: all(unpriced) }] : []),
  ];
}

function stateText({ active, suspension }: BookReport): string {
  if (suspension) {
    const what = suspension.scope === 'all' ? 'suspended' : 'entries suspended';
    const scope = suspension.book === null ? ' with the whole desk' : '';
    return `${what}${scope} by ${suspension.by}${suspension.reason === '' ? '' : `: ${suspension.reason}`}`;
  }
  return active ? 'active' : 'not active';
}
