/**
 * Transfers, loans and repayments: what moves in an account without an order.
 *
 * The broker knows them by no id of ours. So one movement at a time is in flight in an account; when its reply is lost,
 * it is looked for in the broker's records, and it is asked for again only when these have proved that it is not there.
 */
import type { Margin, Movement, MovementOutcome } from '../../brokers/broker.ts';
import { reasonOf } from '../../errors.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { Sought } from '../claims.ts';
import type { BorrowStep, RepayStep, TransferStep } from '../operation.ts';
import { lookupPausesMs } from '../patience.ts';
import { amountOf, heldIn, movementsLane, owedOf } from './amounts.ts';
import type { Ended, Sized, Turn } from './turn.ts';
import { done, failed, nothingToDo } from './turn.ts';

/** What is older was booked by the reconciliation. */
const interestTakenInMs = 26 * 3_600_000;

/** By how much the broker's clock may be behind ours: a movement that is not found is asked for again. */
const clockSlackMs = 2 * 3_600_000;

export type MovementStep = TransferStep | BorrowStep | RepayStep;

export async function sizeMovement(turn: Turn, step: MovementStep): Promise<Sized | Ended> {
  if (step.kind === 'transfer' && step.from === step.to) return nothingToDo;
  const { margin } = turn.broker;
  if (!margin) return failed(`${turn.broker.name} neither lends nor moves money between wallets.`);
  if (step.kind === 'repay') await takeInInterest(turn, margin, step.asset);
  const { amount, left } = await mostOf(turn, margin, step);
  const stepSize = decimal(await margin.stepOf(step.asset));
  const moved = truncateToStep(amount, stepSize);
  if (moved.gt(zero)) return { is: 'sized', amount: decimalText(moved), left };
  if (step.kind === 'borrow')
    return failed(`${step.amount} ${step.asset} is less than ${turn.broker.name} lends.`);
  return done(zero, null, left);
}

export function carryOutMovement(turn: Turn, step: MovementStep): Promise<Ended> {
  const { lanes, broker } = turn;
  return lanes.run(movementsLane(broker.name), async () => {
    const { margin } = broker;
    if (!margin) return failed(`${broker.name} neither lends nor moves money between wallets.`);
    const movement = new OneMovement(turn, margin, step);
    if (turn.again) return movement.lookUp([0]);
    return movement.ask();
  });
}

/**
 * Books the interest that the broker has charged, before a repayment pays it. Under the causes by which the
 * reconciliation books it too: whoever comes second changes nothing.
 */
async function takeInInterest(
  { books, broker, clock, claims }: Turn,
  margin: Margin,
  asset: string,
): Promise<void> {
  const since = new Date(clock.now().getTime() - interestTakenInMs);
  for (const { id, kind, asset: of, amount, wallet } of await margin.movementsSince(since)) {
    if (kind !== 'interest' || of !== asset) continue;
    if (await claims.isBeforeTheDesk(broker.name, id)) continue;
    const cause = `movement:${broker.name}:${id}`;
    await books.shareCost({ cause, broker: broker.name, kind, asset, amount, wallet });
  }
}

/** How much of it can be moved, and what to say of the rest. */
async function mostOf(
  turn: Turn,
  margin: Margin,
  step: MovementStep,
): Promise<{ amount: Decimal; left: string | null }> {
  switch (step.kind) {
    case 'borrow':
      return { amount: decimal(step.amount), left: null };
    case 'transfer': {
      const { asset, from, to } = step;
      let amount = await amountOf(turn, step.amount, from);
      if (turn.pushed || step.asFarAsPossible) amount = least(amount, await heldIn(turn, from, asset));
      if (step.amount.is === 'held' && amount.gt(zero) && (await owesMoreThanCrumbs(turn))) {
        return { amount: zero, left: null };
      }
      if (step.asFarAsPossible && amount.gt(zero)) {
        const most = decimal(await margin.maxTransferable({ asset, from, to }));
        const stays = `${turn.broker.name} lets no ${asset} leave the wallet ${from} just now; it stays there.`;
        return { amount: least(amount, most), left: most.lt(amount) ? stays : null };
      }
      return { amount, left: null };
    }
    case 'repay': {
      const { asset, wallet } = step;
      const owed = await owedOf(turn, asset);
      const wanted = least(await amountOf(turn, step.amount, wallet), owed);
      const amount = least(wanted, await heldIn(turn, wallet, asset));
      const rest = wanted.minus(amount);
      return {
        amount,
        left: rest.gt(zero)
          ? `${decimalText(rest)} ${asset} are still owed: the book has no more of it.`
          : null,
      };
    }
    default:
      return step satisfies never;
  }
}

/**
 * Whether the book has something to buy back: then what lies in its trading wallet stays there to pay for it. An exit that
 * was held up would else take home what an entry after it has borrowed against. Less than the smallest order cannot be
 * bought back, and keeps nothing.
 */
