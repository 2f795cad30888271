/** What the replay of a signal promises, on any store. */
import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { rehearseReplay, replay } from '../../../engine/signals/replay.ts';
import { operationOf, type Signal } from '../../../engine/signals/signal.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../clock.ts';
import { FixedPrices } from '../prices.ts';
import { brokerWith, bytesOf, demoBook, openTrading, type TradingOptions } from '../trading.ts';

type OpenStore = () => Promise<Store>;

const buy = { action: 'buy', symbol: 'ACME', quantity: 3, id: 'alert-1' };

export function replaySuite(openStore: OpenStore): void {
  describe('a signal that is replayed', () => {
    test('is traded as a new signal that names the old one, which stays as it ended', async () => {
      const { desk, signal } = await refused(openStore);
      const replayed = await desk.ended(await desk.replay(signal));
      expect(replayed).toMatchObject({ state: 'done', from: 'tom', payload: buy, replayOf: signal._id });
      expect(replayed._id).not.toBe(signal._id);
      expect(await desk.signalOf(signal._id)).toEqual(signal);
      expect(await desk.held()).toEqual(['3 ACME']);
      expect((await desk.told()).map(({ type }) => type)).toEqual(
        expect.arrayContaining(['signal.refused', 'signal.received', 'signal.done']),
      );
    });

    test('is as old as its replay, and not as the alert', async () => {
      const { desk, signal } = await refused(openStore);
      desk.clock.advance(86_400_000);
      expect(await desk.ended(await desk.replay(signal))).toMatchObject({ state: 'done' });
    });

    test('waits for approval where its book wants that', async () => {
      const { desk, signal } = await refused(openStore, {
        books: [bookSettings.parse({ ...demoBook, approveAbove: '0' })],
      });
      const replayed = await desk.replay(signal);
      expect(await desk.ended(replayed)).toMatchObject({ state: 'waiting' });
      await expect(desk.replay(await desk.signalOf(replayed._id))).rejects.toThrow('waits for approval');
      expect(await desk.held()).toEqual([]);
    });

    test('trades once, however many ask at once and however often', async () => {
      const { desk, signal } = await refused(openStore);
      const asked = ['ann', 'tom', 'vera'].map((by) => desk.replay(signal, by));
      const answers = await Promise.allSettled(asked);
      await desk.queue.idle();
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(desk.replay(signal)).rejects.toThrow(
        /was replayed already, by \w+, as [0-9a-f]{20}: that one is done/,
      );
      expect(await desk.held()).toEqual(['3 ACME']);
    });

    test('that was stored before the desk died is traded once at the next start', async () => {
      const { desk, signal } = await refused(openStore);
      await desk.stop();
      const { signal: stored } = await desk.inbox.replay(signal, 'tom');
      expect(stored.state).toBe('received');
      const again = await openTrading(desk.options);
      await again.queue.idle();
      expect(await again.inbox.signal(stored._id)).toMatchObject({ state: 'done' });
      await expect(replay(signal, 'tom', again)).rejects.toThrow('was replayed already');
      expect((await again.books.show('demo')).positions).toMatchObject([{ quantity: '3' }]);
    });

    test('may itself be replayed when it is refused again', async () => {
      const { desk, signal } = await refused(openStore);
      await desk.suspend();
      await expect(rehearseReplay(signal, desk)).rejects.toThrow(
        'It would be refused again: The book "demo"',
      );
      const second = await desk.ended(await desk.replay(signal));
      expect(second.state).toBe('refused');
      await desk.resume();
      expect(await desk.ended(await desk.replay(second))).toMatchObject({
        state: 'done',
        replayOf: second._id,
      });
      expect(await desk.held()).toEqual(['3 ACME']);
    });

    test('is shown beforehand at the prices of now, with nothing done', async () => {
      const { desk, signal } = await refused(openStore);
      desk.prices.set('ACME', '20');
      const { decision, refusal } = await rehearseReplay(signal, desk);
      expect('notional' in decision && decision.notional.toFixed()).toBe('60');
      expect(refusal).toBeUndefined();
      expect(await desk.inbox.replayOf(signal)).toBeUndefined();
    });

    test('does not count as heard from its sender', async () => {
      const { desk, signal } = await refused(openStore);
      await desk.replay(signal);
      expect((await desk.inbox.heard('demo', 10)).map(({ _id }) => _id)).toEqual([signal._id]);
    });
  });

  describe('not replayed is', () => {
    test('a signal whose trade was made', async () => {
      const desk = await trading(openStore);
      const signal = await desk.sent();
      await expect(desk.replay(signal)).rejects.toThrow('its trade was made. To trade again: /buy or /sell.');
      await expect(rehearseReplay(signal, desk)).rejects.toThrow('its trade was made');
    });

    test('a signal that has not ended', async () => {
      const desk = await trading(openStore);
      const { signal } = await desk.send(buy);
      await expect(desk.replay(await desk.signalOf(signal))).rejects.toThrow(
        /has not ended: it is (received|working)/,
      );
      await desk.queue.idle();
    });

    test('a failed signal whose trade was made all the same', async () => {
      const desk = await trading(openStore);
      const signal = await desk.sent();
      const faulty: Signal = { ...signal, state: 'failed', reason: 'A fault of the desk: x' };
      expect((await desk.operations.operation(operationOf(signal._id, 1)))?.state).toBe('done');
      await expect(desk.replay(faulty)).rejects.toThrow('its trade was made');
      expect(await desk.held()).toEqual(['3 ACME']);
    });

    test('an alert that could not be read', async () => {
      const desk = await trading(openStore);
      const alert = { action: 'buy', quantitty: 3 };
      await desk.inbox.refuse({
        ...{ book: 'demo', payload: alert, raw: bytesOf(alert), from: 'a test' },
        reason: 'The signal cannot be read.',
      });
      const [unread] = await desk.inbox.signals({ limit: 1 });
      if (!unread) throw new Error('it was not kept');
      await expect(desk.replay(unread)).rejects.toThrow('could not be read, and is not replayed');
    });
  });

  test('an order that the broker rejected is tried again by its replay', async () => {
    let rejects = true;
    const desk = await trading(openStore, {
      line: (paper) =>
        brokerWith(paper, {
          submit: async (order) =>
            rejects ? { outcome: 'rejected', reason: 'the market is closed' } : paper.submit(order),
        }),
    });
    const signal = await desk.sent();
    expect(signal.state).toBe('failed');
    rejects = false;
    expect(await desk.ended(await desk.replay(signal))).toMatchObject({ state: 'done' });
    expect(await desk.held()).toEqual(['3 ACME']);
  });
}

