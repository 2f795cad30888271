/** Panels that show where the money came from: what each trade brought, and what each symbol or book. */
import { groupThousands } from '../../money.ts';
import { signedPercentText } from '../format.ts';
import { type LegendEntry, type Panel, type TradeReturn, valueAxis } from './figure.ts';
import { at } from './reduce.ts';
import type { NamedProfit, TradeColumns } from './request.ts';
import { colors, limits } from './theme.ts';
import { minus, signedCompactText } from './ticks.ts';

/**
 * The closed trades of one symbol at the bars of their exits. Of more than can be told apart, those with the largest
 * gains and losses in percent. Null without any, or where the run has no bar for them.
 */
export function returnsPanel(trades: TradeColumns, bars: number): Panel | null {
  const closed = Array.from(trades.pnl.keys()).filter(
    (trade) => at(trades.exitBar, trade) < bars && Number.isFinite(at(trades.returnPercent, trade)),
  );
  if (closed.length === 0) return null;
  const shown = closed
    .toSorted((one, other) => magnitude(trades, other) - magnitude(trades, one) || one - other)
    .slice(0, limits.trades);
  const largest = Math.max(...shown.map((trade) => Math.abs(at(trades.size, trade))));
  const returns = shown.map(
    (trade): TradeReturn => ({
      bar: at(trades.exitBar, trade),
      percent: at(trades.returnPercent, trade),
      long: at(trades.size, trade) > 0,
      gain: at(trades.pnl, trade) >= 0,
      share: largest > 0 ? Math.abs(at(trades.size, trade)) / largest : 0,
    }),
  );
  const percents = returns.map(({ percent }) => percent);
  const all = groupThousands(String(closed.length));
  const range = `${percentWord(Math.min(...percents))} to ${percentWord(Math.max(...percents))}`;
  const note = shown.length < closed.length ? `largest ${shown.length} of ${all} trades` : '';
  return {
    title: 'Return per trade',
    legend: returnsLegend(returns),
    note: [note, range].filter((words) => words !== '').join(' · '),
    weight: 1.4,
    axis: valueAxis(
      { min: Math.min(0, ...percents), max: Math.max(0, ...percents) },
      { unit: 'percent', logarithmic: false, above: 0.2, below: 0.2 },
    ),
    layers: [{ kind: 'returns', returns }],
  };
}

function percentWord(percent: number): string {
  return minus(signedPercentText(percent, 1));
}

function magnitude(trades: TradeColumns, trade: number): number {
  return Math.abs(at(trades.returnPercent, trade));
}

function returnsLegend(returns: readonly TradeReturn[]): LegendEntry[] {
  const long: LegendEntry = { label: 'long', color: colors.muted, swatch: 'buy' };
  const short: LegendEntry = { label: 'short', color: colors.muted, swatch: 'sell' };
  return [
    ...(returns.some((each) => each.long) ? [long] : []),
    ...(returns.some((each) => !each.long) ? [short] : []),
  ];
}

/**
 * Profit by book or symbol, the largest first. Of more than can be named, the best and the worst, and between them all
 * others as one. Null without any.
 */
export function profitPanel(title: string, profits: readonly NamedProfit[]): Panel | null {
  if (profits.length === 0) return null;
  const sorted = profits.toSorted((one, other) => other.value - one.value);
  const columns = bestAndWorst(sorted, limits.columns).map((each) => ({
    ...each,
    text: signedCompactText(each.value),
  }));
  const values = columns.map(({ value }) => value);
  return {
    title,
    legend: [
      { label: 'gain', color: colors.gain, swatch: 'filled' },
      { label: 'loss', color: colors.loss, swatch: 'hollow' },
    ],
    note: profits.length > columns.length ? `${profits.length} in all` : '',
    weight: 2,
    axis: valueAxis(
      { min: Math.min(0, ...values), max: Math.max(0, ...values) },
      {
        unit: 'compact',
        logarithmic: false,
        above: values.some((value) => value > 0) ? 0.25 : 0.04,
        below: values.some((value) => value < 0) ? 0.25 : 0.04,
      },
    ),
    layers: [{ kind: 'columns', columns }],
  };
}

/** What each symbol brought whose trades were closed; one without such a trade is left out. */
export function realisedProfits(symbols: readonly string[], trades: TradeColumns): NamedProfit[] {
  const sums = new Map<number, number>();
  trades.symbol.forEach((symbol, trade) => {
    const pnl = at(trades.pnl, trade);
    if (Number.isNaN(at(trades.exitBar, trade)) || !Number.isFinite(pnl)) return;
    sums.set(symbol, (sums.get(symbol) ?? 0) + pnl);
  });
  return [...sums].flatMap(([symbol, value]) => {
    const name = symbols[symbol];
    return name === undefined ? [] : [{ name, value }];
  });
}

/** At most `most` of them, sorted as they come: the middle ones are one, with the sum of their profits. */
export function bestAndWorst(sorted: readonly NamedProfit[], most: number): readonly NamedProfit[] {
  if (sorted.length <= most) return sorted;
  const best = Math.ceil((most - 1) / 2);
  const worst = most - 1 - best;
  const middle = sorted.slice(best, sorted.length - worst);
  const value = middle.reduce((sum, each) => sum + each.value, 0);
  const others: NamedProfit = { name: `${middle.length} others`, value };
  return [...sorted.slice(0, best), others, ...sorted.slice(sorted.length - worst)];
}
