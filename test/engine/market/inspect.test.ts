/** What is odd about bars is found, and what is usual is not taken for odd. */
import { describe, expect, it } from 'vitest';
import type { Bars, Interval } from '../../../engine/market/bars.ts';
import { compareBars } from '../../../engine/market/compare.ts';
import { inspectBars } from '../../../engine/market/inspect.ts';
import { parsePeriod, startOfPeriod } from '../../../engine/market/period.ts';

const dayMs = 86_400_000;
const monday = Date.UTC(2024, 0, 1);

function barsAt(
  times: readonly number[],
  interval: Interval = '1d',
  close = (index: number) => 100 + (index % 3),
): Bars {
  const column = (value: (index: number) => number) => Float64Array.from(times, (_, index) => value(index));
  return {
    symbol: 'ACME',
    interval,
    time: Float64Array.from(times),
    open: column(close),
    high: column((index) => close(index) + 1),
    low: column((index) => close(index) - 1),
    close: column(close),
    volume: column(() => 1000),
    extra: {},
  };
}

/** So many days from a Monday on, weekends left out where they are not traded. */
function daysFrom(count: number, { weekends = false } = {}): number[] {
  const days = Array.from({ length: count }, (_, index) => monday + index * dayMs);
  return weekends ? days : days.filter((day) => ![0, 6].includes(new Date(day).getUTCDay()));
}

describe('the inspection of daily bars', () => {
  it('does not miss the weekends of a share, and does miss those of a coin', () => {
    expect(inspectBars(barsAt(daysFrom(60)))).toMatchObject({ gaps: [], singleDays: 0, bars: 44 });
    const coin = daysFrom(60, { weekends: true });
    const [saturday, sunday] = [coin[5] ?? 0, coin[6] ?? 0];
    const { gaps } = inspectBars(barsAt(coin.filter((day) => day !== saturday && day !== sunday)));
    expect(gaps).toEqual([{ after: saturday - dayMs, before: sunday + dayMs, missing: 2 }]);
  });

  it('tells a holiday from a gap, and names the longest gap first', () => {
    const days = daysFrom(100);
    const holiday = days[10];
    const week = days.slice(20, 25);
    const pair = days.slice(40, 42);
    const left = days.filter((day) => day !== holiday && !week.includes(day) && !pair.includes(day));
    const { gaps, singleDays } = inspectBars(barsAt(left));
    expect(singleDays).toBe(1);
    expect(gaps.map(({ missing }) => missing)).toEqual([5, 2]);
  });

  it('finds moves that no other move resembles, bars that cannot be, and volume that is not there', () => {
    const days = daysFrom(60);
    const wrong = barsAt(days, '1d', (index) => (index === 30 ? 1000 : 100 + (index % 3)));
    const { jumps, outside, zeroVolumes } = inspectBars({
      ...wrong,
      open: wrong.open.map((price, index) => (index === 7 ? price + 5 : price)),
      volume: wrong.volume.map((volume, index) => (index < 3 ? 0 : volume)),
    });
    expect(jumps.map(({ time }) => time)).toEqual([days[30], days[31]]);
    expect(outside).toEqual([days[7]]);
    expect(zeroVolumes).toBe(3);
    const without = { ...wrong, volume: wrong.volume.map(() => Number.NaN) };
    expect(inspectBars(without).zeroVolumes).toBeNull();
  });

  it('counts how long a price stood still, and has nothing to say of a single bar', () => {
    expect(inspectBars(barsAt(daysFrom(20), '1d', (index) => (index < 9 ? 100 : index))).longestFlat).toBe(9);
    expect(inspectBars(barsAt([monday]))).toMatchObject({ bars: 1, gaps: [], jumps: [], longestFlat: 1 });
    expect(() => inspectBars(barsAt([]))).toThrow(RangeError);
  });
});

