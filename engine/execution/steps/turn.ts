/** The turn of one step: what it works with, and how its attempt may end. */
import type { Books } from '../../bank/books.ts';
import type { Broker } from '../../brokers/broker.ts';
import type { Clock } from '../../clock.ts';
import type { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimalText, zero } from '../../money.ts';
import type { Claims } from '../claims.ts';
import type { Executor } from '../executor.ts';
import type { Operation, StepRecord, Undoing } from '../operation.ts';
import type { Order } from '../order.ts';
import type { Sleep } from '../patience.ts';

export interface Turn {
  readonly clock: Clock;
  readonly log: Logger;
  readonly books: Books;
  readonly executor: Executor;
  readonly broker: Broker;
  readonly claims: Claims;
  /** In which the movements of each broker's account are made one after another. */
  readonly lanes: Lanes;
  readonly sleep: Sleep;
  readonly operation: Operation;
  readonly record: StepRecord;
  /** It is tried until it is done: a step of an exit, or one that undoes another. */
  readonly pushed: boolean;
  /** It was begun before, perhaps by a process that died, and how that ended is not known. */
  readonly again: boolean;
  readonly stop: AbortSignal;
  /** The order of an entry is at the broker and waits for its price: others need not wait for it. */
  readonly rests: () => void;
}

/** How much it is to be, before it is begun; null for a step that moves nothing. */
export interface Sized {
  readonly is: 'sized';
  readonly amount: string | null;
  /** What of it cannot be done, for people. */
  readonly left?: string | null;
}

export type Ended =
  | {
      readonly is: 'done';
      readonly amount: string | null;
      readonly id: string | null;
      /** What of it could not be done. */
      readonly reason: string | null;
    }
  /** Certainly not done, or not wholly; `progressed` when a part of it was. */
  | { readonly is: 'failed'; readonly reason: string; readonly how: Undoing; readonly progressed?: true }
  /** A person does it by hand, and has yet to report it: that takes as long as it takes, and is no trouble. */
  | { readonly is: 'by hand'; readonly order: string }
  /** Perhaps done: it is to be looked for. */
  | { readonly is: 'unclear'; readonly reason: string }
  /** The broker has proved that it never got it: it may be asked for anew. */
  | { readonly is: 'absent'; readonly reason: string };

export function done(amount: Decimal | null, id: string | null = null, reason: string | null = null): Ended {
  return { is: 'done', amount: amount && decimalText(amount), id, reason };
}

export const nothingToDo: Ended = done(zero);

export function failed(reason: string, how: Undoing = 'failed'): Ended {
  return { is: 'failed', reason, how };
}

/** The wallet of a step that names none. */
export function walletOf({ books, operation }: Turn, named: string | undefined): string {
  const { home, wallet = home } = books.settings(operation.book);
  return named ?? wallet;
}

/** Whether an order is open at an account that is traded by hand. */
export function isWithPerson({ byHand }: Broker, { state }: Order): boolean {
  return byHand !== undefined && (state === 'working' || state === 'partly_filled');
}
