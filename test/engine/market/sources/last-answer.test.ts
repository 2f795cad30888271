import { expect, it } from 'vitest';
import { UserError } from '../../../../engine/errors.ts';
import { withLastAnswer } from '../../../../engine/market/sources/last-answer.ts';
import { ManualClock } from '../../../support/clock.ts';

it('a source says when it has answered last, and a refusal is no answer', async () => {
  const clock = new ManualClock();
  const source = withLastAnswer(
    {
      name: 'prices',
      timezone: 'UTC',
      bars: async () => [],
      symbols: async () => [],
      lastPrice: async (symbol) => {
        if (symbol !== 'AMBR') throw new UserError(`prices has no ${symbol}.`);
        return { symbol, price: '50', currency: 'USD', at: clock.now() };
      },
    },
    clock,
  );
  expect(source.lastAnswer?.()).toBeUndefined();
  expect(await source.lastPrice('AMBR')).toMatchObject({ price: '50' });
  const answeredAt = clock.now();
  clock.advance(60_000);
  await expect(source.lastPrice('NOPE')).rejects.toThrow('prices has no NOPE.');
  expect(source.lastAnswer?.()).toEqual(answeredAt);
});
