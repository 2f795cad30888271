import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { ManualClock } from '../../support/clock.ts';
import { FixedPrices } from '../../support/prices.ts';
import { tempStore } from '../../support/temp-store.ts';
import { demoBook, openTrading } from '../../support/trading.ts';

async function asking(approveAbove: string) {
  const clock = new ManualClock();
  const prices = new FixedPrices({ ACME: '10' });
  const books = [bookSettings.parse({ ...demoBook, approveAbove })];
  const store = await tempStore();
  const options = { clock, prices, books, store };
  const desk = await openTrading(options);
  const buy = async (quantity: number) => {
    const { signal } = await desk.send({ action: 'buy', symbol: 'ACME', quantity, id: `buy ${quantity}` });
    await desk.queue.idle();
    return signal;
  };
  const stateOf = async (id: string) => (await desk.inbox.signal(id))?.state;
  const types = async () => (await desk.told()).map(({ type }) => type);
  return { ...desk, options, clock, prices, buy, stateOf, types };
}

describe('a book that wants entries approved', () => {
  test('asks for those above its amount only', async () => {
    const desk = await asking('100');
    expect(await desk.stateOf(await desk.buy(10))).toBe('done');
    expect(await desk.stateOf(await desk.buy(11))).toBe('waiting');
  });

  test('with 0 asks for every one, and for no exit', async () => {
    const desk = await asking('0');
    const signal = await desk.buy(1);
    expect(await desk.stateOf(signal)).toBe('waiting');
    await desk.queue.answer(signal, 'approved', 'ann');
    await desk.queue.idle();
    expect(await desk.stateOf(signal)).toBe('done');
    const { signal: exit } = await desk.send({ action: 'sell', symbol: 'ACME', id: 'sell' });
    await desk.queue.idle();
    expect(await desk.stateOf(exit)).toBe('done');
  });

  test('lets others pass while one waits', async () => {
    const desk = await asking('100');
    await desk.buy(11);
    expect(await desk.stateOf(await desk.buy(1))).toBe('done');
  });

  test('decides anew at the prices of the moment in which somebody approves', async () => {
    const desk = await asking('100');
    const { signal } = await desk.send({ action: 'buy', symbol: 'ACME', cost: 200 });
    await desk.queue.idle();
    desk.prices.set('ACME', '20');
    desk.clock.advance(300_000); // older than an entry may be; but a person has just said yes
    await desk.queue.answer(signal, 'approved', 'ann');
    await desk.queue.idle();
    expect((await desk.books.show('demo')).positions).toMatchObject([{ symbol: 'ACME', quantity: '10' }]);
  });

  test('drops what nobody approved in time, and what somebody declined', async () => {
    const desk = await asking('0');
    const [late, declined] = [await desk.buy(1), await desk.buy(2)];
    await desk.queue.answer(declined, 'declined', 'ann');
    desk.clock.advance(599_999);
    await desk.queue.expireApprovals();
    expect(await desk.stateOf(late)).toBe('waiting');
    desk.clock.advance(1);
    await desk.queue.expireApprovals();
    expect(await desk.inbox.signal(late)).toMatchObject({
      state: 'expired',
      reason: 'Nobody approved it within 600 s.',
    });
    expect(await desk.inbox.signal(declined)).toMatchObject({
      state: 'refused',
      reason: 'ann did not approve it.',
      approval: { answer: 'declined', by: 'ann' },
    });
    await expect(desk.queue.answer(late, 'approved', 'tom')).rejects.toThrow('it is expired');
    await expect(desk.queue.answer('nothing', 'approved', 'tom')).rejects.toThrow('no signal "nothing"');
  });

  test('trades once, however many press at once', async () => {
    const desk = await asking('0');
    const signal = await desk.buy(1);
    const presses = ['ann', 'tom', 'vera'].map((by) => desk.queue.answer(signal, 'approved', by));
    const outcomes = await Promise.allSettled(presses);
    await desk.queue.idle();
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await desk.books.show('demo')).positions).toMatchObject([{ quantity: '1' }]);
  });

  test('still waits after a restart, and asks once', async () => {
    const desk = await asking('0');
    const signal = await desk.buy(1);
    await desk.stop();
    const again = await openTrading(desk.options);
    expect(await again.inbox.signal(signal)).toMatchObject({ state: 'waiting' });
    await again.queue.answer(signal, 'approved', 'ann');
    await again.queue.idle();
    expect(await again.inbox.signal(signal)).toMatchObject({ state: 'done' });
    expect((await again.told()).filter(({ type }) => type === 'signal.waiting')).toHaveLength(1);
  });
});
