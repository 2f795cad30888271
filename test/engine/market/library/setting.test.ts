import { expect, test } from 'vitest';
import { sourceSettings } from '../../../../engine/market/sources/index.ts';

test('a source of files at home has no library: its files are the library', () => {
  const demo = sourceSettings.safeParse({ type: 'demo', folder: 'data', library: true });
  expect(demo.success).toBe(false);
  expect(sourceSettings.safeParse({ type: 'demo', folder: 'data' }).success).toBe(true);
});
