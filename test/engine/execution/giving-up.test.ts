/** An operation that a person gives up: it ends, what was traded is booked, and what stays open is said. */
import { describe, expect, test } from 'vitest';
import { operationCollection } from '../../../engine/execution/operation.ts';
import { ManualClock } from '../../support/clock.ts';
import type { Turnout } from '../../support/margin-broker.ts';
import { MarginBroker } from '../../support/margin-broker.ts';
import type { OperationsDesk } from '../../support/operations.ts';
import {
  entrySteps,
  exitSteps,
  expectAccountEqualsBooks,
  expectNothingLeft,
  openOperations,
  request,
} from '../../support/operations.ts';

const refused: Turnout = { rejected: 'NEO is delisted' };
const word = { by: 'tom', reason: 'closed by hand' };

/** A desk with a pair position, of which the exit is stuck. */
async function stuckExit(submit: readonly Turnout[] = Array(50).fill(refused)): Promise<OperationsDesk> {
  const desk = await openOperations();
  await desk.operations.run(request('entry', entrySteps()));
  // As long as a word is awaited it is refused, however often it is tried.
  desk.broker.script.set('submit', forEver(submit));
  expect(await desk.operations.run(request('exit', exitSteps(), 'exit'))).toMatchObject({ state: 'stuck' });
  return desk;
}

/** What comes first, and then a refusal each time. */
function forEver(first: readonly Turnout[]): Turnout[] {
  const turnouts = [...first];
  turnouts.shift = () => (turnouts.length > 0 ? turnouts.splice(0, 1)[0] : refused);
  return turnouts;
}

async function endsTold(desk: OperationsDesk) {
  return (await desk.told()).filter(({ type }) => type === 'operation.ended');
}

describe('an exit that is refused for ever', () => {
  test('ends with the name and the reason of who gives it up, and is not tried again', async () => {
    const desk = await stuckExit();
    const ended = await desk.operations.giveUp('exit', word);
    expect(ended).toMatchObject({
      state: 'given_up',
      reason: expect.stringMatching(/^Given up by tom: closed by hand\. The book "pair" holds 9\.99 NEO/),
    });
    expect(ended.steps.map(({ step, state }) => `${step.leg}: ${state}`)).toEqual([
      'cancel: failed',
      'sell: failed',
      'cover: failed',
      'repay: failed',
      'home: failed',
      'settle: failed',
    ]);
    const sent = (await desk.executor.ordersOf('exit')).length;
    await expectAccountEqualsBooks(desk, 'after it was given up');
    expect(await desk.operations.run(request('exit', exitSteps(), 'exit')), 'it stays over').toEqual(ended);
    expect(await desk.executor.ordersOf('exit')).toHaveLength(sent);
    expect(await desk.operations.countUnfinished('pair')).toBe(0);
    await desk.stop();
  });

  test('is told once as ended, with what stays open in the book and at the broker', async () => {
    const desk = await stuckExit();
    await desk.operations.giveUp('exit', word);
    expect(await endsTold(desk)).toEqual([
      expect.objectContaining({
        ...{ operation: 'exit', book: 'pair', account: 'venue', by: 'tom', reason: 'closed by hand' },
        fills: [],
        left: expect.arrayContaining([
          'The book "pair" holds 9.99 NEO.',
          'The book "pair" owes 120 ADA.',
          expect.stringMatching(/^In the wallet cross lie /),
        ]),
      }),
    ]);
    await desk.stop();
  });

  test('says the same beforehand, and changes nothing by that', async () => {
    const desk = await stuckExit();
    const operation = await desk.operations.unfinished('exit');
    const { inBook } = await desk.operations.leftovers(operation);
    expect(inBook).toContain('The book "pair" owes 120 ADA.');
    expect(await desk.operations.operation('exit')).toMatchObject({ state: 'stuck' });
    await desk.stop();
  });

  test('leaves what it traded in the books, and the rest to another exit', async () => {
    const desk = await stuckExit(['part']);
    const ended = await desk.operations.giveUp('exit', word);
    expect(ended.reason).toContain('holds 5 NEO');
    expect(await desk.operations.fillsOf('exit')).toHaveLength(1);
    await expectAccountEqualsBooks(desk, 'after it was given up');
    desk.broker.script.set('submit', []);
    expect(await desk.operations.run(request('another', exitSteps(), 'exit'))).toMatchObject({
      state: 'done',
    });
    await expectNothingLeft(desk);
    await desk.stop();
  });

  test('ends although the desk stops before it could: the next one does not send it again', async () => {
    const desk = await stuckExit();
    await desk.stop();
    const stored = await desk.store.collection(operationCollection);
    await stored.update('exit', {}, { givingUp: { ...word, at: desk.now() } });
    desk.broker.script.set('submit', []);
    const { store, clock, broker } = desk;
    const before = broker.arrived.length;
    const again = await openOperations({ store, clock, broker });
    await expect
      .poll(async () => (await again.operations.operation('exit'))?.state, { timeout: 45_000 })
      .toBe('given_up');
    expect(broker.arrived).toHaveLength(before);
    expect(await endsTold(again)).toHaveLength(1);
    await again.stop();
  });

  test('is ended by the first word; who comes later hears that it is over', async () => {
    const desk = await stuckExit();
    const [one, other] = await Promise.all([
      desk.operations.giveUp('exit', word),
      desk.operations.giveUp('exit', { by: 'ann', reason: 'no' }),
    ]);
    expect(other).toEqual(one);
    await expect(desk.operations.giveUp('exit', word)).rejects.toThrow(
      'The operation "exit NEO-12*ADA" is over: Given up by',
    );
    expect(await endsTold(desk)).toHaveLength(1);
    await desk.stop();
  });
});

