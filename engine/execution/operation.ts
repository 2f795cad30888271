/**
 * An operation: a durable list of steps that moves money for one book, and what is stored of it.
 *
 * Everything that moves money is one. Each step is stored before it is done and after it was done, so that a crash at
 * any moment finds it again. When a step of an entry cannot be done, what was done is undone in reverse; an exit is
 * pushed forward instead, for as long as it takes, and chat hears of it. Only a person gives one up.
 */
import type { Purpose } from '../bank/books.ts';
import type { OrderTerms, Side } from '../brokers/broker.ts';
import type { StoredDocument } from '../store/store.ts';
import { defineCollection } from '../store/store.ts';
import type { WantedExit } from './order.ts';

/**
 * How much of something, where it is known only when its turn comes. `leg` names an earlier step of the same operation.
 */
export type Amount =
  /** Positive decimal text. */
  | { readonly is: 'fixed'; readonly amount: string }
  /** What the step `borrow` got, which may be less than was asked for. */
  | { readonly is: 'borrowed'; readonly leg: string }
  /** What an order traded of the asset; of a purchase, less a fee that was taken in it. */
  | { readonly is: 'bought'; readonly leg: string }
  /** What the book holds of an asset, in the wallet of the step. */
  | { readonly is: 'held'; readonly asset: string }
  /** What the book owes of an asset, with the interest that the broker asks for at that moment. */
  | { readonly is: 'owed'; readonly asset: string };

interface Leg {
  /** Names the step within its operation, and never changes with size or price: the key of its order. */
  readonly leg: string;
}

/** The bank lends from what the desk has beyond its books, within the book's pool. */
export interface LendStep extends Leg {
  readonly kind: 'lend';
  readonly amount: string;
}

/** Moves an asset between two wallets. Nothing moves when they are the same, or when the amount is zero. */
export interface TransferStep extends Leg {
  readonly kind: 'transfer';
  readonly asset: string;
  readonly amount: Amount;
  readonly from: string;
  readonly to: string;
  /** Move as much of it as the broker lets go, the rest stays where it is: for bringing money home. */
  readonly asFarAsPossible?: true;
}

export interface BorrowStep extends Leg {
  readonly kind: 'borrow';
  readonly asset: string;
  readonly amount: string;
  readonly wallet: string;
}

export interface OrderStep extends Leg {
  readonly kind: 'order';
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Amount;
  /** The most that a purchase may cost, fee included: the quantity is cut down to it. Decimal text. */
  readonly budget?: string;
  /** Enlarges a purchase by the fee that will be taken in what is bought, so that this much arrives. */
  readonly netOfFee?: true;
  /** A market order where not given. */
  readonly terms?: OrderTerms;
  readonly wallet?: string;
  /** It is left at the broker, and the operation goes on when the broker has it: a stop loss, a take profit. */
  readonly resting?: true;
  /** How long it may stay open before what is left of it is cancelled; for ever where it rests, 60 s where not given. */
  readonly openForSeconds?: number;
}

/** Cancels what the book has resting in a symbol, and goes on when nothing of it is open. */
export interface CancelStep extends Leg {
  readonly kind: 'cancel';
  readonly symbol: string;
  /** Only the order of this leg of the same operation. */
  readonly of?: string;
}

/** Pays back a loan; never more than is owed. */
export interface RepayStep extends Leg {
  readonly kind: 'repay';
  readonly asset: string;
  readonly amount: Amount;
  readonly wallet: string;
}

export interface WaitStep extends Leg {
  readonly kind: 'wait';
  readonly seconds: number;
}

/** Gives back to the bank what was lent and is not in use any more, and closes the books on the trade. */
export interface SettleStep extends Leg {
  readonly kind: 'settle';
}

export type Step =
  | LendStep
  | TransferStep
  | BorrowStep
  | OrderStep
  | CancelStep
  | RepayStep
  | WaitStep
  | SettleStep;

export type StepState =
  | 'waiting'
  /** Perhaps done: stored before it is begun. */
  | 'doing'
  | 'done'
  /** Certainly not done, and will not be. */
  | 'failed'
  | 'undoing'
  | 'undone';

export interface StepRecord {
  readonly step: Step;
  readonly state: StepState;
  /** When it was begun; null before. A lost movement is looked for from here on. */
  readonly since: string | null;
  /** While it is `doing`: what it is to move. Then what it moved or traded. Decimal text; null before. */
  readonly amount: string | null;
  /** The broker's id of the movement, or our id of the order; null before, or where there is none. */
  readonly id: string | null;
  /** For people: why it failed, or failed last; of one that is done, what of it could not be done. */
  readonly reason: string | null;
}

