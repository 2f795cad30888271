/** A market that announces its holidays year by year: what is not announced yet is told apart. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ManualClock } from '../support/clock.ts';
import { startDesk, writeDemo } from '../support/desk.ts';
import { tempFolder } from '../support/temp-store.ts';

it('runs on days whose holidays are not announced yet are called provisional, others are not', async () => {
  const root = await tempFolder();
  const book = { currency: 'USD', capital: '1000', broker: 'paper' };
  await writeDemo(root, { books: { east: book, west: book } });
  const plan = { strategy: 'sma_cross', symbols: ['AMBR'], source: 'demo', backtestStart: '2024-01-02' };
  for (const [name, calendar] of [
    ['east', 'XSHG'],
    ['west', 'XNYS'],
  ] as const) {
    const settings = { ...plan, name, book: name, calendar, schedule: { times: '14:00' } };
    await writeFile(join(root, 'config', 'demo', 'plans', `${name}.yaml`), stringify(settings));
  }
  const desk = await startDesk({ root, clock: new ManualClock('2026-12-30T12:00:00.000Z') });
  desk.type('/plan preview east 2');
  await desk.shows(
    /2026-12-31 14:00: 2026-12-31 06:00 UTC\n2027-01-04 14:00: 2027-01-04 06:00 UTC \(provisional\)\n⚠️ The market had not announced its holidays of 2027/,
  );
  const before = desk.printed().length;
  desk.type('/plan preview west 3');
  await expect
    .poll(() => desk.printed().slice(before), { timeout: 45_000 })
    .toContain('2027-01-04 14:00: 2027-01-04 19:00 UTC');
  expect(desk.printed().slice(before)).not.toContain('provisional');
});
