import { describe, expect, test } from 'vitest';
import { FixedPrices } from '../../../support/prices.ts';
import { around, openPaper, order } from './account.ts';

const coins = () => new FixedPrices({ 'BTC/USDT': '20000', 'BNB/USDT': '300', 'ETH/USDT': '1000' }, 'USDT');
const btc = (id: string, side: 'buy' | 'sell', quantity: string) =>
  order(id, side, quantity, { type: 'market' }, 'BTC/USDT');

describe('fees', () => {
  test('are taken in what is bought, and from the proceeds of a sale', async () => {
    const broker = await openPaper(await around(coins()), {
      balances: { USDT: '10000' },
      fee: '0.001',
      feeIn: 'bought',
    });
    await broker.submit(btc('a', 'buy', '0.1'));
    await broker.submit(btc('b', 'sell', '0.05'));
    const fills = await broker.fillsSince(new Date(0));
    expect(fills.map(({ fee, feeCurrency }) => `${fee} ${feeCurrency}`)).toEqual(['0.0001 BTC', '1 USDT']);
    expect(await broker.balances()).toMatchObject([
      { asset: 'USDT', free: '8999' },
      { asset: 'BTC', free: '0.0499' },
    ]);
  });

  test('are taken in a third currency while there is enough of it, and in that of the price after that', async () => {
    const broker = await openPaper(await around(coins()), {
      balances: { USDT: '10000', BNB: '0.007' },
      fee: '0.001',
      feeIn: 'BNB',
    });
    await broker.submit(btc('a', 'buy', '0.1'));
    await broker.submit(btc('b', 'buy', '0.1'));
    const fills = await broker.fillsSince(new Date(0));
    expect(fills.map(({ fee, feeCurrency }) => `${fee} ${feeCurrency}`)).toEqual([
      '0.00666667 BNB',
      '2 USDT',
    ]);
  });
});

describe('a short sale of a share', () => {
  test('locks its proceeds and its collateral, until it is covered', async () => {
    const world = await around();
    const broker = await openPaper(world, { short: true, shortCollateral: '0.5' });
    await broker.submit(order('a', 'sell', '40'));
    expect(await broker.positions()).toMatchObject([{ quantity: '-40' }]);
    expect(await broker.balances()).toMatchObject([{ free: '8000', locked: '6000' }]);
    world.prices.set('SP500', '110');
    await broker.submit(order('b', 'buy', '10'));
    expect(await broker.balances()).toMatchObject([{ free: '8400', locked: '4500' }]);
    await broker.submit(order('c', 'buy', '30'));
    expect(await broker.balances()).toMatchObject([{ free: '9600', locked: '0' }]);
    expect(await broker.positions()).toEqual([]);
  });

  test('needs its collateral beforehand', async () => {
    const broker = await openPaper(await around(), { short: true, shortCollateral: '0.5' });
    expect(await broker.submit(order('a', 'sell', '201'))).toEqual({
      outcome: 'rejected',
      reason: 'would need 10,050.00 USD as collateral but has 10,000.00 USD',
    });
  });
});

describe('a coin', () => {
  test('is never sold short without a loan', async () => {
    const broker = await openPaper(await around(coins()), { balances: { USDT: '10000' }, short: true });
    expect(await broker.submit(btc('a', 'sell', '0.1'))).toMatchObject({
      outcome: 'rejected',
      reason: 'would sell 0.1 BTC/USDT but holds 0',
    });
  });

  test('is sold short with a loan, bought back and repaid with its interest', async () => {
    const world = await around(coins());
    const broker = await openPaper(world, {
      balances: { cross: { USDT: '1000' } },
      wallets: ['spot', 'cross'],
      margin: { wallets: ['cross'], interest: '0.024' },
    });
    const { margin } = broker;
    expect(await margin?.borrow({ asset: 'BTC', amount: '0.05', wallet: 'cross' })).toMatchObject({
      outcome: 'done',
    });
    await broker.submit({ ...btc('a', 'sell', '0.05'), wallet: 'cross' });
    world.clock.advance(90 * 60_000);
    expect(await margin?.debts()).toEqual([
      { asset: 'BTC', wallet: 'cross', principal: '0.05', interest: '0.00005' },
    ]);
    world.clock.advance(30 * 60_000);
    expect(await margin?.debts(), 'the half hours were not lost').toMatchObject([{ interest: '0.0001' }]);
    world.prices.set('BTC/USDT', '19000');
    await broker.submit({ ...btc('b', 'buy', '0.0501'), wallet: 'cross' });
    await margin?.repay({ asset: 'BTC', amount: '0.0501', wallet: 'cross' });
    expect(await margin?.debts()).toEqual([]);
    expect(await broker.balances()).toMatchObject([
      { asset: 'USDT', wallet: 'cross', free: '1048.1' },
      { asset: 'BTC', wallet: 'cross', free: '0', owed: '0' },
    ]);
  });
});

describe('a loan', () => {
  const settings = {
    balances: { USDT: '1000' },
    wallets: ['spot', 'cross'],
    margin: { wallets: ['cross'], leverage: '3', transferLevel: '2' },
  };

  test('goes as far as the leverage, and keeps the level when money leaves', async () => {
    const world = await around(coins());
    const { margin } = await openPaper(world, settings);
    if (!margin) throw new Error('there is no margin');
    await margin.transfer({ asset: 'USDT', amount: '500', from: 'spot', to: 'cross' });
    const loan = { asset: 'ETH', wallet: 'cross' };
    expect(await margin.borrow({ ...loan, amount: '1.001' })).toEqual({
      outcome: 'rejected',
      why: 'too-much',
      reason: '1.001 ETH is worth 1001 USDT, and cross covers loans of 1000 USDT more',
    });
    expect(await margin.borrow({ ...loan, amount: '0.4' })).toMatchObject({ outcome: 'done' });
    const route = { asset: 'USDT', from: 'cross', to: 'spot' };
    expect(await margin.maxTransferable(route), '900 of assets, 400 owed').toBe('100');
    world.prices.set('ETH/USDT', '1300');
    expect(await margin.maxTransferable(route), 'a dearer debt keeps it all').toBe('0');
    expect(await margin.maxTransferable({ asset: 'USDT', from: 'spot', to: 'cross' })).toBe('500');
  });

  test('is refused while what covers it has no price', async () => {
    const world = await around(coins());
    const { margin } = await openPaper(world, settings);
    await margin?.transfer({ asset: 'USDT', amount: '500', from: 'spot', to: 'cross' });
    world.prices.fault = new Error('the source is away');
    expect(await margin?.borrow({ asset: 'ETH', amount: '0.1', wallet: 'cross' })).toEqual({
      outcome: 'rejected',
      why: 'other',
      reason: 'the source is away',
    });
  });
});

test('an instrument that was traded is known also while the source is away', async () => {
  const world = await around(coins());
  const broker = await openPaper(world, { balances: { USDT: '10000' } });
  await broker.submit(btc('a', 'buy', '0.1'));
  const again = await openPaper(world, { balances: { USDT: '10000' } });
  world.prices.fault = new Error('the source is away');
  expect(await again.resolve('BINANCE:BTCUSDT')).toMatchObject({
    symbol: 'BTC/USDT',
    asset: 'BTC',
    currency: 'USDT',
  });
  await expect(again.resolve('ETHUSDT')).rejects.toThrow('the source is away');
});
