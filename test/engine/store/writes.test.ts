/** Writes that come close together: one commit, and each caller still hears of its own write alone. */
import { expect, onTestFinished, test } from 'vitest';
import { openSqliteStore } from '../../../engine/store/sqlite/store.ts';
import { DuplicateKeyError, defineCollection } from '../../../engine/store/store.ts';
import { tempFolder } from '../../support/temp-store.ts';

interface Thing {
  readonly _id: string;
  readonly number: number;
}

const things = defineCollection<Thing>('things', { unique: [['number']] });

/** A store whose turns come when the test says so. */
async function openByHand() {
  const turns: (() => void)[] = [];
  const folder = await tempFolder();
  const store = await openSqliteStore({ folder, nextTurn: (work) => turns.push(work) });
  onTestFinished(() => store.close());
  const collection = await store.collection(things);
  return { store, folder, collection, turn: () => turns.shift()?.(), waiting: () => turns.length };
}

test('nothing is reported, or seen by others, before its commit', async () => {
  const { collection, turn } = await openByHand();
  let reported = false;
  const inserting = collection.insert({ _id: 'a', number: 1 }).then(() => {
    reported = true;
  });
  await Promise.resolve();
  expect(await collection.get('a')).toBeUndefined();
  expect(reported).toBe(false);
  turn();
  await inserting;
  expect(await collection.get('a')).toEqual({ _id: 'a', number: 1 });
});

test('a key that is taken is the fault of one write, not of those committed with it', async () => {
  const { collection, turn, waiting } = await openByHand();
  const writes = Promise.allSettled([
    collection.insert({ _id: 'a', number: 1 }),
    collection.insert({ _id: 'a', number: 2 }),
    collection.insert({ _id: 'b', number: 1 }),
    collection.insert({ _id: 'c', number: 3 }),
    collection.update('a', { number: 1 }, { number: 4 }),
  ]);
  while (waiting() > 0) turn();
  const outcomes = await writes;
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
  expect(outcomes[1]).toMatchObject({ reason: expect.any(DuplicateKeyError) });
  expect(await collection.find()).toEqual([
    { _id: 'a', number: 4 },
    { _id: 'c', number: 3 },
  ]);
});

test('what somebody outside waits for goes before all that the desk has to write', async () => {
  const { collection, turn, waiting } = await openByHand();
  const order: string[] = [];
  const insert = (number: number, awaited: boolean) =>
    collection.insert({ _id: `${number}`, number }, { awaited }).then(() => {
      order.push(awaited ? 'the alert' : 'a trade');
    });
  const own = Array.from({ length: 40 }, (_, number) => insert(number, false));
  const alert = insert(100, true);
  turn();
  await alert;
  expect(order).toEqual(['the alert']);
  expect(await collection.count(), 'only a few are written beside it').toBeLessThan(10);
  while (waiting() > 0) turn();
  await Promise.all(own);
  expect(order).toHaveLength(41);
});

test('closing writes what still waits', async () => {
  const { store, folder, collection } = await openByHand();
  const writes = [1, 2, 3].map((number) => collection.insert({ _id: `${number}`, number }));
  await store.close();
  await Promise.all(writes);
  const again = await openSqliteStore({ folder });
  expect(await (await again.collection(things)).count()).toBe(3);
  await again.close();
});

test('of what was written together a few hear in a turn, so that an alert in between waits for a few only', async () => {
  const { collection, turn, waiting } = await openByHand();
  let heard = 0;
  const own = Array.from({ length: 20 }, async (_, number) => {
    await collection.insert({ _id: `${number}`, number });
    heard++;
  });
  turn();
  await new Promise(setImmediate);
  expect(await collection.count(), 'one commit').toBe(20);
  expect(heard).toBeLessThan(10);
  let answered = false;
  const alert = collection.insert({ _id: 'alert', number: 100 }, { awaited: true }).then(() => {
    answered = true;
  });
  turn();
  await new Promise(setImmediate);
  expect(answered).toBe(true);
  while (waiting() > 0) turn();
  await Promise.all([...own, alert]);
});

test('however many alerts come, the desk goes on with its own work', async () => {
  const { collection, turn } = await openByHand();
  let isOver = false;
  const own = collection.insert({ _id: 'own', number: 0 }).then(() => {
    isOver = true;
  });
  const alerts: Promise<void>[] = [];
  for (let number = 1; number <= 4; number++) {
    alerts.push(collection.insert({ _id: `${number}`, number }, { awaited: true }));
    turn();
    await new Promise(setImmediate);
  }
  expect(isOver).toBe(true);
  turn();
  await Promise.all([own, ...alerts]);
});
