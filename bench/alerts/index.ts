/**
 * How long does an alert wait for its 200 when many come, is one lost or traded twice when the desk is killed, how soon is its
 * order at the exchange, and does a long past slow any of that?
 *
 * The desk, the sender and the exchange are processes of their own. Times are counted from when an alert was due. Beside
 * them stands what a single durable write costs on this machine in the same minute: on one that others use too, both grow.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fillCollection, orderCollection } from '../../engine/execution/order.ts';
import { signalCollection } from '../../engine/signals/signal.ts';
import { startServer } from '../../test/support/mongodb/find-server.ts';
import { type BenchDesk, benchDesk, type DeskPlan, helper } from './desk.ts';
import { writeHistory } from './history.ts';
import type { ExchangeReady, SeenRequest } from './processes/exchange.ts';
import type { SendingJob, Sent } from './processes/send.ts';

const books = 50;
const perSecond = 200;
const pastOrders = 10_000;
/** `BENCH_SECONDS` shortens the minute. */
const seconds = Number(process.env['BENCH_SECONDS'] ?? 60);

type Print = (line: string) => void;

export async function run(print: Print): Promise<void> {
  const parts: Readonly<Record<string, () => Promise<unknown>>> = {
    sqlite: () => manyAlerts('SQLite', paperPlan, print),
    mongo: () => onMongo(print),
    kill: () => killedInTheMiddle(print),
    exchange: () => toTheExchange(print),
    past: () => withAPast(print),
  };
  const asked = process.env['BENCH_PARTS']?.split(',') ?? Object.keys(parts);
  for (const name of asked) await parts[name]?.();
}

const paperPlan: DeskPlan = {
  books,
  currency: 'USD',
  broker: { type: 'paper', source: 'demo', balances: { USD: '10000000' } },
};

async function manyAlerts(
  name: string,
  plan: DeskPlan,
  print: Print,
  {
    prepare,
    forSeconds = seconds,
  }: { prepare?: (desk: BenchDesk) => Promise<void>; forSeconds?: number } = {},
): Promise<number> {
  const desk = await benchDesk(plan);
  const sender = helper('send');
  try {
    if (prepare) await prepare(desk);
    await desk.start();
    await sender.ask<Sent[]>(jobFor(desk, { perSecond: 20, seconds: 2, prefix: 'warm' }));
    const before = writeMs();
    const sent = await sender.ask<Sent[]>(jobFor(desk, { perSecond, seconds: forSeconds, prefix: 'a' }));
    const after = writeMs();
    const unanswered = sent.filter(({ status }) => status !== 200).length;
    const times = sorted(sent.map(({ fromDueMs }) => fromDueMs));
    const median = at(times, 0.5);
    print(
      `${name}: ${sent.length} alerts at ${perSecond} a second to ${books} books that trade them; load ${loadText()}`,
    );
    print(`  to 200       ${figures(times)}; ${unanswered} without`);
    print(
      `  durable write beside it ${figures(sorted([...before, ...after]))}: the median 200 is ${(median / at(sorted([...before, ...after]), 0.5)).toFixed(1)} x that`,
    );
    return median;
  } finally {
    sender.end();
    await desk.stop();
    desk.remove();
  }
}

async function onMongo(print: Print): Promise<void> {
  const server = await startServer(print).catch(() => undefined);
  if (!server) return;
  try {
    const mongo = `${server.uri.replace(/\/+$/, '')}/outcry_bench_${process.pid}`;
    await manyAlerts('MongoDB', { ...paperPlan, mongo }, print);
  } finally {
    await server.stop();
  }
}

/** Killed while alerts come; what had no 200 is sent again, as senders do, and with it all the others once more. */
async function killedInTheMiddle(print: Print): Promise<void> {
  const desk = await benchDesk(paperPlan);
  const sender = helper('send');
  try {
    await desk.start();
    const job = jobFor(desk, { perSecond, seconds: 4, prefix: 'k' });
    const sending = sender.ask<Sent[]>(job);
    await pause(2000);
    await desk.stop('SIGKILL');
    const sent = await sending;
    await desk.start();
    const again = await sender.ask<Sent[]>({ ...job, perSecond: perSecond / 2, seconds: 8 });
    const acknowledged = new Set([...sent, ...again].flatMap(({ signal }) => signal ?? []));
    await everythingDone(desk, acknowledged.size);
    await desk.stop();
    const store = await desk.store();
    const signals = await (await store.collection(signalCollection)).find();
    const stored = new Set(signals.map(({ _id }) => _id));
    const fills = await (await store.collection(fillCollection)).find();
    const orders = await (await store.collection(orderCollection)).find();
    await store.close();
    const traded = new Map<string, number>();
    const operations = new Map(orders.map(({ _id, operation }) => [_id, operation ?? _id]));
    for (const { order } of fills) {
      const operation = operations.get(order) ?? order;
      traded.set(operation, (traded.get(operation) ?? 0) + 1);
    }
    const lost = [...acknowledged].filter((id) => !stored.has(id)).length;
    const twice = [...traded.values()].filter((times) => times > 1).length;
    const first = sent.filter(({ status }) => status === 200).length;
    print(`kill -9 in the middle: ${first} of ${sent.length} had their 200 before it; all were sent again`);
    print(
      `  ${acknowledged.size} acknowledged, ${lost} of them lost; ${traded.size} traded, ${twice} of them twice`,
    );
  } finally {
    sender.end();
    await desk.stop();
    desk.remove();
  }
}

