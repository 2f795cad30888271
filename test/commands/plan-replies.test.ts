import { describe, expect, it } from 'vitest';
import { ordersReply } from '../../commands/plan-replies.ts';
import { Times } from '../../commands/times.ts';
import type { PlanOrder } from '../../engine/desk.ts';
import { ManualClock } from '../support/clock.ts';

const times = new Times('America/New_York', new ManualClock('2024-03-04T12:00:00.000Z'));

function orderOf(signalAt: string): PlanOrder {
  return {
    ...{ side: 'buy', symbol: 'AMBR', quantity: '3', terms: { type: 'market' }, state: 'filled', signalAt },
    ...{ stopLoss: null, takeProfit: null, averagePrice: '100.5', reason: null, checks: [] },
  };
}

describe('the signals of a plan’s orders', () => {
  it('are told by the reader’s clock, and its zone with them', () => {
    const { table } = ordersReply('fast', [orderOf('2024-03-04T14:30:00.000Z')], times);
    expect(table?.columns.map(({ name }) => name)).toContain('Signal (America/New_York)');
    expect(table?.rows[0]).toContain('2024-03-04 09:30');
  });

  it('of daily bars keep their day, which west of Greenwich would be the one before', () => {
    const { table } = ordersReply('daily', [orderOf('2024-03-04T00:00:00.000Z')], times);
    expect(table?.columns.map(({ name }) => name)).toContain('Signal');
    expect(table?.rows[0]).toContain('2024-03-04');
  });
});
