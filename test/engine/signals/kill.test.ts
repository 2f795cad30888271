/** The same as the crashes in one process, but nothing is played: a real process, a real file, a real `kill -9`. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { systemClock } from '../../../engine/clock.ts';
import { openSqliteStore } from '../../../engine/store/sqlite/store.ts';
import { expectBooksEqualAccount } from '../../support/books-equal-account.ts';
import { tempFolder } from '../../support/temp-store.ts';
import { killedAlerts, openTrading } from '../../support/trading.ts';

const script = fileURLToPath(import.meta.resolve('../../support/trading-process.ts'));

/** Runs a desk that is killed at a call to its store; resolves with what it had acknowledged by then. */
function killedDesk(
  folder: string,
  killAt: number,
): Promise<{ acknowledged: string[]; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', script, folder, String(killAt)],
      (_, stdout, stderr) => {
        if (stderr !== '') reject(new Error(stderr));
        else resolve({ acknowledged: stdout.split('\n').filter(Boolean), signal: child.signalCode });
      },
    );
  });
}

test.each([
  40, 75, 120, 163, 210, 288,
])('a desk that is killed at its store call %i has lost nothing, and trades nothing twice', async (killAt) => {
  const folder = await tempFolder();
  const { acknowledged, signal } = await killedDesk(folder, killAt);
  expect(signal, 'the desk must have been killed in the middle of its work').toBe('SIGKILL');

  const store = await openSqliteStore({ folder });
  const desk = await openTrading({ store, clock: systemClock }); // as the one that was killed
  await desk.queue.idle();
  const kept = (await desk.inbox.signals({ limit: 100 })).map(({ payload }) => payload['id']);
  expect(kept, 'what was acknowledged must have been kept').toEqual(expect.arrayContaining(acknowledged));
  await expectBooksEqualAccount(desk, 'after the restart');

  // Their senders try all again: those that were taken in are known.
  for (const alert of killedAlerts) await desk.send(alert);
  await desk.queue.idle();
  const signals = await desk.inbox.signals({ limit: 100 });
  expect(signals.filter(({ state }) => state === 'done')).toHaveLength(killedAlerts.length);
  expect(await desk.executor.orders({ limit: 100 })).toHaveLength(killedAlerts.length);
  expect(await desk.paper.fillsSince(new Date(0))).toHaveLength(killedAlerts.length);
  const ends = (await desk.told()).filter(({ type }) => type === 'signal.done');
  expect(ends, 'chat must hear of each trade once').toHaveLength(killedAlerts.length);
  await expectBooksEqualAccount(desk, 'in the end');
  await desk.stop();
  await store.close();
});
