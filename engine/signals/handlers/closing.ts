/** Steps that end a position, or a part of it: a sale of what is held, or a purchase of what is owed and its repayment. */
import type { OrderTerms } from '../../brokers/broker.ts';
import type { Amount, OrderStep, Step } from '../../execution/operation.ts';
import type { Decimal } from '../../money.ts';
import { decimalText, zero } from '../../money.ts';
import type { BookView, SymbolView } from '../handler.ts';
import { isLeftover } from './instruments.ts';

/** What a book has of one asset. */
export interface OpenPosition {
  readonly side: 'long' | 'short';
  /** Positive, what is owed taken off. Zero where what is owed was bought back already and only has to be repaid. */
  readonly quantity: Decimal;
  readonly owed: Decimal;
}

/** `undefined` when the book has nothing of it that can be traded. */
export function openPosition(asset: string, view: SymbolView, book: BookView): OpenPosition | undefined {
  const net = book.positions.get(asset) ?? zero;
  const owed = book.debts.get(asset) ?? zero;
  const isShort = net.lt(zero) && !isLeftover(net, view);
  if (isShort || (owed.gt(zero) && !isLeftover(owed, view))) {
    return { side: 'short', quantity: net.lt(zero) ? net.neg() : zero, owed };
  }
  return net.gt(zero) && !isLeftover(net, view) ? { side: 'long', quantity: net, owed } : undefined;
}

interface Closing {
  readonly position: OpenPosition;
  readonly symbol: string;
  readonly asset: string;
  readonly view: SymbolView;
  readonly book: BookView;
  /** Names the order among the others of the operation. */
  readonly leg: string;
  /** All of it where not given. */
  readonly part?: Decimal;
  /** Of the order; at the market where not given. */
  readonly terms?: OrderTerms;
  readonly openForSeconds?: number;
}

/** Without what rests at the broker: that is cancelled before. */
export function closingSteps(closing: Closing): readonly Step[] {
  const { position, symbol, book, leg, asset, part, terms, openForSeconds } = closing;
  const { wallet } = book;
  const order: Omit<OrderStep, 'side' | 'quantity'> = {
    ...{ kind: 'order', leg, symbol, wallet },
    ...(terms && { terms }),
    ...(openForSeconds !== undefined && { openForSeconds }),
  };
  if (position.side === 'long') {
    // By what is held at that moment: a stop that rested may have sold some of it meanwhile.
    const quantity: Amount = part ? fixed(part) : { is: 'held', asset };
    return [{ ...order, side: 'sell', quantity }];
  }
  if (position.owed.lte(zero)) return [{ ...order, side: 'buy', quantity: fixed(part ?? position.quantity) }];
  const repay = { kind: 'repay', leg: `${leg}-repay`, asset, wallet } as const;
  if (part) {
    return [
      { ...order, side: 'buy', quantity: fixed(part), netOfFee: true },
      { ...repay, amount: { is: 'bought', leg } },
    ];
  }
  const steps: Step[] = [];
  if (position.quantity.gt(zero)) {
    steps.push({ ...order, side: 'buy', quantity: toBuyBack(closing), netOfFee: true });
  }
  return [...steps, { ...repay, amount: { is: 'owed', asset } }];
}

/** What is owed, with the interest of that moment; but only what is missing where some was bought back before. */
function toBuyBack({ position, asset, view }: Closing): Amount {
  const boughtBack = position.owed.minus(position.quantity);
  return isLeftover(boughtBack, view) ? { is: 'owed', asset } : fixed(position.quantity);
}

function fixed(quantity: Decimal): Amount {
  return { is: 'fixed', amount: decimalText(quantity) };
}
