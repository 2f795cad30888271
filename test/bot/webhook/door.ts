/** A webhook before a real inbox on a real store, at a moment that the test chooses. */
import { onTestFinished } from 'vitest';
import { type SenderSettings, senders } from '../../../bot/config/senders.ts';
import { type HookName, Hooks } from '../../../bot/webhook/hooks.ts';
import { type WebhookParts, webhookServer } from '../../../bot/webhook/server.ts';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { DeskEvent } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Signal } from '../../../engine/signals/signal.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';
import { buildTrading, demoBook } from '../../support/trading.ts';

export interface Door {
  readonly url: string;
  readonly clock: ManualClock;
  readonly store: Store;
  /** What was told to the admins. */
  readonly refused: string[];
  post(body: string, request?: { path?: string; headers?: Record<string, string> }): Promise<Response>;
  /** The newest first. */
  signals(): Promise<Signal[]>;
  told(): Promise<DeskEvent[]>;
}

/** Two books, `demo` and `other`, each with these senders; `undefined` is the hook of the desk. */
export async function openDoor(
  hooks: ReadonlyMap<HookName, readonly SenderSettings[]>,
  {
    at = '2024-11-29T09:48:26.000Z',
    store,
    settings = {},
  }: { at?: string; store?: Store; settings?: Partial<WebhookParts['settings']> } = {},
): Promise<Door> {
  const clock = new ManualClock(at);
  const trading = await buildTrading({
    clock,
    store: store ?? (await tempStore()),
    books: [
      { ...demoBook, mirage: { strategy: 'buy-btc', instance: 'default' } },
      bookSettings.parse({ ...demoBook, name: 'other' }),
    ],
  });
  const refused: string[] = [];
  const server = webhookServer({
    settings: { host: '127.0.0.1', port: 0, trustProxy: [], bodyLimitKb: 64, ...settings },
    log: silentLog,
    clock,
    inbox: trading.inbox,
    hooks: new Hooks(hooks),
    health: () => ({ ok: true }),
    onRefused: (description) => refused.push(description),
  });
  const { url } = await server.start();
  onTestFinished(() => server.stop());
  return {
    url,
    clock,
    store: trading.store,
    refused,
    post: (body, { path = '/hooks/demo', headers = {} } = {}) =>
      fetch(`${url}${path}`, { method: 'POST', body, headers }),
    signals: () => trading.inbox.signals({ limit: 100 }),
    told: async () => (await trading.outbox.after(0, 100)).map(({ event }) => event),
  };
}

/** Settings as they stand in a file. */
export function sendersOf(...entries: readonly object[]): SenderSettings[] {
  return senders.parse(entries);
}
