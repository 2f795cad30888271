import { describe, expect, it } from 'vitest';
import type { Posting } from '../../../engine/bank/ledger.ts';
import { depositPosting, fillPosting, movementPosting } from '../../../engine/bank/ledger.ts';
import { decimalText } from '../../../engine/money.ts';
import type { EquityDay } from '../../../engine/reports/ledger-equity.ts';
import {
  dailyReturns,
  dayMs,
  drawdownOfReturns,
  equityDays,
  monthlyReturns,
  sumOfDays,
} from '../../../engine/reports/ledger-equity.ts';
import { historyOf, profitBySymbol, profitOf } from '../../../engine/reports/ledger-history.ts';

const start = Date.UTC(2026, 0, 30);
const place = { book: 'demo', broker: 'paper', wallet: 'account' };

/** 1,000 on the first day, ten bought at 50 on the second and half of them sold at 60 on the fifth, 100 more on the sixth. */
const story: readonly Posting[] = [
  { day: 0, posting: depositPosting({ ...place, cause: 'in', amount: '1000', currency: 'USD' }) },
  { day: 1, posting: fillOf('buy', '10', '50') },
  { day: 4, posting: fillOf('sell', '5', '60') },
  { day: 5, posting: depositPosting({ ...place, cause: 'more', amount: '100', currency: 'USD' }) },
].map(({ day, posting }, index) => ({
  ...posting,
  sequence: index + 1,
  at: new Date(start + day * dayMs + 3_600_000).toISOString(),
}));

function fillOf(side: 'buy' | 'sell', quantity: string, price: string) {
  return fillPosting({
    ...place,
    ...{ cause: `${side}-${quantity}`, symbol: 'ACME', asset: 'ACME', side, quantity, price },
    ...{ currency: 'USD', fee: '1', feeCurrency: 'USD' },
  });
}

const history = () => historyOf('demo', 'USD', story);
const daysWith = (priceOn: (day: number) => number | undefined) =>
  equityDays(history(), {
    currency: 'USD',
    nowMs: start + 6 * dayMs + 1,
    priceOn: (_, day) => priceOn((day - start) / dayMs),
  });
const texts = (days: readonly EquityDay[], of: 'capital' | 'equity') =>
  days.map((day) => decimalText(day[of]));

describe('the history of a book', () => {
  it('knows to the cent what each posting brought and cost', () => {
    const lines = [...history()].map(({ line }) => line);
    expect(lines.map(({ realised }) => decimalText(realised))).toEqual(['0', '0', '50', '0']);
    const { net, fees } = profitOf(lines);
    expect([decimalText(net), decimalText(fees)]).toEqual(['48', '2']);
    expect([...profitBySymbol(lines).keys()], 'a deposit is of no symbol, and no profit').toEqual(['ACME']);
  });

  it('counts interest to what it was charged on', () => {
    const interest = movementPosting({
      ...place,
      ...{ cause: 'i', kind: 'interest', asset: 'USD', amount: '3', to: null },
    });
    const lines = [
      ...historyOf('demo', 'USD', [
        ...story,
        { ...interest, sequence: 5, at: new Date(start).toISOString() },
      ]),
    ].map(({ line }) => line);
    expect(decimalText(profitOf(lines).net)).toBe('45');
    expect(decimalText(profitBySymbol(lines).get(null)?.interest ?? profitOf([]).interest)).toBe('3');
  });
});

describe('equity day by day', () => {
  it('is exact in what was realised, without any price', () => {
    const days = daysWith(() => undefined);
    expect(texts(days, 'capital')).toEqual(['1000', '999', '999', '999', '1048', '1148', '1148']);
    expect(texts(days, 'equity'), 'what has no price counts at its cost').toEqual(texts(days, 'capital'));
    expect(days.map(({ priced }) => priced)).toEqual(['flat', ...new Array(6).fill('none')]);
  });

  it('counts what is open at the prices of the day', () => {
    const days = daysWith((day) => 50 + day);
    expect(texts(days, 'equity')).toEqual(['1000', '1009', '1019', '1029', '1068', '1173', '1178']);
    expect(days.map(({ priced }) => priced)).toEqual(['flat', ...new Array(6).fill('all')]);
  });

  it('takes money that is put in for no gain', () => {
    const days = daysWith(() => undefined);
    const returns = dailyReturns(days);
    expect(returns[0], 'the first deposit').toBe(0);
    expect(returns[5], 'the second').toBe(0);
    expect(returns[1]).toBeCloseTo(-0.001, 12);
    expect(drawdownOfReturns(returns)[3]).toBeCloseTo(0.001, 12);
    expect(drawdownOfReturns(returns)[6]).toBe(0);
  });

  it('compounds days to months and months to years, and leaves months out that had no day', () => {
    const days = daysWith(() => undefined);
    const [year] = monthlyReturns(days, dailyReturns(days));
    expect(year?.year).toBe(2026);
    expect(year?.months[0]).toBeCloseTo(-0.001, 12);
    expect(year?.months[1]).toBeCloseTo(1048 / 999 - 1, 12);
    expect(year?.months.slice(2)).toEqual(new Array(10).fill(null));
    expect(year?.total).toBeCloseTo(0.999 * (1048 / 999) - 1, 12);
  });

  it('adds books up, and says so when only some of them have prices', () => {
    const sum = sumOfDays([daysWith(() => undefined), daysWith((day) => 50 + day)]);
    expect(texts(sum, 'equity')[2]).toBe('2018');
    expect(sum.map(({ priced }) => priced)).toEqual(['flat', ...new Array(6).fill('some')]);
  });

  it('has no day before there is money, and none is lost when a clock was set back', () => {
    expect(equityDays([], { currency: 'USD', nowMs: start, priceOn: () => undefined })).toEqual([]);
    const back = story.map((posting, index) =>
      index === 2 ? { ...posting, at: new Date(start - dayMs).toISOString() } : posting,
    );
    const days = equityDays(historyOf('demo', 'USD', back), {
      currency: 'USD',
      nowMs: start + 6 * dayMs,
      priceOn: () => undefined,
    });
    expect(days.map(({ day }) => (day - start) / dayMs)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(texts(days, 'capital').at(-1)).toBe('1148');
  });
});
