/** How much of something a step is about, when its turn comes. */
import { amountIn } from '../../bank/sums.ts';
import type { Margin } from '../../brokers/broker.ts';
import type { Decimal } from '../../money.ts';
import { decimal, notNegative, zero } from '../../money.ts';
import type { Amount } from '../operation.ts';
import { undoneBy } from '../operation.ts';
import type { Fill, Order } from '../order.ts';
import type { Turn } from './turn.ts';

/** @param wallet of the step */
export async function amountOf(turn: Turn, amount: Amount, wallet: string): Promise<Decimal> {
  switch (amount.is) {
    case 'fixed':
      return decimal(amount.amount);
    case 'borrowed': {
      const record = turn.operation.steps.find(({ step }) => step.leg === amount.leg);
      return decimal(record?.amount ?? '0');
    }
    case 'bought':
      return boughtBy(turn, amount.leg);
    case 'held':
      return heldIn(turn, wallet, amount.asset);
    case 'owed':
      return owedOf(turn, amount.asset);
    default:
      return amount satisfies never;
  }
}

export async function heldIn({ books, operation }: Turn, wallet: string, asset: string): Promise<Decimal> {
  const { wallets } = await books.holdings(operation.book);
  const held = amountIn(wallets, wallet, asset);
  return notNegative(held);
}

/** The orders of one leg, in their sequence: an exit may need more than one. */
export async function ordersOfLeg({ executor, operation }: Turn, leg: string): Promise<Order[]> {
  const orders = await executor.ordersOf(operation._id);
  return orders
    .filter(({ key }) => key.leg === leg)
    .sort((one, other) => one.key.sequence - other.key.sequence);
}

/** What these orders traded of the asset; of purchases, less fees that were taken in it. */
export async function netOf({ executor }: Turn, orders: readonly Order[]): Promise<Decimal> {
  const fills = (await Promise.all(orders.map(({ _id }) => executor.fillsOf(_id)))).flat();
  return fills.reduce((sum, fill) => sum.plus(netOfFill(fill)), zero);
}

/** What the book owes, with its part of the interest that the broker asks for beyond what is booked. */
export async function owedOf({ books, operation, broker }: Turn, asset: string): Promise<Decimal> {
  const booked = (await books.holdings(operation.book)).debts.get(asset) ?? zero;
  if (booked.lte(zero) || !broker.margin) return zero;
  const asked = await askedOf(broker.margin, asset);
  let ofAll = zero;
  for (const name of books.names()) {
    if (books.settings(name).broker !== operation.broker) continue;
    const debt = (await books.holdings(name)).debts.get(asset) ?? zero;
    // A book that repaid a last digit too much owes less than nothing: that must not make another's share more than all.
    if (debt.gt(zero)) ofAll = ofAll.plus(debt);
  }
  const share = ofAll.eq(booked) ? asked : asked.times(booked).div(ofAll);
  // Less than is booked is asked only when somebody repaid beside the desk.
  return share;
}

async function askedOf(margin: Margin, asset: string): Promise<Decimal> {
  const debts = (await margin.debts()).filter((debt) => debt.asset === asset);
  return debts.reduce(
    (sum, { principal, interest }) => sum.plus(decimal(principal)).plus(decimal(interest)),
    zero,
  );
}

async function boughtBy(turn: Turn, leg: string): Promise<Decimal> {
  const orders = await ordersOfLeg(turn, leg);
  const net = await netOf(turn, orders);
  if (undoneBy(turn.record.step.leg) === undefined) return net;
  // What a stop of this operation has traded back by itself is not there to be undone any more.
  const [first] = orders;
  const back = (await turn.executor.ordersOf(turn.operation._id)).filter(
    (order) => order.resting && order.symbol === first?.symbol && order.side !== first.side,
  );
  const left = net.minus(await netOf(turn, back));
  return notNegative(left);
}

function netOfFill({ side, quantity, fee, feeCurrency, asset }: Fill): Decimal {
  const traded = decimal(quantity);
  return side === 'buy' && feeCurrency === asset ? traded.minus(decimal(fee)) : traded;
}
