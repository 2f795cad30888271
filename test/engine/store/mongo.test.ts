import { describe } from 'vitest';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { mongoServer } from '../../support/mongodb/server.ts';
import { storeSuite } from '../../support/suites/store-suite.ts';

const server = await mongoServer();

describe.skipIf(server === undefined)('the store on MongoDB', () => {
  if (server === undefined) return;

  storeSuite({
    runs: 40,
    place: async () => {
      const database = server.database();
      return {
        open: () => openMongoStore({ uri: server.uri, database }),
        discard: async () => {
          const store = await openMongoStore({ uri: server.uri, database });
          await store.database.dropDatabase();
          await store.close();
        },
      };
    },
  });
});
