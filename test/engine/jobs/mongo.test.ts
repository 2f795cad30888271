import { tmpdir } from 'node:os';
import { describe } from 'vitest';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { mongoServer } from '../../support/mongodb/server.ts';
import { scheduleSuite } from '../../support/suites/schedule-suite.ts';

const server = await mongoServer();

describe.skipIf(server === undefined)('the schedule on MongoDB', () => {
  if (server === undefined) return;

  scheduleSuite({
    place: async () => {
      const store = { kind: 'mongo', uri: server.uri, database: server.database() } as const;
      return {
        request: { store, folder: tmpdir() },
        discard: async () => {
          const opened = await openMongoStore(store);
          await opened.database.dropDatabase();
          await opened.close();
        },
      };
    },
  });
});