async function toTheExchange(
  print: Print,
  prepare?: (desk: BenchDesk) => Promise<void>,
  name = 'an idle desk',
): Promise<number> {
  const exchange = helper('exchange');
  const { url, keys } = await exchange.next<ExchangeReady>();
  const desk = await benchDesk({
    books: 1,
    currency: 'USDT',
    home: 'spot',
    broker: { type: 'ccxt', exchange: 'binance', ...keys, gateway: url, wallets: ['spot'] },
  });
  const sender = helper('send');
  try {
    if (prepare) await prepare(desk);
    await desk.start();
    const own: number[] = [];
    const times: number[] = [];
    const asked = new Set<string>();
    for (let index = 0; index < 44; index++) {
      await pause(700); // idle again: quotes are old, nothing is in hand
      await exchange.ask<SeenRequest[]>({});
      const one = {
        perSecond: 1000,
        seconds: 0.001,
        prefix: `x${index}`,
        books: 1,
        symbol: 'BTC/USDT',
        quantity: '0.001',
      };
      const [sent] = await sender.ask<Sent[]>(jobFor(desk, one));
      if (sent?.status !== 200) throw new Error(`the alert was answered with ${sent?.status}`);
      await pause(600);
      const seen = await exchange.ask<SeenRequest[]>({});
      const order = seen.find(({ what }) => what === 'POST /api/v3/order');
      if (!order) throw new Error('its order never came to the exchange');
      const before = seen.filter(({ until }) => until < order.from && until > sent.answeredAt);
      for (const { what } of before) asked.add(what);
      const theirs = before.reduce(
        (sum, { from, until }) => sum + until - Math.max(from, sent.answeredAt),
        0,
      );
      if (index < 4) continue; // the first ones load code
      times.push(order.from - sent.answeredAt - theirs);
      own.push(theirs);
    }
    print(
      `200 to the order at the exchange, ${name}, ${times.length} alerts one after another; load ${loadText()}`,
    );
    print(
      `  ${figures(sorted(times))}, beside the exchange's own ${at(sorted(own), 0.5).toFixed(1)} (${[...asked].join(', ') || 'nothing asked before'})`,
    );
    return at(sorted(times), 0.5);
  } finally {
    sender.end();
    exchange.end();
    await desk.stop();
    desk.remove();
  }
}

/** Everything again on a store with a past, in turn with one without, as the machine is not the same at all times. */
async function withAPast(print: Print): Promise<void> {
  const past =
    (plan: {
      books: number;
      currency: string;
      wallet: string;
      symbol: string;
      asset: string;
      price: string;
    }) =>
    async (desk: BenchDesk) => {
      await desk.start();
      await desk.stop();
      const store = await desk.store();
      await writeHistory(store, { orders: pastOrders, ...plan });
      await store.close();
    };
  const paper = past({
    books,
    currency: 'USD',
    wallet: 'account',
    symbol: 'SP500',
    asset: 'SP500',
    price: '100',
  });
  const forSeconds = Math.min(seconds, 10);
  const without = await manyAlerts('without a past', paperPlan, print, { forSeconds });
  const withIt = await manyAlerts(`with ${pastOrders} orders`, paperPlan, print, {
    forSeconds,
    prepare: paper,
  });
  print(`  ${pastOrders} orders in the store: ${(withIt / without).toFixed(2)} x the time to 200`);
  const coins = past({
    books: 1,
    currency: 'USDT',
    wallet: 'spot',
    symbol: 'BTC/USDT',
    asset: 'BTC',
    price: '100',
  });
  const idle = await toTheExchange(print);
  const full = await toTheExchange(print, coins, `with ${pastOrders} orders`);
  print(`  ${pastOrders} orders in the store: ${(full / idle).toFixed(2)} x the time to the order`);
}

function jobFor(
  { url }: BenchDesk,
  job: Partial<SendingJob> & Pick<SendingJob, 'perSecond' | 'seconds' | 'prefix'>,
): SendingJob {
  return { url, books, symbol: 'SP500', quantity: '1', ...job };
}

/** Waits until the desk has ended all its signals, looking at its store from outside now and then. */
async function everythingDone(desk: BenchDesk, count: number): Promise<void> {
  for (;;) {
    await pause(5000);
    await desk.stop();
    const store = await desk.store();
    const open = await (await store.collection(signalCollection)).count({
      state: { in: ['received', 'working'] },
    });
    await store.close();
    await desk.start();
    if (open === 0 || count === 0) return;
  }
}

/** Milliseconds of durable writes of a kilobyte, one after another. */
function writeMs(): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'outcry-bench-write-'));
  const file = openSync(join(folder, 'file'), 'w');
  const times: number[] = [];
  for (let index = 0; index < 200; index++) {
    const begun = performance.now();
    writeSync(file, Buffer.alloc(1024));
    fsyncSync(file);
    times.push(performance.now() - begun);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return times;
}

function sorted(times: readonly number[]): readonly number[] {
  return [...times].sort((a, b) => a - b);
}

function at(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}

function figures(times: readonly number[]): string {
  const ms = (share: number) => at(times, share).toFixed(1);
  return `p50 ${ms(0.5)} ms, p90 ${ms(0.9)}, p99 ${ms(0.99)}, longest ${ms(1)}`;
}

function loadText(): string {
  return loadavg()
    .slice(0, 1)
    .map((load) => load.toFixed(1))
    .join();
}
