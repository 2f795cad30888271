/** Operations on a margin account that follows a script, and a pair trade for them to make. */
import { expect } from 'vitest';
import { type BookSettings, bookSettings } from '../../engine/bank/book.ts';
import { Books } from '../../engine/bank/books.ts';
import type { DeskEvent } from '../../engine/events.ts';
import { Outbox } from '../../engine/events.ts';
import { Executor } from '../../engine/execution/executor.ts';
import type { OperationRequest, Step } from '../../engine/execution/operation.ts';
import { Operations } from '../../engine/execution/operations.ts';
import type { Sleep } from '../../engine/execution/patience.ts';
import type { Logger } from '../../engine/log.ts';
import { silentLog } from '../../engine/log.ts';
import type { Decimal } from '../../engine/money.ts';
import { decimal, decimalText, zero } from '../../engine/money.ts';
import type { Store } from '../../engine/store/store.ts';
import { ManualClock } from './clock.ts';
import { MarginBroker } from './margin-broker.ts';
import { memoryStore } from './memory-store.ts';
import { noSleep } from './trading.ts';

export const pairBook = bookSettings.parse({
  name: 'pair',
  currency: 'USDT',
  capital: '1000',
  pool: '500',
  broker: 'venue',
  home: 'funding',
  wallet: 'cross',
});

export type OperationsDesk = Awaited<ReturnType<typeof openOperations>>;

export async function openOperations(
  options: {
    readonly store?: Store;
    readonly clock?: ManualClock;
    readonly broker?: MarginBroker;
    readonly sleep?: Sleep;
    readonly log?: Logger;
    readonly settings?: readonly BookSettings[];
  } = {},
) {
  const { store = memoryStore(), clock = new ManualClock(), sleep = noSleep, log = silentLog } = options;
  const broker = options.broker ?? new MarginBroker(clock);
  const outbox = await Outbox.open(store, clock);
  const lastPrice = async (_: string, symbol: string) => ({
    price: broker.prices.get(symbol) ?? '1',
    currency: 'USDT',
  });
  const books = await Books.open({
    store,
    clock,
    log,
    outbox,
    settings: options.settings ?? [pairBook],
    lastPrice,
  });
  await books.openAccount('venue', broker.lines());
  const brokers = new Map([['venue', broker]]);
  const executor = await Executor.open({ store, clock, log, outbox, books, brokers, sleep });
  const operations = await Operations.open({ store, clock, log, outbox, books, brokers, executor, sleep });
  await broker.connect();
  await executor.start();
  await operations.start();
  return {
    ...{ store, clock, broker, books, executor, operations, outbox },
    now: () => clock.now().toISOString(),
    async told(): Promise<DeskEvent[]> {
      return (await outbox.after(0, 10_000)).map(({ event }) => event);
    },
    async stop(): Promise<void> {
      await operations.stop();
      await executor.stop();
    },
  };
}

/** Lends 200, moves 110 to the margin wallet, sells 120 borrowed ADA at 0.50, and buys 10 NEO at 10. */
export function entrySteps({ stop = false }: { readonly stop?: boolean } = {}): Step[] {
  return [
    { kind: 'lend', leg: 'lend', amount: '200' },
    {
      kind: 'transfer',
      leg: 'move',
      asset: 'USDT',
      amount: { is: 'fixed', amount: '110' },
      from: 'funding',
      to: 'cross',
    },
    { kind: 'borrow', leg: 'borrow', asset: 'ADA', amount: '120', wallet: 'cross' },
    {
      kind: 'order',
      leg: 'sell',
      symbol: 'ADA/USDT',
      side: 'sell',
      quantity: { is: 'borrowed', leg: 'borrow' },
    },
    {
      kind: 'order',
      leg: 'buy',
      symbol: 'NEO/USDT',
      side: 'buy',
      quantity: { is: 'fixed', amount: '10' },
    },
    ...(stop
      ? [
          {
            kind: 'order',
            leg: 'stop',
            symbol: 'NEO/USDT',
            side: 'sell',
            quantity: { is: 'bought', leg: 'buy' },
            terms: { type: 'stop', stopPrice: '8' },
            resting: true,
          } as const,
        ]
      : []),
  ];
}