describe('the inspection of hourly bars', () => {
  it('takes the end of the session for what it is, and a hole in it for a gap', () => {
    const hours = daysFrom(20).flatMap((day) =>
      [14, 15, 16, 17, 18, 19].map((hour) => day + hour * 3_600_000),
    );
    expect(inspectBars(barsAt(hours, '1h')).gaps).toEqual([]);
    const hole = hours.filter((_, index) => index !== 20 && index !== 21);
    expect(inspectBars(barsAt(hole, '1h')).gaps).toEqual([
      { after: hours[19], before: hours[22], missing: 2 },
    ]);
  });
});

describe('two sources', () => {
  it('are compared over the days that both cover', () => {
    const days = daysFrom(40);
    const one = barsAt(days.filter((day) => day !== days[5]));
    const theirs = barsAt(days.slice(2).filter((day) => day !== days[9]));
    const other = {
      ...theirs,
      close: theirs.close.map((_, index) => {
        const at = one.time.indexOf(theirs.time[index] ?? 0);
        return (one.close[at] ?? 100) * (index === 12 ? 1.02 : 1);
      }),
    };
    const found = compareBars(one, other);
    expect(found.overlap).toEqual({ from: days[2], to: days.at(-1) });
    expect(found.onlyOne).toEqual([days[9]]);
    expect(found.onlyOther).toEqual([days[5]]);
    const close = found.columns.find(({ column }) => column === 'close');
    expect(close).toMatchObject({ compared: found.common, differing: 1, largestAt: theirs.time[12] });
    expect(close?.largestPercent).toBeCloseTo(2, 9);
    expect(close?.meanPercent).toBeCloseTo(2 / found.common, 9);
  });

  it('are compared column by column, and the worst bars come first', () => {
    const days = daysFrom(10);
    const one = barsAt(days);
    const changed = (column: Float64Array, index: number, factor: number) =>
      column.map((value, at) => (at === index ? value * factor : value));
    const other = {
      ...one,
      open: changed(one.open, 2, 0.9),
      high: changed(one.high, 4, 1.3),
      close: changed(one.close, 2, 1.01),
      volume: one.volume.map((value, at) => (at === 6 ? 0 : at === 7 ? Number.NaN : value)),
    };
    const { columns, differences } = compareBars(one, other);
    expect(columns.map(({ column, differing }) => [column, differing])).toEqual([
      ['open', 1],
      ['high', 1],
      ['low', 0],
      ['close', 1],
      ['volume', 1],
    ]);
    expect(columns.at(-1)?.compared, 'a volume that one of them lacks is not compared').toBe(days.length - 1);
    expect(differences.map(({ time }) => time)).toEqual([days[4], days[2], days[6]]);
    expect(differences[1]?.worstPrice).toBeCloseTo(10, 9);
    expect(differences[1]?.percent.open).toBeCloseTo(-10, 9);
    expect(differences[2]?.percent.volume).toBeCloseTo(-100, 9);
    expect(compareBars(one, one).differences).toEqual([]);
  });

  it('without a day in common say so', () => {
    const days = daysFrom(40);
    expect(compareBars(barsAt(days.slice(0, 10)), barsAt(days.slice(20))).overlap).toBeNull();
  });
});

describe('a period', () => {
  it.each([
    ['6M', '2024-08-31', '2024-02-29'],
    ['6m', '2024-08-31', '2024-02-29'],
    ['1Y', '2024-02-29', '2023-02-28'],
    ['30D', '2024-03-31', '2024-03-01'],
    ['2W', '2024-01-15', '2024-01-01'],
  ])('of %s before %s begins on %s', (text, end, start) => {
    const period = parsePeriod(text);
    if (period === 'max') throw new Error('it is not all');
    expect(startOfPeriod(period, new Date(end)).toISOString().slice(0, 10)).toBe(start);
  });

  it.each(['', '6', 'M', '0M', '6X', '-6M', '6.5M', '12345Y'])('is not "%s"', (text) => {
    expect(() => parsePeriod(text)).toThrow('is not a period');
  });
});
