/** Bars and prices of Interactive Brokers, through the real client, from a local TWS that counts how often it is asked. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../../engine/errors.ts';
import { silentLog } from '../../../engine/log.ts';
import { ibSource } from '../../../engine/market/sources/ib/source.ts';
import { ManualClock } from '../../support/clock.ts';
import { patience } from '../../support/suites/broker/world.ts';
import type { HistoryBar } from '../../support/tws/index.ts';
import { listed, startTws } from '../../support/tws/index.ts';

const dayMs = 86_400_000;

async function source() {
  const clock = new ManualClock('2026-11-18T15:00:00Z');
  const tws = await startTws({ clock });
  onTestFinished(() => tws.close());
  const ib = await ibSource({
    ...{ name: 'ib', host: '127.0.0.1', port: tws.port, clientId: 18, timezone: 'America/New_York' },
    ...{ delayedPrices: false, timeoutSeconds: 3, clock, log: silentLog, pausesMs: [] },
  });
  return { tws, ib, clock };
}

function bars(first: string, count: number, everyMs: number): HistoryBar[] {
  return Array.from({ length: count }, (_, index) => ({
    time: Date.parse(first) + index * everyMs,
    open: 100 + index,
    high: 101 + index,
    low: 99 + index,
    close: 100.5 + index,
    volume: 1000 + index,
  }));
}

const daily = { interval: '1d', adjusted: false } as const;

describe('bars', () => {
  test('of days come for each share in the order asked, cut to their range, both days included', async () => {
    const { tws, ib } = await source();
    tws.server.history.put(listed('AAPL').conId, '1 day', bars('2026-11-02', 10, dayMs));
    tws.server.history.put(listed('SAP@IBIS').conId, '1 day', bars('2026-11-02', 5, dayMs));
    const [sap, apple] = await ib.bars({
      ...daily,
      symbols: ['SAP@IBIS/EUR', 'AAPL'],
      from: new Date('2026-11-03'),
      to: new Date('2026-11-05'),
    });
    expect([sap?.symbol, apple?.symbol]).toEqual(['SAP@IBIS/EUR', 'AAPL']);
    expect([...(apple?.time ?? [])]).toEqual(
      ['2026-11-03', '2026-11-04', '2026-11-05'].map((day) => Date.parse(day)),
    );
    expect([...(apple?.close ?? [])]).toEqual([101.5, 102.5, 103.5]);
    expect([...(apple?.volume ?? [])]).toEqual([1001, 1002, 1003]);
    expect(tws.server.violations).toEqual([]);
  });

  test('adjusted for dividends are another series, and weeks are made of days', async () => {
    const { tws, ib } = await source();
    const { conId } = listed('AAPL');
    tws.server.history.put(conId, '1 day', bars('2026-11-02', 5, dayMs));
    const adjusted = bars('2026-11-02', 5, dayMs).map((bar) => ({ ...bar, close: bar.close / 2 }));
    tws.server.history.put(conId, '1 day', adjusted, 'ADJUSTED_LAST');
    const [raw] = await ib.bars({ ...daily, symbols: ['AAPL'] });
    const [half] = await ib.bars({ ...daily, symbols: ['AAPL'], adjusted: true });
    expect(half?.close[0]).toBe((raw?.close[0] ?? 0) / 2);
    const [weeks] = await ib.bars({ ...daily, symbols: ['AAPL'], interval: '1w' });
    expect([...(weeks?.close ?? [])]).toEqual([104.5]);
  });

  test('of minutes are put together from what may be asked at once', async () => {
    const { tws, ib } = await source();
    const minutes = bars('2026-11-17T14:30:00Z', 390, 60_000);
    tws.server.history.put(listed('AAPL').conId, '1 min', [
      ...minutes,
      ...bars('2026-11-18T14:30:00Z', 30, 60_000),
    ]);
    const [found] = await ib.bars({
      symbols: ['AAPL'],
      interval: '1m',
      adjusted: false,
      from: new Date('2026-11-17T14:00:00Z'),
    });
    expect(found?.time.length).toBe(420);
    expect(found?.time.every((time, index) => index === 0 || time > (found.time[index - 1] ?? 0))).toBe(true);
    expect(tws.server.history.requests).toBe(2);
  });

  test('that there are none of, and shares that there are not, are told as such', async () => {
    const { tws, ib } = await source();
    tws.server.history.put(listed('AAPL').conId, '1 day', bars('2026-11-02', 5, dayMs));
    await expect(ib.bars({ ...daily, symbols: ['MSFT'] })).rejects.toThrow('has no bars of MSFT');
    const before = { ...daily, symbols: ['AAPL'], to: new Date('2020-01-01') };
    await expect(ib.bars(before)).rejects.toBeInstanceOf(UserError);
    await expect(ib.bars({ ...daily, symbols: ['NOSUCH'] })).rejects.toBeInstanceOf(UserError);
    await expect(ib.bars({ symbols: ['AAPL'], interval: '1m', adjusted: true })).rejects.toThrow(
      /unadjusted/,
    );
  });

  test('are not asked for twice within the time in which that is refused', async () => {
    const { tws, ib } = await source();
    tws.server.history.put(listed('AAPL').conId, '1 day', bars('2026-11-02', 5, dayMs));
    const asked = await Promise.all([1, 2, 3].map(() => ib.bars({ ...daily, symbols: ['AAPL'] })));
    expect(asked.every(([found]) => found?.time.length === 5)).toBe(true);
    expect(tws.server.history.requests).toBe(1);
  });

  test('of which too many were asked are told so, when waiting did not help', async () => {
    const { tws, ib } = await source();
    const { conId } = listed('AAPL');
    tws.server.history.put(conId, '1 day', bars('2026-11-02', 5, dayMs));
    for (let count = 0; count < 60; count++) {
      const question = { end: undefined, duration: '1 Y', barSize: '1 day', whatToShow: 'TRADES' };
      tws.server.history.answer({ ...question, key: `${count}`, conId: count }, 'OTHER');
    }
    await expect(ib.bars({ ...daily, symbols: ['AAPL'] })).rejects.toThrow(/pacing violation/);
  });
});

test('symbols are found by a part of their name, and the last price is decimal text', async () => {
  const { tws, ib } = await source();
  tws.price('AAPL', '201.37');
  expect(await ib.symbols('sap', 5)).toEqual([
    { symbol: 'SAP', name: 'SAP SE-SPONSORED ADR', currency: 'USD' },
    { symbol: 'SAP@IBIS/EUR', name: 'SAP SE', currency: 'EUR' },
  ]);
  expect(await ib.symbols('', 5)).toEqual([]);
  expect(await ib.lastPrice('AAPL')).toMatchObject({ symbol: 'AAPL', price: '201.37', currency: 'USD' });
  await expect(ib.lastPrice('NOSUCH')).rejects.toBeInstanceOf(UserError);
});

test('a TWS that is away, or goes away, is told so, and asked again the next time', async () => {
  const { tws, ib } = await source();
  tws.price('AAPL', '200');
  await ib.lastPrice('AAPL');
  await tws.close();
  await expect
    .poll(() => ib.lastPrice('AAPL').catch((error) => error.message), patience)
    .toMatch(/cannot be reached.*logged in\?/);
  await tws.server.listen();
  await expect
    .poll(() => ib.lastPrice('AAPL').catch(() => undefined), patience)
    .toMatchObject({ price: '200' });
});
