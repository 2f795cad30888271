/** What holds for the books whatever happens to them: on SQLite, and in shorter stories on MongoDB. */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ledger } from '../../../engine/bank/ledger.ts';
import { snapshotText } from '../../../engine/bank/snapshots.ts';
import type { Amounts } from '../../../engine/bank/sums.ts';
import type { BookState } from '../../../engine/bank/trades.ts';
import { newBook, withTrades } from '../../../engine/bank/trades.ts';
import type { Decimal } from '../../../engine/money.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import { openMongoStore } from '../../../engine/store/mongo/store.ts';
import { openSqliteStore } from '../../../engine/store/sqlite/store.ts';
import type { Store } from '../../../engine/store/store.ts';
import type { Scene } from '../../support/bank-story.ts';
import { openBooks, scenes, storyBooks, tell } from '../../support/bank-story.ts';
import { ManualClock } from '../../support/clock.ts';
import { mongoServer } from '../../support/mongodb/server.ts';
import { tempFolder } from '../../support/temp-store.ts';

const server = await mongoServer();

async function tellAndCheck(story: readonly Scene[], store: Store): Promise<void> {
  const { books, model } = await tell(story, store);
  const ledger = await Ledger.open(store, new ManualClock());
  const postings = await ledger.after(0, 10_000);

  const totals = new Map<string, Decimal>();
  for (const { asset, amount } of postings.flatMap(({ entries }) => entries))
    totals.set(asset, (totals.get(asset) ?? zero).plus(decimal(amount)));
  for (const [asset, total] of totals) expect(decimalText(total), `the sum of all ${asset}`).toBe('0');

  const held = new Map<string, string>();
  const owed = new Map<string, string>();
  for (const { name } of storyBooks) {
    const { wallets, debts, lent } = await books.holdings(name);
    for (const [wallet, amounts] of wallets)
      for (const [asset, amount] of amounts) held.set(`${name} ${wallet} ${asset}`, decimalText(amount));
    const modelDebts = new Map<string, Decimal>();
    for (const [key, amount] of model.owed) {
      const [owner, , asset = ''] = key.split(' ');
      if (owner === name) model.add(modelDebts, asset, amount);
    }
    expect(text(debts), `what ${name} owes`).toEqual(text(modelDebts));
    expect(decimalText(lent.get('USDT') ?? zero)).toBe(decimalText(model.lent.get(name) ?? zero));
  }
  const balances = await books.balancesOfBroker('margin');
  for (const [wallet, amounts] of balances.unassigned)
    for (const [asset, amount] of amounts) held.set(`desk ${wallet} ${asset}`, decimalText(amount));
  for (const [wallet, amounts] of balances.debts)
    for (const [asset, amount] of amounts) owed.set(`${wallet} ${asset}`, decimalText(amount));
  expect(sorted(held), 'what lies where').toEqual(sorted(new Map(Object.entries(text(model.held)))));
  const allOwed = new Map<string, Decimal>();
  for (const [key, amount] of model.owed) model.add(allOwed, key.split(' ').slice(1).join(' '), amount);
  expect(sorted(owed), 'what is owed at the broker').toEqual(sorted(new Map(Object.entries(text(allOwed)))));

  for (const { name } of storyBooks) {
    const mine = postings.filter(({ book, otherBook }) => book === name || otherBook === name);
    const state = mine.reduce(withTrades(name), newBook);
    checkIdentity(state);
    checkTrades(state);
    expect(snapshotText(await books.holdings(name)), 'replay and running sums').toBe(
      snapshotText(state.holdings),
    );
    const trades = await books.trades({ book: name });
    expect(trades).toEqual(
      [...state.closed].sort((one, other) => one.sequence - other.sequence || (one._id < other._id ? -1 : 1)),
    );
    const afterRestart = await openBooks(store);
    expect(snapshotText(await afterRestart.holdings(name)), 'what a restart finds').toBe(
      snapshotText(state.holdings),
    );
  }
  const audit = await books.audit();
  expect({ ...audit, imbalances: [...audit.imbalances] }).toEqual({
    postings: postings.length,
    imbalances: [],
    wrongBooks: [],
    wrongBrokers: [],
    wrongTrades: [],
  });
}

/** To the last digit, for each currency and each asset. */
function checkIdentity({ holdings }: BookState): void {
  const { cash, positions, wallets, debts, lent, deposited, realised, fees, interestCost } = holdings;
  const of = (sums: Amounts, name: string) => sums.get(name) ?? zero;
  for (const currency of ['USDT', 'ADA', 'NEO', 'BNB']) {
    const cost = [...positions.values()]
      .filter((position) => position.currency === currency)
      .reduce((sum, position) => sum.plus(position.cost), zero);
    const earned = of(realised, currency).minus(of(fees, currency)).minus(of(interestCost, currency));
    expect(decimalText(of(cash, currency).plus(cost)), `cash and cost in ${currency}`).toBe(
      decimalText(of(deposited, currency).plus(of(lent, currency)).plus(earned)),
    );
    const lies = [...wallets.values()].reduce((sum, amounts) => sum.plus(of(amounts, currency)), zero);
    const net = of(cash, currency).plus(positions.get(currency)?.quantity ?? zero);
    expect(decimalText(lies.minus(of(debts, currency))), `what is owned of ${currency}`).toBe(
      decimalText(net),
    );
  }
}

/** All trades together earned, and paid, what the book did. */
function checkTrades({ holdings, open, closed, charged }: BookState): void {
  const currency = 'USDT';
  const sum = (amounts: readonly (Decimal | undefined)[]) =>
    amounts.reduce<Decimal>((total, amount) => total.plus(amount ?? zero), zero);
  const equal = (what: string, ofTrades: Decimal, ofBook: Decimal | undefined) =>
    expect(decimalText(ofTrades), `${what} of all trades`).toBe(decimalText(ofBook ?? zero));
  equal(
    'profit',
    sum([
      ...closed.map((trade) => decimal(trade.grossProfit)),
      ...open.map((trade) => trade.grossProfit.get(currency)),
    ]),
    holdings.realised.get(currency),
  );
  equal(
    'fees',
    sum([...closed.map((trade) => decimal(trade.fees)), ...open.map((trade) => trade.fees.get(currency))]),
    holdings.fees.get(currency),
  );
  equal(
    'interest',
    sum([
      ...closed.map((trade) => decimal(trade.interest)),
      ...open.map((trade) => trade.interest.get(currency)),
      ...[...charged.values()].map((costs) => costs.get(currency)),
    ]),
    holdings.interestCost.get(currency),
  );
}

function text(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(
    sorted(new Map([...amounts].map(([name, amount]) => [name, decimalText(amount)]))),
  );
}

function sorted(entries: ReadonlyMap<string, string>): [string, string][] {
  return [...entries].sort(([one], [other]) => (one < other ? -1 : 1));
}

describe('whatever happens to the books, they balance, they equal a simple model, and a restart finds them', () => {
  test('on SQLite', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(scenes, { minLength: 3, maxLength: 40 }), async (story) => {
        const store = await openSqliteStore({ folder: await tempFolder() });
        try {
          await tellAndCheck(story, store);
        } finally {
          await store.close();
        }
      }),
      { numRuns: 100 },
    );
  });

  test.skipIf(server === undefined)('on MongoDB', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(scenes, { minLength: 8, maxLength: 14 }), async (story) => {
        const store = await openMongoStore({ uri: server?.uri ?? '', database: server?.database() ?? '' });
        onTestFinished(() => store.close());
        await tellAndCheck(story, store);
      }),
      { numRuns: 4 },
    );
  });
});
