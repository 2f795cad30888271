/** A portfolio of the reference runs as a plan on MongoDB: numbers and texts come back from there as they were. */
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { firstBarOf, portfolioOf, replayAsPlan } from '../../reference/as-plans.ts';
import { readJson } from '../../reference/cases.ts';
import type { MinitradeCase } from '../../reference/minitrade.ts';
import { strategies } from '../../reference/strategies/index.ts';
import { mongoServer } from '../../support/mongodb/server.ts';
import { tempFolder } from '../../support/temp-store.ts';

const folder = path.join(import.meta.dirname, '../../reference');
const server = await mongoServer();

describe.skipIf(server === undefined)('a portfolio run as a plan on MongoDB', () => {
  if (server === undefined) return;

  it('wants the orders of the one long backtest, and its book holds the same', async () => {
    const reference = readJson(path.join(folder, 'cases/portfolios/multi-top-roc.json.gz')) as MinitradeCase;
    const Strategy = strategies[reference.strategy.id];
    if (!Strategy) throw new Error(`no strategy ${reference.strategy.id}`);
    const portfolio = portfolioOf(reference, Strategy, path.join(folder, 'data'));
    const store = await openMongoStore({ uri: server.uri, database: server.database() });
    onTestFinished(async () => {
      await store.database.dropDatabase();
      await store.close();
    });
    const place = { store, folder: await tempFolder() };
    const { orders, differences } = await replayAsPlan(portfolio, {
      ...{ mode: 'strict', days: 15, firstBar: firstBarOf(portfolio) },
      ...place,
    });
    expect(differences).toEqual([]);
    expect(orders, 'it has to trade for this test to say anything').toBeGreaterThan(1);
  }, 300_000);
});
