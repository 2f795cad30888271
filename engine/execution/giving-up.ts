/**
 * Giving an operation up, on a person's word: it goes neither further nor back. What is in hand of it is brought to an end
 * as far as its broker tells, what was traded is booked, and it is said what stays open, so that somebody can see to it.
 */
import type { Books } from '../bank/books.ts';
import type { Broker } from '../brokers/broker.ts';
import { reasonOf } from '../errors.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Executor } from './executor.ts';
import type { Operation, StepRecord } from './operation.ts';
import type { Order } from './order.ts';
import { isFinal } from './states.ts';
import { ordersOfLeg } from './steps/amounts.ts';
import { carryOutStep, needsBroker } from './steps/index.ts';
import type { Turn } from './steps/turn.ts';

/** What stays open when an operation ends now; sentences for people. */
export interface Leftovers {
  /** What its book then still has and owes of what the operation is about. */
  readonly inBook: readonly string[];
  /** What is or may be at the broker. */
  readonly atBroker: readonly string[];
}

export interface LeftoverParts {
  readonly books: Books;
  readonly executor: Executor;
  /** Undefined where the configuration has it no more. */
  readonly broker: Broker | undefined;
}

/**
 * Ends a step that was begun: its orders are cancelled, and what they traded is booked; a movement is looked for once more
 * in the broker's records. What is not certain then is booked when the broker tells of it, or shows as a difference.
 */
export async function letGo(
  turn: Turn,
  by: string,
): Promise<{ readonly record: StepRecord; readonly unclear?: string }> {
  const { record, executor } = turn;
  const { step } = record;
  if (step.kind === 'order') {
    const orders = await ordersOfLeg(turn, step.leg);
    const ended = await Promise.all(
      orders.map((order) => (isFinal(order.state) ? order : executor.leave(order._id, by))),
    );
    const traded = ended.reduce((sum, { filled }) => sum.plus(decimal(filled)), zero);
    return { record: { ...record, state: 'failed', amount: decimalText(traded) } };
  }
  if (!needsBroker(step)) return { record: { ...record, state: 'failed' } };
  const ended = await carryOutStep({ ...turn, again: true });
  switch (ended.is) {
    case 'done': {
      const { amount, id, reason } = ended;
      return { record: { ...record, state: 'done', amount, id, reason } };
    }
    case 'by hand':
      throw new Error(`the movement ${step.leg} is made by hand`);
    case 'unclear': {
      const { reason } = ended;
      return { record: { ...record, state: 'failed', amount: null, reason }, unclear: reason };
    }
    case 'failed':
    case 'absent':
      return { record: { ...record, state: 'failed', amount: null, reason: ended.reason } };
    default:
      return ended satisfies never;
  }
}

/** Changes nothing. */
export async function leftovers(operation: Operation, parts: LeftoverParts): Promise<Leftovers> {
  const { broker } = parts;
  const assets = await assetsOf(operation, broker);
  return {
    inBook: await leftInBook(operation, assets, parts),
    atBroker: [
      ...(await openOrders(operation, assets, parts)),
      ...operation.steps.flatMap(({ step, state, amount }) =>
        needsBroker(step) && state === 'doing'
          ? [
              `It is not known whether ${operation.broker} did this: ${step.kind} ${amount ?? ''} (${step.leg}).`,
            ]
          : [],
      ),
      ...(await heldThere(assets, broker, operation.broker)),
    ],
  };
}

/** What the operation is about, without its money: by asset the symbol in which it is traded. */
async function assetsOf(
  { steps }: Operation,
  broker: Broker | undefined,
): Promise<ReadonlyMap<string, string>> {
  const assets = new Map<string, string>();
  for (const { step } of steps) {
    if (step.kind === 'order' || step.kind === 'cancel') {
      const asset = await assetOf(step.symbol, broker);
      assets.set(asset, step.symbol);
    } else if ((step.kind === 'borrow' || step.kind === 'repay') && !assets.has(step.asset)) {
      assets.set(step.asset, step.asset);
    }
  }
  return assets;
}

