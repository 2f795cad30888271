import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateBars, decimateLine, extent, sampleBars } from '../../../../engine/reports/charts/reduce.ts';
import { sampleBars as marketBars } from '../sample-run.ts';

const figure = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);

const finite = (values: Iterable<number>) => [...values].filter(Number.isFinite);

describe('bars as fewer bars', () => {
  const anyBars = fc.array(
    fc.record({ open: figure, high: figure, low: figure, close: figure, volume: figure }),
    {
      maxLength: 200,
    },
  );

  it('a bucket has the first open, the highest high, the lowest low, the last close and all the volume', () => {
    fc.assert(
      fc.property(anyBars, fc.integer({ min: 1, max: 40 }), (rows, most) => {
        const column = (name: keyof (typeof rows)[number]) => Float64Array.from(rows, (row) => row[name]);
        const buckets = aggregateBars(
          {
            open: column('open'),
            high: column('high'),
            low: column('low'),
            close: column('close'),
            volume: column('volume'),
          },
          most,
        );
        expect(buckets.close.length).toBeLessThanOrEqual(most);
        let next = 0;
        for (let bucket = 0; bucket < buckets.close.length; bucket++) {
          const from = buckets.first[bucket] ?? -1;
          const to = (buckets.last[bucket] ?? -1) + 1;
          expect(from, 'each bar is in one bucket').toBe(next);
          next = to;
          const held = rows.slice(from, to);
          const all = (name: keyof (typeof rows)[number]) => finite(held.map((row) => row[name]));
          expect(buckets.open[bucket]).toBe(all('open')[0] ?? Number.NaN);
          expect(buckets.close[bucket]).toBe(all('close').at(-1) ?? Number.NaN);
          expect(buckets.high[bucket]).toBe(all('high').length === 0 ? Number.NaN : Math.max(...all('high')));
          expect(buckets.low[bucket]).toBe(all('low').length === 0 ? Number.NaN : Math.min(...all('low')));
          const volumes = all('volume');
          const sum = volumes.slice(1).reduce((total, volume) => total + volume, volumes[0] ?? Number.NaN);
          expect(buckets.volume[bucket]).toBe(sum);
        }
        expect(next, 'no bar is lost').toBe(rows.length);
      }),
    );
  });

  it('a hundred million shares are a hundred million shares, however they are bundled', () => {
    const bars = marketBars({ count: 1000 });
    const total = (column: Float64Array) => column.reduce((sum, volume) => sum + volume, 0);
    expect(total(aggregateBars(bars, 7).volume)).toBe(total(bars.volume));
  });

  it('few bars stay as they are', () => {
    const bars = marketBars({ count: 60 });
    const buckets = aggregateBars(bars, 300);
    expect(buckets.barsEach).toBe(1);
    expect(buckets.close).toEqual(bars.close);
  });
});

describe('a line as fewer points', () => {
  const series = fc.array(figure, { maxLength: 400 }).map((values) => Float64Array.from(values));

  it('keeps the peak, the trough, both ends and the order, and invents nothing', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 30 }), (values, columns) => {
        const points = decimateLine(values, columns);
        const drawn = points.filter(({ y }) => !Number.isNaN(y));
        for (const { x, y } of drawn) expect(values[x]).toBe(y);
        const known = finite(values);
        expect(drawn.at(0)?.y).toBe(known.at(0));
        expect(drawn.at(-1)?.y).toBe(known.at(-1));
        if (known.length > 0) {
          expect(Math.max(...drawn.map(({ y }) => y))).toBe(Math.max(...known));
          expect(Math.min(...drawn.map(({ y }) => y))).toBe(Math.min(...known));
        }
        expect(drawn.length).toBeLessThanOrEqual(Math.max(4 * columns, 4));
        const xs = drawn.map(({ x }) => x);
        expect(xs).toEqual([...new Set(xs)].sort((one, other) => one - other));
      }),
    );
  });

  it('a gap wider than a pixel column stays a gap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 400 }),
        fc.integer({ min: 3, max: 20 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (count, columns, start) => {
          const from = Math.floor(count * start) + 1;
          const to = Math.min(count - 1, from + 2 * Math.ceil(count / columns) + 1);
          const values = new Float64Array(count).fill(1);
          values.fill(Number.NaN, from, to);
          const points = decimateLine(values, columns);
          const before = points.findLastIndex(({ x, y }) => x < from && !Number.isNaN(y));
          expect(points[before + 1]?.y, 'the line would be drawn over the gap').toBeNaN();
        },
      ),
    );
  });

  it('a million values become some thousand points', () => {
    const values = Float64Array.from({ length: 1_000_000 }, (_, bar) => Math.sin(bar / 1000));
    expect(decimateLine(values, 560).length).toBeLessThanOrEqual(2240);
  });

  it('a short line stays whole, and an empty one is empty', () => {
    expect(decimateLine(Float64Array.of(1, 2, 3), 560)).toHaveLength(3);
    expect(decimateLine(new Float64Array(0), 560)).toEqual([]);
    expect(decimateLine(new Float64Array(5000).fill(Number.NaN), 560)).toEqual([]);
  });
});

describe('samples', () => {
  it('end with the last bar and never repeat one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 400 }), (count, most) => {
        const bars = sampleBars(count, most);
        expect(bars.at(-1)).toBe(count - 1);
        expect(bars.length).toBe(Math.min(count, most));
        expect(new Set(bars).size).toBe(bars.length);
      }),
    );
  });
});

describe('extent', () => {
  it('passes over what is not a number, and is null when nothing is', () => {
    expect(extent([Float64Array.of(Number.NaN, 3, Number.POSITIVE_INFINITY), Float64Array.of(-2)])).toEqual({
      min: -2,
      max: 3,
    });
    expect(extent([Float64Array.of(Number.NaN)])).toBeNull();
  });
});
