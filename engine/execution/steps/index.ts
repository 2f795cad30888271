/** What each kind of step does when its turn comes. */
import type { Step } from '../operation.ts';
import { carryOutCancel } from './cancel.ts';
import { carryOutLend, carryOutSettle } from './loan.ts';
import { carryOutMovement, sizeMovement } from './movement.ts';
import { carryOutOrder, sizeOrder } from './order.ts';
import type { Ended, Sized, Turn } from './turn.ts';
import { done } from './turn.ts';

/** How much it is to be, or why there is nothing to be done. Changes nothing. */
export async function sizeStep(turn: Turn): Promise<Sized | Ended> {
  const { step } = turn.record;
  switch (step.kind) {
    case 'order':
      return sizeOrder(turn, step);
    case 'transfer':
    case 'borrow':
    case 'repay':
      return sizeMovement(turn, step);
    case 'lend':
    case 'cancel':
    case 'wait':
    case 'settle':
      return { is: 'sized', amount: null };
    default:
      return step satisfies never;
  }
}

/** Does it. It was stored before that it is being done; whatever happens, it can be called again. */
export async function carryOutStep(turn: Turn): Promise<Ended> {
  const { step, since } = turn.record;
  switch (step.kind) {
    case 'order':
      return carryOutOrder(turn, step);
    case 'transfer':
    case 'borrow':
    case 'repay':
      return carryOutMovement(turn, step);
    case 'lend':
      return carryOutLend(turn, step);
    case 'settle':
      return carryOutSettle(turn, step);
    case 'cancel':
      return carryOutCancel(turn, step);
    case 'wait': {
      const waitedMs = turn.clock.now().getTime() - Date.parse(since ?? turn.operation.askedAt);
      const leftMs = step.seconds * 1000 - waitedMs;
      if (leftMs > 0) await turn.sleep(leftMs, turn.stop);
      return done(null);
    }
    default:
      return step satisfies never;
  }
}

/** Steps that ask the broker for something while the desk's executor does not wait for it. */
export function needsBroker({ kind }: Step): boolean {
  return kind === 'transfer' || kind === 'borrow' || kind === 'repay';
}

/** Steps after a trade that bring money home: when one of them fails, nobody wants the trade undone for it. */
export function bringsHome(step: Step): boolean {
  return step.kind === 'settle' || (step.kind === 'transfer' && step.asFarAsPossible === true);
}
