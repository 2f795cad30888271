import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compactText,
  linearTicks,
  logarithmicLabels,
  logarithmicTicks,
  nameTicks,
  timeTicks,
  valueLabels,
  valueText,
} from '../../../../engine/reports/charts/ticks.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('values on an axis', () => {
  it('are round, inside, and about as many as asked for', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
        fc.integer({ min: 2, max: 10 }),
        (min, span, target) => {
          const max = min + span;
          fc.pre((max - min) / Math.max(Math.abs(min), Math.abs(max)) > 1e-6);
          const ticks = linearTicks(min, max, target);
          expect(ticks.length).toBeLessThanOrEqual(target + 1);
          const slack = (max - min) * 1e-3;
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(min - slack);
            expect(tick).toBeLessThanOrEqual(max + slack);
          }
        },
      ),
    );
  });

  it('read without the dust of floating point', () => {
    expect(valueLabels(linearTicks(0, 0.5, 5))).toEqual(['0.0', '0.1', '0.2', '0.3', '0.4', '0.5']);
    expect(valueLabels(linearTicks(1.0715, 1.0745, 4))).toEqual(['1.072', '1.073', '1.074']);
    expect(valueLabels(linearTicks(-500, 12_000, 3))).toEqual(['0', '5,000', '10,000']);
    expect(valueLabels([-20, 0])).toEqual(['−20', '0']);
    expect(valueLabels([0, 5e7, 1e8])).toEqual(['0M', '50M', '100M']);
  });

  it('on a logarithmic axis stand apart and keep the powers of ten', () => {
    expect(logarithmicTicks(600, 4000, 0.12)).toEqual([700, 1000, 1500, 2000, 3000]);
    expect(logarithmicTicks(1, 1e6, 0.9)).toEqual([1, 10, 100, 1000, 10_000, 100_000, 1_000_000]);
    expect(logarithmicTicks(1, 1e6, 1.5)).toEqual([1, 100, 10_000, 1_000_000]);
    expect(logarithmicLabels([0.01, 1000, 1e7])).toEqual(['0.01', '1,000', '10M']);
  });

  it('any two numbers give few ticks: a step lost in rounding is no endless loop', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.integer({ min: 2, max: 10 }), (one, other, target) => {
        const [min, max] = [Math.min(one, other), Math.max(one, other)];
        expect(linearTicks(min, max, target).length).toBeLessThanOrEqual(target + 1);
        expect(logarithmicTicks(min, max, 0.2).length).toBeLessThan(5000);
      }),
      { numRuns: 2000 },
    );
    expect(linearTicks(0, Number.MIN_VALUE, 4)).toEqual([0]);
    expect(linearTicks(5, 5, 4)).toEqual([5]);
    expect(linearTicks(Number.NaN, Number.NaN, 4)).toEqual([]);
    expect(logarithmicTicks(0, 0, 0.1)).toEqual([0]);
  });

  it('beside a mark a value has four digits that mean something', () => {
    expect([28_141.55, 1.07219, 0.00001234, 168_254_054, 0, -512.5].map(valueText)).toEqual([
      '28,142',
      '1.072',
      '0.00001234',
      '168.3M',
      '0.00',
      '−512.50',
    ]);
    expect([950, 12_500, 3.4e6, 1.2e9, 0].map(compactText)).toEqual(['950', '12.5K', '3.4M', '1.2B', '0']);
  });
});

