import { describe, expect, test, vi } from 'vitest';
import { FixedPrices } from '../../../support/prices.ts';
import { patience } from '../../../support/suites/broker/world.ts';
import { around, openPaper, order, stateOf } from './account.ts';

const quickly = { pollSeconds: 0.02 };
const asked = () => new FixedPrices({ SP500: '100' }, 'USD', { streams: false });

describe('a paper order that rests', () => {
  test('is judged by the low and high of new bars, of which only the close is a price', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, quickly);
    await broker.submit(order('low', 'buy', '1', { type: 'limit', limitPrice: '90' }));
    await broker.submit(order('never', 'buy', '1', { type: 'limit', limitPrice: '70' }));
    world.prices.setBar('SP500', '2020-04-20', [98, 99, 80, 97]);
    await expect
      .poll(() => stateOf(broker, 'low'), patience)
      .toEqual({ state: 'filled', fills: ['1 at 90'] });
    expect(await stateOf(broker, 'never')).toMatchObject({ state: 'working' });
  });

  test('is not judged by a bar that began before it was placed', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, quickly);
    world.prices.setBar('SP500', '2020-04-17', [98, 99, 80, 97]);
    await broker.submit(order('a', 'buy', '1', { type: 'limit', limitPrice: '90' }));
    const before = world.prices.asked;
    await expect.poll(() => world.prices.asked, patience).toBeGreaterThan(before + 3);
    expect(await stateOf(broker, 'a')).toMatchObject({ state: 'working' });
  });

  test('asks nobody for prices when nothing rests', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, quickly);
    await broker.submit(order('a', 'buy', '1', { type: 'limit', limitPrice: '90' }));
    await broker.cancel('a');
    await broker.submit(order('rests', 'buy', '1', { type: 'limit', limitPrice: '80' }));
    await broker.cancel('rests');
    await vi.waitFor(async () => {
      const before = world.prices.asked;
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(world.prices.asked, 'no more questions').toBe(before);
    }, patience);
  });

  test('waits while the source is away, and goes on when it is back', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, quickly);
    await broker.submit(order('a', 'buy', '1', { type: 'limit', limitPrice: '90' }));
    world.prices.fault = new Error('the source is away');
    const before = world.prices.asked;
    await expect.poll(() => world.prices.asked, patience).toBeGreaterThan(before + 2);
    world.prices.set('SP500', '85');
    world.prices.fault = undefined;
    await expect.poll(() => stateOf(broker, 'a'), patience).toMatchObject({ state: 'filled' });
  });

  test('that is still on its way meets the prices of its arrival, and can be cancelled meanwhile', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, { ...quickly, latencyMs: 1000 });
    await broker.submit(order('a', 'buy', '1'));
    await broker.submit(order('b', 'buy', '1'));
    expect(await broker.cancel('b')).toEqual({ outcome: 'cancelled' });
    world.prices.set('SP500', '103');
    expect(await stateOf(broker, 'a')).toEqual({ state: 'working', fills: [] });
    world.clock.advance(1000);
    await expect.poll(() => stateOf(broker, 'a'), patience).toEqual({ state: 'filled', fills: ['1 at 103'] });
  });

  test('that cannot be paid any more when it arrives is cancelled, and says why', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, { ...quickly, latencyMs: 1000 });
    await broker.submit(order('a', 'buy', '100'));
    world.prices.set('SP500', '101');
    world.clock.advance(1000);
    await expect
      .poll(() => broker.findOrder('a'), patience)
      .toMatchObject({
        state: 'cancelled',
        reason: 'would cost 10100 USD by now but holds 10000',
      });
    expect(await broker.balances()).toMatchObject([{ free: '10000', locked: '0' }]);
  });
});

