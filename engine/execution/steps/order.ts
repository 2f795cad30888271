/**
 * An order of an operation.
 *
 * In an entry it is one order, and what of it is filled when its time is over is what the operation goes on with. In an
 * exit it may take several: the next one is made only when the one before it has certainly ended, for what is left.
 *
 * What rests to end what an entry opens went out with it where the broker takes the two together. It is then looked at
 * when its turn comes: what does not fit what the entry really got is replaced.
 */

import { amountIn } from '../../bank/sums.ts';
import { stamp } from '../../clock.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { OrderStep } from '../operation.ts';
import { exitOf, hasTraded, isProtective } from '../operation.ts';
import type { Intent, Order } from '../order.ts';
import { isFinal } from '../states.ts';
import { amountOf, heldIn, netOf, ordersOfLeg, owedOf } from './amounts.ts';
import type { Ended, Sized, Turn } from './turn.ts';
import { done, failed, isWithPerson, walletOf } from './turn.ts';

/** How long an order may stay open where nothing is said. */
const usualOpenSeconds = 60;

const replacedBy = 'an order for what its entry really got';

export async function sizeOrder(turn: Turn, step: OrderStep): Promise<Sized | Ended> {
  const before = await ordersOfLeg(turn, step.leg);
  const traded = sumOf(before);
  const attached = attachedOf(before);
  if (attached && (await waitsForEntry(turn, attached))) return { is: 'sized', amount: attached.quantity };
  const left = await quantityLeft(turn, step, before);
  if (left.lte(zero)) {
    if (attached && traded.gt(zero)) return done(traded, attached._id);
    if (!turn.pushed && (await restsOnly(turn, step))) return done(zero, null);
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
  const attached = attachedOf(before);
  const settled = attached && (await settleAttached(turn, step, attached));
  if (settled && settled.is !== 'replace') return settled;
  const last = before.at(-1)?.key.sequence ?? 0;
  const isOwn = before.at(-1)?.entry === undefined;
  const goesOn = last > 0 && isOwn && (turn.again || !turn.pushed);
  const amount = settled?.amount ?? turn.record.amount ?? '0';
  const intent = intentOf(turn, step, amount, goesOn ? last : last + 1);
  // Its size does not follow what the book has, and that of an exit does: two exits at once would sell it twice.
  const rests = !turn.pushed && step.quantity.is === 'fixed' ? turn.rests : undefined;
  let order = await turn.executor.execute(intent, turn.stop, rests);
  if (order.state === 'rejected' && order.exit && isForAuction(order)) {
    // Not every auction takes orders that carry another: then the exit follows when it was filled.
    const alone = intentOf(turn, step, amount, intent.key.sequence + 1);
    order = await turn.executor.execute(alone, turn.stop, rests);
  }
  if (!isFinal(order.state)) {
    const rests = order.resting && (order.state === 'working' || order.state === 'partly_filled');
    if (rests) return done(decimal(order.quantity), order._id);
    if (isWithPerson(turn.broker, order)) return { is: 'by hand', order: order._id };
    return { is: 'unclear', reason: whyOpen(order) };
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

/** What the step is to end may still be opened: an entry that rests. Who placed it looks after it then. */
async function restsOnly(turn: Turn, { quantity }: OrderStep): Promise<boolean> {
  if (quantity.is !== 'bought') return false;
  return (await ordersOfLeg(turn, quantity.leg)).some(({ state, resting }) => resting && !isFinal(state));
}

function isForAuction({ terms }: Order): boolean {
  return terms.type === 'market' && terms.auction !== undefined;
}

/** The order that went out with its entry, where there is one. */
function attachedOf(orders: readonly Order[]): Order | undefined {
  return orders.find(({ entry }) => entry !== undefined);
}

/** Its entry may still be filled: until then it is for whatever that gets. */
async function waitsForEntry({ executor }: Turn, { entry = '' }: Order): Promise<boolean> {
  const found = await executor.order(entry);
  return found !== undefined && !isFinal(found.state);
}

/** Whether what went out with the entry ends all that the entry opened; if not, for how much another order is needed. */
async function settleAttached(
  turn: Turn,
  step: OrderStep,
  attached: Order,
): Promise<Ended | { readonly is: 'replace'; readonly amount: string }> {
  let order = isFinal(attached.state) ? attached : await turn.executor.takeUp(attached._id, turn.stop);
  if (order.state === 'sending' || order.state === 'unknown')
    return { is: 'unclear', reason: whyOpen(order) };
  if (await waitsForEntry(turn, attached)) {
    return done(decimal(order.quantity), order._id, isFinal(order.state) ? order.reason : null);
  }
  const left = async () => quantityLeft(turn, step, await ordersOfLeg(turn, step.leg));
  if (!isFinal(order.state)) {
    const rest = decimal(order.quantity).minus(decimal(order.filled));
    if (rest.eq(await left())) return done(decimal(order.quantity), order._id);
    order = await turn.executor.cancel(order._id, replacedBy);
    if (!isFinal(order.state)) return { is: 'unclear', reason: whyOpen(order) };
  }
  const amount = await left();
  if (amount.lte(zero)) return done(sumOf(await ordersOfLeg(turn, step.leg)), order._id);
  // Somebody wanted it gone: it is not placed anew against that.
  if (order.cancelledBy !== null && order.cancelledBy !== replacedBy) {
    return done(decimal(order.filled), order._id, order.reason);
  }
  return { is: 'replace', amount: decimalText(amount) };
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
  const exit = pushed || sequence > 1 ? undefined : exitOf(operation, step);
  return {
    key: { source: operation._id, book: operation.book, leg, sequence },
    operation: operation._id,
    symbol,
    side,
    quantity,
    ...(budget !== undefined && !pushed && { budget }),
    terms,
    ...(exit && { exit: { leg: exit.leg, terms: exit.terms } }),
    wallet: walletOf(turn, step.wallet),
    purpose: isExit ? 'exit' : 'entry',
    // Once something was traded, the rest belongs to it: its age counts from its own beginning.
    askedAt: hasTraded(operation) ? (record.since ?? stamp(clock)) : operation.askedAt,
    ...(operation.freshUntil !== undefined && { freshUntil: operation.freshUntil }),
    ...(resting ? { resting } : openFor(turn, step)),
  };
}

/** Where a person places it, it is open until that person says what became of it, or somebody wants it cancelled. */
function openFor({ broker }: Turn, { openForSeconds }: OrderStep): Pick<Intent, 'openForSeconds'> {
  if (openForSeconds !== undefined) return { openForSeconds };
  return broker.byHand ? {} : { openForSeconds: usualOpenSeconds };
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