async function trading(openStore: OpenStore, more: TradingOptions = {}) {
  const clock = new ManualClock();
  const prices = new FixedPrices({ ACME: '10' });
  const options = { clock, prices, store: await openStore(), ...more };
  const desk = await openTrading(options);
  const signalOf = async (id: string): Promise<Signal> => {
    const signal = await desk.inbox.signal(id);
    if (!signal) throw new Error(`there is no signal ${id}`);
    return signal;
  };
  return {
    ...desk,
    options,
    clock,
    prices,
    signalOf,
    suspend: () => desk.books.suspend({ book: 'demo', scope: 'entries', by: 'ann', reason: '' }),
    resume: () => desk.books.resume({ book: 'demo', by: 'ann' }),
    async sent(payload: Record<string, unknown> = buy): Promise<Signal> {
      const { signal } = await desk.send(payload);
      await desk.queue.idle();
      return signalOf(signal);
    },
    replay: (signal: Signal, by = 'tom') => replay(signal, by, desk),
    async ended({ _id }: Signal): Promise<Signal> {
      await desk.queue.idle();
      return signalOf(_id);
    },
    async held() {
      return (await desk.books.show('demo')).positions.map(({ symbol, quantity }) => `${quantity} ${symbol}`);
    },
  };
}

async function refused(openStore: OpenStore, more: TradingOptions = {}) {
  const desk = await trading(openStore, more);
  await desk.suspend();
  const signal = await desk.sent();
  expect(signal.state).toBe('refused');
  await desk.resume();
  return { desk, signal };
}
