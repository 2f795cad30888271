/** Cards B: connection, instruments, market orders, and what they make of the account. */
import { expect, test } from 'vitest';
import type { BrokerFill, BrokerOrder, BrokerStatus } from '../../../../engine/brokers/broker.ts';
import { UserError } from '../../../../engine/errors.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../../../engine/money.ts';
import type { BrokerUnderTest } from './world.ts';
import { changeBy, inOrder, patience, Trader, total } from './world.ts';

export function accountCards(open: () => Promise<BrokerUnderTest>, connected: () => Promise<Trader>): void {
  test('B01 it is not ready before it is connected, and says why; then it is ready; then it is not', async () => {
    const { broker } = await open();
    const heard: BrokerStatus[] = [];
    broker.subscribe({ onStatus: (status) => heard.push(status) });
    expect(broker.status().state).not.toBe('ready');
    expect(broker.status().why).toMatch(/\w/);
    await broker.connect();
    expect(broker.status().state).toBe('ready');
    await broker.disconnect();
    expect(broker.status().state).toBe('down');
    expect(broker.status().why).toMatch(/\w/);
    expect(heard.map(({ state }) => state)).toEqual(expect.arrayContaining(['ready', 'down']));
  });

  test('B02 an instrument has rules that an order can be cut to, and an unknown symbol is said to be unknown', async () => {
    const { broker, symbol } = await connected();
    const { rules, asset, currency, feeRate } = await broker.resolve(symbol);
    for (const rule of [rules.quantityStep, rules.priceTick, rules.minimumQuantity]) {
      expect(decimal(rule).gt(zero), `${rule} must be positive`).toBe(true);
    }
    expect(decimal(rules.minimumNotional).gte(zero)).toBe(true);
    expect(decimal(feeRate).gte(zero)).toBe(true);
    expect(currency).toMatch(/^[A-Z0-9]{2,10}$/);
    expect(asset).toMatch(/\w/);
    expect(asset).not.toBe(currency);
    await expect(broker.resolve('NO-SUCH-SYMBOL')).rejects.toBeInstanceOf(UserError);
    await expect(broker.quote('NO-SUCH-SYMBOL')).rejects.toBeInstanceOf(UserError);
  });

  test('B03 a quote buys no cheaper than it sells', async () => {
    const { broker, symbol } = await connected();
    const quote = await broker.quote(symbol);
    expect(decimal(quote.ask).gte(decimal(quote.bid))).toBe(true);
    expect(decimal(quote.last).gt(zero)).toBe(true);
    expect(quote.symbol).toBe(symbol);
    expect(quote.currency).toBe((await broker.resolve(symbol)).currency);
    expect(quote.at).toBeInstanceOf(Date);
  });

  test('B04 a market order is accepted and filled in full, at no better than the quote', async () => {
    const trader = await connected();
    const { broker, symbol } = trader;
    const { asset, currency } = await broker.resolve(symbol);
    const bought = await quoteAndTrade(trader, 'b04-buy', 'buy');
    const sold = await quoteAndTrade(trader, 'b04-sell', 'sell');
    for (const { order, quote } of [bought, sold]) {
      for (const fill of order.fills) {
        expect(fill).toMatchObject({ symbol, asset, currency, wallet: trader.firstWallet, side: order.side });
        expect(fill).toMatchObject({
          clientOrderId: order.clientOrderId,
          brokerOrderId: order.brokerOrderId,
        });
        const [price, limit] = [decimal(fill.price), decimal(order.side === 'buy' ? quote.ask : quote.bid)];
        expect(order.side === 'buy' ? price.gte(limit) : price.lte(limit), 'no better than the quote').toBe(
          true,
        );
      }
    }
  });

  test('B05 the same client order id again never makes a second order', async () => {
    const trader = await connected();
    const { broker, symbol } = trader;
    await trader.trade('b05', 'buy', trader.lots('1'));
    const sent = trader.order('b05', 'buy', trader.lots('1'));
    await trader.send(sent);
    await Promise.all([trader.send(sent), trader.send({ ...sent, quantity: trader.lots('2') })]);
    const fills = await broker.fillsSince(new Date(0));
    expect(total(fills), 'only the first may have traded').toBe(trader.lots('1'));
    expect((await broker.findOrder('b05', symbol))?.quantity).toBe(trader.lots('1'));
    expect(await broker.openOrders()).toEqual([]);
  });

  test('B06 an order under an id that was never sent is not found', async () => {
    const { broker, symbol } = await connected();
    expect(await broker.findOrder('b06', symbol)).toBeUndefined();
  });

  test('B07 what cannot be paid is rejected with a reason, and changes nothing', async () => {
    const trader = await connected();
    const { broker } = trader;
    const before = inOrder(await broker.balances());
    const outcome = await trader.send(trader.order('b07', 'buy', await affordable(trader, '3')));
    expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/\w/) });
    expect(inOrder(await broker.balances())).toEqual(before);
    expect(await broker.openOrders()).toEqual([]);
    expect((await trader.held()).eq(zero), 'nothing was bought').toBe(true);
  });

  test('B08 selling more than is held is rejected, where the broker does not go short', async () => {
    const trader = await connected();
    await trader.trade('b08-buy', 'buy', trader.lots('2'));
    const outcome = await trader.send(trader.order('b08', 'sell', trader.lots('5')));
    if (trader.broker.capabilities.short) {
      expect(outcome.outcome).toBe('accepted');
    } else {
      expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/\w/) });
    }
  });

  test('B09 an order type that it does not have is rejected by name', async () => {
    const trader = await connected();
    const price = await trader.price('0.9');
    const others = [
      { type: 'limit', limitPrice: price },
      { type: 'stop', stopPrice: price },
      { type: 'stop_limit', limitPrice: price, stopPrice: price },
      { type: 'oco', limitPrice: price, stopPrice: price },
    ] as const;
    for (const terms of others) {
      if (trader.broker.capabilities.orderTypes.includes(terms.type)) continue;
      const outcome = await trader.send(
        trader.order(`b09-${terms.type.replace('_', '-')}`, 'buy', trader.lots('1'), terms),
      );
      expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining(terms.type) });
    }
    for (const auction of ['open', 'close'] as const) {
      if (trader.broker.capabilities.auctions?.includes(auction)) continue;
      const terms = { type: 'market', auction } as const;
      const outcome = await trader.send(trader.order(`b09-${auction}`, 'buy', trader.lots('1'), terms));
      expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining(auction) });
    }
    expect(await trader.broker.openOrders()).toEqual([]);
  });

  test('B10 a quantity off the step, below a minimum, zero or negative is rejected, and never rounded', async () => {
    const trader = await connected();
    const { broker, symbol } = trader;
    const { quantityStep, minimumQuantity, minimumNotional } = (await broker.resolve(symbol)).rules;
    const off = decimal(trader.lots('1')).plus(decimal(quantityStep).times(decimal('0.5')));
    const wrong = [decimalText(off), '0', decimalText(decimal(trader.lots('1')).neg())];
    const { bid } = await broker.quote(symbol);
    if (
      decimal(minimumQuantity)
        .times(decimal(bid))
        .lt(decimal(minimumNotional).times(decimal('0.9')))
    ) {
      wrong.push(minimumQuantity);
    }
    for (const [index, quantity] of wrong.entries()) {
      const outcome = await trader.send(trader.order(`b10-${index}`, 'buy', quantity));
      expect(outcome.outcome, `a quantity of ${quantity}`).toBe('rejected');
    }
    expect(await broker.fillsSince(new Date(0))).toEqual([]);
  });

  test('B11 balances and positions are what the fills make of them, to the last digit', async () => {
    const trader = await connected();
    const { broker, symbol } = trader;
    const { asset } = await broker.resolve(symbol);
    const before = await broker.balances();
    await trader.trade('b11-1', 'buy', trader.lots('3'));
    await trader.trade('b11-2', 'buy', trader.lots('2'));
    await trader.trade('b11-3', 'sell', trader.lots('4'));
    const fills = await broker.fillsSince(new Date(0));
    expect((await trader.held()).toFixed(), 'held of the instrument').toBe(changeBy(fills, asset).toFixed());
    for (const { asset: paid, wallet, free, locked } of await broker.balances()) {
      if (wallet !== trader.firstWallet) continue;
      const had = before.find((balance) => balance.asset === paid && balance.wallet === wallet);
      const expected = decimal(had?.free ?? '0').plus(changeBy(fills, paid));
      expect(free, `${paid} that is free`).toBe(decimalText(expected));
      expect(locked, `${paid} that is locked`).toBe('0');
    }
  });

  test('B12 each fill is told to who listens, with our id, under an id of its own', async () => {
    const trader = await connected();
    const { broker } = trader;
    const heard: BrokerFill[] = [];
    const stop = broker.subscribe({ onFill: (fill) => heard.push(fill) });
    await trader.trade('b12-1', 'buy', trader.lots('1'));
    await trader.trade('b12-2', 'buy', trader.lots('1'));
    const fills = await broker.fillsSince(new Date(0));
    expect(new Set(fills.map(({ id }) => id)).size, 'ids of fills are never given twice').toBe(fills.length);
    await expect
      .poll(() => new Set(heard.map(({ id }) => id)), patience)
      .toEqual(new Set(fills.map(({ id }) => id)));
    for (const told of heard) expect(told).toEqual(fills.find(({ id }) => id === told.id));
    stop();
    await trader.trade('b12-3', 'buy', trader.lots('1'));
    expect(
      heard.some(({ clientOrderId }) => clientOrderId === 'b12-3'),
      'who left hears no more',
    ).toBe(false);
  });

  test('B13 a listener that throws harms neither the order nor the other listeners', async () => {
    const trader = await connected();
    const heard: string[] = [];
    const bad = () => {
      throw new Error('a bad listener');
    };
    trader.broker.subscribe({ onFill: bad, onOrder: bad, onStatus: bad });
    trader.broker.subscribe({ onFill: ({ id }) => heard.push(id) });
    await trader.trade('b13', 'buy', trader.lots('1'));
    await expect.poll(() => heard.length, patience).toBeGreaterThanOrEqual(1);
    expect(trader.broker.status().state).toBe('ready');
  });

  test('B14 after a restart the account is as it was, and an id that was used stays used', async () => {
    const trader = await connected();
    const { broker, symbol, world } = trader;
    const before = await trader.trade('b14', 'buy', trader.lots('2'));
    const [balances, positions] = [inOrder(await broker.balances()), await broker.positions()];
    const fills = await broker.fillsSince(new Date(0));
    await broker.disconnect();
    const again = await world.restart();
    await again.connect();
    expect(inOrder(await again.balances())).toEqual(balances);
    expect(await again.positions()).toEqual(positions);
    expect(await again.findOrder('b14', symbol)).toEqual(before);
    await again.submit(trader.order('b14', 'buy', trader.lots('2')));
    await world.attend?.();
    expect(await again.fillsSince(new Date(0))).toEqual(fills);
    expect(await again.openOrders()).toEqual([]);
    await again.disconnect();
  });

  test('B15 orders that arrive at once are judged one after the other: money is not spent twice', async () => {
    const trader = await connected();
    const share = await affordable(trader, '0.4');
    const outcomes = await Promise.all(
      ['1', '2', '3', '4'].map((id) => trader.broker.submit(trader.order(`b15-${id}`, 'buy', share))),
    );
    await trader.world.attend?.();
    const accepted = outcomes.filter(({ outcome }) => outcome === 'accepted');
    expect(accepted.length, 'of 40 % each, two can be paid').toBe(2);
    for (const { asset, free } of await trader.broker.balances()) {
      expect(decimal(free).gte(zero), `free ${asset}`).toBe(true);
    }
  });

  test('B16 what is filled can be cancelled no more, nor what was never there', async () => {
    const trader = await connected();
    await trader.trade('b16', 'buy', trader.lots('1'));
    expect(await trader.cancel('b16')).toMatchObject({ outcome: 'not_open' });
    expect(await trader.cancel('b16-never')).toMatchObject({ outcome: 'not_open' });
    expect(await trader.broker.openOrders()).toEqual([]);
  });

  test('B17 fills since an instant are those at or after it, oldest first', async () => {
    const trader = await connected();
    const { broker } = trader;
    await trader.trade('b17-1', 'buy', trader.lots('1'));
    await trader.trade('b17-2', 'buy', trader.lots('1'));
    const all = await broker.fillsSince(new Date(0));
    expect([...new Set(all.map(({ clientOrderId }) => clientOrderId))]).toEqual(['b17-1', 'b17-2']);
    const newest = all.at(-1)?.at ?? new Date(0);
    expect((await broker.fillsSince(newest)).map(({ id }) => id)).toContain(all.at(-1)?.id);
    expect(await broker.fillsSince(new Date(newest.getTime() + 1))).toEqual([]);
  });

  test('B18 an order that is sent while it is not connected is never called accepted', async () => {
    const trader = new Trader(await open());
    const outcome = await trader.broker.submit(trader.order('b18', 'buy', trader.lots('1')));
    expect(outcome.outcome).not.toBe('accepted');
  });

  test('B19 an instrument is found under every name that an alert gives it', async () => {
    const { broker, symbol, world } = await connected();
    const instrument = await broker.resolve(symbol);
    expect(instrument.symbol).toBe(symbol);
    for (const spelling of world.spellings) {
      expect(await broker.resolve(spelling), spelling).toEqual(instrument);
    }
  });

  test('B20 an id of 36 characters is taken, and the order found under it', async () => {
    const trader = await connected();
    const id = 'b20-ABCDEFGHIJ-klmnopqrstuv-01234567';
    expect(id).toHaveLength(36);
    const order = await trader.trade(id, 'buy', trader.lots('1'));
    expect(order).toMatchObject({ clientOrderId: id, symbol: trader.symbol, side: 'buy' });
    expect(order.quantity).toBe(trader.lots('1'));
  });

  test('B21 the end of an order is told to who listens, with all its fills', async () => {
    const trader = await connected();
    const heard: BrokerOrder[] = [];
    trader.broker.subscribe({ onOrder: (order) => heard.push(order) });
    const filled = await trader.trade('b21', 'buy', trader.lots('1'));
    await expect
      .poll(() => heard.filter(({ state }) => state === 'filled').at(-1)?.clientOrderId, patience)
      .toBe('b21');
    expect(filled.fills.length).toBeGreaterThan(0);
  });

  test('B22 its first wallet is where an order trades, and every balance is of a wallet that it names', async () => {
    const trader = await connected();
    const { broker } = trader;
    expect(broker.wallets.length).toBeGreaterThan(0);
    await trader.trade('b22', 'buy', trader.lots('1'));
    for (const { wallet } of [...(await broker.balances()), ...(await broker.positions())]) {
      expect(broker.wallets).toContain(wallet);
    }
    const other = await trader.send({
      ...trader.order('b22-nowhere', 'buy', trader.lots('1')),
      wallet: 'no-such-wallet',
    });
    expect(other).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('no-such-wallet') });
  });
}

async function quoteAndTrade(trader: Trader, id: string, side: 'buy' | 'sell') {
  const quote = await trader.broker.quote(trader.symbol);
  const quantity = trader.lots(side === 'buy' ? '2' : '1');
  const order = await trader.trade(id, side, quantity);
  expect(total(order.fills)).toBe(quantity);
  return { order, quote };
}

/** So many times the quantity that the money of the first wallet buys. */
async function affordable(trader: Trader, times: string): Promise<string> {
  const { free } = await trader.money();
  const { ask } = await trader.broker.quote(trader.symbol);
  const { quantityStep } = (await trader.broker.resolve(trader.symbol)).rules;
  const most = decimal(free).div(decimal(ask)).times(decimal(times));
  return decimalText(truncateToStep(most, decimal(quantityStep)));
}
