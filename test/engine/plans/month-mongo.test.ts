/** The month on MongoDB: each desk reaches the one store by a line of its own, as workers on several machines do. */
import { describe, onTestFinished } from 'vitest';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import type { Store } from '../../../engine/store/store.ts';
import { mongoServer } from '../../support/mongodb/server.ts';
import { seedsOfMonths } from '../../support/plan-month.ts';
import { monthSuite } from '../../support/suites/month-suite.ts';

const server = await mongoServer();

describe.skipIf(server === undefined)('plans over a month on MongoDB', () => {
  if (server === undefined) return;
  const databases = new WeakMap<Store, string>();
  monthSuite(
    async (same) => {
      const database = (same && databases.get(same)) ?? server.database();
      const store = await openMongoStore({ uri: server.uri, database });
      databases.set(store, database);
      onTestFinished(async () => {
        if (!same) await store.database.dropDatabase();
        await store.close();
      });
      return store;
    },
    seedsOfMonths([['daily', 2]]),
  );
});
