import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Trade } from '../../../../engine/backtest/result.ts';
import {
  bestAndWorst,
  profitPanel,
  realisedProfits,
  returnsPanel,
} from '../../../../engine/reports/charts/profit-panels.ts';
import { backtestRequest, type TradeColumns } from '../../../../engine/reports/charts/request.ts';
import { sampleBars, sampleRun, sampleTrade } from '../sample-run.ts';

/** Closed trades as the worker gets them, on the symbols A, B and C. */
function columnsOf(trades: readonly Trade[], openTrades: readonly Trade[] = []): TradeColumns {
  const bars = ['A', 'B', 'C'].map((symbol) => sampleBars({ symbol }));
  const request = backtestRequest(sampleRun(bars, { overrides: { trades, openTrades } }), bars);
  if (request.kind !== 'backtest') throw new Error('not a backtest');
  return request.run.trades;
}

describe('what each trade brought', () => {
  const returnsOf = (trades: readonly Trade[]) => {
    const layer = returnsPanel(columnsOf(trades), 60)?.layers[0];
    return layer?.kind === 'returns' ? layer.returns : [];
  };

  it('stands at the bar of its exit, in percent, with its side and its size beside the largest', () => {
    const long = sampleTrade({ size: 20, exitBar: 7, returnFraction: 0.125, pnl: 5 });
    const short = sampleTrade({ size: -5, exitBar: 9, returnFraction: -0.25, pnl: -5 });
    expect(returnsOf([long, short])).toEqual([
      { bar: 9, percent: -25, long: false, gain: false, share: 0.25 },
      { bar: 7, percent: 12.5, long: true, gain: true, share: 1 },
    ]);
  });

  it('of many the largest are shown, with how many there are and from where to where they reach', () => {
    const trades = Array.from({ length: 130 }, (_, index) =>
      sampleTrade({ exitBar: index % 60, returnFraction: (index % 2 === 0 ? 1 : -1) * index * 0.001 }),
    );
    const panel = returnsPanel(columnsOf(trades), 60);
    expect(returnsOf(trades)).toHaveLength(120);
    expect(Math.min(...returnsOf(trades).map(({ percent }) => Math.abs(percent)))).toBeCloseTo(1, 9);
    expect(panel?.note).toBe('largest 120 of 130 trades · −12.9% to +12.8%');
  });

  it('an axis holds zero and every return', () => {
    const panel = returnsPanel(columnsOf([sampleTrade({ returnFraction: 0.3 })]), 60);
    expect(panel?.axis.min).toBeLessThan(0);
    expect(panel?.axis.max).toBeGreaterThan(30);
  });
});

describe('profit by symbol', () => {
  const profitsOf = (trades: readonly Trade[], open: readonly Trade[] = []) => {
    const layer = profitPanel('Profit', realisedProfits(['A', 'B', 'C'], columnsOf(trades, open)))?.layers[0];
    return layer?.kind === 'columns' ? layer.columns.map(({ name, value }) => [name, value]) : null;
  };

  it('sums what was closed, the largest profit first; a symbol that was not traded is not there', () => {
    const trades = [
      sampleTrade({ symbol: 'A', pnl: -30 }),
      sampleTrade({ symbol: 'C', pnl: 5 }),
      sampleTrade({ symbol: 'A', pnl: 10 }),
    ];
    expect(profitsOf(trades)).toEqual([
      ['C', 5],
      ['A', -20],
    ]);
  });

  it('what is still open is not realised', () => {
    const open = sampleTrade({ symbol: 'B', exitBar: null, exitPrice: null, pnl: 1000 });
    expect(profitsOf([sampleTrade({ symbol: 'A', pnl: 1 })], [open])).toEqual([['A', 1]]);
    expect(profitsOf([], [open])).toBeNull();
  });

  it('of many symbols best and worst are named, and no profit is lost', () => {
    const profits = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(profits, fc.integer({ min: 3, max: 12 }), (values, most) => {
        const sorted = values
          .toSorted((one, other) => other - one)
          .map((value, index) => ({ name: `S${index}`, value }));
        const shown = bestAndWorst(sorted, most);
        const sum = (each: readonly { value: number }[]) =>
          each.reduce((total, { value }) => total + value, 0);
        expect(shown.length).toBe(Math.min(most, sorted.length));
        expect(sum(shown)).toBe(sum(sorted));
        expect(shown[0]).toEqual(sorted[0]);
        expect(shown.at(-1)).toEqual(sorted.at(-1));
        if (sorted.length > most) {
          expect(shown.filter(({ name }) => name === `${sorted.length - most + 1} others`)).toHaveLength(1);
        }
      }),
    );
  });
});
