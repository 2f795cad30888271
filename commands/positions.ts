import type { BookReport } from '../engine/desk.ts';
import { decimal, decimalText, zero } from '../engine/money.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { moneyText } from './figures.ts';
import { gainPercentText, gainText, priceText, quantityText } from './gains.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';

type Position = BookReport['positions'][number];

interface Held {
  readonly book: BookReport;
  readonly position: Position;
}

export const positions = defineCommand({
  name: 'positions',
  description: 'What is open: size, price, value and profit, with buttons to close',
  group: 'Money',
  body: {
    action: action({
      description: 'What is open: size, price, value and profit, with buttons to close',
      role: 'viewer',
      example: '/positions demo',
      options: { book: { ...bookOption, description: 'Book; without it all of them' } },
      run: async (context, { book }) => {
        const { desk } = context;
        const books = book === undefined ? await desk.books.list() : [await desk.books.show(book)];
        return positionsReply(context, books);
      },
    }),
  },
});

/** Beyond these the message would be a wall: all of them are in the table. */
const mostInWords = 12;
const mostButtons = 10;

function positionsReply({ desk, caller }: CommandContext, books: readonly BookReport[]): Reply {
  const held = books
    .flatMap((book) => book.positions.map((position): Held => ({ book, position })))
    .sort((one, other) => decimal(other.position.value).abs().cmp(decimal(one.position.value).abs()));
  const owed = books.flatMap(({ name, debts }) =>
    debts.map(({ asset, amount }) => `\n${name} owes ${quantityText(amount)} ${asset} to its broker.`),
  );
  if (held.length === 0) return { text: ['Nothing is open.', ...owed] };
  const account = (book: BookReport) => desk.accountText(book.account);
  const shown = held.slice(0, mostInWords);
  return {
    title: held.length === 1 ? 'One open position' : `${held.length} open positions`,
    text: [
      ...totals(held, account),
      ...shown.flatMap(({ book, position }) => ['\n\n', ...positionText(book, position, account(book))]),
      ...(owed.length > 0 ? ['\n', ...owed] : []),
    ],
    ...(held.length > shown.length && { table: tableOf(held, account) }),
    // Who may only look gets no button that would be refused.
    ...(caller.role !== 'viewer' && {
      buttons: held.slice(0, mostButtons).map(({ book, position }) => ({
        label: `Close ${position.symbol}${books.length > 1 ? `, ${book.name}` : ''}`,
        style: 'danger' as const,
        command: ['close'],
        options: { book: book.name, symbol: position.symbol },
      })),
    }),
  };
}

export function positionText(
  { name, currency }: BookReport,
  { symbol, quantity, averageCost, lastPrice, value, unrealised }: Position,
  account: string,
): RichText {
  const isShort = quantity.startsWith('-');
  const size = quantityText(quantity.replace('-', ''));
  const cost = decimalText(decimal(value).minus(decimal(unrealised)));
  const now = lastPrice === null ? 'no price just now' : priceText(lastPrice);
  return rich`${bold(`${size} ${symbol}`)} ${isShort ? 'short' : 'long'} · ${name}, ${account}\n${priceText(averageCost)} → ${now} · ${moneyText(value, currency)}\n${
    lastPrice === null
      ? '⚪ counted at its cost'
      : `${gainText(unrealised, currency)} ${gainPercentText(unrealised, cost)}`
  }`;
}

/** By account and currency: real money and paper are not added up. */
function totals(held: readonly Held[], account: (book: BookReport) => string): RichText {
  const sums = new Map<
    string,
    { readonly account: string; readonly currency: string; readonly gain: string }
  >();
  for (const { book, position } of held) {
    const key = JSON.stringify([account(book), book.currency]);
    const before = decimal(sums.get(key)?.gain ?? '0');
    const gain = decimalText(before.plus(decimal(position.unrealised)));
    sums.set(key, { account: account(book), currency: book.currency, gain });
  }
  if (held.length === 1) return [];
  return [...sums.values()].flatMap(({ account: name, currency, gain }, index) => [
    index === 0 ? '' : '\n',
    ...rich`${bold(name)}: open ${gainText(gain, currency)}`,
  ]);
}

function tableOf(held: readonly Held[], account: (book: BookReport) => string): NonNullable<Reply['table']> {
  const right = 'right' as const;
  return {
    columns: [
      { name: 'Symbol' },
      { name: 'Size', align: right },
      { name: 'Profit', align: right },
      { name: 'Book' },
      { name: 'Account' },
      { name: 'Average', align: right },
      { name: 'Last', align: right },
      { name: 'Value', align: right },
      { name: 'Currency' },
    ],
    rows: held.map(({ book, position }) => [
      position.symbol,
      quantityText(position.quantity),
      decimal(position.unrealised).gt(zero)
        ? `+${moneyText(position.unrealised, '')}`
        : moneyText(position.unrealised, ''),
      book.name,
      account(book),
      priceText(position.averageCost),
      position.lastPrice === null ? '' : priceText(position.lastPrice),
      moneyText(position.value, ''),
      book.currency,
    ]),
  };
}
