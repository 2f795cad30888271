/** The webhook describes itself to nobody, and forgets what it need not remember. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ReplayError, SeenSeals } from '../../engine/signals/sealed.ts';
import { ManualClock } from '../support/clock.ts';
import { startDesk } from '../support/desk.ts';
import { tempStore } from '../support/temp-store.ts';

test('no page of the desk says at which address it takes alerts', async () => {
  const desk = await startDesk();
  const nothing = await fetch(`${desk.url}/nothing-here`);
  const text = await nothing.text();
  for (const path of ['/', '/openapi.json', '/docs', '/redoc', '/documentation', '/swagger.json', '/hooks']) {
    const answer = await fetch(`${desk.url}${path}`);
    expect([path, answer.status, await answer.text()]).toEqual([path, nothing.status, text]);
  }
  expect(text).not.toContain('demo');
});

test('a nonce is remembered for as long as its message could be used again, and then forgotten', async () => {
  const store = await tempStore();
  const clock = new ManualClock();
  const seals = await SeenSeals.open(store, clock);
  const passesUntil = new Date(clock.now().getTime() + 60_000);
  await seals.use({ id: 'once', content: 'one message', passesUntil });
  expect(await seals.purge(), 'it can still be used again').toBe(0);
  await expect(seals.use({ id: 'once', content: 'another', passesUntil })).rejects.toThrow(ReplayError);
  clock.advance(2 * 86_400_000);
  expect(await seals.purge()).toBe(1);
});

test('the desk starts no other program than itself, save what its configuration names for a login, without a shell: it cannot fetch or install code', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const files = ['bot', 'commands', 'engine'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.m?[jt]s$/.test(file))
      .map((file) => join(folder, file)),
  );
  const starting = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('child_process'));
  // The desk again after /restart, backtests and tasks in processes of their own.
  const itself = ['bot/restart.ts', 'engine/backtest/apart/apart.ts', 'engine/tasks/script-process.ts'];
  const login = 'engine/brokers/ib/launch.ts';
  expect(starting.sort()).toEqual([...itself, login].sort());
  for (const file of itself) {
    expect(readFileSync(join(root, file), 'utf8')).toMatch(/process\.execPath|fork\(/);
  }
  expect(readFileSync(join(root, login), 'utf8')).not.toMatch(/shell:\s*true|\bexec(Sync|File)?\(/);
});
