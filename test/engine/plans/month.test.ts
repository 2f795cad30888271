/** A month of sessions of a plan, on SQLite; and a month of a portfolio against the one long backtest. */
import { describe, expect, it } from 'vitest';
import { Backtest } from '../../../engine/backtest/backtest.ts';
import { ManualClock } from '../../support/clock.ts';
import { inventedStocks, Strongest, seedsOfMonths } from '../../support/plan-month.ts';
import { openPlans } from '../../support/plans.ts';
import { monthSuite } from '../../support/suites/month-suite.ts';
import { tempStore } from '../../support/temp-store.ts';

const slow = 240_000;

describe('plans over a month', () => {
  monthSuite(
    async (same) => same ?? tempStore(),
    seedsOfMonths([
      ['demo', 1],
      ['daily', 2],
      ['daily', 20],
    ]),
  );
});

describe('a portfolio run day by day as a plan', () => {
  it(
    'wants the same orders as one long backtest',
    async () => {
      const desk = await openPlans({
        strategies: { strongest: Strongest },
        plan: {
          name: 'strongest',
          strategy: 'strongest',
          symbols: inventedStocks,
          calendar: '24/5',
          schedule: { times: '16:30', timezone: 'America/New_York' },
          entry: 'regular hours',
          tradeStart: '2024-03-04',
          backtestStart: '2024-01-02',
        },
        clock: new ManualClock('2024-03-04T20:00:00.000Z'),
      });
      for (let day = 0; day < 25; day++) {
        const next = desk.schedule.next('strongest');
        if (!next) throw new Error('nothing is on the schedule');
        desk.clock.set(next.toISOString());
        await desk.schedule.fire(desk.clock.now());
      }
      const bars = await desk.source.bars({
        symbols: inventedStocks,
        from: new Date('2024-01-02'),
        interval: '1d',
        adjusted: true,
      });
      const long = new Backtest(bars, Strongest, { cash: 10_000, tradeStart: Date.UTC(2024, 2, 4) }).run();
      const expected = long.orders.map(({ symbol, signalBar, sequence, side, size }) => [
        new Date(long.time[signalBar] ?? 0).toISOString(),
        sequence,
        side,
        symbol,
        size,
      ]);
      const stored = await desk.wanted('strongest');
      expect(stored.length, 'it has to trade for this test to say anything').toBeGreaterThan(12);
      expect(
        stored
          .map(({ signalAt, sequence, side, symbol, quantity }) => [
            signalAt,
            sequence,
            side,
            symbol,
            Number(quantity),
          ])
          .sort(),
      ).toEqual(expected.sort());
    },
    slow,
  );
});
