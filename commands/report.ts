import { type RecordKind, recordKinds } from '../engine/desk.ts';
import { decimalText } from '../engine/money.ts';
import { type Action, action, type CommandContext, defineCommand } from './command.ts';
import { moneyText } from './figures.ts';
import { gainText } from './gains.ts';
import { rangeOptions } from './performance.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';

interface Asked {
  readonly from?: Date;
  readonly to?: Date;
  readonly book?: string;
}

const contents: Readonly<Record<RecordKind, string>> = {
  trades: 'Closed trades',
  orders: 'Orders',
  fills: 'Fills',
  ledger: 'Postings of the ledger',
  operations: 'Operations with their steps',
  signals: 'Signals',
  runs: 'Backtests, searches and runs of plans',
};

export const report = defineCommand({
  name: 'report',
  description: 'Reports as files: performance, equity, and every record that the desk keeps',
  group: 'Money',
  body: {
    subcommands: {
      performance: action({
        description: 'The performance summary of every book as CSV, gross and net',
        role: 'viewer',
        example: '/report performance 2026-01-01',
        options: rangeOptions,
        run: async ({ desk }, asked) => {
          const { books, file } = await desk.money.performance(rangeOf(asked));
          const traded = books.filter(({ trades }) => trades.length > 0);
          if (traded.length === 0) return { text: ['No trade was closed then: there is no summary.'] };
          return {
            title: 'Performance summary',
            text: [
              `Books: ${traded.map(({ book, account }) => `${book} (${desk.accountText(account)})`).join(', ')}. `,
              'The first columns are gross; those called Net are after fees and interest.',
            ],
            attachments: [file],
          };
        },
      }),
      equity: action({
        description: 'What the books were worth day by day: a chart, returns by month, and CSV',
        role: 'viewer',
        example: '/report equity book=demo',
        options: rangeOptions,
        run: async (context, asked) => equityReply(context, asked),
      }),
      ...Object.fromEntries(recordKinds.map((kind): [string, Action] => [kind, exporting(kind)])),
    },
  },
});

function exporting(kind: RecordKind): Action {
  return action({
    description: `${contents[kind]} as CSV with all their fields, the newest first`,
    role: 'viewer',
    example: `/report ${kind} 2026-01-01 2026-06-30`,
    options: rangeOptions,
    run: async ({ desk }, asked) => {
      const { file, rows, isCut } = await desk.money.records({ kind, ...rangeOf(asked) });
      if (rows === 0) return { text: [`${contents[kind]}: none in this period.`] };
      const count = rows.toLocaleString('en-US');
      return {
        title: contents[kind],
        text: [
          `${count} ${rows === 1 ? 'row' : 'rows'}, the newest first. Times are in UTC.`,
          ...(isCut ? [' There are more, which are older: ask for them by their days.'] : []),
        ],
        ...(isCut && { tone: 'warning' as const }),
        attachments: [file],
      };
    },
  });
}

async function equityReply({ desk }: CommandContext, asked: Asked): Promise<Reply> {
  const { books, files, daysAtCost } = await desk.money.equity(rangeOf(asked));
  if (books.length === 0) return { text: ['No book had any money then.'] };
  return {
    title: 'Equity',
    text: [
      ...books.flatMap(
        ({ book, account, currency, latest }, index): RichText => [
          index === 0 ? '' : '\n',
          ...rich`${bold(book)}, ${desk.accountText(account)}: ${moneyText(decimalText(latest.equity), currency)}, ${gainText(decimalText(latest.equity.minus(latest.deposited)), currency)}`,
        ],
      ),
      '\n\nRealised equity comes from the ledger and is exact.',
      ...(daysAtCost === 0
        ? []
        : [
            ` On ${daysAtCost} ${daysAtCost === 1 ? 'day' : 'days'} something open had no price of that day: there it counts at its cost.`,
          ]),
    ],
    attachments: files,
  };
}

function rangeOf({ from, to, book }: Asked): Asked {
  return { ...(from && { from }), ...(to && { to }), ...(book !== undefined && { book }) };
}
