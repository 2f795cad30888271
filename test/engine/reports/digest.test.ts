import { describe, expect, it, onTestFinished } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { DeskEvent } from '../../../engine/events.ts';
import { type Difference, differenceCollection } from '../../../engine/execution/differences.ts';
import { silentLog } from '../../../engine/log.ts';
import { type DigestScope, digestOf } from '../../../engine/reports/digest.ts';
import { LedgerReports } from '../../../engine/reports/ledger.ts';
import { ManualClock } from '../../support/clock.ts';
import { noCharts } from '../../support/plan-desk.ts';
import { FixedPrices } from '../../support/prices.ts';
import { demoBook, openTrading } from '../../support/trading.ts';

const signal = (type: 'signal.refused' | 'signal.failed', book: string): DeskEvent => ({
  ...{ type, signal: `${type}-${book}`, book, summary: 'buy 1 ACME', reason: 'a test' },
});
const difference: Difference = {
  ...{ _id: 'd1', broker: 'paper', kind: 'held', wallet: 'account', asset: 'ACME', order: null },
  ...{ symbol: null, ours: '1', theirs: '2', text: 'one more', blocks: true, state: 'open' },
  ...{ occurrence: 1, foundAt: '2020-04-17T00:00:00.000Z', resolvedAt: null, how: null, by: null },
};

/** ACME at 10 dollars, without fees; two books of which the first trades. */
async function desk() {
  const clock = new ManualClock('2020-04-16T08:00:00.000Z');
  const prices = new FixedPrices({ ACME: '10' });
  const trading = await openTrading({
    ...{ clock, prices },
    books: [demoBook, bookSettings.parse({ ...demoBook, name: 'other', capital: '500' })],
  });
  onTestFinished(() => trading.stop());
  const { store, outbox, books, brokers, queue } = trading;
  const money = new LedgerReports({
    ...{ store, clock, books, brokers, charts: noCharts },
    log: silentLog,
    sources: new Map(),
    accountText: (broker) => broker,
    priceSources: new Map(),
  });
  const digest = (since: string, only: DigestScope['only'] = null) =>
    digestOf(
      { since: new Date(since), until: clock.now(), only },
      {
        store,
        outbox,
        books,
        brokers,
        money,
        bookOfPlan: (plan) => (plan === 'daily' ? 'other' : undefined),
      },
    );
  const trade = async (payload: Record<string, unknown>) => {
    await trading.send({ symbol: 'ACME', ...payload });
    await queue.idle();
  };
  return { clock, prices, outbox, store, digest, trade, paper: trading.paper };
}

describe('a digest', () => {
  it('tells the profit that was realised in its time, what is open, and what the books are worth', async () => {
    const { clock, prices, digest, trade } = await desk();
    await trade({ id: '1', action: 'buy', quantity: 10 });
    prices.set('ACME', '12');
    await trade({ id: '2', action: 'sell', quantity: 4 }); // 4 * (12 - 10) = 8, before the digest's time
    clock.set('2020-04-17T08:00:00.000Z');
    const since = clock.now().toISOString();
    clock.advance(1000);
    prices.set('ACME', '13');
    await trade({ id: '3', action: 'sell', quantity: 5 }); // 5 * (13 - 10) = 15
    prices.set('ACME', '9');
    const { books, counts } = await digest(since);
    expect(books.map(({ name, net, open, equity }) => [name, net, open, equity])).toEqual([
      ['demo', '15', '-1', '10022'], // 10000 + 8 + 15, and one at 9 that cost 10
      ['other', '0', '0', '500'],
    ]);
    expect(books[0]?.positions).toMatchObject([{ symbol: 'ACME', quantity: '1' }]);
    expect(counts.signals).toEqual({ done: 1, refused: 0, failed: 0 });
    const all = await digest('2020-04-16T00:00:00.000Z');
    expect(all.books[0]?.net).toBe('23');
    expect(all.counts.signals.done).toBe(3);
  });

  it('counts what became of signals and runs, and what waits for a person', async () => {
    const { outbox, store, digest, paper, clock } = await desk();
    const since = clock.now().toISOString();
    clock.advance(1000);
    for (const event of [
      signal('signal.refused', 'demo'),
      signal('signal.failed', 'other'),
      { type: 'run.failed', run: 'r1', plan: 'daily', reason: 'a test' },
      { type: 'run.skipped', plan: 'gone', book: 'demo', reason: 'a test' },
    ] satisfies DeskEvent[])
      await outbox.publish(event);
    await (await store.collection(differenceCollection)).insert(difference);
    await paper.disconnect();
    const { counts, troubles } = await digest(since);
    expect(counts).toEqual({
      ...{ signals: { done: 0, refused: 1, failed: 1 }, handTrades: 0, stoppedPlans: 0 },
      runs: { finished: 0, failed: 1, missed: 1 },
    });
    expect(troubles).toMatchObject({ unknownOrders: 0, stuckOperations: 0, differences: 1 });
    expect(troubles.brokers.map(({ name }) => name)).toEqual(['paper']);

    const limited = await digest(since, { books: ['other'], brokers: [] });
    expect(
      limited.books.map(({ name }) => name),
      'only the books that they may see',
    ).toEqual(['other']);
    expect(limited.counts).toMatchObject({
      ...{ signals: { refused: 0, failed: 1 }, runs: { failed: 1, missed: 0 } },
    });
    expect(limited.troubles).toMatchObject({ differences: 0, brokers: [] });
  });

  it('finds every event of its time, however many came after it', async () => {
    const { outbox, digest, clock } = await desk();
    const since = clock.now().toISOString();
    clock.advance(1000);
    await outbox.publish(signal('signal.refused', 'demo'));
    for (let count = 0; count < 450; count++)
      await outbox.publish({ type: 'resumed', book: null, by: 'ann' });
    expect((await digest(since)).counts.signals.refused).toBe(1);
    expect((await digest(clock.now().toISOString())).counts.signals.refused, 'it was in the one before').toBe(
      0,
    );
  });
});
