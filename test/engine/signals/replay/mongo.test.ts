import { describe, onTestFinished } from 'vitest';
import { openMongoStore } from '../../../../engine/store/mongo/store.ts';
import { mongoServer } from '../../../support/mongodb/server.ts';
import { replaySuite } from '../../../support/suites/replay-suite.ts';

const server = await mongoServer();

describe.skipIf(server === undefined)('the replay of a signal on MongoDB', () => {
  if (server === undefined) return;

  replaySuite(async () => {
    const store = await openMongoStore({ uri: server.uri, database: server.database() });
    onTestFinished(async () => {
      await store.database.dropDatabase();
      await store.close();
    });
    return store;
  });
});
