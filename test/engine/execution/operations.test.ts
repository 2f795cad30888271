import { describe, expect, test } from 'vitest';
import type { Step } from '../../../engine/execution/operation.ts';
import type { Sleep } from '../../../engine/execution/patience.ts';
import { Interrupted } from '../../../engine/execution/patience.ts';
import { zero } from '../../../engine/money.ts';
import { ManualClock } from '../../support/clock.ts';
import { MarginBroker } from '../../support/margin-broker.ts';
import { memoryStore } from '../../support/memory-store.ts';
import {
  entrySteps,
  exitSteps,
  expectAccountEqualsBooks,
  expectNothingLeft,
  openOperations,
  pairBook,
  request,
} from '../../support/operations.ts';
import { noSleep } from '../../support/trading.ts';

describe('what a book owes of the one debt of its account', () => {
  test('is its own while another book repays at the same time', async () => {
    const names = ['pair', 'other'];
    const desk = await openOperations({ settings: names.map((name) => ({ ...pairBook, name })) });
    for (const name of names)
      await desk.operations.run(request(`entry ${name}`, entrySteps(), 'entry', name));
    const exit = (name: string) => desk.operations.run(request(`exit ${name}`, exitSteps(), 'exit', name));
    // The broker has repaid, and its reply is on the way: long enough for whoever asks it now.
    let second: Promise<unknown> | undefined;
    desk.broker.fate = async (moment) => {
      if (moment !== 'after repay' || second) return;
      second = exit('other');
      for (let turn = 0; turn < 300; turn++) await new Promise(setImmediate);
    };
    await exit('pair');
    await second;
    for (const name of names)
      expect((await desk.books.holdings(name)).debts.get('ADA') ?? zero, name).toEqual(zero);
    await expectAccountEqualsBooks(desk, 'after both exits');
    await desk.stop();
  });

  test('is not what somebody borrowed beside the desk', async () => {
    const desk = await openOperations();
    await desk.operations.run(request('entry', entrySteps()));
    await desk.broker.margin.borrow({ asset: 'ADA', amount: '1000', wallet: 'cross' });
    await desk.operations.run(request('exit', exitSteps(), 'exit'));
    const covers = desk.broker.arrived.filter(({ side, symbol }) => side === 'buy' && symbol === 'ADA/USDT');
    expect(covers.map(({ quantity }) => Math.round(Number(quantity)))).toEqual([120]);
    expect((await desk.books.holdings('pair')).debts.get('ADA') ?? zero).toEqual(zero);
    expect(await desk.broker.margin.debts()).toMatchObject([{ principal: '1000' }]);
    await desk.stop();
  });
});

