/** Which share a name means, what it costs, and when the market and the night are. */
import { describe, expect, test } from 'vitest';
import type { BrokerStatus } from '../../../../engine/brokers/broker.ts';
import { SeveralContracts } from '../../../../engine/brokers/broker.ts';
import { Blind } from '../../../../engine/brokers/ib/blind.ts';
import { meaningOf } from '../../../../engine/brokers/ib/codes.ts';
import { QuietTimes } from '../../../../engine/brokers/ib/quiet.ts';
import { ibSettings } from '../../../../engine/brokers/ib/settings.ts';
import { instantOfTws } from '../../../../engine/brokers/ib/times.ts';
import { UserError } from '../../../../engine/errors.ts';
import { termsOnTick } from '../../../../engine/execution/checks.ts';
import { silentLog } from '../../../../engine/log.ts';
import { calendar } from '../../../../engine/market/calendars/index.ts';
import { ManualClock } from '../../../support/clock.ts';
import { ibAccount } from './ib-account.ts';

describe('a name', () => {
  test('means the share in the United States, and elsewhere the one that is written out', async () => {
    const { broker } = await ibAccount();
    await broker.connect();
    const symbolOf = async (name: string) => (await broker.resolve(name)).symbol;
    expect(await symbolOf('SAP')).toBe('SAP');
    expect(await broker.resolve('SAP@IBIS/EUR')).toMatchObject({ symbol: 'SAP@IBIS/EUR', currency: 'EUR' });
    expect(await symbolOf('XETR:SAP')).toBe('SAP@IBIS/EUR');
    expect(await symbolOf('bmw')).toBe('BMW@IBIS/EUR');
    for (const name of ['BRK.B', 'BRK-B', 'NYSE:BRK.B']) expect(await symbolOf(name), name).toBe('BRK.B');
    expect(await symbolOf('14094')).toBe('BMW@IBIS/EUR');
  });

  test('that several shares have, or none, is refused with what to write', async () => {
    const { broker } = await ibAccount();
    await broker.connect();
    const why = (name: string) =>
      broker.resolve(name).then(
        () => 'found',
        (error) => (error instanceof UserError ? error.message : String(error)),
      );
    expect(await why('OMV')).toMatch(
      /several shares named "OMV": OMV@VSE\/EUR \(OMV AG\), OMV@IBIS\/EUR.*Write one.*\/broker contract ib OMV/,
    );
    expect(await why('APPLE')).toMatch(/knows no share "APPLE"\. Did you mean AAPL@NASDAQ\/USD\?/);
    expect(await why('BINANCE:BTCUSDT')).toMatch(/knows no share "BTCUSDT" at BINANCE/);
    expect(await why('999')).toMatch(/no share with the number 999/);
    expect(await why('PNCE')).toMatch(/quoted in 1\/100 of GBP/);
    expect(await why('A*B')).toMatch(/"A\*B" is no share/);
  });

  test('that several shares have is asked for once, and means what was chosen from then on', async () => {
    const account = await ibAccount();
    const { broker, outbox } = account;
    await broker.connect();
    for (let times = 0; times < 2; times++) {
      await expect(broker.resolve('OMV')).rejects.toBeInstanceOf(SeveralContracts);
    }
    const asked = (await outbox.after(0, 100)).map(({ event }) => event);
    expect(asked.filter(({ type }) => type === 'broker.contract')).toMatchObject([
      { broker: 'ib', symbol: 'OMV', choices: [{ symbol: 'OMV@VSE/EUR' }, { symbol: 'OMV@IBIS/EUR' }] },
    ]);
    await expect(broker.contracts.choose('OMV', 'AAPL')).rejects.toThrow('cannot mean AAPL');
    await expect(broker.contracts.choose('OMV', 'OMV@LSE/GBP')).rejects.toThrow('knows no share');
    expect(await broker.contracts.choose('omv', 'OMV@VSE/EUR')).toMatchObject({ symbol: 'OMV@VSE/EUR' });
    expect((await broker.resolve('OMV')).symbol).toBe('OMV@VSE/EUR');
    expect(await broker.contracts.of('OMV')).toMatchObject({ chosen: 'OMV@VSE/EUR' });
    await broker.contracts.choose('OMV', 'OMV@IBIS/EUR');
    expect((await broker.resolve('OMV')).symbol, 'one may think better of it').toBe('OMV@IBIS/EUR');
    await broker.disconnect();
    const again = await account.restart();
    await again.connect();
    expect((await again.resolve('OMV')).symbol).toBe('OMV@IBIS/EUR');
    expect(
      (await again.contracts.of('SAP')).choices.map(({ symbol }) => symbol),
      'also against the rule',
    ).toEqual(['SAP', 'SAP@IBIS/EUR']);
  });

  test('is asked for anew after a day, and still means what was chosen', async () => {
    const clock = new ManualClock('2026-11-18T15:00:00Z');
    const { broker } = await ibAccount({ clock });
    await broker.connect();
    await broker.contracts.choose('OMV', 'OMV@VSE/EUR');
    clock.set('2026-11-20T15:00:00Z');
    await expect.poll(() => broker.status().state, { timeout: 45_000 }).toBe('ready');
    expect((await broker.resolve('OMV')).symbol).toBe('OMV@VSE/EUR');
  });

  test('that was found once is known while TWS is away, also after a new start', async () => {
    const account = await ibAccount();
    await account.broker.connect();
    const before = await account.broker.resolve('SAP@IBIS/EUR');
    await account.broker.disconnect();
    await account.tws.close();
    const again = await account.restart();
    await again.connect();
    expect(await again.resolve('SAP@IBIS/EUR')).toEqual(before);
    await expect(again.resolve('MSFT')).rejects.toThrow('TWS cannot be asked');
  });

  test('has the step of its price where steps grow with the price', async () => {
    const { broker, tws } = await ibAccount();
    tws.price('SAP@IBIS', '120', { spread: '0.1' });
    tws.deposit('EUR', '10000');
    await broker.connect();
    await broker.quote('SAP@IBIS/EUR');
    const { rules } = await broker.resolve('SAP@IBIS/EUR');
    expect(rules.priceTick).toBe('0.05');
    const bracket = { type: 'oco', stopPrice: '9.9984', limitPrice: '100.01' } as const;
    expect(termsOnTick(bracket, 'sell', rules), 'each price on the step of its own size').toEqual({
      ...{ type: 'oco', stopPrice: '9.999', limitPrice: '100.05' },
    });
    const order = { symbol: 'SAP@IBIS/EUR', side: 'buy', quantity: '10' } as const;
    const at = (limitPrice: string) =>
      broker.submit({ ...order, clientOrderId: `at-${limitPrice}`, terms: { type: 'limit', limitPrice } });
    expect(await at('110.01')).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('0.05'),
    });
    expect(await at('49.995'), 'further down the steps are finer').toMatchObject({ outcome: 'accepted' });
  });
});

