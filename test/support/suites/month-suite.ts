/** A month of sessions as two desks on one store live it: the clock moves on, and desks stop and start whenever it hits. */
import { expect, it, vi } from 'vitest';
import { Interrupted } from '../../../engine/execution/patience.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../clock.ts';
import {
  expectOneRunForEach,
  type MonthPlan,
  monthPlan,
  monthStrategies,
  randomOf,
  type Seeds,
} from '../plan-month.ts';
import { openPlans } from '../plans.ts';

const slow = 240_000;
const patience = { timeout: 120_000, interval: 1 };

/**
 * @param openStore gives a line to a store that nobody has; called with one that it gave, another line to the same
 */
export function monthSuite(openStore: (same?: Store) => Promise<Store>, seeds: Seeds): void {
  it.each(seeds)(
    'have one run a session, no order twice, and books equal to the broker, whenever desks stop and start (%s, seed %i)',
    async (name: MonthPlan, seed: number) => {
      const random = randomOf(seed);
      const may = (chance: number) => random() < chance;
      const store = await openStore();
      const first = await openPlans({
        store,
        strategies: monthStrategies,
        plan: monthPlan(name),
        clock: new ManualClock('2024-03-28T19:00:00.000Z'),
      });
      const { schedule, clock } = first;
      const beside = async () => first.again({ alone: false, store: await openStore(store) });
      const desks = [first, await beside()];
      const restart = async (which: number) => {
        await desks[which]?.stop();
        desks[which] = await beside();
      };
      /** The moment has come: the schedule does not let go before its run is made. */
      const fire = () =>
        vi.waitFor(async () => {
          await schedule.fire(clock.now()).catch((error) => {
            if (!(error instanceof Interrupted)) throw error;
          });
          await Promise.all(desks.map(({ plans }) => plans.watch()));
          expect(schedule.next(name)?.getTime(), 'the next moment').toBeGreaterThan(clock.now().getTime());
        }, patience);

      const sessions: string[] = [];
      for (let day = 0; day < 22; day++) {
        const next = schedule.next(name);
        if (!next) throw new Error(`nothing is on the schedule on day ${day}`);
        sessions.push(next.toISOString().slice(0, 10));
        clock.set(next.toISOString());
        const fired = fire();
        if (may(0.3)) {
          for (let turns = Math.floor(random() * 200); turns > 0; turns--) await passing();
          await restart(may(0.5) ? 1 : 0);
        }
        await fired;
        if (may(0.4)) await restart(may(0.5) ? 1 : 0);
        if (may(0.3)) await desks[may(0.5) ? 1 : 0]?.plans.run(name, { by: 'ann' });
        await Promise.all(desks.map(({ plans }) => plans.watch()));
      }
      await expectOneRunForEach(first.plans, name, sessions);
      expect(sessions).not.toContain('2024-03-29'); // Good Friday

      const orders = await first.executor.orders({ limit: 1000 });
      expect(orders.length, 'it has to trade for this test to say anything').toBeGreaterThan(
        name === 'demo' ? 1 : 10,
      );
      expect(new Set(orders.map(({ operation }) => operation)).size, 'no order twice').toBe(orders.length);
      expect(orders.map(({ state }) => state)).toEqual(orders.map(() => 'filled'));

      const { positions } = await first.books.show('trend');
      const held = new Map(
        (await first.broker.positions()).map(({ symbol, quantity }) => [symbol, quantity]),
      );
      expect(new Map(positions.map(({ symbol, quantity }) => [symbol, quantity]))).toEqual(held);
      const { imbalances, wrongBooks } = await first.books.audit();
      expect([[...imbalances.keys()], wrongBooks]).toEqual([[], []]);
    },
    slow,
  );
}

/** A turn of the event loop. */
function passing(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
