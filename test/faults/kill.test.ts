/**
 * Nothing is played: a real process with a real store, killed with `kill -9` in the middle of its alerts, before an exchange
 * that goes on without it.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { decimal } from '../../engine/money.ts';
import { startBinance } from '../support/exchange/binance/index.ts';
import { mongoServer } from '../support/mongodb/server.ts';
import { tempFolder } from '../support/temp-store.ts';
import { problemsOf } from './checks.ts';
import type { RealExchange } from './real-desk.ts';
import { alerts, openRealDesk } from './real-desk.ts';

const script = fileURLToPath(import.meta.resolve('./processes/killed-desk.ts'));
const prices: Readonly<Record<string, number>> = { BTC: 50_000, ETH: 2500, ADA: 0.6 };

async function exchange() {
  const binance = await startBinance();
  onTestFinished(() => binance.close());
  binance.deposit('spot', 'USDT', '100000');
  for (const [asset, price] of Object.entries(prices)) binance.book(`${asset}/USDT`).price(String(price));
  return { binance, where: { url: binance.url, ...binance.keys } satisfies RealExchange };
}

/** Runs a desk that is killed at a call to its store; resolves with what it had acknowledged by then. */
function killedDesk(store: string, where: RealExchange, killAt: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', script, store, JSON.stringify(where), String(killAt)],
      (_, stdout, stderr) => {
        if (child.signalCode === 'SIGKILL') resolve(stdout.split('\n').filter(Boolean));
        else reject(new Error(`the desk was to be killed in the middle of its work: ${stderr}`));
      },
    );
  });
}

async function survives(storeName: string, killAt: number): Promise<void> {
  const { binance, where } = await exchange();
  const acknowledged = await killedDesk(storeName, where, killAt);
  const { desk, store } = await openRealDesk(storeName, where);
  onTestFinished(() => store.close());
  onTestFinished(() => desk.stop());
  // Their senders try all again: those that were taken in are known.
  for (const { book, body } of alerts) expect(await desk.post(`/hooks/${book}`, body)).toBe(200);
  await desk.queue.idle();
  await expect.poll(() => desk.queue.countOpen(), { timeout: 60_000 }).toBe(0);
  await desk.reconciler.reconcile('account');

  const problems = await problemsOf(
    desk,
    store,
    {
      lines: (['spot', 'cross'] as const).flatMap((wallet) =>
        Object.entries(binance.balances(wallet)).map(([asset, { free, locked, borrowed, interest }]) => ({
          ...{ wallet, asset },
          held: decimal(free).plus(decimal(locked)),
          owed: decimal(borrowed).plus(decimal(interest)),
        })),
      ),
      orders: binance.orders().map(({ clientOrderId, filled }) => ({ clientOrderId, filled, isOpen: false })),
      worthOf: (asset) => decimal(String(prices[asset] ?? 0)),
    },
    alerts.filter(({ id }) => acknowledged.includes(id)).map(({ id, book }) => ({ id, book, isExit: false })),
  );
  expect(problems).toEqual([]);
  const states = (await desk.inbox.signals({ limit: 100 })).map(({ state }) => state);
  expect(states, 'every alert must have been traded').toEqual(alerts.map(() => 'done'));
}

describe('a desk that is killed while it trades at an exchange', () => {
  test.each([90, 260, 420, 600, 800])(
    'has lost nothing and trades nothing twice, on SQLite (call %i)',
    async (killAt) => survives(await tempFolder(), killAt),
    180_000,
  );
});

const server = await mongoServer();

describe.skipIf(server === undefined)('a desk that is killed while it trades, on MongoDB', () => {
  test.each([260, 600])(
    'has lost nothing and trades nothing twice (call %i)',
    async (killAt) => survives(`${server?.uri.replace(/\/+$/, '')}/${server?.database()}`, killAt),
    180_000,
  );
});