describe('a price', () => {
  test('that is not subscribed is said to be so, and taken late where that is wanted', async () => {
    const account = await ibAccount();
    account.tws.server.subscribed = false;
    await account.broker.connect();
    await expect(account.broker.quote('AAPL')).rejects.toThrow(/no subscription.*delayedPrices: true/);
    const late = await ibAccount({ settings: { delayedPrices: true } });
    late.tws.server.subscribed = false;
    await late.broker.connect();
    expect(await late.broker.quote('AAPL')).toMatchObject({ bid: '199.99', ask: '200.01', last: '200' });
  });
});

describe('the account', () => {
  test('shows what is lent as owed, and what is sold short as less than nothing', async () => {
    const { broker, tws } = await ibAccount({ settings: { short: true } });
    tws.server.account.shorts = true;
    tws.deposit('EUR', '-250.5');
    await broker.connect();
    const sale = { clientOrderId: 'short', symbol: 'AAPL', side: 'sell', quantity: '3' } as const;
    await broker.submit({ ...sale, terms: { type: 'market' } });
    expect(await broker.positions()).toEqual([
      { asset: 'AAPL', symbol: 'AAPL', wallet: 'account', quantity: '-3' },
    ]);
    expect(await broker.balances()).toContainEqual({
      ...{ asset: 'EUR', wallet: 'account', free: '0', locked: '0' },
      owed: '250.5',
    });
  });
});

