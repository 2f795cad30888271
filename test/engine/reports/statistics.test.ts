import { describe, expect, it } from 'vitest';
import { headline, statisticRows } from '../../../engine/reports/statistics.ts';
import { sampleStatistics } from './sample-run.ts';

function valuesByName(rows: ReturnType<typeof statisticRows>) {
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

describe('all statistics', () => {
  it('read as in the field: names, two decimals, thousands, percent, days', () => {
    expect(valuesByName(statisticRows(sampleStatistics()))).toEqual({
      Start: '3 Jan 2000',
      End: '17 Apr 2020',
      Duration: '7,409 days',
      'Exposure Time': '95.50%',
      'Equity Final': '28,141.55',
      'Equity Peak': '31,000.00',
      Commissions: '1,234.50',
      Return: '181.42%',
      'Buy & Hold Return': '97.50%',
      'Return (Ann.)': '5.25%',
      'Volatility (Ann.)': '18.10%',
      CAGR: '5.20%',
      'Sharpe Ratio': '0.29',
      'Sortino Ratio': '0.44',
      'Calmar Ratio': '0.16',
      Alpha: '3.50%',
      Beta: '0.40',
      'Max. Drawdown': '-33.08%',
      'Avg. Drawdown': '-5.58%',
      'Max. Drawdown Duration': '512 days',
      'Avg. Drawdown Duration': '41 days',
      '# Trades': '1,094',
      'Win Rate': '54.26%',
      'Best Trade': '57.12%',
      'Worst Trade': '-16.63%',
      'Avg. Trade': '2.07%',
      'Max. Trade Duration': '121 days',
      'Avg. Trade Duration': '33 days',
      'Profit Factor': '2.19',
      Expectancy: '2.61%',
      SQN: '1.99',
      'Kelly Criterion': '0.29',
    });
  });

  it('every figure of the statistics has a row, so that none is forgotten', () => {
    const statistics = sampleStatistics();
    expect(statisticRows(statistics)).toHaveLength(Object.keys(statistics).length);
  });

  it('a run without trades says n/a, and one without losses ∞', () => {
    const rows = valuesByName(
      statisticRows(
        sampleStatistics({
          winRatePct: Number.NaN,
          avgTradeDurationMs: Number.NaN,
          profitFactor: Number.POSITIVE_INFINITY,
        }),
      ),
    );
    expect(rows).toMatchObject({ 'Win Rate': 'n/a', 'Avg. Trade Duration': 'n/a', 'Profit Factor': '∞' });
  });

  it('intraday runs tell the time of day of their first and last bar', () => {
    const rows = valuesByName(statisticRows(sampleStatistics({ start: Date.UTC(2017, 3, 19, 9) })));
    expect(rows).toMatchObject({ Start: '19 Apr 2017 09:00 UTC', End: '17 Apr 2020 00:00 UTC' });
  });
});

describe('the headline', () => {
  it('has six figures that fit on a phone', () => {
    expect(headline({ statistics: sampleStatistics() })).toEqual([
      { name: 'Return', value: '+181.42%' },
      { name: 'Buy & Hold', value: '+97.50%' },
      { name: 'Max. Drawdown', value: '-33.08%' },
      { name: 'Sharpe Ratio', value: '0.29' },
      { name: 'Trades', value: '1,094' },
      { name: 'Win Rate', value: '54.26%' },
    ]);
  });

  it('leaves out hundredths from a thousand percent on', () => {
    const [first] = headline({ statistics: sampleStatistics({ returnPct: 11628.56 }) });
    expect(first?.value).toBe('+11,629%');
  });
});
