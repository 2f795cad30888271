/**
 * What the desk did since a moment, and how it stands: profit and positions of its books, what became of signals and runs,
 * and what waits for a person. Read from the ledger, the store and the events that were told; it changes nothing.
 */
import type { PositionReport } from '../bank/book-report.ts';
import type { Books } from '../bank/books.ts';
import type { Broker } from '../brokers/broker.ts';
import type { DeskEvent, Outbox } from '../events.ts';
import { differenceCollection } from '../execution/differences.ts';
import { operationCollection } from '../execution/operation.ts';
import { orderCollection } from '../execution/order.ts';
import { decimalText } from '../money.ts';
import type { Store } from '../store/store.ts';
import type { LedgerReports } from './ledger.ts';
import type { ProfitSum } from './ledger-history.ts';

/** Of which time, and of what. */
export interface DigestScope {
  /** What happened then belongs to the digest before. */
  readonly since: Date;
  readonly until: Date;
  readonly only: Seen;
}

/** The books and brokers that a reader may see; null: the whole desk. */
export type Seen = { readonly books: readonly string[]; readonly brokers: readonly string[] } | null;

export interface DigestParts {
  readonly store: Store;
  readonly outbox: Pick<Outbox, 'between'>;
  readonly books: Pick<Books, 'names' | 'show'>;
  readonly brokers: ReadonlyMap<string, Pick<Broker, 'status'>>;
  readonly money: Pick<LedgerReports, 'earned'>;
  /** Undefined for a plan that is not there any more. */
  readonly bookOfPlan: (plan: string) => string | undefined;
}

/** Decimal text in the book's currency. */
export interface DigestBook {
  readonly name: string;
  /** The broker's name. */
  readonly account: string;
  readonly currency: string;
  /** Realised in the time of the digest, after fees and interest. */
  readonly net: string;
  /** Costs in other currencies, by currency; they are not in `net`. */
  readonly otherCosts: ReadonlyMap<string, string>;
  /** Of what is open now, whenever that was opened. */
  readonly open: string;
  /** What it is worth now. */
  readonly equity: string;
  readonly suspended: boolean;
  readonly positions: readonly PositionReport[];
}

export interface DigestCounts {
  readonly signals: { readonly done: number; readonly refused: number; readonly failed: number };
  /** Trades that people asked for. */
  readonly handTrades: number;
  readonly runs: {
    readonly finished: number;
    readonly failed: number;
    readonly missed: number;
  };
  /** Plans that run no more until somebody enables them. */
  readonly stoppedPlans: number;
}

/** How many things wait for a person, or are not as they should be, now. */
export interface DigestTroubles {
  readonly unknownOrders: number;
  readonly stuckOperations: number;
  readonly differences: number;
  readonly brokers: readonly { readonly name: string; readonly why: string }[];
}

export interface Digest {
  readonly since: Date;
  readonly until: Date;
  readonly books: readonly DigestBook[];
  readonly counts: DigestCounts;
  readonly troubles: DigestTroubles;
}

export async function digestOf(scope: DigestScope, parts: DigestParts): Promise<Digest> {
  const { since, until, only } = scope;
  const names = parts.books.names().filter((name) => only === null || only.books.includes(name));
  const books = await Promise.all(names.map((name) => bookDigest(name, scope, parts)));
  const events = await parts.outbox.between(since, until);
  return {
    since,
    until,
    books,
    counts: countsOf(events.filter((event) => isSeen(event, scope, parts))),
    troubles: await troublesOf(scope, parts),
  };
}

async function bookDigest(
  name: string,
  { since, until }: DigestScope,
  { books, money }: DigestParts,
): Promise<DigestBook> {
  const { net, otherCosts }: ProfitSum = await money.earned({ book: name, since, until });
  const { broker, currency, unrealised, equity, suspension, positions } = await books.show(name);
  return {
    ...{ name, account: broker, currency, open: unrealised, equity, positions },
    net: decimalText(net),
    otherCosts: new Map([...otherCosts].map(([asset, amount]) => [asset, decimalText(amount)])),
    suspended: suspension !== null,
  };
}

function isSeen(event: DeskEvent, { only }: DigestScope, { bookOfPlan }: DigestParts): boolean {
  if (only === null) return true;
  const book = 'book' in event ? event.book : 'plan' in event ? bookOfPlan(event.plan) : undefined;
  return typeof book === 'string' && only.books.includes(book);
}

function countsOf(events: readonly DeskEvent[]): DigestCounts {
  const count = (wanted: DeskEvent['type']) => events.filter(({ type }) => type === wanted).length;
  return {
    signals: {
      done: count('signal.done'),
      refused: count('signal.refused'),
      failed: count('signal.failed'),
    },
    handTrades: count('trade.ended'),
    runs: {
      finished: count('run.finished'),
      failed: count('run.failed'),
      missed: count('run.skipped'),
    },
    stoppedPlans: count('run.stopped'),
  };
}

async function troublesOf({ only }: DigestScope, { store, brokers }: DigestParts): Promise<DigestTroubles> {
  const orders = await store.collection(orderCollection);
  const operations = await store.collection(operationCollection);
  const differences = await store.collection(differenceCollection);
  const ofBooks = only && { book: { in: only.books } };
  return {
    unknownOrders: await orders.count({ state: 'unknown', ...ofBooks }),
    stuckOperations: await operations.count({ state: 'stuck', ...ofBooks }),
    differences: await differences.count({ state: 'open', ...(only && { broker: { in: only.brokers } }) }),
    brokers: [...brokers].flatMap(([name, broker]) => {
      const { state, why } = broker.status();
      const isShown = state !== 'ready' && (only === null || only.brokers.includes(name));
      return isShown ? [{ name, why: why ?? state }] : [];
    }),
  };
}
