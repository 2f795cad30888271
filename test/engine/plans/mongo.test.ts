import { describe, expect, it, onTestFinished } from 'vitest';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { mongoServer } from '../../support/mongodb/server.ts';
import { expectOneRunForEach, monthPlan, monthStrategies } from '../../support/plan-month.ts';
import { openPlans } from '../../support/plans.ts';
import { planSuite } from '../../support/suites/plan-suite.ts';

const server = await mongoServer();

describe.skipIf(server === undefined)('plans on MongoDB', () => {
  if (server === undefined) return;
  const connect = async (database: string) => {
    const store = await openMongoStore({ uri: server.uri, database });
    onTestFinished(async () => {
      await store.database.dropDatabase();
      await store.close();
    });
    return store;
  };

  planSuite(() => connect(server.database()));

  it('have one run a session where two desks reach the store each by a line of its own', async () => {
    const database = server.database();
    const desk = await openPlans({
      store: await connect(database),
      strategies: monthStrategies,
      plan: monthPlan('daily'),
      clock: new ManualClock('2024-03-28T19:00:00.000Z'),
    });
    await desk.again({ alone: false, store: await connect(database) });
    const sessions: string[] = [];
    for (let day = 0; day < 5; day++) {
      const next = desk.schedule.next('daily');
      if (!next) throw new Error(`nothing is on the schedule on day ${day}`);
      sessions.push(next.toISOString().slice(0, 10));
      desk.clock.set(next.toISOString());
      await desk.schedule.fire(desk.clock.now());
    }
    await expectOneRunForEach(desk.plans, 'daily', sessions);
    const orders = await desk.executor.orders({ limit: 100 });
    expect(orders.length, 'it has to trade for this test to say anything').toBeGreaterThan(1);
    expect(new Set(orders.map(({ operation }) => operation)).size, 'no order twice').toBe(orders.length);
  }, 240_000);
});
