import { expect, test } from 'vitest';
import { openFloor } from './floor.ts';

test('a command arrives taken apart, and its answer is shown', async () => {
  const { discord, handler } = await openFloor();
  const ann = discord.user('ann');
  const exchange = await ann.slash('backtest', { strategy: 'sma', cash: 1000, short: true });
  const answer = await exchange.shown();
  expect(handler.commands[0]?.input).toEqual({
    kind: 'structured',
    command: ['backtest'],
    options: { strategy: 'sma', cash: 1000, short: true },
  });
  expect(answer.text).toContain('heard');
  expect(discord.refusals).toEqual([]);
});
