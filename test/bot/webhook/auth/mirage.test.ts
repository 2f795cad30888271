import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { mirage } from '../../../../bot/webhook/auth/mirage.ts';
import type { Arrival } from '../../../../bot/webhook/auth/way.ts';
import { parseAlert } from '../../../../engine/signals/alert.ts';
import { openDoor, sendersOf } from '../door.ts';

/** What the protocol's own implementation accepted at this second, with these keys. */
const published = {
  settings: { xorKeys: ['abc', 'defgh', 'ijklmno'], secretKey: 'S3cret', toleranceSeconds: 120 },
  acceptedAt: new Date(1_732_873_706_000),
  hash: 'e4ae0d2cb89b29571c74dd08308bcf95bee8ffdec2e2dcfe3c5c44ffd9611731',
  data: '23,79,10,15,4,27,18,29,26,7,14,52,13,11,22,14,78,83,16,70,5,8,29,28,4,12,13,74,86,67,21,55,74,5,0,29,29,14,15,1,52,75,84,20,60,75,8,4,13,26,49,77,82,18,59,75,28,25,28,6,28,12,13,22,60,78,82,18,54,68,1,13,1,12,58,73,82,48,78,3,30,16,71,9,20,15,49,73,68,57,72,7,1,30,18,11,4,8,8,60,4,14,54,73,94,48,79,10,15,1,8,30,1,26,62,72,22,69,54,64,11,13,29,10,56,74,87,21,18,24,71,52,74,2,14,0,8,13,52,71,84,50,77,60,7,10,95,42,32,24,16,32,57,53,65,65,51,74,29,14,4,10,3,1,16,52,75,80,94,87,95,90,81,93,85,89,92,90,92,83,91,21,17,78,77,73,1,11,24,8,78,87,73,13,81,11,11,95,9,84,9,8,83,84,1,95,83,95,92,85,15,90,90,14,3,89,83,94,94,90,8,8,15,83,87,13,9,12,83,2,14,9,11,12,87,14,90,12,15,7,11,88,11,93,6,90,90,9,14,0,81,95,95,94,87,90,91,73,20,30',
};

const strong = { xorKeys: ['a'.repeat(32), 'Bc3'.repeat(12), 'z'.repeat(40)], secretKey: 's'.repeat(64) };
const settings = sendersOf({ mirage: strong });
const sentAt = Date.parse('2024-11-29T09:48:26.000Z');

interface Message {
  readonly body?: unknown;
  readonly nonce?: unknown;
  readonly timenow?: unknown;
}

/** Seals as a Pine script does. */
function sealed(message: Message | string, keys: { xorKeys: string[]; secretKey: string } = strong): string {
  const text =
    typeof message === 'string'
      ? message
      : JSON.stringify({ message: { body: buy, nonce: 'n-1', timenow: sentAt, ...message } });
  const hash = createHash('sha256').update(`${text}${keys.secretKey}`).digest('hex');
  let bytes = [...Buffer.from(JSON.stringify({ decrypted_data: { message: text, hash } }))];
  for (const key of keys.xorKeys) {
    bytes = bytes.map((byte, index) => byte ^ key.charCodeAt(index % key.length));
  }
  return JSON.stringify({ request: { data: bytes.join(',') } });
}

const buy = {
  strategy: { name: 'buy-btc', instance_id: 'default' },
  data: { action: 'buy', symbol: 'SP500', quantity: 1 },
};

const arrivalOf = (body: string, now: Date): Arrival => ({
  body: Buffer.from(body),
  alert: parseAlert(Buffer.from(body)),
  headers: {},
  pathKey: undefined,
  address: '127.0.0.1',
  certificateName: undefined,
  now,
});

describe('the published example of the protocol', () => {
  const body = JSON.stringify({ request: { data: published.data } });

  test('is opened, and is what its author wrote', () => {
    expect(mirage.prove(published.settings, arrivalOf(body, published.acceptedAt))).toEqual({
      proved: true,
      alert: {
        alerts: [{ strategy: { name: 'buy-btc', instance_id: 'default' }, data: {} }],
        isList: false,
      },
      id: 'Tcb6DOxyJR',
      once: { id: 'mirage:Tcb6DOxyJR', passesUntil: new Date(1_732_873_606_550 + 120_000) },
    });
  });

  test.each([
    [
      'the keys in another order are other keys only to who cares: XOR does not',
      { xorKeys: ['ijklmno', 'abc', 'defgh'] },
      true,
    ],
    ['another secret', { secretKey: 'S3cres' }, false],
    ['a key more', { xorKeys: ['abc', 'defgh', 'ijklmno', 'x'] }, false],
    ['a key less', { xorKeys: ['abc', 'defgh'] }, false],
  ])('%s', (_, changed, proved) => {
    const finding = mirage.prove(
      { ...published.settings, ...changed },
      arrivalOf(body, published.acceptedAt),
    );
    expect(finding.proved).toBe(proved);
  });
});

