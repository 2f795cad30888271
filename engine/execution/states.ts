/**
 * The states of an order, and how they follow from what the broker reports.
 *
 * Reports come late, doubled and in any order. So the state is never taken from a report alone: how much is filled is
 * the sum of the fills that are stored, each counted once, and it outweighs everything else that is said.
 */
import type { Decimal } from '../money.ts';
import { zero } from '../money.ts';

export const orderStates = [
  /** Stored; nothing was sent. */
  'intended',
  /** About to be sent, or sent without an answer yet. After a crash: perhaps sent. */
  'sending',
  /** The broker has it, and nothing of it is filled. */
  'working',
  'partly_filled',
  'filled',
  /** It does not trade and never will; nothing of it is filled. */
  'rejected',
  /** Ended before it was filled, perhaps after a part was. */
  'cancelled',
  /** It waited too long, here or at the broker. */
  'expired',
  /** The broker may have it or not, and could not be asked. */
  'unknown',
] as const;

export type OrderState = (typeof orderStates)[number];

/** Where each state may lead. Everything else is a fault. */
export const transitions: Readonly<Record<OrderState, readonly OrderState[]>> = {
  intended: ['sending', 'rejected', 'cancelled', 'expired'],
  sending: ['working', 'partly_filled', 'filled', 'rejected', 'cancelled', 'expired', 'unknown'],
  // Back to sending only when the broker has proved that the order never arrived.
  unknown: ['sending', 'working', 'partly_filled', 'filled', 'rejected', 'cancelled', 'expired'],
  working: ['partly_filled', 'filled', 'rejected', 'cancelled', 'expired'],
  partly_filled: ['filled', 'cancelled', 'expired'],
  filled: [],
  // A fill that comes after the end is still a fill.
  rejected: ['cancelled', 'filled'],
  cancelled: ['filled'],
  expired: ['filled'],
};

const finalStates: readonly OrderState[] = ['filled', 'rejected', 'cancelled', 'expired'];
export const openStates: readonly OrderState[] = orderStates.filter((state) => !finalStates.includes(state));

/** Nothing more is to be done for it. */
export function isFinal(state: OrderState): boolean {
  return finalStates.includes(state);
}

/** What was learnt of an order that was sent. `filled`: only that there are fills. */
export type OrderNews = 'accepted' | 'filled' | 'rejected' | 'cancelled' | 'expired' | 'unknown';

/**
 * The state after a report on an order that was sent.
 * @param filled the sum of all its fills that are known by now
 */
export function stateAfter(
  state: OrderState,
  news: OrderNews,
  { quantity, filled }: { readonly quantity: Decimal; readonly filled: Decimal },
): OrderState {
  if (filled.gte(quantity)) return 'filled';
  const part = filled.gt(zero);
  switch (state) {
    case 'filled':
    case 'cancelled':
    case 'expired':
      return state;
    case 'rejected':
      return part ? 'cancelled' : state;
    case 'intended':
    case 'sending':
    case 'unknown':
    case 'working':
    case 'partly_filled':
      break;
    default:
      return state satisfies never;
  }
  const alive = part ? 'partly_filled' : 'working';
  switch (news) {
    case 'accepted':
      return alive;
    case 'filled':
      return part ? 'partly_filled' : state;
    case 'rejected':
      return part ? 'cancelled' : 'rejected';
    case 'cancelled':
    case 'expired':
      return news;
    case 'unknown':
      // What is known to be there does not become unknown again.
      return part ? 'partly_filled' : state === 'sending' ? 'unknown' : state;
    default:
      return news satisfies never;
  }
}
