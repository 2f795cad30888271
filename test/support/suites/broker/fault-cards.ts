/** Cards F: what is said when the line to the broker fails. */
import { expect, test } from 'vitest';
import { zero } from '../../../../engine/money.ts';
import { patience, type Trader, total } from './world.ts';

export function faultCards(connected: () => Promise<Trader>): void {
  test('F01 an order whose reply was lost is never called rejected, is found under our id, and is one', async ({
    skip,
  }) => {
    const trader = await connected();
    const { broker, symbol, world } = trader;
    if (!world.loseNextReply) return skip('its stand-in loses no replies');
    world.loseNextReply();
    const sent = trader.order('f01', 'buy', trader.lots('1'));
    expect((await trader.send(sent)).outcome).toBe('unknown');
    expect(await broker.findOrder('f01', symbol), 'it had arrived').toMatchObject({ clientOrderId: 'f01' });
    await trader.send(sent);
    await trader.until('f01', 'filled');
    expect(total(await broker.fillsSince(new Date(0)))).toBe(trader.lots('1'));
  });

  test('F04 an entry with its exit whose reply was lost is one entry with one exit', async ({ skip }) => {
    const trader = await connected();
    const { broker, symbol, world } = trader;
    if (!broker.capabilities.brackets) skip('it takes no exit together with its entry');
    if (!world.loseNextReply) return skip('its stand-in loses no replies');
    const exit = {
      clientOrderId: 'f04-exit',
      terms: { type: 'stop', stopPrice: await trader.price('0.9') },
    } as const;
    const sent = { ...trader.order('f04', 'buy', trader.lots('2')), exit };
    const below = await trader.price('0.8');
    world.loseNextReply();
    const { outcome } = await trader.send(sent);
    // Where exit and entry are told apart the reply of either may be the lost one.
    expect(['unknown', 'accepted']).toContain(outcome);
    await trader.send(sent);
    await trader.until('f04', 'filled');
    await trader.until('f04-exit', 'working');
    expect(await broker.openOrders()).toHaveLength(1);
    await trader.moveTo(below);
    await trader.until('f04-exit', 'filled');
    expect((await broker.fillsSince(new Date(0))).map(({ side }) => side)).toEqual(['buy', 'sell']);
    expect(await broker.findOrder('f04-exit', symbol)).toMatchObject({
      side: 'sell',
      quantity: trader.lots('2'),
    });
    expect((await trader.held()).eq(zero)).toBe(true);
  });

  test('F02 while the broker does not answer, nothing is claimed, and nothing is sent twice afterwards', async ({
    skip,
  }) => {
    const trader = await connected();
    const { broker, symbol, world } = trader;
    if (!world.outage) return skip('its stand-in never fails');
    await trader.trade('f02-before', 'buy', trader.lots('2'));
    const sent = trader.order('f02', 'buy', trader.lots('1'));
    world.outage.begin();
    expect((await broker.submit(sent)).outcome).toBe('unknown');
    await expect(broker.findOrder('f02', symbol)).rejects.toBeInstanceOf(Error);
    await expect(broker.openOrders()).rejects.toBeInstanceOf(Error);
    await expect(broker.fillsSince(new Date(0))).rejects.toBeInstanceOf(Error);
    await expect(broker.balances()).rejects.toBeInstanceOf(Error);
    expect((await broker.cancel('f02', symbol)).outcome).toBe('unknown');
    world.outage.end();
    await expect
      .poll(() => broker.findOrder('f02', symbol).catch(() => 'no answer yet'), patience)
      .toBeUndefined();
    await expect.poll(() => broker.status().state, patience).toBe('ready');
    await trader.trade('f02', 'buy', trader.lots('1'));
    expect(total((await broker.fillsSince(new Date(0))).filter((fill) => fill.clientOrderId === 'f02'))).toBe(
      trader.lots('1'),
    );
  });

  test('F03 while the broker does not answer, neither a loan nor a transfer is claimed or denied', async ({
    skip,
  }) => {
    const { broker, world, firstWallet } = await connected();
    const { margin } = broker;
    if (!world.outage || !world.margin || !margin) return skip('it neither lends nor moves money');
    const { wallet, loan, collateral } = world.margin;
    world.outage.begin();
    expect((await margin.borrow({ ...loan, wallet })).outcome).toBe('unknown');
    expect((await margin.repay({ ...loan, wallet })).outcome).toBe('unknown');
    expect((await margin.transfer({ ...collateral, from: firstWallet, to: wallet })).outcome).toBe('unknown');
    await expect(margin.debts()).rejects.toBeInstanceOf(Error);
    await expect(margin.movementsSince(new Date(0))).rejects.toBeInstanceOf(Error);
    world.outage.end();
  });
}