describe('an alert in the envelope', () => {
  test('is a signal of the book that its strategy and instance name, at the hook of the desk and of the book', async () => {
    for (const [hook, path] of [
      [undefined, '/hooks'],
      ['demo', '/hooks/demo'],
    ] as const) {
      const ofDesk = new Map([
        [hook, settings],
        ['demo', settings],
      ]);
      const { post, signals } = await openDoor(ofDesk);
      expect((await post(sealed({}), { path })).status).toBe(200);
      expect(await signals()).toMatchObject([
        { book: 'demo', summary: 'buy 1 SP500', key: 'id:n-1', payload: buy.data },
      ]);
    }
  });

  test.each([
    ['written 121 s ago', sealed({ timenow: sentAt - 121_000 }), 'a message 121 s old'],
    ['from 121 s in the future', sealed({ timenow: sentAt + 121_000 }), 'a message 121 s in the future'],
    ['from the year 10,000', sealed({ timenow: 1e15 }), 'in the future'],
    ['sealed with another secret', sealed({}, { ...strong, secretKey: 't'.repeat(64) }), 'a wrong envelope'],
    ['sealed with another key', sealed({}, { ...strong, xorKeys: ['q'.repeat(32)] }), 'a wrong envelope'],
    ['without a nonce', sealed({ nonce: undefined }), 'without body, nonce and time'],
    ['with a nonce that is no text', sealed({ nonce: 7 }), 'without body, nonce and time'],
    ['without a time', sealed({ timenow: undefined }), 'without body, nonce and time'],
    ['with a time that is no number', sealed({ timenow: '1732873706' }), 'without body, nonce and time'],
    ['whose message is no JSON', sealed('{"message":'), 'without body, nonce and time'],
    ['that is none', JSON.stringify(buy), 'no envelope'],
    ['that has no bytes', '{"request":{"data":"1,2,300"}}', 'a wrong envelope'],
    ['that is not JSON', '{"request":', 'no envelope'],
  ])('%s is refused like everything else, and the admins know why', async (_, body, why) => {
    const { post, refused, signals } = await openDoor(new Map([['demo', settings]]));
    const response = await post(body);
    expect([response.status, await response.text()]).toEqual([404, '{"error":"not found"}']);
    expect(refused).toEqual([expect.stringContaining(why)]);
    expect(await signals()).toEqual([]);
  });

  test('one byte of which was changed is refused', async () => {
    const { post, signals } = await openDoor(new Map([['demo', settings]]));
    const { request } = JSON.parse(sealed({})) as { request: { data: string } };
    const bytes = request.data.split(',');
    for (const at of [0, 40, 120, bytes.length - 3]) {
      const data = bytes.map((byte, index) => (index === at ? String(Number(byte) ^ 1) : byte)).join();
      expect((await post(JSON.stringify({ request: { data } }))).status, `byte ${at}`).toBe(404);
    }
    expect(await signals()).toEqual([]);
  });

  test('as far off as is allowed, either way, is taken', async () => {
    const { post } = await openDoor(new Map([['demo', settings]]));
    expect((await post(sealed({ timenow: sentAt - 120_000, nonce: 'old' }))).status).toBe(200);
    expect((await post(sealed({ timenow: sentAt + 120_000, nonce: 'new' }))).status).toBe(200);
  });

  test('that is sent again at once is the same signal; a minute later it is a replay, even after a restart', async () => {
    const { post, clock, store, refused } = await openDoor(new Map([['demo', settings]]));
    const body = sealed({});
    const first = await (await post(body)).json();
    clock.advance(15_000);
    const again = await post(body);
    expect([again.status, await again.json()]).toEqual([200, first]);
    clock.advance(50_000);
    expect((await post(body)).status).toBe(404);
    expect(refused).toEqual([expect.stringContaining('a message that was used before')]);

    const later = await openDoor(new Map([['demo', settings]]), { store, at: '2024-11-29T09:49:40.000Z' });
    expect((await later.post(body)).status).toBe(404);
    expect(await later.signals()).toHaveLength(1);
  });

  test('whose nonce was used for something else is a replay', async () => {
    const { post, signals } = await openDoor(new Map([['demo', settings]]));
    await post(sealed({}));
    const other = { ...buy, data: { ...buy.data, quantity: 2 } };
    expect((await post(sealed({ body: other }))).status).toBe(404);
    expect(await signals()).toHaveLength(1);
  });

  test('that was captured does not open another hook with the same secret', async () => {
    const hooks = new Map([
      ['demo', settings],
      ['other', settings],
    ]);
    const { post } = await openDoor(hooks);
    const body = sealed({ body: { action: 'buy', symbol: 'SP500', quantity: 1 } });
    expect((await post(body)).status).toBe(200);
    expect((await post(body, { path: '/hooks/other' })).status).toBe(404);
  });

  test('of which no book speaks is told to its sender and in chat', async () => {
    const { post, told } = await openDoor(new Map([[undefined, settings]]));
    const unknown = { strategy: { name: 'buy-btc', instance_id: 'second' }, data: {} };
    const response = await post(sealed({ body: unknown }), { path: '/hooks' });
    expect(response.status).toBe(400);
    const reason = expect.stringContaining('No book is strategy buy-btc, instance second');
    expect(await response.json()).toEqual({ error: reason });
    expect(await told()).toMatchObject([{ type: 'signal.refused', reason }]);
  });
});