export function exitSteps(): Step[] {
  return [
    { kind: 'cancel', leg: 'cancel', symbol: 'NEOUSDT' },
    {
      kind: 'order',
      leg: 'sell',
      symbol: 'NEO/USDT',
      side: 'sell',
      quantity: { is: 'held', asset: 'NEO' },
    },
    {
      kind: 'order',
      leg: 'cover',
      symbol: 'ADA/USDT',
      side: 'buy',
      quantity: { is: 'owed', asset: 'ADA' },
      netOfFee: true,
    },
    { kind: 'repay', leg: 'repay', asset: 'ADA', amount: { is: 'owed', asset: 'ADA' }, wallet: 'cross' },
    {
      kind: 'transfer',
      leg: 'home',
      asset: 'USDT',
      amount: { is: 'held', asset: 'USDT' },
      from: 'cross',
      to: 'funding',
      asFarAsPossible: true,
    },
    { kind: 'settle', leg: 'settle' },
  ];
}

export function request(
  source: string,
  steps: readonly (Step | undefined)[],
  purpose: OperationRequest['purpose'] = 'entry',
  book = 'pair',
): OperationRequest {
  return {
    source,
    book,
    purpose,
    summary: `${purpose} NEO-12*ADA`,
    steps: steps.filter((step) => step !== undefined),
    askedAt: '2020-04-17T14:30:00.000Z',
  };
}

/** Every wallet, to the last digit: what lies there and what is owed is what the ledger says. */
export async function expectAccountEqualsBooks(
  { books, broker }: Pick<OperationsDesk, 'books' | 'broker'>,
  when: string,
): Promise<void> {
  // Interest is the broker's own doing, which the reconciliation takes in by these same causes.
  for (const { id, kind, asset, amount, wallet } of broker.movements) {
    if (kind !== 'interest') continue;
    await books.shareCost({ cause: `movement:venue:${id}`, broker: 'venue', kind, asset, amount, wallet });
  }
  const words = (lines: ReturnType<MarginBroker['lines']>) =>
    lines
      .filter(({ held, owed }) => !held.eq(zero) || !owed.eq(zero))
      .map(
        ({ wallet, asset, held, owed }) =>
          `${wallet} ${asset}: ${decimalText(held)}, owed ${decimalText(owed)}`,
      )
      .sort();
  const ours = words([...(await books.accountOf('venue'))]);
  expect(ours, `${when}: the books must equal the account`).toEqual(words(broker.lines()));
  const audit = await books.audit();
  expect([...audit.imbalances.keys()], `${when}: the ledger must balance`).toEqual([]);
  expect(audit.wrongBooks, `${when}: each book must be the sum of its postings`).toEqual([]);
}

/**
 * No position that could be sold, no loan, no debt to the bank. Remainders below the smallest order may lie there, and
 * the first interest of a loan that was taken back at once may be owed.
 */
export async function expectNothingLeft(desk: OperationsDesk, when = 'in the end'): Promise<void> {
  await expectAccountEqualsBooks(desk, when);
  const { wallets, debts, lent } = await desk.books.holdings('pair');
  const worth = (asset: string, amount: Decimal) =>
    amount.times(decimal(desk.broker.prices.get(`${asset}/USDT`) ?? '0'));
  const held = [...(wallets.get('cross') ?? [])].filter(([asset, amount]) =>
    worth(asset, amount).gte(smallest),
  );
  expect(
    held.map(([asset, amount]) => `${decimalText(amount)} ${asset}`),
    `${when}: nothing that could be sold may stay`,
  ).toEqual([]);
  const owed = [...debts].filter(([asset, amount]) => worth(asset, amount).gte(decimal('0.1')));
  expect(
    owed.map(([asset, amount]) => `${decimalText(amount)} ${asset}`),
    `${when}: no loan may stay`,
  ).toEqual([]);
  expect([...lent.keys()], `${when}: the bank must have back what it lent`).toEqual([]);
  expect(await desk.broker.openOrders(), `${when}: nothing may rest at the broker`).toEqual([]);
}

/** What the account trades at least, in USDT. */
const smallest = decimal('5');
