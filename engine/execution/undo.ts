/**
 * What undoes an entry: the steps that lead back, in reverse.
 *
 * They are steps like others, stored and pushed forward like those of an exit. What cannot come back is what the trades
 * there and back cost: a purchase is sold at the market, and the loan's first interest stays owed until it is repaid.
 */
import type { Step, StepRecord } from './operation.ts';
import { exitOf, undoLeg } from './operation.ts';

/** The steps of an operation that is to be undone: those that were done, and behind them what undoes them. */
export function withUndoing(steps: readonly StepRecord[]): StepRecord[] {
  const back = steps
    .filter(({ state }) => state === 'done')
    .reverse()
    .flatMap((record) => {
      const undoing = undoingOf(record);
      return [...exitThatStands(steps, record), ...(undoing ? [undoing] : [])];
    });
  const undone = new Set(back.map(({ leg }) => leg));
  return [
    ...steps.map(
      (record): StepRecord =>
        undone.has(undoLeg(record.step.leg)) ? { ...record, state: 'undoing' } : record,
    ),
    ...back.map(newRecord),
  ];
}

/** What went out with an entry stands at the broker, also when its own step failed or had not come. */
function exitThatStands(steps: readonly StepRecord[], { step }: StepRecord): readonly Step[] {
  const exit = step.kind === 'order' && !step.resting ? exitOf({ steps }, step) : undefined;
  if (!exit || steps.some((record) => record.step.leg === exit.leg && record.state === 'done')) return [];
  return [{ kind: 'cancel', leg: `${undoLeg(exit.leg)}:attached`, symbol: exit.step.symbol, of: exit.leg }];
}

export function newRecord(step: Step): StepRecord {
  return { step, state: 'waiting', since: null, amount: null, id: null, reason: null };
}

function undoingOf({ step, amount }: StepRecord): Step | undefined {
  const leg = undoLeg(step.leg);
  switch (step.kind) {
    case 'order':
      if (step.resting) return { kind: 'cancel', leg, symbol: step.symbol, of: step.leg };
      return {
        kind: 'order',
        leg,
        symbol: step.symbol,
        side: step.side === 'buy' ? 'sell' : 'buy',
        quantity: { is: 'bought', leg: step.leg },
        ...(step.side === 'sell' && { netOfFee: true }),
        ...(step.wallet !== undefined && { wallet: step.wallet }),
      };
    case 'borrow':
      return {
        kind: 'repay',
        leg,
        asset: step.asset,
        amount: { is: 'borrowed', leg: step.leg },
        wallet: step.wallet,
      };
    case 'transfer':
      if (amount === '0') return undefined; // nothing was moved
      return {
        kind: 'transfer',
        leg,
        asset: step.asset,
        amount: { is: 'fixed', amount: amount ?? '0' },
        from: step.to,
        to: step.from,
        asFarAsPossible: true,
      };
    case 'lend':
      return { kind: 'settle', leg };
    case 'repay':
    case 'cancel':
    case 'wait':
    case 'settle':
      return undefined; // they took away what was there before, and that stays gone
    default:
      return step satisfies never;
  }
}