async function owesMoreThanCrumbs({ books, broker, operation }: Turn): Promise<boolean> {
  const { debts, positions } = await books.holdings(operation.book);
  const { currency } = books.settings(operation.book);
  for (const [asset, owed] of debts) {
    if (owed.lte(zero) || asset === currency) continue;
    const symbol = positions.get(asset)?.symbol ?? `${asset}/${currency}`;
    const { rules } = await broker.resolve(symbol);
    if (owed.lt(decimal(rules.minimumQuantity))) continue;
    const worth = owed.times(decimal((await broker.quote(symbol)).ask));
    if (worth.gte(decimal(rules.minimumNotional))) return true;
  }
  return false;
}

class OneMovement {
  readonly #turn: Turn;
  readonly #margin: Margin;
  readonly #step: MovementStep;
  readonly #amount: string;

  constructor(turn: Turn, margin: Margin, step: MovementStep) {
    this.#turn = turn;
    this.#margin = margin;
    this.#step = step;
    this.#amount = turn.record.amount ?? '0';
  }

  async ask(): Promise<Ended> {
    const outcome = await this.#request();
    switch (outcome.outcome) {
      case 'done':
        return (await this.#take(outcome.id, outcome.amount)) ?? this.lookUp(lookupPausesMs);
      case 'rejected':
        return failed(outcome.reason, outcome.why === 'no-lender' ? 'refused' : 'failed');
      case 'unknown':
        return this.lookUp(lookupPausesMs);
      default:
        return outcome satisfies never;
    }
  }

  /** Looks for it in the broker's records, once for each pause, and waits between. */
  async lookUp(pausesMs: readonly number[]): Promise<Ended> {
    const { broker, sleep, stop } = this.#turn;
    let ended: Ended = { is: 'unclear', reason: 'it was not looked for' };
    for (const ms of pausesMs) {
      ended = await this.#lookOnce();
      if (ended.is !== 'unclear') return ended;
      if (ms > 0) await sleep(ms, stop);
    }
    return {
      ...ended,
      reason: `It is not known whether ${broker.name} did this: ${this.#words()}. ${ended.reason}`,
    };
  }

  async #lookOnce(): Promise<Ended> {
    const { broker, claims, operation, record, clock } = this.#turn;
    const since = Date.parse(record.since ?? operation.askedAt);
    let records: readonly Movement[];
    let sought: Sought;
    try {
      sought = await this.#sought();
      records = await this.#margin.movementsSince(new Date(since - clockSlackMs));
    } catch (error) {
      return { is: 'unclear', reason: `${broker.name} could not be asked: ${reasonOf(error)}` };
    }
    const claimant = { operation: operation._id, leg: this.#step.leg };
    const found = await claims.find(broker.name, records, sought, claimant);
    const taken = found && (await this.#take(found.id, found.amount));
    if (taken) return taken;
    const certainAfter = broker.capabilities.absenceIsFinalAfterSeconds;
    const reason = `${broker.name} has no record of it.`;
    const waitedMs = clock.now().getTime() - since;
    if (certainAfter !== null && waitedMs >= certainAfter * 1000) return { is: 'absent', reason };
    return { is: 'unclear', reason };
  }

  /** Books what moved; `undefined` when the record is another step's. */
  async #take(id: string, amount: string): Promise<Ended | undefined> {
    const { broker, claims, operation, books, log } = this.#turn;
    const { kind, asset } = this.#step;
    const claimant = { operation: operation._id, leg: this.#step.leg };
    if (!(await claims.take(broker.name, id, claimant))) {
      log.error(
        { operation: operation._id, leg: this.#step.leg, movement: id },
        'a movement is claimed twice',
      );
      return undefined;
    }
    await books.postMovement({
      cause: `movement:${broker.name}:${id}`,
      book: operation.book,
      broker: broker.name,
      kind,
      asset,
      amount,
      ...this.#wallets(),
    });
    return done(decimal(amount), id);
  }

  async #sought(): Promise<Sought> {
    const { kind, asset } = this.#step;
    const step = kind === 'borrow' ? decimal(await this.#margin.stepOf(asset)) : zero;
    return { kind, asset, amount: decimal(this.#amount), step, ...this.#wallets() };
  }

  #wallets(): { wallet: string; to: string | null } {
    const step = this.#step;
    return step.kind === 'transfer' ? { wallet: step.from, to: step.to } : { wallet: step.wallet, to: null };
  }

  async #request(): Promise<MovementOutcome> {
    const step = this.#step;
    const amount = this.#amount;
    try {
      switch (step.kind) {
        case 'transfer':
          return await this.#margin.transfer({ asset: step.asset, amount, from: step.from, to: step.to });
        case 'borrow':
          return await this.#margin.borrow({ asset: step.asset, amount, wallet: step.wallet });
        case 'repay':
          return await this.#margin.repay({ asset: step.asset, amount, wallet: step.wallet });
        default:
          return step satisfies never;
      }
    } catch (error) {
      // An adapter must not throw. When one does, it may well have moved.
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  #words(): string {
    const { kind, asset } = this.#step;
    const { wallet, to } = this.#wallets();
    const where = to === null ? `in the wallet ${wallet}` : `from ${wallet} to ${to}`;
    return `${kind} ${this.#amount} ${asset} ${where}`;
  }
}

function least(one: Decimal, other: Decimal): Decimal {
  return one.lt(other) ? one : other;
}
