/**
 * How long does the sender of an alert wait for its 200?
 *
 * One request after the other, over one connection on this machine: the webhook with a durable insert into SQLite, the
 * webhook with an inbox that does nothing, and an empty fastify route. What remains is the price of each part.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { Hooks } from '../../bot/webhook/hooks.ts';
import { type AlertInbox, webhookServer } from '../../bot/webhook/server.ts';
import { systemClock } from '../../engine/clock.ts';
import { silentLog } from '../../engine/log.ts';
import { openSqliteStore } from '../../engine/store/sqlite/store.ts';
import { defineCollection, type StoredDocument } from '../../engine/store/store.ts';

interface StoredAlert extends StoredDocument {
  readonly book: string;
  readonly payload: string;
}

const warmUp = 100;
const measured = 500;
const key = 'bench-key-1234';

export async function run(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'outcry-bench-webhook-'));
  const store = await openSqliteStore({ folder });
  try {
    const alerts = await store.collection(
      defineCollection<StoredAlert>('alerts', { unique: [['book', 'payload']] }),
    );
    const stored = await timesOfWebhook({
      async deliver({ hook = '', alerts: [alert] }) {
        const signal = randomUUID();
        await alerts.insert({ _id: signal, book: hook, payload: JSON.stringify(alert) });
        return [{ signal, duplicate: false }];
      },
      refuse: unexpected,
    });
    const count = await alerts.count();
    if (count !== warmUp + measured) throw new Error(`${count} alerts were stored, not ${warmUp + measured}`);
    const unstored = await timesOfWebhook({
      deliver: async () => [{ signal: 'none', duplicate: false }],
      refuse: unexpected,
    });
    const empty = await timesOfEmptyRoute();

    print(`alert to 200, ${measured} one after the other, milliseconds`);
    print(line('webhook, stored in SQLite', stored, empty));
    print(line('webhook, nothing stored', unstored, empty));
    print(line('empty fastify route', empty, empty));
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

const unexpected = (what: unknown): never => {
  throw new Error(`refused: ${JSON.stringify(what)}`);
};

async function timesOfWebhook(inbox: AlertInbox): Promise<number[]> {
  const server = webhookServer({
    settings: { host: '127.0.0.1', port: 0, trustProxy: [], bodyLimitKb: 64 },
    log: silentLog,
    inbox,
    clock: systemClock,
    hooks: new Hooks(new Map([['demo', [{ key }]]])),
    health: () => ({ ok: true }),
    onRefused: unexpected,
  });
  const { url } = await server.start();
  try {
    return await timesOf(`${url}/hooks/demo`);
  } finally {
    await server.stop();
  }
}

async function timesOfEmptyRoute(): Promise<number[]> {
  const app = fastify();
  app.post('/hooks/:name', async () => ({ signal: 'none' }));
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    return await timesOf(`${url}/hooks/demo`);
  } finally {
    await app.close();
  }
}

/** Milliseconds of each request, ascending. */
async function timesOf(url: string): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let index = 0; index < warmUp + measured; index++) {
    const body = JSON.stringify({ key, action: 'buy', ticker: 'SP500', quantity: index + 1 });
    const started = performance.now();
    const status = await post(url, body, agent);
    if (index >= warmUp) times.push(performance.now() - started);
    if (status !== 200) throw new Error(`the answer was ${status}`);
  }
  agent.destroy();
  return times.sort((a, b) => a - b);
}

function post(url: string, body: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    })
      .on('error', reject)
      .end(body);
  });
}

function line(name: string, times: readonly number[], base: readonly number[]): string {
  const at = (sorted: readonly number[], share: number) =>
    sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  const median = at(times, 0.5);
  const figures = [`median ${median.toFixed(2)}`, `p99 ${at(times, 0.99).toFixed(2)}`];
  return `  ${name.padEnd(27)} ${figures.join('  ')}  ${(median / at(base, 0.5)).toFixed(1)} x the empty route`;
}
