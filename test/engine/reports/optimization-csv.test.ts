import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import {
  optimizationCsv,
  statisticHeading,
  walkForwardCsv,
} from '../../../engine/reports/optimization-csv.ts';
import type { ReportFile } from '../../../engine/reports/report-file.ts';
import { sampleStatistics } from './sample-run.ts';

/** Rows as a spreadsheet reads them: text by column name. */
function rowsOf(file: ReportFile): Record<string, string>[] {
  const text = new TextDecoder('utf-8').decode(file.data);
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true });
  expect(errors).toEqual([]);
  return data;
}

const day = (month: number) => Date.UTC(2020, month, 1);
const optimized = { strategy: 'SmaCross', symbols: ['BTC/USDT'], objective: 'sqn' };

describe('all runs of an optimisation', () => {
  it('a row has the parameters, the objective and the statistics, with every digit', () => {
    const file = optimizationCsv({
      ...optimized,
      paramNames: ['fast', 'exit'],
      runs: [
        { params: { fast: 5, exit: 'fixed' }, value: 0.1 + 0.2, statistics: { returnPct: 1 / 3, trades: 4 } },
        { params: { fast: 10, exit: true }, value: null },
      ],
    });
    expect(file).toMatchObject({ name: 'SmaCross-BTC-USDT-optimization.csv', type: 'text/csv' });
    expect(rowsOf(file)).toEqual([
      {
        fast: '5',
        exit: 'fixed',
        sqn: '0.30000000000000004',
        'Return [%]': '0.3333333333333333',
        Trades: '4',
      },
      { fast: '10', exit: 'true', sqn: '', 'Return [%]': '', Trades: '' },
    ]);
  });

  it('has every statistic of a run under a name and a unit of its own', () => {
    const statistics = sampleStatistics();
    const runs = [{ params: {}, value: 1, statistics }];
    const [row = {}] = rowsOf(optimizationCsv({ ...optimized, objective: 'value', paramNames: [], runs }));
    expect(Object.keys(row)).toHaveLength(1 + Object.keys(statistics).length);
    expect(row).toMatchObject({ Start: '2000-01-03', 'Max Drawdown [%]': '-33.08', 'Sharpe Ratio': '0.29' });
  });

  it('a parameter called as the objective does not hide it', () => {
    const runs = [{ params: { sqn: 7 }, value: 1.5 }];
    const [row] = rowsOf(optimizationCsv({ ...optimized, paramNames: ['sqn'], runs }));
    expect(row).toEqual({ sqn: '7', 'sqn (2)': '1.5' });
  });

  it('a parameter that a spreadsheet would run as a formula is text', () => {
    const runs = [{ params: { rule: '=1+1' }, value: 1 }];
    const [row] = rowsOf(optimizationCsv({ ...optimized, paramNames: ['rule'], runs }));
    expect(row?.['rule']).toBe("'=1+1");
  });

  it('without runs there are the names of the columns', () => {
    const { data } = optimizationCsv({ ...optimized, paramNames: ['fast'], runs: [] });
    expect(new TextDecoder().decode(data).trim()).toBe('fast,sqn');
  });

  it('names say what is counted in', () => {
    expect(['returnAnnualPct', 'durationMs', 'beta', 'sqn'].map(statisticHeading)).toEqual([
      'Return Annual [%]',
      'Duration [ms]',
      'Beta',
      'Sqn',
    ]);
  });
});

describe('all windows of a walk-forward', () => {
  it('a row says when it was fitted and tested, with what, what that promised and what it brought', () => {
    const window = {
      train: { start: day(0), end: day(3) },
      test: { start: day(4), end: day(5) },
      params: { fast: 5 },
      trainValue: 2,
      testValue: null,
      statistics: { returnPct: -1.5 },
    };
    expect(rowsOf(walkForwardCsv({ ...optimized, paramNames: ['fast'], windows: [window] }))).toEqual([
      {
        Window: '1',
        'Train Start': '2020-01-01',
        'Train End': '2020-04-01',
        'Test Start': '2020-05-01',
        'Test End': '2020-06-01',
        fast: '5',
        'sqn (train)': '2',
        'sqn (test)': '',
        'Return [%]': '-1.5',
      },
    ]);
  });
});