/** By the symbol itself where the broker cannot be asked. */
async function assetOf(symbol: string, broker: Broker | undefined): Promise<string> {
  return broker
    ? broker.resolve(symbol).then(
        ({ asset }) => asset,
        () => symbol,
      )
    : symbol;
}

async function leftInBook(
  { book, steps }: Operation,
  assets: ReadonlyMap<string, string>,
  { books }: LeftoverParts,
): Promise<readonly string[]> {
  const { positions, debts, lent, wallets } = await books.holdings(book);
  const { currency, home } = books.settings(book);
  const moves = steps.some(({ step }) => step.kind === 'transfer');
  const some = (text: string, amount: Decimal | undefined, asset: string) =>
    amount?.gt(zero) ? [`${text} ${decimalText(amount)} ${asset}.`] : [];
  return [
    ...[...assets.keys()].flatMap((asset) => {
      const position = positions.get(asset);
      if (!position || position.quantity.eq(zero)) return [];
      const { quantity } = position;
      if (quantity.gt(zero)) return [`The book "${book}" holds ${decimalText(quantity)} ${asset}.`];
      if (debts.has(asset)) return []; // said as what it owes
      return [`The book "${book}" is ${decimalText(quantity.abs())} ${asset} short.`];
    }),
    ...[...assets.keys()].flatMap((asset) => some(`The book "${book}" owes`, debts.get(asset), asset)),
    ...some(`The book "${book}" owes the bank`, lent.get(currency), currency),
    ...[...wallets].flatMap(([wallet, amounts]) =>
      moves && wallet !== home ? some(`In the wallet ${wallet} lie`, amounts.get(currency), currency) : [],
    ),
  ];
}

/** Those of the operation itself, and what rests of the book in the same assets. */
async function openOrders(
  { _id, book, broker: account, steps }: Operation,
  assets: ReadonlyMap<string, string>,
  { executor, broker }: LeftoverParts,
): Promise<readonly string[]> {
  const begun = new Set(steps.flatMap(({ step, state }) => (state === 'doing' ? [step.leg] : [])));
  const sentences: string[] = [];
  for (const order of await executor.openOrders({ book, broker: account })) {
    const isInHand = order.operation === _id && begun.has(order.key.leg);
    if (order.cancelledBy !== null)
      sentences.push(`${orderText(order)}: it is to be cancelled, and what becomes of it is told.`);
    else if (isInHand)
      sentences.push(`${orderText(order)}: it is cancelled, as far as ${account} lets it be.`);
    else if (order.operation === _id || assets.has(await assetOf(order.symbol, broker))) {
      sentences.push(`${orderText(order)}: it stays there.`);
    }
  }
  return sentences;
}

function orderText({ _id, side, quantity, symbol, filled, state }: Order): string {
  const where = state === 'unknown' ? 'may be open' : 'is open';
  return `The order ${_id} ${where}: ${side} ${quantity} ${symbol}, of which ${filled} are filled`;
}

async function heldThere(
  assets: ReadonlyMap<string, string>,
  broker: Broker | undefined,
  account: string,
): Promise<readonly string[]> {
  if (!broker) return [`There is no broker "${account}" any more: look there by yourself.`];
  const { state, why } = broker.status();
  if (state !== 'ready')
    return [`${account} is ${state}${why ? `: ${why}` : ''}. What is open there is not known.`];
  try {
    const [balances, positions] = await Promise.all([broker.balances(), broker.positions()]);
    return [...assets.keys()].map((asset) => {
      const lying = balances.filter((balance) => balance.asset === asset);
      const held = [
        ...lying.map(({ free, locked }) => decimal(free).plus(decimal(locked))),
        ...positions.filter((position) => position.asset === asset).map(({ quantity }) => decimal(quantity)),
      ].reduce((sum, amount) => sum.plus(amount), zero);
      const owed = lying.reduce((sum, balance) => sum.plus(decimal(balance.owed)), zero);
      const owes = owed.gt(zero) ? `, and owes ${decimalText(owed)}` : '';
      return `In all, ${account} holds ${decimalText(held)} ${asset}${owes}.`;
    });
  } catch (error) {
    return [`${account} could not be asked what it holds: ${reasonOf(error)}`];
  }
}