export const operationStates = [
  'working',
  /** A step of an entry failed: what was done is being undone. */
  'undoing',
  'done',
  /** Nothing of it is left. */
  'undone',
  /** It cannot go on or back by itself just now: it is tried again, and chat knows. */
  'stuck',
  /** A person has given it up: what was done stays as it is. */
  'given_up',
] as const;

export type OperationState = (typeof operationStates)[number];

/** How an entry came to nothing: by a fault, by nobody's fault (there was no lender), or by coming too late. */
export type Undoing = 'failed' | 'refused' | 'expired';

/** A person's word that an operation is to go no further. */
export interface GivingUp {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

export interface Operation extends StoredDocument {
  /** Of what wants it, such as `signal:<id>`: the same source again is the same operation. */
  readonly _id: string;
  readonly book: string;
  readonly broker: string;
  readonly purpose: Purpose;
  /** For people. */
  readonly summary: string;
  /** Those that undo others come last, and name the leg of what they undo: `undo:<leg>`. */
  readonly steps: readonly StepRecord[];
  readonly state: OperationState;
  /** For people: why it is undone, stuck or given up, or what of it could not be done. */
  readonly reason: string | null;
  /** Of one that is or will be undone; null for all others. */
  readonly undoing: Undoing | null;
  /** With it, it ends as soon as nothing of it is in hand; missing while nobody has said so. */
  readonly givingUp?: GivingUp;
  /** How often it was stored: each change is made on the one before it. */
  readonly revision: number;
  readonly askedAt: string;
  /** As it was asked for. */
  readonly freshUntil?: string;
  readonly updatedAt: string;
}

/** What somebody wants to be done. */
export interface OperationRequest {
  readonly source: string;
  readonly book: string;
  readonly purpose: Purpose;
  readonly summary: string;
  readonly steps: readonly Step[];
  /** ISO 8601: an entry of which nothing has begun is not begun when it is older than its book allows. */
  readonly askedAt: string;
  /** ISO 8601: from then on it is not begun, and the age that its book allows does not count. */
  readonly freshUntil?: string;
}

export const operationCollection = defineCollection<Operation>('operations', {
  indexes: [['state'], ['book', 'askedAt'], ['book', 'state', 'askedAt']],
});

export const unfinishedStates = ['working', 'undoing', 'stuck'] as const satisfies readonly OperationState[];

/** Nothing more is to be done for it. */
export function isOver({ state }: Operation): boolean {
  return state === 'done' || state === 'undone' || state === 'given_up';
}

/** Whether an order of it has traded: it then has something that is worth finishing. */
export function hasTraded({ steps }: Pick<Operation, 'steps'>): boolean {
  return steps.some(({ step, state, amount }) => step.kind === 'order' && state === 'done' && amount !== '0');
}

const undoPrefix = 'undo:';

/** The leg that undoes another one. */
export function undoLeg(leg: string): string {
  return `${undoPrefix}${leg}`;
}

/** What a leg undoes, when it does. */
export function undoneBy(leg: string): string | undefined {
  return leg.startsWith(undoPrefix) ? leg.slice(undoPrefix.length) : undefined;
}

/**
 * The step that rests to end all that another one opens, and can go out with it: at a broker that takes the two together
 * nothing is open for a moment without it.
 */
export function exitOf(
  { steps }: Pick<Operation, 'steps'>,
  { leg, symbol, side }: OrderStep,
): (WantedExit & { readonly step: OrderStep }) | undefined {
  for (const { step } of steps) {
    if (step.kind !== 'order' || !step.resting || step.netOfFee || step.side === side) continue;
    const { quantity, terms } = step;
    if (quantity.is !== 'bought' || quantity.leg !== leg || step.symbol !== symbol) continue;
    if (terms && terms.type !== 'market') return { leg: step.leg, terms, step };
  }
  return undefined;
}

/** Whether an order of an entry takes risk away: it trades back what an earlier leg of the same operation traded. */
export function isProtective({ steps }: Pick<Operation, 'steps'>, { leg, symbol, side }: OrderStep): boolean {
  const before = steps.slice(
    0,
    steps.findIndex(({ step }) => step.leg === leg),
  );
  return before.some(({ step }) => step.kind === 'order' && step.symbol === symbol && step.side !== side);
}
