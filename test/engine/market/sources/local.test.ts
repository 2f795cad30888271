/** The sources on this machine, and several sources as one, against the acceptance cards. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { createSource } from '../../../../engine/market/sources/index.ts';
import type { Source } from '../../../../engine/market/sources/source.ts';
import { ManualClock } from '../../../support/clock.ts';
import { sourceSurroundings } from '../../../support/source-surroundings.ts';
import { sourceSuite } from '../../../support/suites/source-suite.ts';
import { now, type Stock, stocks } from '../../../support/vendors/stocks.ts';

const demoData = path.join(import.meta.dirname, '../../../../config.example/demo/data');
const acme = stocks.find(({ symbol }) => symbol === 'ACME');
const days = (acme?.days ?? []).map(({ date, close, factor }) => ({ date, close, adjusted: close * factor }));

sourceSuite('csv', async () => {
  const folder = await folderOf(stocks);
  return {
    ...{ days, missing: '5m', symbols: ['ACME', 'BOLT'], misspelt: { symbol: 'ACEM', meant: 'ACME' } },
    source: await csvOf('files', folder),
    close: () => rm(folder, { recursive: true }),
  };
});

sourceSuite('demo', async () => ({
  symbols: ['BRKW', 'AMBR'],
  misspelt: { symbol: 'BRKV', meant: 'BRKW' },
  // Figures that were written down once: the generator may never change.
  days: [
    { date: '2026-03-09', close: 72.1, adjusted: 72.1 },
    { date: '2026-03-10', close: 71.28, adjusted: 71.28 },
    { date: '2026-03-11', close: 71.28, adjusted: 71.28 },
    { date: '2026-03-12', close: 70.65, adjusted: 70.65 },
  ],
  missing: '1h',
  source: await createSource(
    'demo',
    { type: 'demo', folder: demoData },
    sourceSurroundings(new ManualClock(now)),
  ),
  close: async () => {},
}));

sourceSuite('union', async () => {
  const folder = await folderOf(stocks);
  const { source, close } = await unionOver(folder, {
    ACME: 'files',
    BOLT: { source: 'files', symbol: 'BOLT' },
  });
  return {
    ...{ days, missing: '5m', misspelt: { symbol: 'ACEM', meant: 'ACME' } },
    source,
    symbols: ['ACME', 'BOLT'],
    close,
  };
});

test('a union asks each symbol at the source that is named for it, and all others at one', async () => {
  const folder = await folderOf(stocks);
  const { source, close } = await unionOver(folder, { ANVIL: { source: 'files', symbol: 'ACME' } }, 'demo');
  const asked = { interval: '1d', adjusted: false } as const;
  const [amber, anvil] = await source.bars({ ...asked, symbols: ['AMBR', 'ANVIL'] });
  expect(amber?.symbol).toBe('AMBR');
  expect(anvil).toMatchObject({ symbol: 'ANVIL' });
  expect(anvil?.close.at(-1)).toBe(50.25);
  expect(await source.lastPrice('anvil')).toMatchObject({ symbol: 'ANVIL', price: '50.25' });
  expect((await source.symbols('ANV', 5)).map(({ symbol }) => symbol)).toEqual(['ANVIL']);
  await expect(source.bars({ ...asked, symbols: ['ACEM'] })).rejects.toThrow(
    'Source demo has no symbol "ACEM"',
  );
  await close();
});

async function unionOver(
  folder: string,
  symbols: Readonly<Record<string, unknown>>,
  otherwise?: string,
): Promise<{ readonly source: Source; close(): Promise<void> }> {
  const clock = new ManualClock(now);
  const surroundings = sourceSurroundings(clock);
  const members = new Map([
    ['files', await csvOf('files', folder)],
    ['demo', await createSource('demo', { type: 'demo', folder: demoData }, surroundings)],
  ]);
  const member = (name: string): Source => members.get(name) ?? surroundings.source(name);
  const settings = { type: 'union', symbols, ...(otherwise !== undefined && { otherwise }) };
  return {
    source: await createSource('all', settings, { ...surroundings, source: member }),
    close: () => rm(folder, { recursive: true }),
  };
}

async function csvOf(name: string, folder: string): Promise<Source> {
  const settings = { type: 'csv', folder, timezone: 'America/New_York', currency: 'USD' };
  return createSource(name, settings, { ...sourceSurroundings(new ManualClock(now)), log: silentLog });
}

async function folderOf(all: readonly Stock[]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sources-'));
  for (const { symbol, days: rows } of all) {
    const lines = rows.map(({ date, open, high, low, close, volume, factor }) =>
      [date, open, high, low, close, close * factor, volume].join(','),
    );
    const text = ['Date,Open,High,Low,Close,Adj Close,Volume', ...lines].join('\n');
    await writeFile(path.join(folder, `${symbol}.csv`), `${text}\n`);
  }
  return folder;
}
