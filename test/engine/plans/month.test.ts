/** A month of sessions as the desk lives it: the clock moves on, the desk is started anew at random, two desks share a store. */
import { describe, expect, it } from 'vitest';
import { Backtest } from '../../../engine/backtest/backtest.ts';
import { ManualClock } from '../../support/clock.ts';
import {
  expectOneRunForEach,
  inventedStocks,
  type MonthPlan,
  monthPlan,
  monthStrategies,
  randomOf,
  Strongest,
} from '../../support/plan-month.ts';
import { openPlans } from '../../support/plans.ts';

const slow = 240_000;

describe('plans over a month', () => {
  it.each<[MonthPlan, number]>([
    ['demo', 1],
    ['daily', 2],
    ['daily', 20],
  ])(
    'have one run a session, no order twice, and books equal to the broker, whenever desks stop and start (%s, seed %i)',
    async (name, seed) => {
      const random = randomOf(seed);
      const desk = await openPlans({
        strategies: monthStrategies,
        plan: monthPlan(name),
        clock: new ManualClock('2024-03-28T19:00:00.000Z'),
      });
      let beside = await desk.again({ alone: false });
      const sessions: string[] = [];
      for (let day = 0; day < 22; day++) {
        const next = desk.schedule.next(name);
        if (!next) throw new Error(`nothing is on the schedule on day ${day}`);
        sessions.push(next.toISOString().slice(0, 10));
        desk.clock.set(next.toISOString());
        await desk.schedule.fire(desk.clock.now());
        if (random() < 0.4) {
          await beside.stop();
          beside = await desk.again({ alone: false });
          await desk.schedule.fire(desk.clock.now());
        }
        if (random() < 0.3) await beside.plans.run(name, { by: 'ann' });
        await beside.plans.watch();
      }
      await expectOneRunForEach(desk.plans, name, sessions);
      expect(sessions).not.toContain('2024-03-29'); // Good Friday

      const orders = await desk.executor.orders({ limit: 1000 });
      expect(orders.length, 'it has to trade for this test to say anything').toBeGreaterThan(
        name === 'demo' ? 1 : 10,
      );
      expect(new Set(orders.map(({ operation }) => operation)).size, 'no order twice').toBe(orders.length);
      expect(orders.map(({ state }) => state)).toEqual(orders.map(() => 'filled'));

      const { positions } = await desk.books.show('trend');
      const held = new Map((await desk.broker.positions()).map(({ symbol, quantity }) => [symbol, quantity]));
      expect(new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]))).toEqual(held);
    },
    slow,
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
