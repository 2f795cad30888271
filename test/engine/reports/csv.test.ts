import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { buyAndHoldEquity } from '../../../engine/reports/benchmark.ts';
import { equityCsv, ordersCsv, tradesCsv } from '../../../engine/reports/csv.ts';
import type { ReportFile } from '../../../engine/reports/report-file.ts';
import { sampleBars, sampleOrder, sampleRun, sampleTrade } from './sample-run.ts';

/** Rows as a spreadsheet reads them: text by column name. */
function rowsOf(file: ReportFile): Record<string, string>[] {
  const text = new TextDecoder('utf-8').decode(file.data);
  const { data, errors } = Papa.parse<Record<string, string>>(text, { header: true });
  expect(errors).toEqual([]);
  return data;
}

const bars = sampleBars({ count: 5 });
const run = sampleRun([bars], { tradeEvery: 0 });

describe('trades', () => {
  it('a trade has its symbol, size, entry and exit in words that a spreadsheet user knows', () => {
    const trade = sampleTrade({ commission: 1.5, stopLoss: 90.25, tag: 'breakout' });
    expect(rowsOf(tradesCsv({ ...run, trades: [trade] }))).toEqual([
      {
        Symbol: 'ACME',
        State: 'closed',
        Size: '10',
        'Entry Bar': '1',
        'Entry Time': '2020-01-02',
        'Entry Price': '100',
        'Exit Bar': '3',
        'Exit Time': '2020-01-04',
        'Exit Price': '110',
        Profit: '100',
        Return: '0.1',
        Commission: '1.5',
        'Stop Loss': '90.25',
        'Take Profit': '',
        Tag: 'breakout',
      },
    ]);
  });

  it('an open trade comes last and has no exit', () => {
    const open = sampleTrade({ exitBar: null, exitPrice: null });
    const rows = rowsOf(tradesCsv({ ...run, trades: [sampleTrade()], openTrades: [open] }));
    expect(rows.map((row) => row['State'])).toEqual(['closed', 'open']);
    expect(rows[1]).toMatchObject({ 'Exit Bar': '', 'Exit Time': '', 'Exit Price': '' });
  });

  it('a run without trades is a file with its column names only', () => {
    expect(new TextDecoder().decode(tradesCsv(run).data)).toMatch(/^Symbol,State,Size,[^\r\n]*,Tag(\r\n)?$/);
  });

  it('numbers keep every digit', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (size, pnl) => {
          const [row] = rowsOf(tradesCsv({ ...run, trades: [sampleTrade({ size, pnl })] }));
          // A negative zero is written as 0.
          expect(Number(row?.['Size'])).toBe(size + 0);
          expect(Number(row?.['Profit'])).toBe(pnl + 0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('a NaN is an empty cell', () => {
    const [row] = rowsOf(tradesCsv({ ...run, trades: [sampleTrade({ pnl: Number.NaN })] }));
    expect(row?.['Profit']).toBe('');
  });

  it('intraday trades have a time of day in UTC', () => {
    const hourly = sampleBars({ count: 5, stepMs: 3_600_000, start: Date.UTC(2020, 0, 1, 9, 30) });
    const [row] = rowsOf(tradesCsv(sampleRun([hourly], { overrides: { trades: [sampleTrade()] } })));
    expect(row).toMatchObject({ 'Entry Time': '2020-01-01T10:30:00Z', 'Exit Time': '2020-01-01T12:30:00Z' });
  });
});

describe('text in cells', () => {
  it.each([
    '=1+1',
    '+1',
    '-1+2',
    '-A1',
    '-1%-1',
    '@SUM(A1)',
    '=HYPERLINK("http://evil.example","click")',
    '=1\n+cmd',
    '  =1+1',
    '\t=1+1',
    '\r=1+1',
    '＝1+1',
  ])('%j is shown, not run as a formula', (tag) => {
    const [row] = rowsOf(tradesCsv({ ...run, trades: [sampleTrade({ tag })] }));
    expect(row?.['Tag']).toBe(`'${tag}`);
  });

  it.each(['-1', '-12.50', '-3%'])('%s is a number, whether it came as one or as text', (tag) => {
    const [row] = rowsOf(tradesCsv({ ...run, trades: [sampleTrade({ tag })] }));
    expect(row?.['Tag']).toBe(tag);
  });

  it('a symbol cannot be a formula either', () => {
    const [row] = rowsOf(ordersCsv({ ...run, orders: [sampleOrder({ symbol: '=A1' })] }));
    expect(row?.['Symbol']).toBe("'=A1");
  });

  it('any text comes back as it was, save for the quote mark before a formula', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (tag) => {
        // A byte order mark and a lone carriage return are line noise in any CSV.
        fc.pre(!/[\r\ufeff]/.test(tag));
        const [row] = rowsOf(tradesCsv({ ...run, trades: [sampleTrade({ tag })] }));
        expect([tag, `'${tag}`]).toContain(row?.['Tag']);
      }),
      { numRuns: 300 },
    );
  });

  it('commas, quotes and line breaks in a tag stay in their cell', () => {
    const tag = 'a "b", c\nd';
    const [row] = rowsOf(tradesCsv({ ...run, trades: [sampleTrade({ tag })] }));
    expect(row?.['Tag']).toBe(tag);
  });

  it('letters beyond ASCII are marked as UTF-8 for Excel, plain files are not', () => {
    const mark = [0xef, 0xbb, 0xbf];
    const marked = tradesCsv({ ...run, trades: [sampleTrade({ tag: 'über' })] });
    expect([...marked.data.subarray(0, 3)]).toEqual(mark);
    expect([...tradesCsv({ ...run, trades: [sampleTrade()] }).data.subarray(0, 3)]).not.toEqual(mark);
  });
});

