import { describe, expect, onTestFinished, test } from 'vitest';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { defineCollection } from '../../../engine/store/store.ts';
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

  test('what a sender waits for goes ahead of what has not left yet', async () => {
    const database = server.database();
    const store = await openMongoStore({ uri: server.uri, database });
    onTestFinished(async () => {
      await store.database.dropDatabase();
      await store.close();
    });
    const notes = await store.collection(defineCollection<{ _id: string }>('notes'));
    const order: string[] = [];
    const put = async (_id: string, awaited: boolean) => {
      await notes.insert({ _id }, { awaited });
      order.push(_id);
    };
    const others = Array.from({ length: 200 }, (_, index) => put(`other-${index}`, false));
    await put('alert', true);
    expect(order.length).toBeLessThan(others.length / 2);
    await Promise.all(others);
    expect(await notes.count()).toBe(others.length + 1);
  });
});