describe('an entry', () => {
  test('lends, moves, borrows, sells and buys, and the books equal the account', async () => {
    const desk = await openOperations();
    const operation = await desk.operations.run(request('entry', entrySteps()));
    expect(operation).toMatchObject({ state: 'done', reason: null });
    expect(operation.steps.map(({ state }) => state)).toEqual(Array(entrySteps().length).fill('done'));
    expect(desk.broker.movements.map(({ kind }) => kind)).toEqual(['transfer', 'borrow']);
    await expectAccountEqualsBooks(desk, 'after the entry');
    await desk.stop();
  });

  test('asked for again, at the same time or later, it is the same operation', async () => {
    const desk = await openOperations();
    const asked = request('entry', entrySteps());
    const [one, other] = await Promise.all([desk.operations.run(asked), desk.operations.run(asked)]);
    expect(other).toEqual(one);
    expect(await desk.operations.run(asked)).toEqual(one);
    expect(desk.broker.arrived).toHaveLength(2);
    await desk.stop();
  });

  test("without a lender is undone quietly: nothing is left, and it was nobody's fault", async () => {
    const desk = await openOperations();
    desk.broker.script.set('borrow', [{ rejected: 'nobody lends ADA just now', why: 'no-lender' }]);
    const operation = await desk.operations.run(request('entry', entrySteps()));
    expect(operation).toMatchObject({
      state: 'undone',
      undoing: 'refused',
      reason: 'nobody lends ADA just now. What was done before was undone: nothing is left of it.',
    });
    expect(desk.broker.arrived).toEqual([]);
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('whose second order is rejected is traded back, repaid and moved home', async () => {
    const desk = await openOperations();
    desk.broker.script.set('submit', []);
    let orders = 0;
    desk.broker.fate = async (moment) => {
      if (moment === 'before submit' && ++orders === 2) {
        desk.broker.script.set('submit', [{ rejected: 'market closed' }]);
      }
    };
    const operation = await desk.operations.run(request('entry', entrySteps()));
    expect(operation).toMatchObject({ state: 'undone', undoing: 'failed' });
    expect(operation.reason).toContain('market closed');
    expect(desk.broker.arrived.map(({ side }) => side)).toEqual(['sell', 'buy']);
    expect(desk.broker.movements.map(({ kind }) => kind)).toEqual([
      'transfer',
      'borrow',
      'repay',
      'transfer',
    ]);
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test.each<[string, Partial<Record<string, Step>>, string]>([
    [
      'an order below the smallest',
      {
        buy: {
          kind: 'order',
          leg: 'buy',
          symbol: 'NEO/USDT',
          side: 'buy',
          quantity: { is: 'fixed', amount: '0.1' },
        },
      },
      'below the smallest order of 5 USDT',
    ],
    [
      'a stop and a take profit on the wrong sides',
      {
        stop: {
          kind: 'order',
          leg: 'stop',
          symbol: 'NEO/USDT',
          side: 'sell',
          quantity: { is: 'bought', leg: 'buy' },
          terms: { type: 'oco', limitPrice: '8', stopPrice: '12' },
          resting: true,
        },
      },
      'must be above the stop',
    ],
    [
      'more than the book can move',
      {
        move: {
          kind: 'transfer',
          leg: 'move',
          asset: 'USDT',
          amount: { is: 'fixed', amount: '5000' },
          from: 'funding',
          to: 'cross',
        },
      },
      'the book "pair" has 1200 there',
    ],
  ])('with %s ends before anything is lent, borrowed or moved', async (_, replaced, reason) => {
    const desk = await openOperations();
    const steps = entrySteps({ stop: true }).map((step) => replaced[step.leg] ?? step);
    const operation = await desk.operations.run(request('entry', steps));
    expect(operation).toMatchObject({ state: 'undone', reason: expect.stringContaining(reason) });
    expect(desk.broker.movements).toEqual([]);
    expect(desk.broker.arrived).toEqual([]);
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('of which nothing has begun expires', async () => {
    const desk = await openOperations();
    desk.clock.advance(121_000);
    expect(await desk.operations.run(request('late', entrySteps()))).toMatchObject({
      state: 'undone',
      undoing: 'expired',
      reason: 'The entry waited longer than 120 s.',
    });
    expect(desk.broker.movements).toEqual([]);
    await desk.stop();
  });

  test('that grows old before it has traded is undone; one that has traded goes on', async () => {
    const clock = new ManualClock();
    const sleep: Sleep = async (ms, signal) => {
      clock.advance(ms);
      await noSleep(ms, signal);
    };
    const desk = await openOperations({ clock, sleep });
    const wait: Step = { kind: 'wait', leg: 'wait', seconds: 300 };
    const [lend, move, ...trades] = entrySteps();
    const old = await desk.operations.run(request('old', [lend, move, wait, ...trades]));
    expect(old).toMatchObject({ state: 'undone', undoing: 'expired' });
    await expectNothingLeft(desk);
    const asked = { ...request('slow', [...entrySteps(), wait, buyMore()]), askedAt: desk.now() };
    expect(await desk.operations.run(asked)).toMatchObject({ state: 'done' });
    await desk.stop();
  });

  test('filled in part keeps what it has when its time is over, and the next leg follows it', async () => {
    const desk = await openOperations();
    desk.broker.script.set('submit', ['part']);
    const buy: Step = {
      kind: 'order',
      leg: 'buy',
      symbol: 'NEO/USDT',
      side: 'buy',
      quantity: { is: 'fixed', amount: '10' },
    };
    const stop: Step = {
      kind: 'order',
      leg: 'stop',
      symbol: 'NEO/USDT',
      side: 'sell',
      quantity: { is: 'bought', leg: 'buy' },
      terms: { type: 'stop', stopPrice: '8.005' },
      resting: true,
    };
    const operation = await desk.operations.run(request('part', [entrySteps()[0], moveIn(), buy, stop]));
    expect(operation).toMatchObject({
      state: 'done',
      reason: '5 of 10 NEO/USDT were filled: not filled within 60 s',
    });
    // Half of ten less the fee in NEO; the stop on the tick that is met no later.
    expect(desk.broker.arrived.at(-1)).toMatchObject({
      quantity: '4.99',
      terms: { type: 'stop', stopPrice: '8.01' },
    });
    desk.broker.fillRest(desk.broker.arrived.at(-1)?.clientOrderId ?? '');
    await expect
      .poll(async () => (await desk.told()).filter(({ type }) => type === 'order.filled'))
      .toHaveLength(1);
    await expectAccountEqualsBooks(desk, 'after the stop');
    await desk.stop();
  });
});

describe('an exit', () => {
  const entered = async () => {
    const desk = await openOperations();
    desk.broker.interestRate = '0.0001';
    expect(await desk.operations.run(request('entry', entrySteps({ stop: true })))).toMatchObject({
      state: 'done',
    });
    return desk;
  };

  test('cancels what rests, sells, buys back what is owed with its interest, repays it and brings the money home', async () => {
    const desk = await entered();
    const operation = await desk.operations.run(request('exit', exitSteps(), 'exit'));
    expect(operation).toMatchObject({ state: 'done' });
    expect((await desk.broker.openOrders()).length).toBe(0);
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('is done although its book is inactive and its entries are suspended', async () => {
    const desk = await entered();
    await desk.books.setActive('pair', false);
    await desk.books.suspend({ scope: 'entries', book: null, by: 'ann', reason: 'news' });
    expect(await desk.operations.run(request('exit', exitSteps(), 'exit'))).toMatchObject({ state: 'done' });
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('that fails is tried again until it is done, is never undone, and chat hears once that it is stuck', async () => {
    const desk = await entered();
    desk.broker.script.set('submit', Array(6).fill({ rejected: 'market closed' }));
    const stuck = await desk.operations.run(request('exit', exitSteps(), 'exit'));
    expect(stuck).toMatchObject({ state: 'stuck', reason: 'market closed' });
    expect(await desk.operations.end('exit')).toMatchObject({ state: 'done' });
    const told = (await desk.told()).filter(({ type }) => type === 'operation.stuck');
    expect(told).toEqual([
      expect.objectContaining({ operation: 'exit', book: 'pair', reason: 'market closed' }),
    ]);
    const ids = desk.broker.arrived.map(({ clientOrderId }) => clientOrderId);
    expect(new Set(ids).size, 'each try has an id of its own').toBe(ids.length);
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('under a suspension of everything waits for it to be lifted', async () => {
    const desk = await entered();
    await desk.books.suspend({ scope: 'all', book: null, by: 'ann', reason: 'news' });
    const before = desk.broker.arrived.length;
    expect(await desk.operations.run(request('exit', exitSteps(), 'exit'))).toMatchObject({ state: 'stuck' });
    expect(desk.broker.arrived).toHaveLength(before);
    expect(await desk.operations.countStuck()).toBe(1);
    await desk.books.resume({ book: null, by: 'ann' });
    expect(await desk.operations.end('exit')).toMatchObject({ state: 'done' });
    await desk.stop();
  });

  test('that is filled in part sells the rest with another order, and never two at once', async () => {
    const desk = await entered();
    desk.broker.script.set('submit', ['part', 'part']);
    expect(await desk.operations.run(request('exit', exitSteps(), 'exit'))).toMatchObject({ state: 'done' });
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('brings home only what the broker lets go, and says what stays', async () => {
    const desk = await entered();
    desk.broker.mayLeave = '0';
    const operation = await desk.operations.run(request('exit', exitSteps(), 'exit'));
    expect(operation).toMatchObject({
      state: 'done',
      reason: expect.stringContaining('lets no USDT leave the wallet cross just now'),
    });
    await expectAccountEqualsBooks(desk, 'after the exit');
    await desk.stop();
  });
});

describe('a movement whose reply is lost', () => {
  test('is found in the records of the broker, and not asked for again', async () => {
    const desk = await openOperations();
    desk.broker.script.set('transfer', ['reply lost']).set('borrow', ['reply lost']);
    expect(await desk.operations.run(request('entry', entrySteps()))).toMatchObject({ state: 'done' });
    expect(desk.broker.movements).toHaveLength(2);
    await expectAccountEqualsBooks(desk, 'after the entry');
    await desk.stop();
  });

  test('and that never arrived is asked for again once that is proved', async () => {
    const desk = await openOperations();
    desk.broker.script.set('transfer', ['request lost']).set('borrow', ['request lost', 'request lost']);
    expect(await desk.operations.run(request('entry', entrySteps()))).toMatchObject({ state: 'done' });
    expect(desk.broker.movements).toHaveLength(2);
    await desk.stop();
  });

  test('is never asked for again where the broker gives no proof: it is stuck, and chat knows', async () => {
    const desk = await openOperations();
    desk.broker.capabilities = { ...desk.broker.capabilities, absenceIsFinalAfterSeconds: null };
    desk.broker.script.set('transfer', ['request lost']);
    expect(await desk.operations.run(request('entry', entrySteps()))).toMatchObject({
      state: 'stuck',
      reason: expect.stringContaining('It is not known whether venue did this: transfer 110 USDT'),
    });
    expect(desk.broker.movements).toEqual([]);
    await desk.stop();
  });

  test('of two alike each is booked once', async () => {
    const desk = await openOperations();
    desk.broker.script.set('transfer', ['reply lost', 'reply lost']);
    const moves = (['one', 'two'] as const).map((source) => request(source, [moveIn()]));
    const ended = await Promise.all(moves.map((asked) => desk.operations.run(asked)));
    expect(ended.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(new Set(ended.map(({ steps }) => steps[0]?.id)).size).toBe(2);
    expect(desk.broker.movements).toHaveLength(2);
    await expectAccountEqualsBooks(desk, 'after both');
    await desk.stop();
  });
});

test('stopping the desk ends the waiting of an exit, and the next start takes it up', async () => {
  const store = memoryStore();
  const clock = new ManualClock();
  const broker = new MarginBroker(clock);
  const first = await openOperations({ store, clock, broker });
  await first.operations.run(request('entry', entrySteps()));
  broker.become('down');
  const exit = expect(first.operations.run(request('exit', exitSteps(), 'exit'))).rejects.toBeInstanceOf(
    Interrupted,
  );
  await first.stop();
  await exit;
  const again = await openOperations({ store, clock, broker });
  expect(await again.operations.end('exit')).toMatchObject({ state: 'done' });
  await expectNothingLeft(again);
  await again.stop();
});

function moveIn(): Step {
  return {
    kind: 'transfer',
    leg: 'move',
    asset: 'USDT',
    amount: { is: 'fixed', amount: '110' },
    from: 'funding',
    to: 'cross',
  };
}

function buyMore(): Step {
  return {
    kind: 'order',
    leg: 'more',
    symbol: 'NEO/USDT',
    side: 'buy',
    quantity: { is: 'fixed', amount: '1' },
  };
}
