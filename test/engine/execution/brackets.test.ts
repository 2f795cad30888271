/** An entry whose exit goes out with it, from the alert to the ledger, and what happens when the two do not fit. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BookSettings } from '../../../engine/bank/book.ts';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { Broker, OrderRequest } from '../../../engine/brokers/broker.ts';
import { IbBroker } from '../../../engine/brokers/ib/ib.ts';
import { ibSettings } from '../../../engine/brokers/ib/settings.ts';
import { systemClock } from '../../../engine/clock.ts';
import { systemSleep } from '../../../engine/execution/patience.ts';
import { FixedPrices } from '../../support/prices.ts';
import { patience } from '../../support/suites/broker/world.ts';
import type { Trading, TradingOptions } from '../../support/trading.ts';
import { brokerWith, openTrading } from '../../support/trading.ts';
import { startTws } from '../../support/tws/index.ts';

const book = (handler: Record<string, unknown>, broker = 'paper'): BookSettings =>
  bookSettings.parse({ name: 'demo', currency: 'USD', capital: '10000', broker, handler });

/** Ten shares at 100: they lose 100, a hundredth of the book, at the stop. */
const entry = { action: 'entry', side: 'long', symbol: 'ACME', stop: 90, take_profit: 120 };
const byRisk = { name: 'position', settings: { risk: 1 } };

/** A desk of which all that is sent to the broker is written down. */
async function desk(options: TradingOptions = {}, line: (paper: Broker) => Partial<Broker> = () => ({})) {
  const sent: OrderRequest[] = [];
  const cancelled: string[] = [];
  const prices = options.prices ?? new FixedPrices({ ACME: '100' });
  const trading = await openTrading({
    books: [book(byRisk)],
    ...options,
    prices,
    line: (paper) => {
      const replaced = line(paper);
      const inner = brokerWith(paper, replaced);
      return brokerWith(paper, {
        ...replaced,
        submit: (order) => {
          sent.push(order);
          return inner.submit(order);
        },
        cancel: (id, symbol) => {
          cancelled.push(id);
          return inner.cancel(id, symbol);
        },
      });
    },
  });
  onTestFinished(() => trading.stop());
  return { ...trading, prices, sent, cancelled };
}

async function trade(trading: Pick<Trading, 'send' | 'queue' | 'inbox'>, payload: Record<string, unknown>) {
  const { signal } = await trading.send(payload);
  await trading.queue.idle();
  return trading.inbox.signal(signal);
}

async function heldBy({ books }: Pick<Trading, 'books'>): Promise<string> {
  return (await books.holdings('demo')).positions.get('ACME')?.quantity.toFixed() ?? '0';
}

const openOf = async ({ executor }: Pick<Trading, 'executor'>) =>
  (await executor.openOrders()).map(({ key, quantity, terms, state }) => ({
    leg: key.leg,
    quantity,
    type: terms.type,
    state,
  }));

