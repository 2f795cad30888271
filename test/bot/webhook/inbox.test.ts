import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Hooks } from '../../../bot/webhook/hooks.ts';
import { type WebhookServer, webhookServer } from '../../../bot/webhook/server.ts';
import { bookSettings } from '../../../engine/bank/book.ts';
import { Books } from '../../../engine/bank/books.ts';
import { systemClock } from '../../../engine/clock.ts';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { Inbox } from '../../../engine/signals/inbox.ts';
import { openSqliteStore } from '../../../engine/store/sqlite/store.ts';
import type { Store } from '../../../engine/store/store.ts';

const key = 'demo-key-1234';
let folder: string;
let store: Store;
let outbox: Outbox;
let inbox: Inbox;
let webhook: WebhookServer;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outcry-alerts-'));
  store = await openSqliteStore({ folder });
  outbox = await Outbox.open(store, systemClock);
  const books = await Books.open({
    store,
    clock: systemClock,
    log: silentLog,
    outbox,
    settings: [
      bookSettings.parse({
        name: 'demo',
        currency: 'USD',
        capital: '1000',
        broker: 'paper',
        handler: { name: 'order' },
      }),
    ],
    lastPrice: () => Promise.reject(new Error('no price is needed to take an alert in')),
  });
  inbox = await Inbox.open({ store, clock: systemClock, outbox, books });
  webhook = webhookServer({
    settings: { host: '127.0.0.1', port: 0, trustProxy: [], bodyLimitKb: 64 },
    log: silentLog,
    inbox,
    clock: systemClock,
    hooks: new Hooks(new Map([['demo', [{ key }]]])),
    health: () => ({ ok: true }),
    onRefused: () => undefined,
  });
  url = (await webhook.start()).url;
});
afterEach(async () => {
  await webhook.stop();
  await store.close();
  rmSync(folder, { recursive: true });
});

const post = (body: string) => fetch(`${url}/hooks/demo`, { method: 'POST', body });

test('an alert sent four times at once is one signal, and its key is in no file of the desk', async () => {
  const text = `key=${key} action=buy ticker=SP500 quantity=1`;
  const responses = await Promise.all(Array.from({ length: 4 }, () => post(text)));
  const answers = await Promise.all(responses.map((response) => response.json()));
  const signals = await inbox.signals({ limit: 10 });
  expect(signals).toMatchObject([
    { book: 'demo', from: '127.0.0.1', payload: { action: 'buy', ticker: 'SP500', quantity: '1' } },
  ]);
  expect(answers).toEqual(Array.from({ length: 4 }, () => ({ signal: signals[0]?._id })));
  await webhook.stop();
  await store.close();
  const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
  expect(
    files.some((file) => file.includes('SP500')),
    'the alert itself is there',
  ).toBe(true);
  expect(files.some((file) => file.includes(key))).toBe(false);
});

test('an alert that the handler cannot read is told why, and chat hears of it', async () => {
  const response = await post(JSON.stringify({ key, action: 'by', ticker: 'SP500', quantity: 1 }));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringContaining('action: must be buy or sell') });
  const reason = expect.stringContaining('action: must be buy or sell');
  expect(await inbox.signals({ limit: 10 })).toMatchObject([{ state: 'refused', reason, told: true }]);
  const told = (await outbox.after(0, 10)).map(({ event }) => event);
  expect(told).toMatchObject([{ type: 'signal.refused', book: 'demo', reason }]);
});

test('an alert that meets a dead store is to be sent again', async () => {
  await store.close();
  const response = await post(JSON.stringify({ key, action: 'buy', ticker: 'SP500', quantity: 1 }));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('5');
});