describe('time on the axis', () => {
  const times = (count: number, stepMs: number, start: number) =>
    Float64Array.from({ length: count }, (_, bar) => start + bar * stepMs);
  const labels = (time: Float64Array) => timeTicks(time, 12, time.length / 15).map(({ label }) => label);

  it('twenty years are marked by years', () => {
    expect(labels(times(5100, 1.45 * day, Date.UTC(2000, 0, 3)))).toEqual(
      Array.from({ length: 11 }, (_, index) => String(2000 + 2 * index)),
    );
  });

  it('a year is marked by months, and the new year by its number', () => {
    expect(labels(times(250, 1.45 * day, Date.UTC(2020, 7, 1)))).toEqual([
      'Aug',
      'Sep',
      'Oct',
      'Nov',
      'Dec',
      '2021',
      'Feb',
      'Mar',
      'Apr',
      'May',
      'Jun',
      'Jul',
    ]);
  });

  it('sixty sessions are marked by weeks', () => {
    expect(labels(times(60, day, Date.UTC(2024, 0, 1)))).toEqual([
      '1 Jan',
      '8 Jan',
      '15 Jan',
      '22 Jan',
      '29 Jan',
      '5 Feb',
      '12 Feb',
      '19 Feb',
      '26 Feb',
    ]);
  });

  it('a day is marked by hours', () => {
    expect(labels(times(120, minute, Date.UTC(2024, 0, 2, 9)))).toEqual([
      '09:00',
      '09:10',
      '09:20',
      '09:30',
      '09:40',
      '09:50',
      '10:00',
      '10:10',
      '10:20',
      '10:30',
      '10:40',
      '10:50',
    ]);
  });

  it('sessions with closed nights are marked by the bar that opens them', () => {
    const sessions = Float64Array.from(
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((session) =>
        Array.from({ length: 7 }, (_, bar) => Date.UTC(2024, 0, 8, 14, 30) + session * day + bar * hour),
      ),
    );
    expect(timeTicks(sessions, 12, 2)).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((session) => ({ value: session * 7, label: `${8 + session} Jan` })),
    );
  });

  it('one bar and two bars are named by their dates', () => {
    expect(labels(times(1, day, Date.UTC(2024, 0, 2)))).toEqual(['2 Jan 2024']);
    expect(timeTicks(new Float64Array(0), 12, 1)).toEqual([]);
  });

  it('marks never stand closer than asked, for any spacing of bars', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(minute, hour, day),
        (gaps, unit) => {
          let now = Date.UTC(2015, 5, 1);
          const time = Float64Array.from(gaps, (gap) => {
            now += gap * unit;
            return now;
          });
          const apart = time.length / 15;
          const ticks = timeTicks(time, 12, apart);
          expect(ticks.length).toBeGreaterThan(0);
          expect(ticks.length).toBeLessThanOrEqual(12);
          const isNamedByEnds = ticks.length <= 2;
          for (let index = 1; index < ticks.length; index++) {
            const distance = (ticks[index]?.value ?? 0) - (ticks[index - 1]?.value ?? 0);
            if (!isNamedByEnds) expect(distance).toBeGreaterThanOrEqual(apart);
          }
        },
      ),
    );
  });
});

describe('names side by side', () => {
  it('all are written where there is room, else every second, fifth or tenth, from the first', () => {
    const labels = (count: number, apart: number) =>
      nameTicks(
        Array.from({ length: count }, (_, index) => `${index}`),
        apart,
      ).map(({ label }) => Number(label));
    expect(labels(4, 0.3)).toEqual([0, 1, 2, 3]);
    expect(labels(6, 1.1)).toEqual([0, 2, 4]);
    expect(labels(12, 3)).toEqual([0, 5, 10]);
    expect(labels(25, 5.5)).toEqual([0, 10, 20]);
    expect(labels(5, Number.POSITIVE_INFINITY)).toEqual([0]);
  });

  it('never stand nearer than asked, and never leave more than about twice that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0.01, max: 500, noNaN: true }),
        (count, apart) => {
          const ticks = nameTicks(new Array<string>(count).fill('x'), apart);
          expect(ticks[0]?.value).toBe(0);
          for (const [index, { value }] of ticks.slice(1).entries()) {
            const distance = value - (ticks[index]?.value ?? 0);
            expect(distance).toBeGreaterThanOrEqual(apart);
            expect(distance).toBeLessThanOrEqual(Math.max(1, 2.5 * apart));
          }
        },
      ),
    );
  });
});
