/**
 * Loans of the margin wallets: how much may be borrowed, what it costs by the hour, and what may leave a wallet that
 * owes. Values are counted in USDT at the last price.
 *
 * Level: assets / debts. Out of a wallet that owes, only what leaves the level at 2 or more may be taken
 * (https://developers.binance.com/docs/margin_trading/transfer). Interest is charged for the first hour when borrowing,
 * and then at each full hour.
 */
import type { Clock } from '../../../engine/clock.ts';
import { type Decimal, decimal, zero } from '../../../engine/money.ts';
import { Refusal } from './refusal.ts';
import type { TradingWallet, Wallets } from './wallets.ts';

/** A wallet that may owe. */
export type MarginWallet = Exclude<TradingWallet, 'spot'>;

export interface LoanEntry {
  readonly id: number;
  readonly at: number;
  readonly wallet: MarginWallet;
  readonly asset: string;
  readonly type: 'BORROW' | 'REPAY';
  readonly amount: Decimal;
  /** Parts of a repayment. */
  readonly interest: Decimal;
  readonly principal: Decimal;
}

export interface InterestEntry {
  readonly id: number;
  readonly at: number;
  readonly wallet: MarginWallet;
  readonly asset: string;
  readonly principal: Decimal;
  readonly interest: Decimal;
  readonly rate: Decimal;
  readonly type: 'ON_BORROW' | 'PERIODIC';
}

const hourMs = 3_600_000;
const leverage = { cross: decimal('3'), isolated: decimal('5') };
const transferLevel = decimal('2');
export const noDebtLevel = decimal('999');

export class Margin {
  readonly #wallets: Wallets;
  readonly #clock: Clock;
  readonly #worth: (asset: string) => Decimal;
  readonly #newId: () => number;
  #accruedHour: number;
  readonly history: LoanEntry[] = [];
  readonly interest: InterestEntry[] = [];
  /** What lenders have left; an asset that is not here has no end. */
  readonly supply = new Map<string, Decimal>();
  /** Of the principal, by the hour. */
  readonly hourlyRates = new Map<string, Decimal>();
  /** Decimals that an amount to borrow may have, 8 where nothing is said. */
  readonly borrowDecimals = new Map<string, number>();

  constructor(
    wallets: Wallets,
    options: {
      readonly clock: Clock;
      /** In USDT. */
      readonly worth: (asset: string) => Decimal;
      readonly newId: () => number;
    },
  ) {
    this.#wallets = wallets;
    this.#clock = options.clock;
    this.#worth = options.worth;
    this.#newId = options.newId;
    this.#accruedHour = this.#hour();
  }

  hourlyRate(asset: string): Decimal {
    return this.hourlyRates.get(asset) ?? decimal('0.00001');
  }

  /** In USDT. */
  value(wallet: MarginWallet): { readonly assets: Decimal; readonly debts: Decimal } {
    let assets = zero;
    let debts = zero;
    for (const [asset, { free, locked, borrowed, interest }] of this.#wallets.of(wallet)) {
      const held = free.plus(locked);
      const owed = borrowed.plus(interest);
      if (held.eq(zero) && owed.eq(zero)) continue;
      const worth = this.#worth(asset);
      assets = assets.plus(held.times(worth));
      debts = debts.plus(owed.times(worth));
    }
    return { assets, debts };
  }

  level(wallet: MarginWallet): Decimal {
    const { assets, debts } = this.value(wallet);
    return debts.eq(zero) ? noDebtLevel : assets.div(debts);
  }