describe('an entry with a stop and a take profit', () => {
  test('goes out with both, so that nothing is open without them', async () => {
    const trading = await desk();
    expect(await trade(trading, entry)).toMatchObject({ state: 'done' });
    expect(trading.sent).toMatchObject([
      {
        side: 'buy',
        quantity: '10',
        exit: { terms: { type: 'oco', stopPrice: '90', limitPrice: '120' } },
      },
    ]);
    expect(await openOf(trading)).toEqual([
      { leg: 'protection', quantity: '10', type: 'oco', state: 'working' },
    ]);
    const [rests] = await trading.executor.openOrders();
    expect(rests?._id, 'found under the name that it had when it was sent').toBe(
      trading.sent[0]?.exit?.clientOrderId,
    );
    trading.prices.set('ACME', '89');
    await expect.poll(() => heldBy(trading), patience).toBe('0');
    await expect.poll(() => openOf(trading), patience).toEqual([]);
    await expect
      .poll(async () => (await trading.told()).map(({ type }) => type), patience)
      .toContain('order.filled');
  });

  test('is left by an exit that takes the other one away before it sells', async () => {
    const trading = await desk();
    await trade(trading, entry);
    const exit = trading.sent[0]?.exit?.clientOrderId;
    expect(await trade(trading, { action: 'exit', symbol: 'ACME' })).toMatchObject({ state: 'done' });
    expect(trading.cancelled).toEqual([exit]);
    expect(trading.sent.map(({ side, exit: with_ }) => `${side} ${with_ ? 'with' : 'without'}`)).toEqual([
      'buy with',
      'sell without',
    ]);
    expect(await heldBy(trading)).toBe('0');
    expect(await trading.paper.openOrders()).toEqual([]);
  });

  test('follows by a stop of its own where the broker does not take the two together', async () => {
    const trading = await desk({ paper: { feeIn: 'bought' } });
    await trade(trading, entry);
    expect(
      trading.sent.map(({ side, terms, exit }) => `${side} ${terms.type} ${exit !== undefined}`),
    ).toEqual(['buy market false', 'sell oco false']);
  });

  test('is for what the entry got when its time was over, and no more', async () => {
    const prices = new FixedPrices({ ACME: '100' });
    const trading = await desk({ prices, books: [book({ name: 'order' })], paper: { volumeShare: '1' } });
    prices.set('ACME', '100', '4');
    const limit = { action: 'buy', symbol: 'ACME', quantity: 10, type: 'limit', price: 100 };
    await trade(trading, { ...limit, open_for: 30, stop_loss: 90 });
    expect(await heldBy(trading)).toBe('4');
    expect(trading.sent, 'nothing was sent anew').toHaveLength(1);
    expect(await openOf(trading)).toEqual([
      { leg: 'protection', quantity: '4', type: 'stop', state: 'working' },
    ]);
    prices.set('ACME', '89');
    await expect.poll(() => heldBy(trading), patience).toBe('0');
    expect(await trading.executor.openOrders()).toEqual([]);
  });

  test('leaves nothing when it is not filled at all', async () => {
    const trading = await desk({ books: [book({ name: 'order' })] });
    const limit = { action: 'buy', symbol: 'ACME', quantity: 10, type: 'limit', price: 95 };
    await trade(trading, { ...limit, open_for: 30, stop_loss: 90 });
    await expect.poll(() => trading.paper.openOrders(), patience).toEqual([]);
    await expect.poll(() => trading.executor.openOrders(), patience).toEqual([]);
    trading.prices.set('ACME', '80');
    expect(await heldBy(trading)).toBe('0');
  });

  test('whose reply was lost is one entry with one exit', async () => {
    let lost = false;
    const trading = await desk({}, (paper) => ({
      submit: async (order) => {
        const outcome = await paper.submit(order);
        if (lost) return outcome;
        lost = true;
        return { outcome: 'unknown', reason: 'timeout' };
      },
    }));
    await trade(trading, entry);
    expect(trading.sent).toHaveLength(1);
    expect(await openOf(trading)).toEqual([
      { leg: 'protection', quantity: '10', type: 'oco', state: 'working' },
    ]);
    expect(await trading.paper.openOrders()).toHaveLength(1);
  });

  test('that never arrived is sent again with its exit', async () => {
    let lost = false;
    const trading = await desk({}, (paper) => ({
      submit: async (order) => {
        if (lost) return paper.submit(order);
        lost = true;
        return { outcome: 'unknown', reason: 'timeout' };
      },
    }));
    await trade(trading, entry);
    expect(trading.sent.map(({ clientOrderId, exit }) => [clientOrderId, exit?.clientOrderId])).toEqual(
      Array(2).fill([trading.sent[0]?.clientOrderId, trading.sent[0]?.exit?.clientOrderId]),
    );
    expect(await openOf(trading)).toMatchObject([{ leg: 'protection', state: 'working' }]);
    expect(await heldBy(trading)).toBe('10');
  });

  test('of which the broker took the entry alone gets a stop of its own at once', async () => {
    const trading = await desk({}, (paper) => ({
      submit: async ({ exit, ...order }) => {
        const outcome = await paper.submit(order);
        return exit && outcome.outcome === 'accepted' ? { ...outcome, withoutExit: 'no room' } : outcome;
      },
    }));
    await trade(trading, entry);
    expect(trading.sent.map(({ side, terms }) => `${side} ${terms.type}`)).toEqual([
      'buy market',
      'sell oco',
    ]);
    expect(await openOf(trading)).toEqual([
      { leg: 'protection', quantity: '10', type: 'oco', state: 'working' },
    ]);
  });

  test('that is rejected leaves no order that is waited for', async () => {
    const trading = await desk({}, () => ({
      submit: async () => ({ outcome: 'rejected', reason: 'market closed' }),
    }));
    expect(await trade(trading, entry)).toMatchObject({ state: 'failed' });
    await expect.poll(() => trading.executor.openOrders(), patience).toEqual([]);
  });

  test('is known after a restart, and its exit still ends the position', async () => {
    const first = await desk();
    await trade(first, entry);
    await first.stop();
    const { store, clock, prices } = first;
    const again = await desk({ store, clock, prices });
    prices.set('ACME', '121');
    await expect.poll(() => heldBy(again), patience).toBe('0');
    expect(again.sent).toEqual([]);
  });
});

