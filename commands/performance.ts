import type { BookPerformance } from '../engine/desk.ts';
import { decimalText, zero } from '../engine/money.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand, type OptionSet } from './command.ts';
import { exactText, moneyText } from './figures.ts';
import { gainText } from './gains.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';

/** From when to when, and of which book: what reports are asked for by. */
export const rangeOptions = {
  from: { type: 'date', description: 'First day; without it from the beginning' },
  to: { type: 'date', description: 'Last day; without it to today' },
  book: { ...bookOption, description: 'Book; without it all of them' },
} as const satisfies OptionSet;

export const performance = defineCommand({
  name: 'performance',
  description: 'How well the books trade: wins, losses, payoff, drawdown, Sharpe ratio',
  group: 'Money',
  body: {
    action: action({
      description: 'How well the books trade: wins, losses, payoff, drawdown, Sharpe ratio',
      role: 'viewer',
      example: '/performance book=demo',
      options: rangeOptions,
      run: async (context, { from, to, book }) => {
        const range = { ...(from && { from }), ...(to && { to }), ...(book !== undefined && { book }) };
        return performanceReply(context, (await context.desk.money.performance(range)).books, range);
      },
    }),
  },
});

function performanceReply(
  { desk }: CommandContext,
  books: readonly BookPerformance[],
  { from, to, book }: { readonly from?: Date; readonly to?: Date; readonly book?: string },
): Reply {
  const traded = books.filter(({ trades }) => trades.length > 0);
  if (traded.length === 0) return { text: ['No trade was closed then: there is nothing to measure.'] };
  const day = (date: Date | undefined) => date?.toISOString().slice(0, 10);
  const options = Object.fromEntries(
    Object.entries({ from: day(from), to: day(to), book }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  return {
    title: 'Performance, after all costs',
    text: traded.flatMap(
      (each, index): RichText => [
        index === 0 ? '' : '\n\n',
        ...bookText(each, desk.accountText(each.account)),
      ],
    ),
    buttons: [
      { label: 'All figures as CSV', command: ['report', 'performance'], options },
      { label: 'Equity', command: ['report', 'equity'], options },
    ],
  };
}

function bookText(
  { book, currency, net, gross, costs, otherCosts }: BookPerformance,
  account: string,
): RichText {
  const money = (amount: { toFixed(): string } | null) =>
    amount === null ? 'none' : moneyText(amount.toFixed(), currency);
  const percent = (value: number | null) => (value === null ? 'none' : `${value.toFixed(1)}%`);
  const ratio = (value: number | null, without: string) => (value === null ? without : value.toFixed(2));
  const others = [...otherCosts].map(([name, amount]) => exactText(decimalText(amount), name));
  return [
    ...rich`${bold(book)}, ${account}\n${gainText(decimalText(net.profit), currency)} in ${net.trades} ${net.trades === 1 ? 'trade' : 'trades'}`,
    `\nWins ${percent(net.winRatePercent)} (${net.wins} won, ${net.losses} lost)`,
    `\nAverage win ${money(net.averageWin)}, loss ${money(net.averageLoss)}, payoff ${ratio(net.payoffRatio, 'n/a')}`,
    `\nProfit factor ${ratio(net.profitFactor, net.wins > 0 ? '∞, nothing was lost' : 'n/a')}`,
    `\nBest ${money(net.largestWin)}, worst ${money(net.largestLoss)}`,
    `\nMax. drawdown ${money(net.drawdown)} (${percent(net.drawdownPercent)})`,
    `\nSharpe ratio ${ratio(net.sharpeRatio, 'n/a')}, average return of a trade ${percent(net.averagePercent)}`,
    `\nGross ${money(gross.profit)}, fees ${money(costs.fees)}`,
    ...(costs.interest.eq(zero) ? [] : [`, interest ${money(costs.interest)}`]),
    ...(others.length === 0 ? [] : [`, and ${others.join(', ')} that are in no figure`]),
  ];
}
