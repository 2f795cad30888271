import type { BookProfit, ProfitReport } from '../engine/desk.ts';
import { profitPeriods } from '../engine/desk.ts';
import type { Decimal } from '../engine/money.ts';
import { decimalText, zero } from '../engine/money.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { exactText, moneyText } from './figures.ts';
import { gainText } from './gains.ts';
import { bold, type Reply, type RichText, rich } from './reply.ts';

export const profit = defineCommand({
  name: 'profit',
  description: 'What was earned today, this week, this month or ever: by book and symbol, after costs',
  group: 'Money',
  body: {
    action: action({
      description: 'What was earned today, this week, this month or ever: by book and symbol, after costs',
      role: 'viewer',
      example: '/profit month demo',
      options: {
        period: {
          type: 'choice',
          choices: profitPeriods,
          description: 'From when on, by days in UTC; today where not given',
        },
        book: { ...bookOption, description: 'Book; without it all of them' },
      },
      run: async (context, { period = 'day', book }) =>
        profitReply(
          context,
          await context.desk.money.profit({ period, ...(book !== undefined && { book }) }),
          book,
        ),
    }),
  },
});

const titles: Readonly<Record<ProfitReport['period'], string>> = {
  day: 'Profit today',
  week: 'Profit this week',
  month: 'Profit this month',
  all: 'Profit since the beginning',
};

function profitReply({ desk }: CommandContext, report: ProfitReport, book: string | undefined): Reply {
  const { period, since, books, charts } = report;
  const account = (name: string) => desk.accountText(name);
  const moved = books.filter(({ symbols, deposited }) => symbols.length > 0 || !deposited.eq(zero));
  const still = books.length - moved.length;
  const others = profitPeriods.filter((each) => each !== period);
  return {
    title: book === undefined ? titles[period] : `${titles[period]}: ${book}`,
    text: [
      ...totals(books, account),
      ...moved.flatMap((each): RichText => ['\n\n', ...bookText(each, account(each.account))]),
      ...(still > 0 && moved.length > 0
        ? [`\n\n${still} ${still === 1 ? 'book' : 'books'} without any.`]
        : []),
      ...(since === null
        ? []
        : [`\n\nSince ${since.slice(0, 10)}, 00:00 UTC. Open is what is open now, since whenever.`]),
    ],
    attachments: charts,
    buttons: others.map((each) => ({
      label: each,
      command: ['profit'],
      options: { period: each, ...(book !== undefined && { book }) },
    })),
  };
}

/** By account and currency: real money and paper are not added up. */
function totals(books: readonly BookProfit[], account: (name: string) => string): RichText {
  const keys = new Map(books.map((each) => [JSON.stringify([each.account, each.currency]), each]));
  return [...keys.values()].flatMap(({ account: name, currency }, index) => {
    const same = books.filter((each) => each.account === name && each.currency === currency);
    const total = (of: (book: BookProfit) => Decimal) =>
      decimalText(same.reduce((sum, each) => sum.plus(of(each)), zero));
    return [
      index === 0 ? '' : '\n',
      ...rich`${bold(account(name))}\nRealised, net: ${gainText(
        total(({ sum }) => sum.net),
        currency,
      )}\nOpen now: ${gainText(
        total(({ open }) => open),
        currency,
      )}`,
    ];
  });
}

function bookText(
  { book, currency, sum, open, unpriced, symbols, deposited }: BookProfit,
  account: string,
): RichText {
  const text = (amount: Decimal) => moneyText(decimalText(amount), currency);
  const others = [...sum.otherCosts].map(([name, amount]) => exactText(decimalText(amount), name));
  const costs = [
    ...(sum.fees.eq(zero) ? [] : [`fees ${text(sum.fees)}`]),
    ...(sum.interest.eq(zero) ? [] : [`interest ${text(sum.interest)}`]),
    ...others.map((cost) => `${cost} besides`),
  ];
  const sorted = symbols.toSorted((one, other) =>
    other.sum.net.plus(other.open).cmp(one.sum.net.plus(one.open)),
  );
  return [
    ...rich`${bold(book)}, ${account}: ${gainText(decimalText(sum.net), currency)}`,
    ...(open.eq(zero) ? [] : rich`, open ${gainText(decimalText(open), currency)}`),
    ...(costs.length === 0 ? [] : [`\nafter ${costs.join(', ')}`]),
    ...(deposited.eq(zero) ? [] : [`\npaid ${deposited.gt(zero) ? 'in' : 'out'} ${text(deposited.abs())}`]),
    ...sorted.flatMap(
      ({ symbol, sum: own, open: openOfIt }): RichText => [
        `\n• ${symbol ?? 'without a symbol'}: ${gainText(decimalText(own.net), currency)}`,
        ...(openOfIt.eq(zero) ? [] : [`, open ${gainText(decimalText(openOfIt), currency)}`]),
      ],
    ),
    ...(unpriced.length === 0 ? [] : [`\nWithout a price, counted at cost: ${unpriced.join(', ')}.`]),
  ];
}