test('an exit stays stuck while it cancels anew what rests, before it is tried again', async () => {
  const desk = await openOperations();
  await desk.operations.run(request('entry', entrySteps()));
  const states = new Set<string | undefined>();
  desk.broker.script.set('submit', forEver([]));
  await desk.operations.run(request('exit', exitSteps(), 'exit'));
  desk.broker.fate = async () => {
    states.add((await desk.operations.operation('exit'))?.state);
  };
  const before = (await desk.executor.ordersOf('exit')).length;
  await expect
    .poll(async () => (await desk.executor.ordersOf('exit')).length, { timeout: 45_000 })
    .toBeGreaterThan(before + 1);
  await desk.operations.giveUp('exit', word);
  expect([...states]).toEqual(['stuck']);
  await desk.stop();
});

describe('an order of which nobody knows', () => {
  const unknownExit = async () => {
    const clock = new ManualClock();
    const broker = new MarginBroker(clock);
    broker.capabilities = { ...broker.capabilities, absenceIsFinalAfterSeconds: null };
    const desk = await openOperations({ clock, broker });
    await desk.operations.run(request('entry', entrySteps()));
    broker.script.set('submit', ['reply lost']);
    const away = { is: true };
    broker.fate = async (moment) => {
      if (away.is && moment === 'before findOrder') throw new Error('connection reset');
    };
    expect(await desk.operations.run(request('exit', exitSteps(), 'exit'))).toMatchObject({
      state: 'stuck',
      reason: expect.stringContaining('It is not known whether venue has the order'),
    });
    return { desk, broker, away };
  };

  test('is named when its operation is given up, and what it traded is booked and told when it is known', async () => {
    const { desk, broker, away } = await unknownExit();
    const ended = await desk.operations.giveUp('exit', word);
    const [order] = await desk.executor.ordersOf('exit');
    expect(ended).toMatchObject({
      state: 'given_up',
      reason: expect.stringContaining(`The order ${order?._id} may be open: sell 9.99 NEO/USDT`),
    });
    expect(await desk.executor.isTrading('venue'), 'the account is compared meanwhile').toBe(false);
    away.is = false;
    await desk.executor.look(broker.name);
    expect(await desk.executor.order(order?._id ?? '')).toMatchObject({ state: 'filled' });
    await expectAccountEqualsBooks(desk, 'when the broker has told');
    expect((await desk.told()).map(({ type }) => type)).toContain('order.filled');
    await desk.stop();
  });

  test('holds up nobody who gives up what waits behind it', async () => {
    const { desk } = await unknownExit();
    const waiting = desk.operations.run(request('second', exitSteps().slice(1), 'exit'));
    await expect
      .poll(async () => (await desk.operations.operation('second'))?.state, { timeout: 45_000 })
      .toBe('working');
    expect(await desk.operations.giveUp('second', word)).toMatchObject({ state: 'given_up' });
    expect(await waiting).toMatchObject({ state: 'given_up' });
    expect(await desk.operations.operation('exit')).toMatchObject({ state: 'stuck' });
    await desk.stop();
  });
});

test('a repayment whose reply was lost is looked for once more before its operation is given up', async () => {
  const desk = await openOperations();
  desk.broker.capabilities = { ...desk.broker.capabilities, absenceIsFinalAfterSeconds: null };
  await desk.operations.run(request('entry', entrySteps()));
  desk.broker.script.set('repay', ['reply lost']);
  const away = { is: false };
  desk.broker.fate = async (moment) => {
    if (moment === 'after repay') away.is = true;
    if (away.is && moment === 'before movementsSince') throw new Error('connection reset');
  };
  expect(await desk.operations.run(request('exit', exitSteps(), 'exit'))).toMatchObject({ state: 'stuck' });
  desk.broker.fate = async () => undefined;
  const ended = await desk.operations.giveUp('exit', word);
  expect(ended.steps.find(({ step }) => step.leg === 'repay')).toMatchObject({ state: 'done' });
  await expectAccountEqualsBooks(desk, 'after it was given up');
  await desk.stop();
});

test('an entry goes neither further nor back, and the bank gets back what the book does not need', async () => {
  const desk = await openOperations();
  desk.broker.capabilities = { ...desk.broker.capabilities, absenceIsFinalAfterSeconds: null };
  desk.broker.script.set('borrow', ['request lost']);
  expect(await desk.operations.run(request('entry', entrySteps()))).toMatchObject({ state: 'stuck' });
  const ended = await desk.operations.giveUp('entry', word);
  expect(ended).toMatchObject({
    state: 'given_up',
    reason: expect.stringContaining('It is not known whether venue did this: borrow 120 ADA'),
  });
  expect(
    desk.broker.movements.map(({ kind }) => kind),
    'the money was not moved back',
  ).toEqual(['transfer']);
  expect([...(await desk.books.holdings('pair')).lent.keys()]).toEqual([]);
  await expectAccountEqualsBooks(desk, 'after it was given up');
  await desk.stop();
});

test('an exit that waits for its broker can be given up, too', async () => {
  const desk = await openOperations();
  await desk.operations.run(request('entry', entrySteps()));
  desk.broker.become('down');
  const running = desk.operations.run(request('exit', exitSteps(), 'exit'));
  await expect
    .poll(async () => (await desk.operations.operation('exit'))?.state, { timeout: 45_000 })
    .toBe('working');
  expect(await desk.operations.giveUp('exit', word)).toMatchObject({
    state: 'given_up',
    reason: expect.stringContaining('venue is down: the test says so. What is open there is not known.'),
  });
  expect(await running).toMatchObject({ state: 'given_up' });
  await desk.stop();
});
