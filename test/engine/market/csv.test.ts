import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Logger, silentLog } from '../../../engine/log.ts';
import { csvSource } from '../../../engine/market/sources/csv/source.ts';
import type { Source } from '../../../engine/market/sources/source.ts';

let folder: string;
let warnings: string[];
let source: Source;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'csv-'));
  warnings = [];
  const log: Logger = { ...silentLog, warn: (_fields, message) => warnings.push(message) };
  source = csvSource({ name: 'files', folder, timezone: 'America/New_York', currency: 'USD', log });
});

afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, ...lines: string[]) =>
  writeFile(path.join(folder, name), `${lines.join('\n')}\n`);
const daily = { interval: '1d', adjusted: false } as const;

async function only(symbol: string, request: Partial<Parameters<Source['bars']>[0]> = {}) {
  const [bars] = await source.bars({ symbols: [symbol], ...daily, ...request });
  if (bars === undefined) throw new Error('no bars');
  return bars;
}

const daysOf = (time: Float64Array) => Array.from(time, (at) => new Date(at).toISOString().slice(0, 10));

describe('files as they come', () => {
  test.each([
    ['ISO dates', ['Date,Open,High,Low,Close,Volume', '2024-01-02,1,3,1,2,10', '2024-01-03,2,4,2,3,20']],
    [
      'no name over the dates',
      [',Open,High,Low,Close,Volume', '2024-01-02,1,3,1,2,10', '2024-01-03,2,4,2,3,20'],
    ],
    [
      'semicolons and decimal commas',
      ['date;open;high;low;close;volume', '2024-01-02;1,0;3,0;1,0;2,0;10', '2024-01-03;2,0;4,0;2,0;3,0;20'],
    ],
    ['tabs', ['DATE\tO\tH\tL\tC\tV', '2024-01-02\t1\t3\t1\t2\t10', '2024-01-03\t2\t4\t2\t3\t20']],
    ['compact dates', ['date,open,high,low,close,volume', '20240102,1,3,1,2,10', '20240103,2,4,2,3,20']],
    [
      'seconds since 1970',
      ['timestamp,open,high,low,close,volume', '1704205800,1,3,1,2,10', '1704292200,2,4,2,3,20'],
    ],
    [
      'milliseconds since 1970',
      ['timestamp,open,high,low,close,volume', '1704171600000,1,3,1,2,10', '1704258000000,2,4,2,3,20'],
    ],
    [
      'times with an offset',
      [
        'date,open,high,low,close,volume',
        '2024-01-02 00:00:00-05:00,1,3,1,2,10',
        '2024-01-03 00:00:00-05:00,2,4,2,3,20',
      ],
    ],
    [
      'newest first, with a currency sign',
      [
        'Date,Close/Last,Volume,Open,High,Low',
        '01/03/2024,$3,20,$2,$4,$2',
        '01/02/2024,$2,10,$1,$3,$1',
        '12/29/2023,$2,10,$1,$3,$1',
      ],
    ],
    [
      'the day first, with dots',
      ['date;open;high;low;close;volume', '02.01.2024;1;3;1;2;10', '03.01.2024;2;4;2;3;20'],
    ],
    [
      'thousands',
      [
        'date,open,high,low,close,volume',
        '2024-01-02,1,3,1,2,10',
        '2024-01-03,2,4,2,3,20',
        '2024-01-04,"1,000.5","1,001","1,000","1,000",5',
      ],
    ],
  ])('%s are read', async (_case, lines) => {
    await write('ABC.csv', ...lines);
    const bars = await only('abc', { from: new Date('2024-01-02'), to: new Date('2024-01-03') });
    expect(bars.symbol, 'the file says how the symbol is spelt').toBe('ABC');
    expect(daysOf(bars.time)).toEqual(['2024-01-02', '2024-01-03']);
    expect(Array.from(bars.open)).toEqual([1, 2]);
    expect(Array.from(bars.high)).toEqual([3, 4]);
    expect(Array.from(bars.close)).toEqual([2, 3]);
    expect(Array.from(bars.volume)).toEqual([10, 20]);
    expect(warnings).toEqual([]);
  });

  test('intraday times without an offset are in the zone of the source, summer and winter', async () => {
    await write(
      'FX.csv',
      'time,open,high,low,close',
      '2024-03-08 09:00,1,1,1,1',
      '2024-03-08 10:00,1,1,1,1',
      '2024-03-11 09:00,1,1,1,1',
    );
    const bars = await only('FX', { interval: '1h' });
    expect(Array.from(bars.time, (at) => new Date(at).toISOString().slice(0, 13))).toEqual([
      '2024-03-08T14',
      '2024-03-08T15',
      '2024-03-11T13',
    ]);
    expect(bars.volume.every(Number.isNaN), 'no volume is not a volume of 0').toBe(true);
  });

  test('a long file holds several symbols', async () => {
    await write(
      'all.csv',
      'date,symbol,open,high,low,close,volume',
      '2024-01-02,AA,1,1,1,1,1',
      '2024-01-02,BB,5,5,5,5,1',
      '2024-01-03,BB,6,6,6,6,1',
    );
    expect((await source.symbols('', 10)).map(({ symbol }) => symbol)).toEqual(['AA', 'BB']);
    expect(Array.from((await only('bb')).close)).toEqual([5, 6]);
  });

  test('prices are adjusted only where that is asked for', async () => {
    await write(
      'DIV.csv',
      'Date,Open,High,Low,Close,Adj Close',
      '2024-01-02,8,12,8,10,5',
      '2024-01-03,10,12,8,10,10',
    );
    expect(Array.from((await only('DIV')).open)).toEqual([8, 10]);
    expect(Array.from((await only('DIV', { adjusted: true })).open)).toEqual([4, 10]);
  });

  test('weeks are made of days', async () => {
    await write(
      'W.csv',
      'date,open,high,low,close,volume',
      '2024-01-04,1,9,1,2,1',
      '2024-01-05,2,3,2,3,2',
      '2024-01-08,5,6,4,5,4',
    );
    const bars = await only('W', { interval: '1w' });
    expect(daysOf(bars.time)).toEqual(['2024-01-04', '2024-01-08']);
    expect([...bars.open, ...bars.high, ...bars.low, ...bars.close, ...bars.volume]).toEqual([
      1, 5, 9, 6, 1, 4, 3, 5, 3, 4,
    ]);
  });

  test('a file that has changed is read again', async () => {
    await write('A.csv', 'date,open,high,low,close', '2024-01-02,1,1,1,1');
    expect((await source.lastPrice('A')).price).toBe('1');
    await write(
      'A.csv',
      'date,open,high,low,close',
      '2024-01-02,1,1,1,1',
      '2024-01-03,0.00000012,0.00000012,0.00000012,0.00000012',
    );
    const { price, at, currency } = await source.lastPrice('a');
    expect({ price, currency, at: at.toISOString() }).toEqual({
      price: '0.00000012',
      currency: 'USD',
      at: '2024-01-03T00:00:00.000Z',
    });
  });
});