describe('quiet times', () => {
  const { quiet } = ibSettings.parse({ type: 'ib', port: 4002 });
  const times = new QuietTimes(quiet.times, quiet.timezone);

  test.each([
    ['2026-11-18T04:39:00Z', undefined], // Tuesday 23:39 in New York
    ['2026-11-18T04:40:00Z', '2026-11-18T05:50:00.000Z'],
    ['2026-11-18T05:49:59Z', '2026-11-18T05:50:00.000Z'],
    ['2026-11-18T05:50:00Z', undefined],
    ['2026-11-21T03:55:00Z', '2026-11-21T08:05:00.000Z'], // Friday 22:55, to Saturday 03:05
    ['2026-11-21T08:05:00Z', undefined],
    ['2026-07-15T03:40:00Z', '2026-07-15T04:50:00.000Z'], // in summer an hour earlier by UTC
    ['2026-11-01T04:30:00Z', '2026-11-01T04:50:00.000Z'], // the night in which the clocks go back
  ])('at %s they last until %s', (at, until) => {
    expect(times.until(new Date(at))?.toISOString()).toBe(until);
  });

  test('over the end of the week are one', () => {
    const weekend = new QuietTimes(['Sat 23:00-Sun 02:00'], 'UTC');
    for (const at of ['2026-11-21T23:30:00Z', '2026-11-22T01:59:00Z']) {
      expect(weekend.until(new Date(at))?.toISOString(), at).toBe('2026-11-22T02:00:00.000Z');
    }
    expect(weekend.until(new Date('2026-11-22T02:00:00Z'))).toBeUndefined();
  });

  test.each(['25:00-26:00', 'Foo 10:00-11:00', '10:00', '10:00-Fri 11:00'])('%s is no time', (text) => {
    expect(ibSettings.safeParse({ type: 'ib', port: 1, quiet: { times: [text] } }).success).toBe(false);
  });
});

describe('a time of TWS', () => {
  test.each([
    ['20261118 09:30:00 US/Eastern', '2026-11-18T14:30:00.000Z'],
    ['20260715 09:30:00 America/New_York', '2026-07-15T13:30:00.000Z'],
    ['20260715 09:30:00 EST', '2026-07-15T13:30:00.000Z'],
    ['20261118-14:30:00', '2026-11-18T14:30:00.000Z'],
    ['20261118  15:30:00', '2026-11-18T14:30:00.000Z'], // in the zone of the settings
  ])('%s is %s', (text, instant) => {
    expect(instantOfTws(text, 'Europe/Berlin').toISOString()).toBe(instant);
  });

  test('that is none is not guessed', () => {
    expect(() => instantOfTws('yesterday', 'UTC')).toThrow(RangeError);
  });
});

test('a number that TWS never named makes an order neither taken nor refused', () => {
  expect(meaningOf(201)).toBe('refusal');
  expect(meaningOf(399)).toBe('warning');
  expect(meaningOf(2104)).toBe('info');
  expect(meaningOf(1100)).toBe('line');
  expect(meaningOf(31_337)).toBe('unsure');
});

describe('running blind', () => {
  function watch(settings: { times?: readonly string[] } = {}) {
    const clock = new ManualClock('2026-11-18T15:00:00Z'); // Wednesday, ten in New York
    let state: BrokerStatus['state'] = 'ready';
    const told: string[] = [];
    const blind = new Blind({
      clock,
      log: silentLog,
      calendar: calendar('XNYS'),
      quiet: new QuietTimes(settings.times ?? [], 'America/New_York'),
      minutes: 10,
      status: () => ({ state, since: clock.now(), why: 'it is gone' }),
      alarm: async ({ minutes, why }) => void told.push(`blind for ${minutes}: ${why}`),
      over: async () => void told.push('it sees again'),
    });
    const pass = async (minutes: number, becomes: BrokerStatus['state']) => {
      for (let minute = 0; minute < minutes; minute++) {
        clock.advance(60_000);
        state = becomes;
        await blind.look();
      }
    };
    return { clock, told, pass };
  }

  test('in market hours is told once after its minutes, and once when it is over', async () => {
    const { told, pass } = watch();
    await pass(5, 'ready');
    await pass(10, 'connecting');
    expect(told).toEqual([]);
    await pass(60, 'needs-login');
    expect(told).toEqual(['blind for 10: it is gone']);
    await pass(2, 'ready');
    expect(told).toEqual(['blind for 10: it is gone', 'it sees again']);
  });

  test('outside of market hours, on holidays and in quiet times is nobody’s alarm', async () => {
    const { clock, told, pass } = watch({ times: ['10:00-16:00'] });
    await pass(120, 'down');
    clock.set('2026-11-18T22:00:00Z');
    await pass(120, 'down');
    clock.set('2026-11-26T15:00:00Z'); // Thanksgiving
    await pass(120, 'down');
    expect(told).toEqual([]);
  });

  test('is counted from when the market opened, and a moment of sight begins it anew', async () => {
    const { clock, told, pass } = watch();
    clock.set('2026-11-18T14:00:00Z');
    await pass(38, 'down'); // the market opens at 14:30
    expect(told).toEqual([]);
    await pass(1, 'ready');
    await pass(9, 'down');
    expect(told).toEqual([]);
    await pass(3, 'down');
    expect(told).toHaveLength(1);
  });
});
