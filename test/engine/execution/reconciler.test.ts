import { describe, expect, test } from 'vitest';
import type { Balance, Broker, BrokerOrder } from '../../../engine/brokers/broker.ts';
import type { DeskEvent } from '../../../engine/events.ts';
import { Reconciler } from '../../../engine/execution/reconciler.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';
import { brokerWith, buildTrading, noSleep } from '../../support/trading.ts';

/** What an account says beyond what the paper account behind it says. */
interface Account {
  extra: Balance[];
  foreign: BrokerOrder[];
  cancelled: string[];
  fault: Error | undefined;
}

const balance = (asset: string, free: string, more: Partial<Balance> = {}): Balance => ({
  ...{ asset, wallet: 'account', free, locked: '0', owed: '0' },
  ...more,
});

const foreignOrder: BrokerOrder = {
  ...{ clientOrderId: 'mine-1', brokerOrderId: 'b1', symbol: 'ACME', side: 'buy', quantity: '3' },
  ...{ state: 'working', reason: null, fills: [] },
};

async function reconciling(store?: Store, account: Account = nothingUnusual()) {
  const clock = new ManualClock();
  const line = (paper: Broker): Broker =>
    brokerWith(paper, {
      async balances() {
        if (account.fault) throw account.fault;
        return [...(await paper.balances()), ...account.extra];
      },
      openOrders: async () => account.foreign,
      async cancel(id) {
        account.cancelled.push(id);
        account.foreign = [];
        return { outcome: 'cancelled' };
      },
    });
  const desk = await buildTrading({ store: store ?? (await tempStore()), clock, line });
  const reconciler = await Reconciler.open({
    ...desk,
    log: silent,
    sleep: noSleep,
    isMoving: async () => false,
  });
  await desk.broker.connect();
  const told = async () => (await desk.outbox.after(0, 100)).map(({ event }) => event);
  const differences = async (): Promise<Extract<DeskEvent, { type: 'difference.found' }>[]> =>
    (await told()).flatMap((event) => (event.type === 'difference.found' ? [event] : []));
  return { ...desk, account, clock, reconciler, told, differences };
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function nothingUnusual(): Account {
  return { extra: [], foreign: [], cancelled: [], fault: undefined };
}

describe('an account that is seen for the first time', () => {
  test('has what no book owns written down as the desk`s own, and differs in nothing', async () => {
    const { reconciler, books } = await reconciling();
    expect(await reconciler.reconcile('paper')).toEqual([]);
    expect(await books.accountOf('paper')).toMatchObject([{ wallet: 'account', asset: 'USD' }]);
    expect(reconciler.isCompared('paper')).toBe(true);
  });

  test('is not traded on before it was compared', async () => {
    const account = nothingUnusual();
    account.fault = new Error('no answer');
    const { reconciler } = await reconciling(undefined, account);
    await expect(reconciler.reconcile('paper')).rejects.toThrow('no answer');
    expect(reconciler.isCompared('paper')).toBe(false);
    account.fault = undefined;
    await reconciler.start();
    expect(reconciler.isCompared('paper')).toBe(true);
    await reconciler.stop();
  });
});

describe('more of the money that a book counts in', () => {
  async function surplus() {
    const desk = await reconciling();
    await desk.reconciler.reconcile('paper');
    desk.account.extra = [balance('EUR', '5'), balance('USD', '0', { wallet: 'savings', free: '70' })];
    const found = await desk.reconciler.reconcile('paper');
    const dollars = found.find(({ asset }) => asset === 'USD');
    if (!dollars) throw new Error('the difference in dollars was not found');
    return { ...desk, found, dollars };
  }

  test('stops entries, and is told once; what no book trades with stops nothing', async () => {
    const { reconciler, found, differences } = await surplus();
    expect(found.map(({ asset, blocks }) => [asset, blocks]).sort()).toEqual([
      ['EUR', false],
      ['USD', true],
    ]);
    expect(await reconciler.refusal('paper')).toContain('70 more there');
    await reconciler.reconcile('paper');
    expect(await differences(), 'the same difference is not told every hour').toHaveLength(2);
  });

  test('that is adopted belongs to no book, and trading goes on', async () => {
    const { reconciler, books, dollars } = await surplus();
    const before = await books.show('demo');
    await reconciler.resolve(dollars._id, 'adopt', 'ann');
    expect(await reconciler.refusal('paper')).toBeUndefined();
    expect(await books.show('demo')).toEqual(before);
    await reconciler.reconcile('paper');
    expect(await reconciler.refusal('paper'), 'the books say what the broker says').toBeUndefined();
    await expect(reconciler.resolve(dollars._id, 'adopt', 'tom')).rejects.toThrow('open no more');
  });

  test('that is ignored stays so until it changes, also over a restart', async () => {
    const { reconciler, dollars, store, account, differences } = await surplus();
    await reconciler.resolve(dollars._id, 'ignore', 'ann');
    const again = await reconciling(store, account);
    await again.reconciler.reconcile('paper');
    expect(await again.reconciler.refusal('paper')).toBeUndefined();
    account.extra = [balance('USD', '71', { wallet: 'savings' })];
    await again.reconciler.reconcile('paper');
    expect(await again.reconciler.refusal('paper')).toContain('71 more there');
    expect((await differences()).length).toBe(3);
  });

  test('that goes away by itself is closed, and told anew when it comes back', async () => {
    const { reconciler, account, told } = await surplus();
    const extra = account.extra;
    account.extra = [];
    await reconciler.reconcile('paper');
    expect(await reconciler.refusal('paper')).toBeUndefined();
    expect((await told()).filter(({ type }) => type === 'difference.resolved')).toHaveLength(2);
    account.extra = extra;
    await reconciler.reconcile('paper');
    expect(await reconciler.refusal('paper')).toContain('70 more there');
  });

  test('cannot be resolved by what does not fit it', async () => {
    const { reconciler, dollars } = await surplus();
    await expect(reconciler.resolve(dollars._id, 'cancel', 'ann')).rejects.toThrow(
      'only by: adopt, ignore, flatten',
    );
    await expect(reconciler.resolve('diff-1', 'adopt', 'ann')).rejects.toThrow('no difference "diff-1"');
  });
});

describe('an instrument that no book bought', () => {
  test('is sold when a person wants it flat, and the proceeds belong to no book', async () => {
    const desk = await reconciling();
    await desk.reconciler.reconcile('paper');
    const bought = { clientOrderId: 'by-hand', symbol: 'ACME', side: 'buy', quantity: '3' } as const;
    await desk.paper.submit({ ...bought, terms: { type: 'market' } });
    const found = await desk.reconciler.reconcile('paper');
    const shares = found.find(({ asset }) => asset === 'ACME');
    expect(found.map(({ asset, theirs, ours }) => [asset, ours, theirs]).sort()).toEqual([
      ['ACME', '0', '3'],
      ['USD', '100000', '99970'],
    ]);
    await desk.reconciler.resolve(shares?._id ?? '', 'flatten', 'ann');
    expect(await desk.paper.positions()).toEqual([]);
    const [paid, ...others] = await desk.reconciler.reconcile('paper');
    expect(others, 'the books followed the sale').toEqual([]);
    expect(paid?.text, 'what the purchase by hand cost is still to be adopted').toContain('30 less there');
    await desk.reconciler.resolve(paid?._id ?? '', 'adopt', 'ann');
    expect(await desk.reconciler.reconcile('paper')).toEqual([]);
  });
});

describe('an open order that the desk did not send', () => {
  test('stops entries until it is cancelled', async () => {
    const { reconciler, account } = await reconciling();
    account.foreign = [foreignOrder];
    const [found] = await reconciler.reconcile('paper');
    expect(found?.text).toContain('buy 3 ACME');
    expect(await reconciler.refusal('paper')).toContain('did not send');
    await reconciler.resolve(found?._id ?? '', 'cancel', 'ann');
    expect(account.cancelled).toEqual(['mine-1']);
    expect(await reconciler.refusal('paper')).toBeUndefined();
  });
});

describe('a broker that was away', () => {
  test('is compared again when it is back', async () => {
    const { reconciler, broker } = await reconciling();
    await reconciler.start();
    expect(reconciler.isCompared('paper')).toBe(true);
    await broker.disconnect();
    expect(reconciler.isCompared('paper')).toBe(false);
    await expect(reconciler.reconcile('paper')).rejects.toThrow('paper is down');
    await broker.connect();
    await expect.poll(() => reconciler.isCompared('paper')).toBe(true);
    await reconciler.stop();
  });
});
