import { describe, expect, test } from 'vitest';
import { bookFile } from '../../../bot/config/book.ts';
import { hooksOf } from '../../../bot/webhook/hooks.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { tempStore } from '../../support/temp-store.ts';
import { WatchedStore } from '../../support/watched-store.ts';
import { openDoor, sendersOf } from './door.ts';

const [mine, theirs] = ['demo-key-1234', 'other-key-1234'];
const alert = { action: 'buy', symbol: 'SP500', quantity: 1 };
const text = JSON.stringify(alert);
const notFound = [404, '{"error":"not found"}'];
const twoBooks = () =>
  new Map([
    ['demo', sendersOf({ key: mine })],
    ['other', sendersOf({ key: theirs })],
  ]);

describe('several ways in', () => {
  const hmac = { secret: 'a-secret-of-some-length' };

  test('are each enough, and all that stands in one is needed', async () => {
    const senders = sendersOf({ key: mine, addresses: ['10.0.0.1'] }, { key: theirs }, { hmac });
    const { post } = await openDoor(new Map([['demo', senders]]), {
      settings: { trustProxy: ['127.0.0.1'] },
    });
    const send = async (key: string, address: string) =>
      (await post(text, { headers: { 'x-outcry-key': key, 'x-forwarded-for': address } })).status;
    expect(await send(mine, '10.0.0.1')).toBe(200);
    expect(await send(mine, '10.0.0.2')).toBe(404);
    expect(await send(theirs, '10.0.0.2')).toBe(200);
  });

  test('of a book go before those of the desk', () => {
    const book = (name: string, more: object = {}) =>
      bookFile.parse({
        name,
        currency: 'USD',
        capital: '1',
        broker: 'paper',
        handler: { name: 'order' },
        ...more,
      });
    const webhook = {
      host: '',
      port: 0,
      trustProxy: [],
      bodyLimitKb: 1,
      senders: sendersOf({ key: theirs }),
    };
    const own = book('own', { key: mine });
    const hooks = hooksOf([own, book('shared'), book('plan', { handler: undefined })], webhook);
    expect(hooks.reach(undefined)).toEqual(['shared']);
    expect(hooks.reach('own')).toEqual(['own']);
    expect(['own', 'shared', 'plan', undefined].map((name) => hooks.has(name))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    const { senders: _, ...alone } = webhook;
    expect(hooksOf([book('shared')], alone).has('shared'), 'without any sender it takes nothing').toBe(false);
  });
});

describe('the key', () => {
  test.each([
    ['in the address', `/hooks/demo/${mine}`, text],
    ['in the alert', '/hooks/demo', JSON.stringify({ ...alert, key: mine })],
    ["in the alert, under Mirage's name for it", '/hooks/demo', JSON.stringify({ ...alert, api_key: mine })],
    [
      'in each alert of a list',
      '/hooks/demo',
      JSON.stringify([
        { ...alert, key: mine },
        { ...alert, key: mine },
      ]),
    ],
    ['in the first of a list', '/hooks/demo', JSON.stringify([{ ...alert, key: mine }, alert])],
  ])('%s opens, and is written nowhere', async (_, path, body) => {
    const { post, signals, told } = await openDoor(twoBooks());
    expect((await post(body, { path })).status).toBe(200);
    expect(JSON.stringify([await signals(), await told()])).not.toContain(mine);
  });

  test.each([
    [
      'a wrong one in the address, though the right one is in the alert',
      '/hooks/demo/wrong-key',
      { key: mine },
    ],
    ["another book's", '/hooks/demo', { key: theirs }],
    ['one with a space', `/hooks/demo/${mine}%20`, {}],
  ])('%s does not open', async (_, path, more) => {
    const { post, signals } = await openDoor(twoBooks());
    const response = await post(JSON.stringify({ ...alert, ...more }), { path });
    expect([response.status, await response.text()]).toEqual(notFound);
    expect(await signals()).toEqual([]);
  });

  test('that differs within a list does not open', async () => {
    const { post } = await openDoor(twoBooks());
    const body = JSON.stringify([
      { ...alert, key: mine },
      { ...alert, key: theirs },
    ]);
    expect((await post(body)).status).toBe(404);
  });

  test('is not in what is kept of a broken alert', async () => {
    const { post, signals } = await openDoor(twoBooks());
    const response = await post(`{"key":"${mine}", "action":`, { path: `/hooks/demo/${mine}` });
    expect(response.status).toBe(400);
    const [refused] = await signals();
    expect(refused).toMatchObject({ state: 'refused', payload: { text: '{"key":"…", "action":' } });
  });
});

test('who proved the key of one book may not guess that of another without limit', async () => {
  const { post } = await openDoor(twoBooks());
  expect((await post(text, { path: `/hooks/demo/${mine}` })).status).toBe(200);
  const statuses: number[] = [];
  for (let guess = 0; guess < 12; guess++) {
    statuses.push((await post(text, { path: `/hooks/other/guess-${guess}` })).status);
  }
  expect(statuses).toEqual([...Array(10).fill(404), 429, 429]);
  expect((await post(text, { path: `/hooks/other/${theirs}` })).status, 'a right guess comes too late').toBe(
    429,
  );
  expect((await post(text, { path: `/hooks/demo/${mine}` })).status, 'its own alerts go on').toBe(200);
});

describe('the hook of the desk', () => {
  const desk = sendersOf({ key: mine });
  const hooks = new Map([
    [undefined, desk],
    ['demo', desk],
    ['other', sendersOf({ key: theirs })],
  ]);

  test('takes alerts that name their book', async () => {
    const { post, signals } = await openDoor(hooks);
    const response = await post(JSON.stringify({ ...alert, book: 'demo' }), { path: `/hooks/demo/${mine}` });
    expect(response.status).toBe(200);
    expect(
      (await post(JSON.stringify({ ...alert, key: mine, book: 'demo' }), { path: '/hooks' })).status,
    ).toBe(200);
    expect(await signals()).toMatchObject([{ book: 'demo' }]);
  });

  test.each([
    [{ book: 'other' }, 'The book "other" takes alerts from senders of its own only.'],
    [{ book: 'nobody' }, 'There is no book "nobody".'],
    [{}, 'The alert names no book'],
    [{ book: 7 }, 'book: must be text.'],
  ])('%j is told why not, and so is chat', async (named, why) => {
    const { post, signals, told } = await openDoor(hooks);
    const response = await post(JSON.stringify({ ...alert, ...named, key: mine }), { path: '/hooks' });
    expect([response.status, await response.json()]).toEqual([400, { error: expect.stringContaining(why) }]);
    expect(await signals()).toMatchObject([{ state: 'refused', reason: expect.stringContaining(why) }]);
    expect(await told()).toMatchObject([{ type: 'signal.refused', reason: expect.stringContaining(why) }]);
  });

  test('an alert for another book than that of its address is refused', async () => {
    const { post } = await openDoor(hooks);
    const response = await post(JSON.stringify({ ...alert, book: 'other' }), { path: `/hooks/demo/${mine}` });
    expect(await response.json()).toEqual({
      error: 'The alert is for the book "other", but was sent to the address of "demo".',
    });
  });

  test('is as closed as any unknown one where the desk has no senders', async () => {
    const { post, refused } = await openDoor(twoBooks());
    const response = await post(text, { path: '/hooks' });
    expect([response.status, await response.text()]).toEqual(notFound);
    expect(refused).toEqual(['webhook: no key for the desk from 127.0.0.1']);
  });
});

describe('a list of alerts', () => {
  const path = `/hooks/demo/${mine}`;
  const list = (...quantities: unknown[]) =>
    JSON.stringify(quantities.map((quantity) => ({ action: 'buy', symbol: 'SP500', quantity })));
  const inOrder = <T>(newestFirst: readonly T[]) => [...newestFirst].reverse();

  test('is as many signals, in its order, each of its own: also two that are equal', async () => {
    const { post, signals, told } = await openDoor(twoBooks());
    const response = await post(list(1, 2, 1), { path });
    const stored = inOrder(await signals());
    expect(stored.map(({ summary }) => summary)).toEqual(['buy 1 SP500', 'buy 2 SP500', 'buy 1 SP500']);
    expect(await response.json()).toEqual({ signals: stored.map(({ _id }) => _id) });
    const heard = async () => (await told()).map((event) => 'signal' in event && event.signal);
    await expect.poll(heard).toEqual(stored.map(({ _id }) => _id));
  });

  test('sent again is the same signals', async () => {
    const { post, clock, signals } = await openDoor(twoBooks());
    const first = await (await post(list(1, 2), { path })).json();
    clock.advance(5000);
    expect(await (await post(list(1, 2), { path })).json()).toEqual(first);
    expect(await signals()).toHaveLength(2);
  });

  test.each([
    ['malformed', list(1, 2, 'many'), 'Alert 3 of 3: The signal cannot be read: quantity'],
    [
      'no alert at all',
      '[{"action":"buy","symbol":"SP500","quantity":1},7]',
      'alert 2 of the list must be an object',
    ],
    [
      'of the same id as another',
      '[{"id":"a","action":"sell","symbol":"A"},{"id":"a","action":"sell","symbol":"B"}]',
      'Alerts 1 and 2 of the list have the same id',
    ],
  ])('one of which is %s is refused as a whole, and chat hears why', async (_, body, why) => {
    const { post, signals, told } = await openDoor(twoBooks());
    const response = await post(body, { path });
    expect([response.status, await response.json()]).toEqual([400, { error: expect.stringContaining(why) }]);
    expect((await signals()).map(({ state }) => state)).toEqual(['refused']);
    expect(await told()).toMatchObject([{ type: 'signal.refused', book: 'demo' }]);
  });

  test('whose signals are for several books reaches them all', async () => {
    const desk = sendersOf({ key: mine });
    const hooks = new Map([undefined, 'demo', 'other'].map((name) => [name, desk] as const));
    const { post, signals } = await openDoor(hooks);
    const body = JSON.stringify(['other', 'demo'].map((book) => ({ ...alert, book, key: mine })));
    expect((await post(body, { path: '/hooks' })).status).toBe(200);
    expect(inOrder(await signals()).map(({ book }) => book)).toEqual(['other', 'demo']);
  });

  /** Every call to the store is the one at which it stops to answer, in turn, before and after the call was done. */
  test('is taken in as a whole or not at all, wherever the store fails; sent again it is there once', async () => {
    let refused = 0;
    for (let at = 1; ; at++) {
      const plain = await tempStore();
      let calls = 0;
      let failed = false;
      let counting = false;
      const store = new WatchedStore(plain, async () => {
        if (!counting || ++calls < at) return;
        failed = true;
        throw new StoreError('the disk does not answer');
      });
      const door = await openDoor(twoBooks(), { store });
      counting = true;
      const response = await door.post(list(1, 2, 3), { path });
      counting = false;
      if (!failed) {
        expect(response.status).toBe(200);
        expect(refused, 'a store that fails before all is stored is no 200').toBeGreaterThan(8);
        return;
      }
      // What is stored is acknowledged, also when chat cannot be told of it just then.
      const acknowledged = response.status === 200;
      if (acknowledged) expect(await door.signals(), `call ${at}`).toHaveLength(3);
      else expect(response.status, `call ${at}`).toBe(503);
      if (!acknowledged) refused += 1;
      // Another minute by the clock: what was begun must be known all the same.
      door.clock.advance(58_000);
      const again =
        at % 2 === 0 ? door : await openDoor(twoBooks(), { store: plain, at: '2024-11-29T09:49:24.000Z' });
      expect((await again.post(list(1, 2, 3), { path })).status, `call ${at}`).toBe(200);
      const summaries = inOrder(await again.signals()).map(({ summary }) => summary);
      expect(summaries, `call ${at}`).toEqual(['buy 1 SP500', 'buy 2 SP500', 'buy 3 SP500']);
    }
  }, 120_000);
});
