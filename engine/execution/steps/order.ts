/**
 * An order of an operation.
 *
 * In an entry it is one order, and what of it is filled when its time is over is what the operation goes on with. In an
 * exit it may take several: the next one is made only when the one before it has certainly ended, for what is left.
 */

import { amountIn } from '../../bank/sums.ts';
import { stamp } from '../../clock.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { OrderStep } from '../operation.ts';
import { hasTraded, isProtective } from '../operation.ts';
import type { Intent, Order } from '../order.ts';
import { isFinal } from '../states.ts';
import { amountOf, heldIn, netOf, ordersOfLeg, owedOf } from './amounts.ts';
import type { Ended, Sized, Turn } from './turn.ts';
import { done, failed, walletOf } from './turn.ts';

/** How long an order may stay open where nothing is said. */
const usualOpenSeconds = 60;

export async function sizeOrder(turn: Turn, step: OrderStep): Promise<Sized | Ended> {
  const before = await ordersOfLeg(turn, step.leg);
  const traded = sumOf(before);
  const left = await quantityLeft(turn, step, before);
  if (left.lte(zero)) {
    if (turn.pushed) return done(traded, before.at(-1)?._id ?? null, nothingLeft(turn, step, traded));
    return failed(`There is no ${step.symbol} to ${step.side}: an earlier step brought none.`);
  }
  const amount = decimalText(left);
  // An order that would be refused is not even stored: an exit is tried for as long as it takes.
  const refused = turn.pushed && (await rehearsed(turn, step, amount, before.length + 1));
  if (refused) {
    if (refused.tooSmall) return done(traded, before.at(-1)?._id ?? null, refused.reason);
    return failed(refused.reason);
  }
  return { is: 'sized', amount };
}

export async function carryOutOrder(turn: Turn, step: OrderStep): Promise<Ended> {
  const before = await ordersOfLeg(turn, step.leg);
  const last = before.at(-1)?.key.sequence ?? 0;
  const goesOn = last > 0 && (turn.again || !turn.pushed);
  const intent = intentOf(turn, step, turn.record.amount ?? '0', goesOn ? last : last + 1);
  const order = await turn.executor.execute(intent, turn.stop);
  if (!isFinal(order.state)) {
    const rests = order.resting && (order.state === 'working' || order.state === 'partly_filled');
    return rests ? done(decimal(order.quantity), order._id) : { is: 'unclear', reason: whyOpen(order) };
  }
  const filled = decimal(order.filled);
  const traded = sumOf(await ordersOfLeg(turn, step.leg));
  if (order.state === 'filled') return done(traded, order._id);
  const why = order.reason ?? 'no reason was given';
  if (filled.lte(zero)) return failed(why, order.state === 'expired' ? 'expired' : 'failed');
  const part = `${order.filled} of ${order.quantity} ${order.symbol} were filled: ${why}`;
  if (turn.pushed) return { is: 'failed', reason: part, how: 'failed', progressed: true };
  return done(traded, order._id, part);
}

/** What the step still has to trade. */
async function quantityLeft(turn: Turn, step: OrderStep, before: readonly Order[]): Promise<Decimal> {
  const { quantity, side, netOfFee } = step;
  const wallet = walletOf(turn, step.wallet);
  const wanted = await amountOf(turn, quantity, wallet);
  // What is held and owed is so now, after what was traded; all else is said of the whole step.
  const isNow = quantity.is === 'held' || quantity.is === 'owed';
  const got = netOfFee ? await netOf(turn, before) : sumOf(before);
  let left = isNow ? wanted : wanted.minus(got);
  // What is there to be repaid with need not be bought again.
  if (quantity.is === 'owed' && side === 'buy') left = left.minus(await heldIn(turn, wallet, quantity.asset));
  if (side === 'buy' && turn.pushed && quantity.is !== 'owed' && !turn.broker.capabilities.short) {
    // Another operation may have bought it back since this was decided: more would be a position that nobody wanted.
    const { asset } = await turn.broker.resolve(step.symbol);
    const { wallets } = await turn.books.holdings(turn.operation.book);
    const missing = (await owedOf(turn, asset)).minus(amountIn(wallets, wallet, asset));
    if (missing.lt(left)) left = missing;
  }
  if (side === 'buy' && netOfFee && left.gt(zero)) return withFee(turn, step, left);
  if (side === 'sell' && turn.pushed && !turn.broker.capabilities.short) {
    const { asset } = await turn.broker.resolve(step.symbol);
    const held = await heldIn(turn, wallet, asset);
    return held.lt(left) ? held : left;
  }
  return left;
}

/** So much that this much arrives when the fee is taken in what is bought: on the step above it. */
async function withFee({ broker }: Turn, { symbol }: OrderStep, net: Decimal): Promise<Decimal> {
  const { feeRate, rules } = await broker.resolve(symbol);
  const gross = net.div(decimal('1').minus(decimal(feeRate)));
  const onStep = truncateToStep(gross, decimal(rules.quantityStep));
  return onStep.lt(gross) ? onStep.plus(decimal(rules.quantityStep)) : onStep;
}

async function rehearsed(turn: Turn, step: OrderStep, amount: string, sequence: number) {
  const { stop, executor } = turn;
  const prepared = await executor.rehearse(intentOf(turn, step, amount, sequence), stop);
  return 'state' in prepared ? prepared : undefined;
}

/** What an order step asks of the executor. */
export function intentOf(turn: Turn, step: OrderStep, quantity: string, sequence: number): Intent {
  const { operation, record, pushed, clock } = turn;
  const { leg, symbol, side, budget, terms = { type: 'market' }, resting } = step;
  const isExit = pushed || isProtective(operation, step);
  return {
    key: { source: operation._id, book: operation.book, leg, sequence },
    operation: operation._id,
    symbol,
    side,
    quantity,
    ...(budget !== undefined && !pushed && { budget }),
    terms,
    wallet: walletOf(turn, step.wallet),
    purpose: isExit ? 'exit' : 'entry',
    // Once something was traded, the rest belongs to it: its age counts from its own beginning.
    askedAt: hasTraded(operation) ? (record.since ?? stamp(clock)) : operation.askedAt,
    ...(resting ? { resting } : { openForSeconds: step.openForSeconds ?? usualOpenSeconds }),
  };
}

function sumOf(orders: readonly Order[]): Decimal {
  return orders.reduce((sum, { filled }) => sum.plus(decimal(filled)), zero);
}

function nothingLeft({ operation }: Turn, { symbol, side }: OrderStep, traded: Decimal): string | null {
  if (traded.gt(zero)) return null;
  return `The book "${operation.book}" has no ${symbol} to ${side === 'sell' ? 'sell' : 'buy back'} any more.`;
}

function whyOpen({ _id, broker, state, reason, filled, quantity, symbol }: Order): string {
  if (state === 'unknown' || state === 'sending') {
    const why = reason ?? 'no answer came';
    return `It is not known whether ${broker} has the order ${_id}: ${why}. Look there before the book trades on.`;
  }
  return `The order ${_id} is still ${state} at ${broker}: ${filled} of ${quantity} ${symbol} are filled.`;
}