describe('at Interactive Brokers', () => {
  async function atTws(handler: Record<string, unknown>) {
    const tws = await startTws();
    onTestFinished(() => tws.close());
    tws.deposit('USD', '100000');
    tws.price('AAPL', '200');
    const settings = ibSettings.parse({
      ...{ type: 'ib', port: tws.port, timeoutSeconds: 3, heartbeatSeconds: 1, patienceSeconds: 0 },
      ...{ absenceSeconds: 2, quiet: { times: [] } },
    });
    const trading = await openTrading({
      books: [book(handler, 'ib')],
      clock: systemClock,
      sleep: systemSleep,
      broker: (parts) => IbBroker.open({ name: 'ib', settings, ...parts }),
    });
    onTestFinished(() => trading.stop());
    await trading.reconciler?.start();
    return { ...trading, tws };
  }

  const limit = {
    ...{ action: 'buy', symbol: 'AAPL', quantity: 10, type: 'limit', price: 190 },
    ...{ open_for: 3, stop_loss: 180, take_profit: 220 },
  };

  test('a stop that went with the half-filled entry is placed anew for what the book holds', async () => {
    const { tws, ...trading } = await atTws({ name: 'order' });
    tws.server.account.childrenOfPart = 'go';
    await trading.send(limit);
    await expect.poll(() => tws.orders().length, patience).toBe(3);
    tws.tradePart('AAPL', '190', '4');
    await trading.queue.idle();
    expect(await openOf(trading)).toEqual([
      { leg: 'protection', quantity: '4', type: 'oco', state: 'working' },
    ]);
    tws.price('AAPL', '179');
    await expect.poll(() => tws.held('AAPL'), patience).toBe('0');
    await expect.poll(async () => (await trading.books.holdings('demo')).positions.size, patience).toBe(0);
    expect(await trading.reconciler?.reconcile('ib')).toEqual([]);
  });

  test('a forced logout while the bracket goes out leaves one entry, one exit, and books that are equal', async () => {
    const { tws, ...trading } = await atTws({ name: 'order' });
    const { type: _, price: __, open_for: ___, ...market } = limit;
    tws.server.orderFault = 'lose-answers-and-drop';
    await trading.send(market);
    await trading.queue.idle();
    expect(tws.orders()).toHaveLength(3);
    expect(await openOf(trading)).toEqual([
      { leg: 'protection', quantity: '10', type: 'oco', state: 'working' },
    ]);
    await tws.server.restart({ nextValidId: 1 });
    tws.price('AAPL', '221');
    await expect.poll(async () => (await trading.books.holdings('demo')).positions.size, patience).toBe(0);
    expect(tws.held('AAPL')).toBe('0');
    expect(tws.server.violations).toEqual([]);
  });

  test('an entry for an auction that takes no order with another goes out alone, and is not lost', async () => {
    const { tws, ...trading } = await atTws({ name: 'order' });
    tws.server.account.auctionsStandAlone = true;
    const operation = await trading.operations.run({
      ...{ source: 'test', book: 'demo', purpose: 'entry', summary: 'buy at the close' },
      askedAt: new Date().toISOString(),
      steps: [
        {
          ...{ kind: 'order', leg: 'order', symbol: 'AAPL', side: 'buy', resting: true },
          quantity: { is: 'fixed', amount: '10' },
          terms: { type: 'market', auction: 'close' },
        },
        {
          ...{ kind: 'order', leg: 'protection', symbol: 'AAPL', side: 'sell', resting: true },
          quantity: { is: 'bought', leg: 'order' },
          terms: { type: 'stop', stopPrice: '180' },
        },
      ],
    });
    expect(operation).toMatchObject({ state: 'done' });
    expect(tws.orders().map(({ type, action }) => `${action} ${type}`)).toEqual(['BUY MOC']);
    tws.server.account.closes();
    await expect
      .poll(
        async () => (await trading.books.holdings('demo')).positions.get('AAPL')?.quantity.toFixed(),
        patience,
      )
      .toBe('10');
  });
});