describe('equity', () => {
  it('has a row per bar with the value, the drawdown and buy and hold', () => {
    const rows = rowsOf(equityCsv(run));
    expect(rows).toHaveLength(5);
    expect(rows[4]).toEqual({
      Time: '2020-01-05',
      Equity: '10000',
      Drawdown: '0',
      'Buy & Hold': String(buyAndHoldEquity(run)[4]),
    });
  });

  it('puts buy and hold into the market when the indicators are warm, as its statistic does', () => {
    const held = rowsOf(equityCsv({ ...run, heldFrom: 2 })).map((row) => Number(row['Buy & Hold']));
    const [, , entry = 0, , last = 0] = run.buyAndHold;
    expect(held.slice(0, 3), 'the cash until then').toEqual([10_000, 10_000, 10_000]);
    expect(held[4]).toBeCloseTo((10_000 * last) / entry, 9);
  });
});

describe('orders', () => {
  it('an order tells when it was decided, what it asked for and what became of it', () => {
    const order = sampleOrder({ signalBar: 2, side: 'sell', limit: 101.5, doneBar: 3, tag: 'exit' });
    expect(rowsOf(ordersCsv({ ...run, orders: [order] }))).toEqual([
      {
        Symbol: 'ACME',
        'Signal Bar': '2',
        'Signal Time': '2020-01-03',
        Sequence: '0',
        Side: 'sell',
        Size: '10',
        Limit: '101.5',
        Stop: '',
        'Stop Loss': '',
        'Take Profit': '',
        Purpose: 'entry',
        Outcome: 'filled',
        'Done Bar': '3',
        'Done Time': '2020-01-04',
        Tag: 'exit',
      },
    ]);
  });
});

describe('file names', () => {
  it('say what the file holds, in letters that every system takes', () => {
    expect(tradesCsv({ ...run, symbols: ['BTC/USDT'] }).name).toBe('SmaCross-BTC-USDT-trades.csv');
    expect(equityCsv({ ...run, symbols: ['A', 'B', 'C'] }).name).toBe('SmaCross-A-and-2-more-equity.csv');
    expect(ordersCsv({ ...run, strategy: '../../etc/passwd' }).name).toBe('etc-passwd-ACME-orders.csv');
    expect(ordersCsv({ ...run, strategy: '策略', symbols: [] }).name).toBe('orders.csv');
  });

  it('stay short enough for a phone', () => {
    expect(tradesCsv({ ...run, strategy: 'S'.repeat(300) }).name.length).toBeLessThanOrEqual(84);
  });
});