describe('what is wrong is said with file and line', () => {
  const header = 'date,open,high,low,close,volume';
  test.each([
    [
      'a gap in a row',
      [header, '2024-01-02,1,1,1,1,1', '2024-01-03,1,,1,1,1', '2024-01-04,NaN,1,1,1,1'],
      'A.csv line 3 has no number for high. Also wrong: line 4.',
    ],
    [
      'a price of zero',
      [header, '2024-01-02,1,1,0,1,1'],
      'A.csv line 2 has low of 0, prices must be above zero.',
    ],
    ['a negative price', [header, '2024-01-02,-1,1,1,1,1'], 'A.csv line 2 has open of -1'],
    [
      'a high below the low',
      [header, '2024-01-02,1,1,2,1,1'],
      'A.csv line 2 has a high of 1 below the low of 2.',
    ],
    [
      'a date twice',
      [header, '2024-01-02,1,1,1,1,1', '2024-01-03,1,1,1,1,1', '2024-01-02,1,1,1,1,1'],
      'has the same time as line',
    ],
    ['too few columns', [header, '2024-01-02,1,1,1'], 'A.csv line 2 has 4 of 6 columns.'],
    ['no close at all', ['date,open,high,low', '2024-01-02,1,1,1'], 'A.csv has no column close.'],
    [
      'a day that no calendar has',
      [header, '2024-02-30,1,1,1,1,1'],
      'A.csv line 2 has "2024-02-30" where a date should be.',
    ],
    [
      'dates that may be read two ways',
      [header, '01/02/2024,1,1,1,1,1', '01/03/2024,1,1,1,1,1'],
      'which may be day/month or month/day: write dates as YYYY-MM-DD',
    ],
    [
      'dates of two orders',
      [header, '01/31/2024,1,1,1,1,1', '31/01/2024,1,1,1,1,1'],
      'A.csv line 3 has "31/01/2024", but dates before it have the month first.',
    ],
    ['words for numbers', [header, '2024-01-02,1,one,1,1,1'], 'A.csv line 2 has no number for high.'],
    ['nothing but a header', [header], 'has a header but no bars'],
    [
      'an odd interval',
      [header, '2024-01-02 10:00,1,1,1,1,1', '2024-01-02 10:10,1,1,1,1,1', '2024-01-02 10:20,1,1,1,1,1'],
      'has bars 10 minutes apart',
    ],
  ])('%s', async (_case, lines, message) => {
    await write('A.csv', ...lines);
    await expect(only('A')).rejects.toThrow(message);
    await expect(only('A')).rejects.toHaveProperty('name', 'UserError');
  });

  test('many wrong rows are one line', async () => {
    await write(
      'A.csv',
      header,
      ...Array.from({ length: 30 }, (_, i) => `2024-01-${String(i + 1).padStart(2, '0')},1,1,1,,1`),
    );
    await expect(only('A')).rejects.toThrow(
      'A.csv line 2 has no number for close. Also wrong: line 3, 4, 5, 6, 7 and 24 more.',
    );
  });

  test('rows out of order are sorted, and that is logged', async () => {
    await write('A.csv', header, '2024-01-02,1,1,1,1,1', '2024-01-04,3,3,3,3,1', '2024-01-03,2,2,2,2,1');
    expect(Array.from((await only('A')).open)).toEqual([1, 2, 3]);
    expect(warnings).toEqual([
      expect.stringContaining('not in order of time, first on line 4; they were sorted'),
    ]);
  });

  test('an open outside of high and low is used as it is, and logged', async () => {
    await write('A.csv', header, '2024-01-02,5,3,1,2,1');
    expect((await only('A')).open[0]).toBe(5);
    expect(warnings).toEqual([
      expect.stringContaining('1 bars of A open or close outside of their high and low'),
    ]);
  });
});

