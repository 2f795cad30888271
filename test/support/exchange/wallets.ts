/** Who has what: free and locked in each wallet, and what is owed there. Exact decimals throughout. */
import { type Decimal, zero } from '../../../engine/money.ts';
import { Refusal } from './refusal.ts';

/** Where an order may trade. */
export type TradingWallet = 'spot' | 'cross' | `isolated:${string}`;
export type Wallet = TradingWallet | 'funding';

export interface Holding {
  free: Decimal;
  locked: Decimal;
  /** Owed without the interest. */
  borrowed: Decimal;
  interest: Decimal;
}

export class Wallets {
  readonly #wallets = new Map<Wallet, Map<string, Holding>>();

  /** The one record of it, to be changed in place. */
  holding(wallet: Wallet, asset: string): Holding {
    let holdings = this.#wallets.get(wallet);
    if (holdings === undefined) {
      holdings = new Map();
      this.#wallets.set(wallet, holdings);
    }
    let holding = holdings.get(asset);
    if (holding === undefined) {
      holding = { free: zero, locked: zero, borrowed: zero, interest: zero };
      holdings.set(asset, holding);
    }
    return holding;
  }

  /** Asset by asset. */
  of(wallet: Wallet): ReadonlyMap<string, Holding> {
    return this.#wallets.get(wallet) ?? new Map();
  }

  names(): readonly Wallet[] {
    return [...this.#wallets.keys()];
  }

  credit(wallet: Wallet, asset: string, amount: Decimal): void {
    const holding = this.holding(wallet, asset);
    holding.free = holding.free.plus(amount);
  }

  /** @throws Refusal when so much is not free */
  debit(wallet: Wallet, asset: string, amount: Decimal): void {
    const holding = this.holding(wallet, asset);
    if (holding.free.lt(amount)) throw new Refusal('insufficient_balance', asset);
    holding.free = holding.free.minus(amount);
  }

  /** @throws Refusal when so much is not free */
  lock(wallet: Wallet, asset: string, amount: Decimal): void {
    this.debit(wallet, asset, amount);
    const holding = this.holding(wallet, asset);
    holding.locked = holding.locked.plus(amount);
  }

  unlock(wallet: Wallet, asset: string, amount: Decimal): void {
    const holding = this.holding(wallet, asset);
    holding.locked = holding.locked.minus(amount);
    holding.free = holding.free.plus(amount);
  }
}
