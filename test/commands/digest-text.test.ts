import { expect, it } from 'vitest';
import { type DigestReader, digestReply } from '../../commands/digest-text.ts';
import { plainText } from '../../commands/reply.ts';
import { Times } from '../../commands/times.ts';
import type { DivergenceFigures } from '../../engine/desk.ts';
import { zero } from '../../engine/money.ts';
import { ManualClock } from '../support/clock.ts';

const figures = (plan: string, of: Partial<DivergenceFigures>): DivergenceFigures => ({
  ...{ plan, book: plan, account: 'PAPER', currency: 'USD', from: '2026-11-02', to: '2026-11-20' },
  orders: [{} as DivergenceFigures['orders'][number]],
  totals: {
    ...{ filled: 4, partly: 0, missed: 0, slippage: 8, slippageBps: 5, fees: zero, simulatedCommission: 0 },
    ...{ missedProfit: 0, medianDelayMs: 0 },
  },
  equity: null,
  notes: [],
  ...of,
});
const apart = (difference: number) => ({
  difference,
  trackingErrorPercent: null,
  because: { slippage: 0, fees: 0, size: 0, missed: 0, notSimulated: 0, rest: 0 },
});

async function linesOf(divergences: readonly DivergenceFigures[]): Promise<readonly string[]> {
  const clock = new ManualClock('2026-11-21T08:00:00Z');
  const desk = {
    jobs: async () => [],
    plans: { divergencesSince: async () => divergences },
    digest: async ({ since, until }: { since: Date; until: Date }) => ({
      ...{ since, until, books: [] },
      counts: {
        signals: { done: 0, refused: 0, failed: 0 },
        handTrades: 0,
        runs: { finished: 1, failed: 0, missed: 0 },
        stoppedPlans: 0,
      },
      troubles: { unknownOrders: 0, stuckOperations: 0, differences: 0, brokers: [] },
    }),
    accountText: (broker: string) => broker,
  };
  const reader = {
    desk: desk as unknown as DigestReader['desk'],
    reach: undefined,
    times: new Times('UTC', clock),
  };
  const { text = [] } = await digestReply(reader, new Date('2026-11-20T08:00:00Z'));
  return plainText(text)
    .split('\n')
    .filter((line) => line.startsWith('Plan '));
}

it('says in a line per plan how far its book is from its backtest, and which orders were missed', async () => {
  const totals = figures('x', {}).totals;
  expect(
    await linesOf([
      figures('behind', { equity: apart(-1234.567), totals: { ...totals, missed: 2 } }),
      figures('ahead', { equity: apart(3), totals: { ...totals, slippageBps: null } }),
      figures('level', { equity: apart(1e-9), totals: { ...totals, missed: 1 } }),
      figures('incremental', {}),
      figures('idle', { equity: apart(0), orders: [] }),
    ]),
  ).toEqual([
    'Plan behind since 2026-11-02, 1,234.57 USD less than its backtest, slippage 5.0 bps, 2 orders missed: /plan divergence behind',
    'Plan ahead since 2026-11-02, 3.00 USD more than its backtest: /plan divergence ahead',
    'Plan level since 2026-11-02, level with its backtest, slippage 5.0 bps, 1 order missed: /plan divergence level',
    'Plan incremental since 2026-11-02, slippage 5.0 bps: /plan divergence incremental',
  ]);
});
