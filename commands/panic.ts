import type { BookReport, PanicReport } from '../engine/desk.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { moneyText } from './figures.ts';
import { bold, type Content, type Reply, rich } from './reply.ts';

export const panic = defineCommand({
  name: 'panic',
  description: 'Stop entries and cancel all orders at once; on demand close everything at the market',
  group: 'Running',
  body: {
    action: action({
      description: 'Stop entries and cancel all orders at once; on demand close everything at the market',
      role: 'trader',
      acts: true,
      example: '/panic flatten=yes',
      options: {
        book: { ...bookOption, description: 'Book; without it the whole desk' },
        flatten: { type: 'boolean', description: 'Also close every position at the market' },
        reason: { type: 'string', description: 'Why, for those who read it later' },
      },
      confirm: (context, { book, flatten = false }) => question(context, book, flatten),
      run: async ({ desk, caller }, { book, flatten = false, reason = 'panic' }) =>
        panicReply(await desk.panic({ book, flatten, by: caller.name, reason })),
    }),
  },
});

async function question(
  { desk }: CommandContext,
  name: string | undefined,
  flatten: boolean,
): Promise<Content> {
  const books = name === undefined ? await desk.books.list() : [await desk.books.show(name)];
  const held = books.flatMap((book) => book.positions.map((position) => ({ book, position })));
  const whose = bold(name ?? 'the whole desk');
  if (!flatten) {
    return {
      title: 'Panic?',
      text: rich`Entries of ${whose} are suspended, and all its open orders are cancelled, stop losses too. Positions stay open: ${held.length}.`,
    };
  }
  return {
    title: 'Panic, and close everything?',
    text: rich`Entries of ${whose} are suspended, all its open orders are cancelled, and every position is closed at the market.`,
    ...(held.length > 0 && {
      table: {
        columns: [
          { name: 'Book' },
          { name: 'Position' },
          { name: 'Price', align: 'right' },
          { name: 'Value', align: 'right' },
          { name: 'Open profit', align: 'right' },
        ],
        rows: held.map(({ book, position }) => positionRow(book, position)),
      },
    }),
  };
}

function positionRow(
  { name, account, currency }: BookReport,
  { symbol, quantity, lastPrice, value, unrealised }: BookReport['positions'][number],
): readonly string[] {
  return [
    `${name}, ${account}`,
    `${quantity} ${symbol}`,
    lastPrice ?? 'no price',
    moneyText(value, currency),
    moneyText(unrealised, currency),
  ];
}

function panicReply({ cancelled, stillOpen, closing, book }: PanicReport): Reply {
  const problems = stillOpen.map((order) => `Not cancelled yet: ${order}`);
  return {
    tone: problems.length > 0 ? 'danger' : 'warning',
    title: `${book ?? 'The whole desk'} makes no entries`,
    text: [
      `Orders cancelled: ${cancelled}. It stays so over restarts, until /resume.`,
      ...closing.map(({ book: name, summary }) => `\n${name}: ${summary}`),
      ...problems.map((problem) => `\n${problem}`),
    ],
  };
}
