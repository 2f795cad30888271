/** A month of sessions as the desk lives it: the clock moves on, the desk is started anew at random, two desks share a store. */
import { describe, expect, it } from 'vitest';
import MomentumRotation from '../../../config.example/demo/strategies/momentum_rotation.ts';
import { Backtest } from '../../../engine/backtest/backtest.ts';
import { Strategy } from '../../../engine/backtest/index.ts';
import { ManualClock } from '../../support/clock.ts';
import { openPlans } from '../../support/plans.ts';

const symbols = ['AMBR', 'BRKW', 'CLVR', 'DRFT', 'ELMO', 'FJRD', 'GRNT', 'HLYX'];
const slow = 240_000;

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Holds the two that rose most over ten days, by weight: turned over every day. */
class Strongest extends Strategy {
  init() {}
  next() {
    if (this.data.length < 12) return;
    const risen = this.data.symbols
      .map((symbol) => {
        const { close } = this.data.of(symbol);
        return { symbol, rise: close.last / close.at(-11) - 1 };
      })
      .sort((a, b) => b.rise - a.rise)
      .slice(0, 2)
      .map(({ symbol }) => symbol);
    for (const symbol of this.data.symbols) if (!risen.includes(symbol)) this.positionOf(symbol).close();
    for (const symbol of risen) {
      if (this.positionOf(symbol).size > 0) continue;
      this.buy({ symbol, size: Math.floor((this.equity * 0.4) / this.data.of(symbol).close.last) });
    }
  }
}

describe('plans over a month', () => {
  it.each([
    ['demo', 1],
    ['daily', 2],
    ['daily', 20],
  ])(
    'have one run a session, no order twice, and books equal to the broker, whenever desks stop and start (%s, seed %i)',
    async (name, seed) => {
      const random = randomOf(seed);
      const desk = await openPlans({
        strategies: { momentum_rotation: MomentumRotation, daily: Strongest },
        plan: {
          name,
          strategy: name === 'demo' ? 'momentum_rotation' : 'daily',
          symbols,
          calendar: 'XNYS',
          schedule: { times: '16:30' },
          commission: 0.001,
          backtestStart: '2023-01-03',
        },
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
      const runs = await desk.plans.history(name, 100);
      const scheduled = runs.filter(({ kind }) => kind === 'scheduled');
      expect(scheduled.map(({ session }) => session).reverse(), 'one run for each session').toEqual(sessions);
      expect(scheduled.every(({ state }) => state === 'done')).toBe(true);
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
          symbols,
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
        symbols,
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
