/** Bars and prices of Interactive Brokers, through the real client, from a local TWS that counts how often it is asked. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { IbBroker } from '../../../engine/brokers/ib/ib.ts';
import { Session } from '../../../engine/brokers/ib/session.ts';
import { ibSettings } from '../../../engine/brokers/ib/settings.ts';
import { UserError } from '../../../engine/errors.ts';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { withLibrary } from '../../../engine/market/library/library.ts';
import type { SourceSurroundings } from '../../../engine/market/sources/adapter.ts';
import { createSource } from '../../../engine/market/sources/index.ts';
import { ManualClock } from '../../support/clock.ts';
import { patience } from '../../support/suites/broker/world.ts';
import { tempStore } from '../../support/temp-store.ts';
import type { HistoryBar } from '../../support/tws/index.ts';
import { listed, startTws } from '../../support/tws/index.ts';
import type { QuestionFault } from '../../support/tws/server.ts';
import { surroundings } from '../../support/vendors/vendor.ts';

const dayMs = 86_400_000;

async function source(more: Partial<SourceSurroundings> = {}) {
  const clock = new ManualClock('2026-11-18T15:00:00Z');
  const tws = await startTws({ clock });
  onTestFinished(() => tws.close());
  const pauses: number[] = [];
  const parts = { clock, log: silentLog, ...surroundings(pauses, clock), ...more };
  const ib = await createSource('ib', { type: 'ib', port: tws.port, timeoutSeconds: 3 }, parts);
  return { tws, ib, clock, pauses };
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

describe('a session that is lost in the middle of a question', () => {
  test.each([
    ['which share it is', '9', { is: 'broken', acts: false }],
    ['which share it is', '9', { is: 'cut' }],
    ['bars', '20', { is: 'broken', acts: false }],
    ['bars', '20', { is: 'unreadable' }],
  ] as const)('about %s (%s, %o) is opened again, and the question asked again', async (_, message, fault) => {
    const { tws, ib, pauses } = await source();
    tws.server.history.put(listed('AAPL').conId, '1 day', bars('2026-11-02', 5, dayMs));
    const faults: QuestionFault[] = [fault];
    tws.server.onQuestion = ([id]) => (id === message ? faults.pop() : undefined);
    const [found] = await ib.bars({ ...daily, symbols: ['AAPL'] });
    expect(found?.time.length).toBe(5);
    expect(faults).toEqual([]);
    expect(pauses).toEqual([1000]);
    expect(
      tws.server.received.filter(([id]) => id === '71'),
      'connections',
    ).toHaveLength(2);
  });

  test('about a price is, too', async () => {
    const { tws, ib } = await source();
    tws.price('AAPL', '200');
    const faults = [{ is: 'broken', acts: true } as const];
    tws.server.onQuestion = ([id]) => (id === '1' ? faults.pop() : undefined);
    expect(await ib.lastPrice('AAPL')).toMatchObject({ price: '200' });
    expect(faults).toEqual([]);
  });
});

test('a connection that another program has is waited for a while, and then told with what to do', async () => {
  const { tws, ib, pauses } = await source();
  const session = { host: '127.0.0.1', port: tws.port, clientId: 18, timeoutMs: 5000, log: silentLog };
  const other = await Session.open(session);
  await expect(ib.bars({ ...daily, symbols: ['AAPL'] })).rejects.toThrow(
    /did not answer \(Another program is connected .* as client 18\)\. Give one of them another clientId\./,
  );
  expect(pauses).toEqual([1000, 2000, 4000]);
  other.close('it is enough');
  await expect.poll(() => tws.server.connections, patience).toBe(0);
  tws.server.history.put(listed('AAPL').conId, '1 day', bars('2026-11-02', 5, dayMs));
  expect(await ib.bars({ ...daily, symbols: ['AAPL'] })).toHaveLength(1);
});

test('a question that nobody waits for any more is taken back', async () => {
  const { tws, ib } = await source();
  const cancel = new AbortController();
  tws.server.onQuestion = ([id]) => {
    if (id !== '20') return undefined;
    cancel.abort(new UserError('Cancelled.'));
    return { is: 'silence', acts: false };
  };
  const asked = ib.bars({ ...daily, symbols: ['AAPL', 'MSFT'], signal: cancel.signal });
  await expect(asked).rejects.toThrow('Cancelled.');
  await expect.poll(() => tws.server.received.map(([id]) => id), patience).toContain('25');
  expect(tws.server.received.filter(([id]) => id === '20')).toHaveLength(1);
  expect(tws.server.violations).toEqual([]);
});

describe('bars within a day', () => {
  test('come without the one that is being made, unless it is wanted', async () => {
    const { tws, ib, clock } = await source();
    clock.set('2026-11-18T15:00:30Z');
    tws.server.history.put(listed('AAPL').conId, '1 min', bars('2026-11-18T14:30:00Z', 31, 60_000));
    const minutes = { symbols: ['AAPL'], interval: '1m', from: new Date('2026-11-18') } as const;
    // Adjusted for splits in any case, and never for dividends.
    const [finished] = await ib.bars({ ...minutes, adjusted: true });
    expect(finished?.time.at(-1)).toBe(Date.parse('2026-11-18T14:59:00Z'));
    const [all] = await ib.bars({ ...minutes, adjusted: false, unfinished: true });
    expect(all?.time.at(-1)).toBe(Date.parse('2026-11-18T15:00:00Z'));
  });

  test('of two years are asked for at a pace that TWS lets pass', async () => {
    const { tws, ib, pauses } = await source();
    tws.server.history.put(listed('AAPL').conId, '1 hour', bars('2024-12-02T15:00:00Z', 700, dayMs));
    const [found] = await ib.bars({ symbols: ['AAPL'], interval: '1h', adjusted: false });
    expect(found?.time.length).toBe(700);
    expect(tws.server.history.requests).toBe(27);
    expect(
      pauses.filter((ms) => ms > 2000),
      'no word that it was too much',
    ).toEqual([]);
  });
});

test('a share has the calendar of its exchange, and where there is none its zone', async () => {
  const { ib } = await source();
  const market = (symbol: string) => ib.market?.(symbol);
  expect(await market('aapl')).toEqual({
    exchange: 'NASDAQ',
    timezone: 'America/New_York',
    calendar: 'XNAS',
  });
  expect(await market('SAP@IBIS/EUR')).toMatchObject({ timezone: 'Europe/Berlin', calendar: 'XETR' });
  expect(await market('OMV@VSE/EUR')).toEqual({ exchange: 'VSE', timezone: 'Europe/Paris', calendar: null });
});

describe('a symbol that several shares have', () => {
  async function omv(more: Partial<SourceSurroundings> = {}) {
    const opened = await source(more);
    const { history } = opened.tws.server;
    history.put(listed('OMV@VSE').conId, '1 day', bars('2026-11-02', 5, dayMs));
    history.put(listed('OMV@IBIS').conId, '1 day', bars('2026-10-01', 7, dayMs));
    return opened;
  }

  test('is told in one line, with what to do', async () => {
    const { ib } = await omv({ brokers: (type) => (type === 'ib' ? ['depot'] : []) });
    const line =
      'Source ib has several shares named "OMV": OMV@VSE/EUR (OMV AG), OMV@IBIS/EUR (OMV AG). ' +
      'Write one of them so, or choose with /broker contract depot OMV.';
    await expect(ib.bars({ ...daily, symbols: ['OMV'] })).rejects.toThrow(line);
    await expect(ib.lastPrice('OMV')).rejects.toThrow(line);
    const { ib: alone } = await omv();
    await expect(alone.lastPrice('OMV')).rejects.toThrow(/Write one of them so\.$/);
  });

  test('means what was chosen at the broker, from the moment on in which somebody thinks better of it', async () => {
    const store = await tempStore();
    const { ib, tws, clock } = await omv({ store });
    await expect(ib.bars({ ...daily, symbols: ['OMV'] })).rejects.toThrow('several shares');
    const broker = await IbBroker.open({
      ...{ name: 'depot', store, clock, log: silentLog, outbox: await Outbox.open(store, clock) },
      settings: ibSettings.parse({ type: 'ib', port: tws.port }),
    });
    await broker.connect();
    onTestFinished(() => broker.disconnect());
    const library = await withLibrary(ib, {
      store,
      clock,
      log: silentLog,
      outbox: await Outbox.open(store, clock),
    });
    for (const [contract, count] of [
      ['OMV@VSE/EUR', 5],
      ['OMV@IBIS/EUR', 7],
      ['OMV@VSE/EUR', 5],
    ] as const) {
      await broker.contracts.choose('OMV', contract);
      expect(await ib.chosen?.('omv')).toBe(contract);
      for (const each of [ib, library, library]) {
        const [found] = await each.bars({ ...daily, symbols: ['OMV'] });
        expect([found?.symbol, found?.time.length]).toEqual([contract, count]);
      }
      const [past] = await library.bars({ ...daily, symbols: ['OMV'], to: new Date('2026-11-03') });
      expect(past?.symbol, 'also where nothing new has to be fetched').toBe(contract);
    }
    expect(await library.library?.size()).toMatchObject({ series: 2, bars: 12 });
  });
});
