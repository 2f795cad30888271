/**
 * The acceptance cards of a broker. Every adapter passes all of them that its capabilities promise; a new one proves
 * itself by calling this with a way to open an account against its own stand-in for the outside.
 */
import { describe, expect, test } from 'vitest';
import type { Broker, BrokerFill, BrokerStatus, OrderRequest } from '../../../engine/brokers/broker.ts';
import { UserError } from '../../../engine/errors.ts';
import type { Decimal } from '../../../engine/money.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';

/** One account, as fresh as its stand-in can make it, with money for ten of `symbol` and not for a million. */
export interface BrokerUnderTest {
  readonly broker: Broker;
  /** Trades at a price that does not move during a card. */
  readonly symbol: string;
  /** Gives the same account through new objects, as after a restart of the desk. */
  restart(): Promise<Broker>;
}

export function brokerSuite(name: string, open: () => Promise<BrokerUnderTest>): void {
  const connected = async () => {
    const account = await open();
    await account.broker.connect();
    return account;
  };

  describe(`${name} keeps the contract of a broker`, () => {
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
      expect(heard.map(({ state }) => state)).toEqual(expect.arrayContaining(['ready', 'down']));
    });

    test('B02 an instrument has rules that an order can be cut to, and an unknown symbol is said to be unknown', async () => {
      const { broker, symbol } = await connected();
      const { rules, currency, feeRate } = await broker.resolve(symbol);
      for (const rule of [rules.quantityStep, rules.priceTick, rules.minimumQuantity]) {
        expect(decimal(rule).gt(zero), `${rule} must be positive`).toBe(true);
      }
      expect(decimal(rules.minimumNotional).gte(zero)).toBe(true);
      expect(decimal(feeRate).gte(zero)).toBe(true);
      expect(currency).toMatch(/^[A-Z0-9]{2,10}$/);
      await expect(broker.resolve('NO-SUCH-SYMBOL')).rejects.toBeInstanceOf(UserError);
      await expect(broker.quote('NO-SUCH-SYMBOL')).rejects.toBeInstanceOf(UserError);
    });

    test('B03 a quote buys no cheaper than it sells', async () => {
      const { broker, symbol } = await connected();
      const { bid, ask, last, currency } = await broker.quote(symbol);
      expect(decimal(ask).gte(decimal(bid))).toBe(true);
      expect(decimal(last).gt(zero)).toBe(true);
      expect(currency).toBe((await broker.resolve(symbol)).currency);
    });

    test('B04 a market order is accepted and filled, at no better than the quote', async () => {
      const { broker, symbol } = await connected();
      const { ask } = await broker.quote(symbol);
      expect(await broker.submit(order('b04', symbol, 'buy', '2'))).toMatchObject({ outcome: 'accepted' });
      const found = await filled(broker, 'b04', symbol);
      expect(total(found.fills)).toBe('2');
      for (const fill of found.fills) {
        expect(fill).toMatchObject({ symbol, side: 'buy', brokerOrderId: found.brokerOrderId });
        expect(decimal(fill.price).gte(decimal(ask)), 'nobody buys below the ask').toBe(true);
        expect(decimal(fill.fee).gte(zero)).toBe(true);
      }
    });

    test('B05 the same client order id again never makes a second order', async () => {
      const { broker, symbol } = await connected();
      const sent = order('b05', symbol, 'buy', '1');
      await broker.submit(sent);
      await filled(broker, 'b05', symbol);
      await broker.submit(sent);
      await Promise.all([broker.submit(sent), broker.submit({ ...sent, quantity: '2' })]);
      expect(total(await broker.fillsSince(new Date(0)))).toBe('1');
      expect(await broker.positions()).toMatchObject([{ symbol, quantity: '1' }]);
    });

    test('B06 an order under an id that was never sent is not found', async () => {
      const { broker, symbol } = await connected();
      expect(await broker.findOrder('b06', symbol)).toBeUndefined();
    });

    test('B07 what cannot be paid is rejected with a reason, and changes nothing', async () => {
      const { broker, symbol } = await connected();
      const before = await broker.balances();
      const outcome = await broker.submit(order('b07', symbol, 'buy', '1000000'));
      expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/\w/) });
      expect(await broker.balances()).toEqual(before);
      expect(await broker.positions()).toEqual([]);
    });

    test('B08 selling more than is held is rejected, where the broker does not go short', async () => {
      const { broker, symbol } = await connected();
      await broker.submit(order('b08-buy', symbol, 'buy', '2'));
      await filled(broker, 'b08-buy', symbol);
      const outcome = await broker.submit(order('b08', symbol, 'sell', '5'));
      if (broker.capabilities.short) {
        expect(outcome.outcome).toBe('accepted');
      } else {
        expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/5.*2/) });
      }
    });

    test('B09 an order type that it does not have is rejected by name', async () => {
      const { broker, symbol } = await connected();
      const others = [
        { type: 'limit', limitPrice: '1' },
        { type: 'stop', stopPrice: '1' },
        { type: 'stop_limit', limitPrice: '1', stopPrice: '1' },
      ] as const;
      for (const terms of others) {
        if (broker.capabilities.orderTypes.includes(terms.type)) continue;
        const outcome = await broker.submit({ ...order(`b09-${terms.type}`, symbol, 'buy', '1'), terms });
        expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining(terms.type) });
      }
    });

    test('B10 a quantity off the step, below the minimum, zero or negative is rejected', async () => {
      const { broker, symbol } = await connected();
      const { quantityStep } = (await broker.resolve(symbol)).rules;
      const off = decimal(quantityStep).times(decimal('1.5'));
      for (const [index, quantity] of [decimalText(off), '0', '-1'].entries()) {
        const outcome = await broker.submit(order(`b10-${index}`, symbol, 'buy', quantity));
        expect(outcome.outcome, `a quantity of ${quantity}`).toBe('rejected');
      }
      expect(await broker.fillsSince(new Date(0))).toEqual([]);
    });

    test('B11 balances and positions are what the fills make of them, to the last digit', async () => {
      const { broker, symbol } = await connected();
      const before = await broker.balances();
      for (const [index, [side, quantity]] of (
        [
          ['buy', '3'],
          ['buy', '2'],
          ['sell', '4'],
        ] as const
      ).entries()) {
        await broker.submit(order(`b11-${index}`, symbol, side, quantity));
        await filled(broker, `b11-${index}`, symbol);
      }
      const fills = await broker.fillsSince(new Date(0));
      const expected = new Map(before.map(({ asset, free }) => [asset, decimal(free)]));
      const add = (currency: string, amount: Decimal) =>
        expected.set(currency, (expected.get(currency) ?? zero).plus(amount));
      for (const fill of fills) {
        const paid = decimal(fill.quantity).times(decimal(fill.price));
        add(fill.currency, fill.side === 'buy' ? paid.neg() : paid);
        add(fill.feeCurrency, decimal(fill.fee).neg());
      }
      for (const { asset, free } of await broker.balances()) {
        expect(free).toBe(decimalText(expected.get(asset) ?? zero));
      }
      expect(await broker.positions()).toMatchObject([{ symbol, quantity: '1' }]);
    });

    test('B12 each fill is told to who listens, with our id, under an id of its own', async () => {
      const { broker, symbol } = await connected();
      const heard: BrokerFill[] = [];
      const stop = broker.subscribe({ onFill: (fill) => heard.push(fill) });
      await broker.submit(order('b12-1', symbol, 'buy', '1'));
      await broker.submit(order('b12-2', symbol, 'buy', '1'));
      await expect.poll(() => heard.length).toBeGreaterThanOrEqual(2);
      expect(new Set(heard.map(({ clientOrderId }) => clientOrderId))).toEqual(new Set(['b12-1', 'b12-2']));
      const fills = await broker.fillsSince(new Date(0));
      expect(new Set(fills.map(({ id }) => id)).size, 'ids of fills are never given twice').toBe(
        fills.length,
      );
      stop();
      await broker.submit(order('b12-3', symbol, 'buy', '1'));
      await filled(broker, 'b12-3', symbol);
      expect(
        heard.some(({ clientOrderId }) => clientOrderId === 'b12-3'),
        'who left hears no more',
      ).toBe(false);
    });

    test('B13 a listener that throws harms neither the order nor the other listeners', async () => {
      const { broker, symbol } = await connected();
      const heard: string[] = [];
      broker.subscribe({
        onFill: () => {
          throw new Error('a bad listener');
        },
      });
      broker.subscribe({ onFill: ({ id }) => heard.push(id) });
      expect(await broker.submit(order('b13', symbol, 'buy', '1'))).toMatchObject({ outcome: 'accepted' });
      await expect.poll(() => heard.length).toBeGreaterThanOrEqual(1);
    });

    test('B14 after a restart the account is as it was, and an id that was used stays used', async () => {
      const { broker, symbol, restart } = await connected();
      await broker.submit(order('b14', symbol, 'buy', '2'));
      const before = await filled(broker, 'b14', symbol);
      const [balances, positions] = [await broker.balances(), await broker.positions()];
      await broker.disconnect();
      const again = await restart();
      await again.connect();
      expect(await again.balances()).toEqual(balances);
      expect(await again.positions()).toEqual(positions);
      expect(await again.findOrder('b14', symbol)).toEqual(before);
      await again.submit(order('b14', symbol, 'buy', '2'));
      expect(await again.positions()).toEqual(positions);
    });

    test('B15 orders that arrive at once are judged one after the other: money is not spent twice', async () => {
      const { broker, symbol } = await connected();
      const [balance] = await broker.balances();
      const { ask } = await broker.quote(symbol);
      const most = decimal(balance?.free ?? '0').div(decimal(ask));
      const share = decimalText(most.times(decimal('0.4')).round(0, 0));
      const outcomes = await Promise.all(
        ['1', '2', '3', '4'].map((id) => broker.submit(order(`b15-${id}`, symbol, 'buy', share))),
      );
      expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(2);
      for (const { free } of await broker.balances()) expect(decimal(free).gte(zero)).toBe(true);
    });

    test('B16 what is filled can be cancelled no more, nor what was never there', async () => {
      const { broker, symbol } = await connected();
      await broker.submit(order('b16', symbol, 'buy', '1'));
      await filled(broker, 'b16', symbol);
      expect(await broker.cancel('b16', symbol)).toMatchObject({ outcome: 'not_open' });
      expect(await broker.cancel('b16-never', symbol)).toMatchObject({ outcome: 'not_open' });
      expect(await broker.openOrders()).toEqual([]);
    });

    test('B17 fills since an instant are those at or after it, oldest first', async () => {
      const { broker, symbol } = await connected();
      await broker.submit(order('b17-1', symbol, 'buy', '1'));
      await broker.submit(order('b17-2', symbol, 'buy', '1'));
      const all = await broker.fillsSince(new Date(0));
      expect(all.map(({ clientOrderId }) => clientOrderId)).toEqual(['b17-1', 'b17-2']);
      const newest = all.at(-1)?.at ?? new Date(0);
      expect((await broker.fillsSince(newest)).map(({ id }) => id)).toContain(all.at(-1)?.id);
      expect(await broker.fillsSince(new Date(newest.getTime() + 1))).toEqual([]);
    });

    test('B18 an order that is sent while it is not connected is never called accepted', async () => {
      const { broker, symbol } = await open();
      expect((await broker.submit(order('b18', symbol, 'buy', '1'))).outcome).not.toBe('accepted');
    });
  });
}

function order(clientOrderId: string, symbol: string, side: 'buy' | 'sell', quantity: string): OrderRequest {
  return { clientOrderId, symbol, side, quantity, terms: { type: 'market' } };
}

/** The order once all of it is filled. */
async function filled(broker: Broker, clientOrderId: string, symbol: string) {
  await expect.poll(async () => (await broker.findOrder(clientOrderId, symbol))?.state).toBe('filled');
  const found = await broker.findOrder(clientOrderId, symbol);
  if (!found) throw new Error(`the order ${clientOrderId} was filled, and then it was gone`);
  return found;
}

function total(fills: readonly BrokerFill[]): string {
  return decimalText(fills.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero));
}