describe('what cannot be had', () => {
  beforeEach(() => write('AMBR.csv', 'date,open,high,low,close', '2024-01-02,1,1,1,1', '2024-01-03,1,1,1,1'));

  test('a mistyped symbol is answered with the nearest', async () => {
    await expect(only('AMRB')).rejects.toThrow('Source files has no symbol "AMRB". Did you mean AMBR?');
    await expect(source.lastPrice('zzzz')).rejects.toThrow('It has AMBR.');
  });

  test('an interval below that of the file', async () => {
    await expect(only('AMBR', { interval: '1h' })).rejects.toThrow(
      'has no 1h bars of AMBR, only 1d, 1w and 1mo',
    );
  });

  test('a range without bars is answered with the range that there is', async () => {
    await expect(only('AMBR', { from: new Date('2025-01-01') })).rejects.toThrow(
      'has no bars of AMBR from 2025-01-01 on; it has 2024-01-02 to 2024-01-03.',
    );
  });

  test('a folder that is not there', async () => {
    const missing = csvSource({
      name: 'gone',
      folder: path.join(folder, 'no'),
      timezone: 'UTC',
      currency: 'USD',
      log: silentLog,
    });
    await expect(missing.symbols('', 1)).rejects.toThrow(/^Source gone cannot read its folder .*ENOENT/);
  });
});
