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

/** Of all that is owed: interest that is not booked yet is no more than this, and what is more is somebody's movement. */
const mostUnbooked = decimal('0.05');

/**
 * What the book owes, with its part of the interest that the broker asks for beyond what is booked.
 *
 * The broker knows one debt of the whole account. It is asked when no movement of another book is under way, which it would
 * count in already and the ledger not yet: the book would buy back and repay another one's debt, or leave a part of its own.
 */
export function owedOf({ books, operation, broker, lanes, stop }: Turn, asset: string): Promise<Decimal> {
  const { margin } = broker;
  if (!margin) return Promise.resolve(zero);
  return lanes.run(
    movementsLane(broker.name),
    async () => {
      const debtOf = async (book: string) => (await books.holdings(book)).debts.get(asset) ?? zero;
      const booked = await debtOf(operation.book);
      if (booked.lte(zero)) return zero;
      const asked = await askedOf(margin, asset);
      let ofAll = zero;
      for (const name of books.names()) {
        // A book that repaid a last digit too much owes less than nothing: that must not make another's share more than all.
        if (books.settings(name).broker === operation.broker)
          ofAll = ofAll.plus(notNegative(await debtOf(name)));
      }
      // A movement whose fate is not known, or one beside the desk: what is booked is the book's own, as far as it is still asked for.
      if (asked.minus(ofAll).abs().gt(ofAll.times(mostUnbooked))) return asked.lt(booked) ? asked : booked;
      return ofAll.eq(booked) ? asked : asked.times(booked).div(ofAll);
    },
    stop,
  );
}

/** In which one movement at a time is in flight in an account. */
export function movementsLane(broker: string): string {
  return `movements:${broker}`;
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
