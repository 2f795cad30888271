import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSource } from '../../../engine/market/sources/index.ts';
import { sourceSurroundings } from '../../support/source-surroundings.ts';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../config.example/demo/data');

const demoAt = (now: string) =>
  createSource('demo', { type: 'demo', folder }, sourceSurroundings({ now: () => new Date(now) }));
const request = { interval: '1d', adjusted: true } as const;
const lastDay = async (now: string) => {
  const [bars] = await (await demoAt(now)).bars({ ...request, symbols: ['AMBR'] });
  return new Date(bars?.time.at(-1) ?? 0).toISOString().slice(0, 10);
};

test('the S&P 500 has its real first and last bar', async () => {
  const [bars] = await (await demoAt('2026-01-05T12:00:00Z')).bars({ ...request, symbols: ['sp500'] });
  expect(bars).toMatchObject({ symbol: 'SP500', interval: '1d' });
  expect(bars?.time).toHaveLength(5105);
  expect(bars?.close[0]).toBe(1455.219971);
  expect(bars?.close.at(-1)).toBe(2874.560059);
});

test('an invented stock has the same bars whenever and wherever it is asked', async () => {
  const early = await (await demoAt('2020-01-02T12:00:00Z')).bars({ ...request, symbols: ['AMBR', 'HLYX'] });
  const late = await (await demoAt('2026-06-01T12:00:00Z')).bars({ ...request, symbols: ['AMBR', 'HLYX'] });
  for (const [index, bars] of early.entries()) {
    const count = bars.time.length;
    expect(Array.from(late[index]?.close.subarray(0, count) ?? [])).toEqual(Array.from(bars.close));
  }
  // Figures that were written down once: the generator may never change.
  expect(Array.from(early[0]?.close.subarray(0, 4) ?? [])).toEqual([41.52, 42.49, 43.17, 43.27]);
});

test('every invented bar could be a real one', async () => {
  const demo = await demoAt('2026-06-01T12:00:00Z');
  const symbols = (await demo.symbols('', 20))
    .map(({ symbol }) => symbol)
    .filter((symbol) => symbol !== 'SP500');
  expect(symbols).toHaveLength(8);
  for (const bars of await demo.bars({ ...request, symbols })) {
    for (let i = 0; i < bars.time.length; i++) {
      const [open = 0, high = 0, low = 0, close = 0] = [
        bars.open[i],
        bars.high[i],
        bars.low[i],
        bars.close[i],
      ];
      const where = `${bars.symbol} ${new Date(bars.time[i] ?? 0).toISOString()}`;
      expect(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close), where).toBe(true);
      expect(Math.round(close * 100) / 100, 'whole cents').toBe(close);
      expect([1, 2, 3, 4, 5], 'a weekday').toContain(new Date(bars.time[i] ?? 0).getUTCDay());
    }
  }
});

test('a session has its bar from its close in New York on, and none on weekends', async () => {
  // 2026-01-05 is a Monday; New York closes at 21:00 UTC in winter and at 20:00 in summer.
  expect(await lastDay('2026-01-05T20:59:00Z')).toBe('2026-01-02');
  expect(await lastDay('2026-01-05T21:00:00Z')).toBe('2026-01-05');
  expect(await lastDay('2026-01-04T12:00:00Z')).toBe('2026-01-02');
  expect(await lastDay('2026-07-06T20:00:00Z')).toBe('2026-07-06');
});

test('stocks are found by a part of their name', async () => {
  const demo = await demoAt('2026-01-05T12:00:00Z');
  expect(await demo.symbols('vale', 5)).toEqual([
    { symbol: 'GRNT', name: 'Granite & Vale Bank', currency: 'USD' },
  ]);
  expect(await demo.symbols('', 3)).toHaveLength(3);
});
