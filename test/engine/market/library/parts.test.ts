import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bars } from '../../../../engine/market/bars.ts';
import { finalBars } from '../../../../engine/market/library/final.ts';
import { byPeriod, joinBars } from '../../../../engine/market/library/join.ts';
import { compareOverlap } from '../../../../engine/market/library/overlap.ts';
import { packBars, unpackBars } from '../../../../engine/market/library/pack.ts';
import { type VendorBar, vendor, weekdayBars } from '../../../support/vendor.ts';

const any = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, 0, Number.MAX_VALUE, 1e-320, 123.45));

test('whatever a source tells comes back from the store to the last bit', async () => {
  const bars = fc
    .uniqueArray(fc.integer({ min: -2_000_000, max: 2_000_000 }), { maxLength: 60 })
    .chain((minutes) =>
      fc.record({
        times: fc.constant(minutes.sort((a, b) => a - b).map((minute) => minute * 60_000)),
        columns: fc.array(fc.array(any, { minLength: minutes.length, maxLength: minutes.length }), {
          minLength: 7,
          maxLength: 7,
        }),
      }),
    );
  await fc.assert(
    fc.asyncProperty(bars, async ({ times, columns }) => {
      const [open, high, low, close, volume, one, other] = columns.map((column) => Float64Array.from(column));
      if (!open || !high || !low || !close || !volume || !one || !other)
        throw new Error('columns are missing');
      const time = Float64Array.from(times);
      const series = { symbol: 'BTC/USDT', interval: '1m' } as const;
      const all: Bars = { ...series, time, open, high, low, close, volume, extra: { one, 'P/E': other } };
      const back = await unpackBars(JSON.parse(JSON.stringify(await packBars(all))), series);
      const bits = ({ extra, ...rest }: Bars) =>
        [...Object.values(rest), ...Object.values(extra)].flatMap((column) =>
          column instanceof Float64Array ? [Buffer.from(column.slice().buffer).toString('hex')] : [],
        );
      expect(bits(back)).toEqual(bits(all));
      expect(Object.keys(back.extra)).toEqual(['one', 'P/E']);
      if (times.length > 0) expect(bits(joinBars(series, [...byPeriod(all).values()]))).toEqual(bits(all));
    }),
    { numRuns: 100 },
  );
});

test('a damaged chunk is refused and not read as prices', async () => {
  const packed = await packBars(await barsOf(weekdayBars('2026-11-02', '2026-11-20')));
  const series = { symbol: 'AAPL', interval: '1d' } as const;
  await expect(unpackBars({ ...packed, count: 14 }, series)).rejects.toThrow('another length');
  await expect(unpackBars({ ...packed, data: packed.data.slice(0, 40) }, series)).rejects.toThrow();
});

test('a split or a dividend is told from a correction: all prices up to a day, and in one proportion', async () => {
  const days = weekdayBars('2026-11-02', '2026-11-13');
  const kept = await barsOf(days);
  const compared = async (change: (bar: VendorBar, index: number) => VendorBar) =>
    compareOverlap(kept, await barsOf(days.map(change)));
  const upTo = (count: number, factor: number) => (bar: VendorBar, index: number) =>
    index < count ? { ...bar, close: bar.close * factor } : bar;
  expect((await compared(upTo(10, 0.25))).factor).toBeCloseTo(0.25);
  expect((await compared(upTo(6, 0.98))).factor, 'since the seventh day').toBeCloseTo(0.98);
  expect((await compared(upTo(10, 1 + 1e-8))).corrections, 'rounding').toEqual([]);
  const late = await compared((bar, index) => (index === 6 ? { ...bar, close: 1 } : bar));
  expect([late.factor, late.corrections.length], 'one day in the middle').toEqual([undefined, 4]);
  const uneven = await compared((bar, index) => ({ ...bar, close: bar.close * (index % 2 === 0 ? 2 : 3) }));
  expect(uneven.factor).toBeUndefined();
});

test('a bar that is gone, or has come in between, is seen', async () => {
  const days = weekdayBars('2026-11-02', '2026-11-13');
  const without = days.filter((_, index) => index !== 4);
  const [all, some] = [await barsOf(days), await barsOf(without)];
  expect(compareOverlap(all, some)).toMatchObject({
    corrections: [],
    gone: [Date.parse('2026-11-06')],
    added: [],
  });
  expect(compareOverlap(some, all)).toMatchObject({
    corrections: [],
    gone: [],
    added: [Date.parse('2026-11-06')],
  });
});

test('a daily bar is over when its date is past where the market is, in summer and in winter', () => {
  const days = Float64Array.from(['2026-03-06', '2026-03-09', '2026-07-01'], (day) => Date.parse(day));
  const over = (now: string, zone = 'America/New_York') => finalBars(days, '1d', zone, new Date(now));
  expect(over('2026-03-07T04:59:59Z')).toBe(0);
  expect(over('2026-03-07T05:00:00Z')).toBe(1);
  expect(over('2026-03-10T03:59:59Z'), 'an hour earlier since 8 March').toBe(1);
  expect(over('2026-03-10T04:00:00Z')).toBe(2);
  expect(over('2026-07-01T14:59:59Z', 'Asia/Tokyo')).toBe(2);
  expect(over('2026-07-01T15:00:00Z', 'Asia/Tokyo')).toBe(3);
});

async function barsOf(days: readonly VendorBar[]): Promise<Bars> {
  const far = vendor();
  far.tell('AAPL', days);
  const [bars] = await far.bars({ symbols: ['AAPL'], interval: '1d', adjusted: false });
  if (bars === undefined) throw new Error('no bars');
  return bars;
}