  maximumToBorrow(wallet: MarginWallet, asset: string): Decimal {
    const { assets, debts } = this.value(wallet);
    const times = wallet === 'cross' ? leverage.cross : leverage.isolated;
    const room = assets
      .minus(debts)
      .times(times.minus(decimal('1')))
      .minus(debts);
    if (room.lte(zero)) return zero;
    const most = room.div(this.#worth(asset)).round(8, 0);
    const supply = this.supply.get(asset);
    return supply?.lt(most) ? supply : most;
  }

  maximumToTransfer(wallet: MarginWallet, asset: string): Decimal {
    const { free } = this.#wallets.holding(wallet, asset);
    const { assets, debts } = this.value(wallet);
    if (debts.eq(zero)) return free;
    const room = assets.minus(debts.times(transferLevel));
    if (room.lte(zero)) return zero;
    const most = room.div(this.#worth(asset)).round(8, 0);
    return most.lt(free) ? most : free;
  }

  borrow(wallet: MarginWallet, asset: string, amount: Decimal): LoanEntry {
    if (!amount.eq(amount.round(this.borrowDecimals.get(asset) ?? 8, 0))) {
      throw new Refusal('borrow_precision', asset);
    }
    const supply = this.supply.get(asset);
    if (supply?.lt(amount)) throw new Refusal('no_lender', asset);
    if (amount.gt(this.maximumToBorrow(wallet, asset))) throw new Refusal('borrow_beyond_maximum', asset);
    if (supply !== undefined) this.supply.set(asset, supply.minus(amount));
    const holding = this.#wallets.holding(wallet, asset);
    holding.free = holding.free.plus(amount);
    holding.borrowed = holding.borrowed.plus(amount);
    const loan = this.#note(wallet, asset, 'BORROW', amount, zero);
    this.#charge(wallet, asset, amount, 'ON_BORROW', loan.at);
    return loan;
  }

  /** Interest first, then the principal. */
  repay(wallet: MarginWallet, asset: string, amount: Decimal): LoanEntry {
    const holding = this.#wallets.holding(wallet, asset);
    if (amount.gt(holding.borrowed.plus(holding.interest))) throw new Refusal('repay_beyond_debt', asset);
    if (amount.gt(holding.free)) throw new Refusal('repay_beyond_balance', asset);
    const interest = amount.lt(holding.interest) ? amount : holding.interest;
    const principal = amount.minus(interest);
    holding.free = holding.free.minus(amount);
    holding.interest = holding.interest.minus(interest);
    holding.borrowed = holding.borrowed.minus(principal);
    const supply = this.supply.get(asset);
    if (supply !== undefined) this.supply.set(asset, supply.plus(principal));
    return this.#note(wallet, asset, 'REPAY', amount, interest);
  }

  /** Charges the hours that have passed on the clock. */
  accrue(): void {
    const hour = this.#hour();
    for (; this.#accruedHour < hour; this.#accruedHour += 1) {
      const at = (this.#accruedHour + 1) * hourMs;
      for (const wallet of this.#wallets.names()) {
        if (wallet === 'spot' || wallet === 'funding') continue;
        for (const [asset, { borrowed }] of this.#wallets.of(wallet)) {
          if (borrowed.gt(zero)) this.#charge(wallet, asset, borrowed, 'PERIODIC', at);
        }
      }
    }
  }

  #charge(wallet: MarginWallet, asset: string, principal: Decimal, type: InterestEntry['type'], at: number) {
    const rate = this.hourlyRate(asset);
    const interest = principal.times(rate).round(8, 3);
    const holding = this.#wallets.holding(wallet, asset);
    holding.interest = holding.interest.plus(interest);
    this.interest.push({ id: this.#newId(), at, wallet, asset, principal, interest, rate, type });
  }

  #note(
    wallet: MarginWallet,
    asset: string,
    type: LoanEntry['type'],
    amount: Decimal,
    interest: Decimal,
  ): LoanEntry {
    const entry: LoanEntry = {
      id: this.#newId(),
      at: this.#clock.now().getTime(),
      wallet,
      asset,
      type,
      amount,
      interest,
      principal: amount.minus(interest),
    };
    this.history.push(entry);
    return entry;
  }

  #hour(): number {
    return Math.floor(this.#clock.now().getTime() / hourMs);
  }
}