describe('an exit that came with its entry', () => {
  const withExit = (id: string, quantity: string) => ({
    ...order(id, 'buy', quantity, { type: 'limit', limitPrice: '90' }),
    exit: { clientOrderId: `${id}-exit`, terms: { type: 'stop', stopPrice: '80' } } as const,
  });

  test('goes on for the part that its entry had when it was cancelled', async () => {
    const world = await around(new FixedPrices({ SP500: '100' }));
    const broker = await openPaper(world, { volumeShare: '1' });
    await broker.submit(withExit('a', '10'));
    world.prices.set('SP500', '89', '4');
    await expect.poll(() => stateOf(broker, 'a'), patience).toMatchObject({ state: 'partly_filled' });
    expect(await broker.findOrder('a-exit')).toMatchObject({ state: 'working', quantity: '10' });
    await broker.cancel('a');
    expect(await broker.findOrder('a-exit')).toMatchObject({ state: 'working', quantity: '4' });
    world.prices.set('SP500', '79');
    await expect
      .poll(() => stateOf(broker, 'a-exit'), patience)
      .toEqual({ state: 'filled', fills: ['4 at 79'] });
    expect(await broker.positions()).toEqual([]);
  });

  test('sells what its entry has got so far, and then what it gets later', async () => {
    const world = await around(new FixedPrices({ SP500: '100' }));
    const broker = await openPaper(world, { volumeShare: '1' });
    await broker.submit(withExit('a', '10'));
    world.prices.set('SP500', '79', '8');
    // The volume is the market's: what the entry took of it, the exit cannot take as well.
    await expect.poll(() => stateOf(broker, 'a'), patience).toMatchObject({ state: 'partly_filled' });
    world.prices.set('SP500', '78', '100');
    await expect.poll(() => stateOf(broker, 'a'), patience).toMatchObject({ state: 'filled' });
    await expect
      .poll(() => stateOf(broker, 'a-exit'), patience)
      .toMatchObject({ state: 'filled', fills: ['10 at 78'] });
    expect(await broker.positions()).toEqual([]);
  });

  test('is not judged by the bar that filled its entry: what came first in it is not known', async () => {
    const world = await around(asked());
    const broker = await openPaper(world, quickly);
    await broker.submit(withExit('a', '1'));
    world.prices.setBar('SP500', '2020-04-20', [98, 99, 75, 97]);
    await expect.poll(() => stateOf(broker, 'a'), patience).toMatchObject({ state: 'filled' });
    expect(await stateOf(broker, 'a-exit')).toMatchObject({ state: 'working' });
    world.prices.setBar('SP500', '2020-04-21', [97, 98, 79, 95]);
    await expect
      .poll(() => stateOf(broker, 'a-exit'), patience)
      .toEqual({ state: 'filled', fills: ['1 at 80'] });
  });

  test('does not come where the fee is taken in what is bought: it would sell more than there is', async () => {
    const broker = await openPaper(await around(), { feeIn: 'bought', fee: '0.001' });
    expect(broker.capabilities.brackets).toBeUndefined();
    expect(await broker.submit(withExit('a', '1'))).toMatchObject({ outcome: 'rejected' });
  });
});

describe('the volume', () => {
  test('of a price is shared by all orders, and taken once', async () => {
    const world = await around();
    const broker = await openPaper(world, { ...quickly, volumeShare: '0.1', quantityStep: '1' });
    await broker.submit(order('a', 'buy', '8', { type: 'limit', limitPrice: '90' }));
    await broker.submit(order('b', 'buy', '8', { type: 'limit', limitPrice: '90' }));
    world.prices.set('SP500', '90', '109');
    await expect.poll(() => stateOf(broker, 'b'), patience).toMatchObject({ fills: ['2 at 90'] });
    expect(await stateOf(broker, 'a')).toEqual({ state: 'filled', fills: ['8 at 90'] });
    const before = world.prices.asked;
    await expect.poll(() => world.prices.asked, patience).toBeGreaterThan(before + 3);
    expect(await stateOf(broker, 'b'), 'the same price again gives nothing more').toMatchObject({
      state: 'partly_filled',
      fills: ['2 at 90'],
    });
    world.prices.set('SP500', '90', '1000');
    await expect.poll(() => stateOf(broker, 'b'), patience).toMatchObject({ fills: ['2 at 90', '6 at 90'] });
  });

  test('of a bar limits what a resting order trades in it, also over a restart', async () => {
    const world = await around(asked());
    const settings = { ...quickly, volumeShare: '0.5', quantityStep: '1' };
    const broker = await openPaper(world, settings);
    await broker.submit(order('a', 'buy', '8', { type: 'limit', limitPrice: '90' }));
    world.prices.setBar('SP500', '2020-04-20', [98, 99, 80, 97], 10);
    await expect
      .poll(() => stateOf(broker, 'a'), patience)
      .toEqual({ state: 'partly_filled', fills: ['5 at 90'] });
    await broker.disconnect();
    const again = await openPaper(world, settings);
    const before = world.prices.asked;
    await expect.poll(() => world.prices.asked, patience).toBeGreaterThan(before + 3);
    expect(await stateOf(again, 'a')).toMatchObject({ fills: ['5 at 90'] });
    world.prices.setBar('SP500', '2020-04-21', [89, 91, 80, 90.5], 100);
    await expect.poll(() => stateOf(again, 'a'), patience).toMatchObject({ fills: ['5 at 90', '3 at 89'] });
  });
});

test('bars that were judged are not asked for again, save the newest, which may not have been over', async () => {
  const world = await around(asked());
  const from: string[] = [];
  const day = (date: string, low: number) => {
    world.prices.setBar('SP500', date, [98, 99, low, 97]);
    const { bars } = world.prices;
    world.prices.bars = (request) => {
      from.push(request.from.toISOString());
      return bars?.(request) ?? Promise.resolve([]);
    };
  };
  const broker = await openPaper(world, quickly);
  await broker.submit(order('a', 'buy', '1', { type: 'limit', limitPrice: '90' }));
  day('2020-04-20', 95);
  await expect.poll(() => from, patience).toEqual(['2020-04-17T14:30:00.000Z']);
  day('2020-04-21', 85);
  await expect.poll(() => stateOf(broker, 'a'), patience).toEqual({ state: 'filled', fills: ['1 at 90'] });
  expect(from.slice(1)).toEqual(['2020-04-20T00:00:00.000Z']);
});
