/** A step of an operation as people read it: `buy 3 SP500 at the market`. */
import type { Signal } from '../engine/desk.ts';

type Step = NonNullable<Signal['steps']>[number];
type OrderStep = Extract<Step, { readonly kind: 'order' }>;
type Amount = OrderStep['quantity'];

export function stepText(step: Step): string {
  switch (step.kind) {
    case 'lend':
      return `take ${step.amount} from the pool`;
    case 'transfer':
      return `move ${amountText(step.amount)} ${step.asset} from ${step.from} to ${step.to}${step.asFarAsPossible ? ', as far as the broker allows' : ''}`;
    case 'borrow':
      return `borrow ${step.amount} ${step.asset} in ${step.wallet}`;
    case 'order':
      return orderText(step);
    case 'cancel':
      return `cancel what rests in ${step.symbol}`;
    case 'repay':
      return `repay ${amountText(step.amount)} ${step.asset} in ${step.wallet}`;
    case 'wait':
      return `wait ${step.seconds} s`;
    case 'settle':
      return 'settle the trade with the bank';
  }
}

function orderText({ side, quantity, symbol, terms, budget, resting, openForSeconds }: OrderStep): string {
  return [
    `${side} ${amountText(quantity)} ${symbol} ${termsText(terms)}`,
    ...(budget === undefined ? [] : [`for at most ${budget}`]),
    ...(resting ? ['left at the broker'] : []),
    ...(openForSeconds === undefined ? [] : [`open for ${openForSeconds} s`]),
  ].join(', ');
}

function termsText(terms: OrderStep['terms']): string {
  switch (terms?.type) {
    case undefined:
    case 'market':
      return 'at the market';
    case 'limit':
      return `at ${terms.limitPrice} or better`;
    case 'stop':
      return `when the price reaches ${terms.stopPrice}`;
    case 'stop_limit':
      return `at ${terms.limitPrice} or better, when the price reaches ${terms.stopPrice}`;
    case 'oco':
      return `at ${terms.limitPrice} or better, or when the price reaches ${terms.stopPrice}`;
  }
}

function amountText(amount: Amount): string {
  switch (amount.is) {
    case 'fixed':
      return amount.amount;
    case 'borrowed':
      return 'all that was borrowed of';
    case 'bought':
      return 'all that was bought of';
    case 'held':
      return 'all that is held of';
    case 'owed':
      return 'all that is owed of';
  }
}
