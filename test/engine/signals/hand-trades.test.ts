/** What people trade by command: once for each request, refused with the reason, told when it is over. */
import { describe, expect, it } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { systemSleep } from '../../../engine/execution/patience.ts';
import { type HandTrade, HandTrades } from '../../../engine/signals/hand-trades.ts';
import type { TradingOptions } from '../../support/trading.ts';
import { brokerWith, demoBook, openTrading } from '../../support/trading.ts';

async function openDesk(options: TradingOptions = {}) {
  const trading = await openTrading(options);
  const { store, clock, outbox, books, brokers, executor, operations, queue } = trading;
  const log = options.log ?? (await import('../../../engine/log.ts')).silentLog;
  const parts = { store, clock, log, outbox, books, brokers, executor, operations, queue };
  const trades = await HandTrades.open({ ...parts, sleep: systemSleep });
  const signal = new AbortController().signal;
  return {
    ...trading,
    trades,
    trade: (trade: HandTrade, name: string) => trades.trade(trade, { name, by: 'ann', signal }),
  };
}

const order = (fields: Record<string, string>): HandTrade => ({
  do: 'order',
  book: 'demo',
  order: { action: 'buy', symbol: 'ACME', quantity: '10', ...fields },
});
const close: HandTrade = { do: 'close', book: 'demo', position: 'acme' };

describe('a trade by hand', () => {
  it('is one trade however often its confirmation is pressed', async () => {
    const { trade, books, executor, stop } = await openDesk();
    const outcomes = await Promise.all([1, 2, 3].map(() => trade(order({}), 'press-1')));
    const later = await trade(order({}), 'press-1');
    for (const { state, fills } of [...outcomes, later]) {
      expect(state).toBe('done');
      expect(fills).toHaveLength(1);
    }
    expect(await executor.orders({ limit: 10 })).toHaveLength(1);
    expect((await books.holdings('demo')).positions.get('ACME')?.quantity.toFixed()).toBe('10');
    await trade(order({}), 'press-2');
    expect((await books.holdings('demo')).positions.get('ACME')?.quantity.toFixed()).toBe('20');
    await stop();
  });

  it('is shown before with what it would be, and nothing is done by that', async () => {
    const { trades, trade, executor, prices, stop } = await openDesk();
    const shown = await trades.preview(order({}));
    expect(shown).toMatchObject({ purpose: 'entry', side: 'buy', quantity: '10', held: null, profit: null });
    expect(await executor.orders({ limit: 10 })).toEqual([]);
    await trade(order({}), 'a');
    prices.set('ACME', '12');
    const closing = await trades.preview(close);
    expect(closing).toMatchObject({ purpose: 'exit', side: 'sell', quantity: '10', symbol: 'ACME' });
    const { price, held, profit } = closing;
    const expected = 10 * (Number(price) - Number(held?.averagePrice));
    expect(Number(profit)).toBeCloseTo(expected, 8);
    await stop();
  });

  it('works in a book whose signals another handler reads, and in one that takes none', async () => {
    const pair = bookSettings.parse({ ...demoBook, name: 'demo', handler: { name: 'position' } });
    const none = bookSettings.parse({ ...demoBook, name: 'plans', handler: undefined });
    const { trade, stop } = await openDesk({ books: [pair, none] });
    expect((await trade(order({}), 'a')).state).toBe('done');
    expect((await trade({ ...order({}), book: 'plans' }, 'b')).state).toBe('done');
    await stop();
  });

  it('is refused in words: suspended, not enough money, nothing to close', async () => {
    const { trades, trade, books, stop } = await openDesk();
    await expect(trades.preview(order({ quantity: '5000' }))).rejects.toThrow('but the book "demo" has');
    await expect(trades.preview(close)).rejects.toThrow('has no position in acme. Open there: nothing.');
    await trade(order({}), 'a');
    await books.suspend({ scope: 'entries', book: 'demo', by: 'bob', reason: 'news' });
    await expect(trade(order({}), 'b')).rejects.toThrow('is suspended (entries) by bob');
    expect((await trade(close, 'c')).fills, 'an exit goes on').toHaveLength(1);
    await stop();
  });

  it('is not begun when the broker is away, but an exit waits for it and says so', async () => {
    let away = false;
    const { trades, trade, clock, stop } = await openDesk({
      line: (paper) =>
        brokerWith(paper, {
          status: () => (away ? { state: 'down', since: clock.now(), why: 'no line' } : paper.status()),
        }),
    });
    await trade(order({}), 'a');
    away = true;
    await expect(trades.preview(order({}))).rejects.toThrow('paper is down: no line.');
    expect((await trades.preview(close)).warnings).toEqual([
      'paper is down: no line. It waits until the broker is back.',
    ]);
    await stop();
  });

  it('is shown anew when the price of an entry has moved too far; an exit is never held up', async () => {
    const { trades, trade, prices, stop } = await openDesk();
    await trades.preview(order({}));
    expect(await trades.moved(order({}))).toBeUndefined();
    prices.set('ACME', '10.05');
    expect(await trades.moved(order({})), 'half a percent is no other trade').toBeUndefined();
    prices.set('ACME', '10.5');
    expect(await trades.moved(order({}))).toMatchObject({ percent: '+5.0' });
    expect(await trades.moved(order({ quantity: '11' })), 'nobody was asked about that').toBeUndefined();
    await trade(order({}), 'a');
    await trades.preview(close);
    prices.set('ACME', '5');
    expect(await trades.moved(close)).toBeUndefined();
    await stop();
  });

  it('is told once when it is over, with what it traded', async () => {
    const { trades, trade, told, stop } = await openDesk();
    await trade(order({}), 'a');
    await trades.stop();
    await trades.start();
    await trades.stop();
    const ended = (await told()).filter(({ type }) => type === 'trade.ended');
    expect(ended).toHaveLength(1);
    expect(ended[0]).toMatchObject({
      by: 'ann',
      book: 'demo',
      summary: 'buy 10 ACME',
      reason: null,
      request: 'a',
    });
    await stop();
  });
});
