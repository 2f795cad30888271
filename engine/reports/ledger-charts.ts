/** The figures of a profit report as a chart shows them: doubles, rounded words, and only what is worth a column. */
import type { Decimal } from '../money.ts';
import { decimalText, groupThousands, zero } from '../money.ts';
import type { ChartedProfit } from './charts/request.ts';
import type { FlowLine, ProfitSum } from './ledger-history.ts';

interface ChartedBook {
  readonly profit: {
    readonly book: string;
    readonly account: string;
    readonly sum: ProfitSum;
    readonly open: Decimal;
    readonly symbols: readonly {
      readonly symbol: string | null;
      readonly sum: ProfitSum;
      readonly open: Decimal;
    }[];
  };
  readonly lines: readonly FlowLine[];
  /** Realised capital when the period began. */
  readonly before: Decimal;
}

/** Books of one currency; null when nothing was traded or charged and nothing is open. */
export function profitChartOf({
  period,
  since,
  now,
  currency,
  books,
}: {
  readonly period: string;
  readonly since: string | null;
  readonly now: Date;
  readonly currency: string;
  readonly books: readonly ChartedBook[];
}): ChartedProfit | null {
  const bySymbol = new Map<string, Decimal>();
  for (const { profit } of books) {
    for (const { symbol, sum, open } of profit.symbols) {
      const name = symbol ?? 'other';
      bySymbol.set(name, (bySymbol.get(name) ?? zero).plus(sum.net).plus(open));
    }
  }
  if (bySymbol.size === 0) return null;
  const total = (of: (book: ChartedBook) => Decimal) => books.reduce((sum, book) => sum.plus(of(book)), zero);
  const net = total(({ profit }) => profit.sum.net);
  const open = total(({ profit }) => profit.open);
  const lines = books.flatMap((book) => book.lines);
  const sumOf = (of: (line: FlowLine) => Decimal, keep: (amount: Decimal) => boolean) =>
    toNumber(lines.reduce((sum, line) => (keep(of(line)) ? sum.plus(of(line)) : sum), zero));
  const isGain = (amount: Decimal) => amount.gt(zero);
  const isLoss = (amount: Decimal) => amount.lt(zero);
  const before = total((book) => book.before);
  const paid = lines.reduce((sum, line) => sum.plus(line.deposited), zero);
  const today = now.toISOString().slice(0, 10);
  return {
    headline: {
      title: books.length === 1 ? `Profit of ${books[0]?.profit.book ?? ''}` : 'Profit',
      detail: `${[...new Set(books.map(({ profit }) => profit.account))].join(', ')}, ${currency}`,
      period:
        since === null ? `until ${today}` : period === 'day' ? today : `${since.slice(0, 10)} – ${today}`,
      tiles: [
        { name: 'Realised, net', value: signedText(net, currency), tone: toneOf(net) },
        { name: 'Open', value: signedText(open, currency), tone: toneOf(open) },
        { name: 'Together', value: signedText(net.plus(open), currency), tone: toneOf(net.plus(open)) },
      ],
    },
    byBook: books.map(({ profit }) => ({
      name: profit.book,
      value: toNumber(profit.sum.net.plus(profit.open)),
    })),
    bySymbol: [...bySymbol].map(([name, value]) => ({ name, value: toNumber(value) })),
    flow: [
      ...(before.eq(zero) ? [] : [{ name: 'Before', value: toNumber(before), is: 'total' as const }]),
      { name: 'Paid in', value: sumOf((line) => line.deposited, isGain), is: 'payment' },
      { name: 'Paid out', value: sumOf((line) => line.deposited, isLoss), is: 'payment' },
      { name: 'Gains', value: sumOf((line) => line.realised, isGain), is: 'result' },
      { name: 'Losses', value: sumOf((line) => line.realised, isLoss), is: 'result' },
      { name: 'Fees', value: -toNumber(total(({ profit }) => profit.sum.fees)), is: 'result' },
      { name: 'Interest', value: -toNumber(total(({ profit }) => profit.sum.interest)), is: 'result' },
      { name: 'Open', value: toNumber(open), is: 'result' },
      { name: 'Now', value: toNumber(before.plus(paid).plus(net).plus(open)), is: 'total' },
    ],
  };
}

/** `1,234.50 USD` */
export function moneyText(amount: Decimal, currency: string): string {
  const digits = amount.toFixed(2);
  return `${groupThousands(/[1-9]/.test(digits) ? digits : digits.replace('-', ''))} ${currency}`;
}

/** With a plus for a gain. */
export function signedText(amount: Decimal, currency: string): string {
  return `${amount.gt(zero) ? '+' : ''}${moneyText(amount, currency)}`;
}

function toneOf(amount: Decimal): 'gain' | 'loss' | 'plain' {
  return amount.gt(zero) ? 'gain' : amount.lt(zero) ? 'loss' : 'plain';
}

function toNumber(amount: Decimal): number {
  return Number(decimalText(amount));
}
