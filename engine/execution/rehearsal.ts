/**
 * The rehearsal of an entry: all its steps on paper, before anything is borrowed or moved.
 *
 * It follows what the book would have in each wallet after each step, at the prices of the moment, and asks of every
 * order what the executor will ask. So a quantity below the broker's minimum, a price off its tick or money that is not
 * there ends an entry while nothing has happened yet.
 */
import { amountIn } from '../bank/sums.ts';
import type { Margin } from '../brokers/broker.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../money.ts';
import type { Amount, BorrowStep, OrderStep, Step, TransferStep, Undoing } from './operation.ts';
import { exitOf } from './operation.ts';
import { intentOf } from './steps/order.ts';
import type { Turn } from './steps/turn.ts';
import { walletOf } from './steps/turn.ts';

export interface RehearsalFailure {
  readonly reason: string;
  readonly how: Undoing;
}

/** Whether an entry needs one: the executor itself rehearses a first order. */
export function needsRehearsal(steps: readonly Step[]): boolean {
  return steps.length > 1;
}

/** Why the entry cannot be carried out, or `undefined` when nothing is known against it. */
export async function rehearse(turn: Turn): Promise<RehearsalFailure | undefined> {
  const stage = await Stage.set(turn);
  for (const { step } of turn.operation.steps) {
    const failure = await stage.play(step);
    if (failure) return failure;
  }
  return undefined;
}

class Stage {
  readonly #turn: Turn;
  /** What the book would have, by wallet and asset. */
  readonly #purse = new Map<string, Decimal>();
  /** What each leg would have brought. */
  readonly #amounts = new Map<string, Decimal>();
  /** Legs that end what rests itself. */
  readonly #resting = new Set<string>();

  private constructor(turn: Turn) {
    this.#turn = turn;
  }

  static async set(turn: Turn): Promise<Stage> {
    const stage = new Stage(turn);
    const { wallets } = await turn.books.holdings(turn.operation.book);
    for (const [wallet, assets] of wallets) {
      for (const asset of assets.keys()) stage.#put(wallet, asset, amountIn(wallets, wallet, asset));
    }
    return stage;
  }

  async play(step: Step): Promise<RehearsalFailure | undefined> {
    const { books, operation } = this.#turn;
    switch (step.kind) {
      case 'lend': {
        const { home, currency } = books.settings(operation.book);
        this.#put(home, currency, decimal(step.amount));
        return undefined;
      }
      case 'transfer':
        return this.#transfer(step);
      case 'borrow':
        return this.#borrow(step);
      case 'order':
        return this.#order(step);
      case 'repay':
      case 'cancel':
      case 'wait':
      case 'settle':
        return undefined;
      default:
        return step satisfies never;
    }
  }

  async #transfer(step: TransferStep): Promise<RehearsalFailure | undefined> {
    const { asset, from, to } = step;
    if (from === to) return undefined;
    const wanted = this.#amountOf(step.amount, from);
    if (wanted.lte(zero)) return undefined;
    const margin = this.#margin();
    if (!margin) return this.#no(`${this.#turn.broker.name} has no wallets to move ${asset} between.`);
    const unknown = [from, to].find((wallet) => !this.#turn.broker.wallets.includes(wallet));
    if (unknown !== undefined) return this.#no(`${this.#turn.broker.name} has no wallet "${unknown}".`);
    const has = this.#has(from, asset);
    if (wanted.gt(has) && !step.asFarAsPossible) {
      const { book } = this.#turn.operation;
      return this.#no(
        `It would move ${decimalText(wanted)} ${asset} from ${from} to ${to}, ` +
          `but the book "${book}" has ${decimalText(has)} there.`,
      );
    }
    const moved = truncateToStep(wanted.lt(has) ? wanted : has, decimal(await margin.stepOf(asset)));
    this.#put(from, asset, moved.neg());
    this.#put(to, asset, moved);
    return undefined;
  }

  async #borrow({ leg, asset, amount, wallet }: BorrowStep): Promise<RehearsalFailure | undefined> {
    const margin = this.#margin();
    const { name } = this.#turn.broker;
    if (!margin?.wallets.includes(wallet))
      return this.#no(`${name} lends no ${asset} in the wallet ${wallet}.`);
    const lent = truncateToStep(decimal(amount), decimal(await margin.stepOf(asset)));
    if (lent.lte(zero)) return this.#no(`${amount} ${asset} is less than ${name} lends.`);
    this.#put(wallet, asset, lent);
    this.#amounts.set(leg, lent);
    return undefined;
  }

  async #order(step: OrderStep): Promise<RehearsalFailure | undefined> {
    const { executor, broker, stop } = this.#turn;
    const wallet = walletOf(this.#turn, step.wallet);
    const quantity = this.#amountOf(step.quantity, wallet);
    if (quantity.lte(zero)) return this.#no(`There would be no ${step.symbol} to ${step.side}.`);
    const intent = intentOf(this.#turn, step, decimalText(quantity), 1);
    // It ends what an entry that rests has not opened yet.
    if (this.#resting.has(step.leg)) return undefined;
    const exit = step.resting && exitOf(this.#turn.operation, step);
    if (exit) this.#resting.add(exit.leg);
    const prepared = await executor.rehearse(intent, stop, (of, asset) => this.#has(of, asset));
    if ('state' in prepared) {
      return { reason: prepared.reason, how: prepared.state === 'expired' ? 'expired' : 'failed' };
    }
    const { asset, currency } = await broker.resolve(step.symbol);
    const traded = decimal(prepared.quantity);
    const paid = decimal(prepared.notional ?? '0');
    this.#amounts.set(step.leg, traded);
    if (step.resting) return undefined; // it trades later, or never
    this.#put(wallet, asset, step.side === 'buy' ? traded : traded.neg());
    this.#put(wallet, currency, step.side === 'buy' ? paid.neg() : paid);
    return undefined;
  }

  #amountOf(amount: Amount, wallet: string): Decimal {
    switch (amount.is) {
      case 'fixed':
        return decimal(amount.amount);
      case 'borrowed':
      case 'bought':
        return this.#amounts.get(amount.leg) ?? zero;
      case 'held':
        return this.#has(wallet, amount.asset);
      case 'owed':
        return zero; // an entry owes nothing before it borrows
      default:
        return amount satisfies never;
    }
  }

  #margin(): Margin | undefined {
    return this.#turn.broker.margin;
  }

  #has(wallet: string, asset: string): Decimal {
    return this.#purse.get(JSON.stringify([wallet, asset])) ?? zero;
  }

  #put(wallet: string, asset: string, amount: Decimal): void {
    this.#purse.set(JSON.stringify([wallet, asset]), this.#has(wallet, asset).plus(amount));
  }

  #no(reason: string): RehearsalFailure {
    return { reason, how: 'failed' };
  }
}
