/**
 * Carries steps out exactly, with decimals, on an account of wallets, loans and fixed prices: what a broker and the bank
 * would do when nothing goes wrong. It throws where they would refuse: to sell, move, repay or spend what is not there.
 */
import type { Instrument, Quote, Side } from '../../../../engine/brokers/broker.ts';
import type { Amount, OrderStep, Step } from '../../../../engine/execution/operation.ts';
import type { Decimal } from '../../../../engine/money.ts';
import { decimal, truncateToStep, zero } from '../../../../engine/money.ts';
import type { BookView, MarketView } from '../../../../engine/signals/handler.ts';

const one = decimal('1');

export interface Listing {
  /** As alerts name it. */
  readonly name: string;
  readonly symbol: string;
  readonly asset: string;
  readonly bid: string;
  readonly ask: string;
  readonly step: string;
  readonly tick?: string;
  readonly minimumNotional?: string;
  readonly feeRate?: string;
}

export interface Trade {
  readonly leg: string;
  readonly side: Side;
  readonly quantity: Decimal;
  /** Without the fee. */
  readonly value: Decimal;
  /** In the currency. */
  readonly fee: Decimal;
}

export interface AccountOptions {
  readonly listings: readonly Listing[];
  readonly capital: string;
  readonly pool?: string;
  readonly home?: string;
  readonly wallet?: string;
  readonly minimumEntry?: string;
  readonly maximumLossPercent?: string | null;
  /** Where the fee of a purchase is taken: from the money, as where it is paid in a third coin, or from what is bought. */
  readonly feeIn?: 'money' | 'asset';
  readonly currency?: string;
  /** Whether the broker itself sells what is not there. */
  readonly short?: boolean;
}

export class Account {
  readonly currency: string;
  readonly home: string;
  readonly wallet: string;
  readonly trades: Trade[] = [];
  readonly moved: { readonly from: string; readonly to: string; readonly amount: Decimal }[] = [];
  readonly resting: OrderStep[] = [];
  readonly #options: AccountOptions;
  readonly #listings = new Map<string, Listing>();
  readonly #wallets = new Map<string, Decimal>();
  readonly #debts = new Map<string, Decimal>();
  #lent = zero;
  #legs = new Map<string, Decimal>();

  constructor(options: AccountOptions) {
    this.#options = options;
    this.currency = options.currency ?? 'USDT';
    this.home = options.home ?? 'account';
    this.wallet = options.wallet ?? this.home;
    for (const listing of options.listings) this.#listings.set(listing.symbol, listing);
    this.add(this.home, this.currency, decimal(options.capital));
  }

  has(wallet: string, asset: string): Decimal {
    return this.#wallets.get(`${wallet} ${asset}`) ?? zero;
  }

  owes(asset: string): Decimal {
    return this.#debts.get(asset) ?? zero;
  }

  /** Such as interest, or a coin that somebody left behind. */
  add(wallet: string, asset: string, amount: Decimal): void {
    this.#wallets.set(`${wallet} ${asset}`, this.has(wallet, asset).plus(amount));
  }

  addDebt(asset: string, amount: Decimal): void {
    this.#debts.set(asset, this.owes(asset).plus(amount));
  }

  setPrice(symbol: string, price: string): void {
    this.#listings.set(symbol, { ...this.#listing(symbol), bid: price, ask: price });
  }

  get lent(): Decimal {
    return this.#lent;
  }

  get cash(): Decimal {
    return this.#total(this.currency).minus(this.owes(this.currency));
  }

  /** What is held of an asset, what is owed of it taken off. */
  net(asset: string): Decimal {
    return this.#total(asset).minus(this.owes(asset));
  }

  view(more: Partial<BookView> = {}): BookView {
    const assets = [...this.#listings.values()].map(({ asset }) => asset);
    const value = [...this.#listings.values()].reduce(
      (sum, { asset, bid, ask }) =>
        sum.plus(this.net(asset).times(decimal(bid).plus(decimal(ask)).div(decimal('2')))),
      zero,
    );
    const free = this.has(this.home, this.currency);
    const lendable = decimal(this.#options.pool ?? '0').minus(this.#lent);
    const { maximumLossPercent = '2' } = this.#options;
    return {
      name: 'test',
      currency: this.currency,
      cash: this.cash,
      equity: this.cash.minus(this.#lent).plus(value),
      capital: decimal(this.#options.capital),
      free,
      available: free.minus(this.#lent).plus(lendable),
      minimumEntry: decimal(this.#options.minimumEntry ?? '0'),
      maximumLossPercent: maximumLossPercent === null ? null : decimal(maximumLossPercent),
      home: this.home,
      wallet: this.wallet,
      positions: new Map(
        assets.map((asset) => [asset, this.net(asset)] as const).filter(([, quantity]) => !quantity.eq(zero)),
      ),
      debts: new Map([...this.#debts].filter(([, owed]) => owed.gt(zero))),
      averagePrices: new Map(),
      entries: new Map(),
      ...more,
    };
  }

  market(): MarketView {
    return new Map(
      [...this.#listings.values()].map((listing) => [
        listing.name,
        { instrument: this.#instrument(listing), quote: this.#quote(listing) },
      ]),
    );
  }

  carryOut(steps: readonly Step[]): void {
    this.#legs = new Map();
    for (const step of steps) {
      if (this.#legs.has(step.leg)) throw new Error(`two steps are called ${step.leg}`);
      this.#legs.set(step.leg, this.#do(step));
    }
  }

  #do(step: Step): Decimal {
    switch (step.kind) {
      case 'lend': {
        const amount = positive(step.amount);
        this.#lent = this.#lent.plus(amount);
        if (this.#lent.gt(decimal(this.#options.pool ?? '0')))
          throw new Error('more was lent than the pool has');
        this.add(this.home, this.currency, amount);
        return amount;
      }
      case 'transfer': {
        const amount = this.#amount(step.amount, step.from);
        this.#take(step.from, step.asset, amount);
        this.add(step.to, step.asset, amount);
        this.moved.push({ from: step.from, to: step.to, amount });
        return amount;
      }
      case 'borrow': {
        const amount = positive(step.amount);
        this.addDebt(step.asset, amount);
        this.add(step.wallet, step.asset, amount);
        return amount;
      }
      case 'repay': {
        const wanted = this.#amount(step.amount, step.wallet);
        const owed = this.owes(step.asset);
        const amount = wanted.lt(owed) ? wanted : owed;
        this.#take(step.wallet, step.asset, amount);
        this.addDebt(step.asset, amount.neg());
        return amount;
      }
      case 'order':
        return this.#order(step);
      case 'cancel':
        this.resting.length = 0;
        return zero;
      case 'settle': {
        const back = this.#lent.lt(this.has(this.home, this.currency))
          ? this.#lent
          : this.has(this.home, this.currency);
        this.#take(this.home, this.currency, back);
        this.#lent = this.#lent.minus(back);
        return back;
      }
      case 'wait':
        return zero;
      default:
        return step satisfies never;
    }
  }

  #order(step: OrderStep): Decimal {
    const wallet = step.wallet ?? this.wallet;
    const listing = this.#listing(step.symbol);
    const { asset, step: quantityStep } = listing;
    const feeRate = decimal(listing.feeRate ?? '0');
    const takenInAsset = this.#options.feeIn === 'asset';
    let wanted = this.#amount(step.quantity, wallet);
    if (step.quantity.is === 'fixed' && !onStep(wanted, quantityStep)) {
      throw new Error(`${wanted} ${asset} is not on the step ${quantityStep}`);
    }
    if (step.resting) {
      this.resting.push(step);
      return wanted;
    }
    if (step.netOfFee && takenInAsset) wanted = wanted.div(one.minus(feeRate));
    let quantity = truncateToStep(wanted, decimal(quantityStep));
    if (step.netOfFee && quantity.lt(wanted)) quantity = quantity.plus(decimal(quantityStep));
    const price = decimal(step.side === 'buy' ? listing.ask : listing.bid);
    if (step.budget !== undefined) {
      const costOfOne = price.times(one.plus(feeRate));
      const affordable = truncateToStep(decimal(step.budget).div(costOfOne), decimal(quantityStep));
      if (affordable.lt(quantity)) quantity = affordable;
    }
    // What is left may be less than one step: then there is nothing to trade, and an exit ends without it.
    if (quantity.lte(zero) && (step.quantity.is === 'held' || step.quantity.is === 'owed')) return zero;
    if (quantity.lte(zero)) throw new Error(`an order of ${quantity} ${asset}`);
    const value = quantity.times(price);
    const fee = value.times(feeRate);
    this.trades.push({ leg: step.leg, side: step.side, quantity, value, fee });
    if (step.side === 'sell') {
      if (this.#options.short) this.add(wallet, asset, quantity.neg());
      else this.#take(wallet, asset, quantity);
      this.add(wallet, this.currency, value.minus(fee));
      return quantity;
    }
    this.#take(wallet, this.currency, takenInAsset ? value : value.plus(fee));
    const arrived = takenInAsset ? quantity.times(one.minus(feeRate)) : quantity;
    this.add(wallet, asset, arrived);
    return arrived;
  }

  #amount(amount: Amount, wallet: string): Decimal {
    switch (amount.is) {
      case 'fixed':
        return positive(amount.amount);
      case 'borrowed':
      case 'bought': {
        const known = this.#legs.get(amount.leg);
        if (!known) throw new Error(`no step before is called ${amount.leg}`);
        return known;
      }
      case 'held':
        return this.has(wallet, amount.asset);
      case 'owed':
        return this.owes(amount.asset);
      default:
        return amount satisfies never;
    }
  }

  #take(wallet: string, asset: string, amount: Decimal): void {
    const has = this.has(wallet, asset);
    if (amount.gt(has)) throw new Error(`${wallet} has ${has} ${asset}, and ${amount} are taken`);
    this.add(wallet, asset, amount.neg());
  }

  #total(asset: string): Decimal {
    return [...this.#wallets].reduce(
      (sum, [key, amount]) => (key.endsWith(` ${asset}`) ? sum.plus(amount) : sum),
      zero,
    );
  }

  #listing(symbol: string): Listing {
    const listing = this.#listings.get(symbol);
    if (listing) return listing;
    throw new Error(`the broker has no ${symbol}`);
  }

  #instrument({
    symbol,
    asset,
    step,
    tick = '0.00000001',
    minimumNotional = '0',
    feeRate = '0',
  }: Listing): Instrument {
    return {
      symbol,
      asset,
      currency: this.currency,
      rules: { quantityStep: step, priceTick: tick, minimumQuantity: step, minimumNotional },
      feeRate,
    };
  }

  #quote({ symbol, bid, ask }: Listing): Quote {
    const last = decimal(bid).plus(decimal(ask)).div(decimal('2')).toFixed();
    return { symbol, bid, ask, last, currency: this.currency, at: new Date(0) };
  }
}

function positive(text: string): Decimal {
  const amount = decimal(text);
  if (amount.gt(zero) && amount.toFixed() === text) return amount;
  throw new Error(`"${text}" is not a positive amount in plain digits`);
}

function onStep(quantity: Decimal, step: string): boolean {
  return quantity.eq(truncateToStep(quantity, decimal(step)));
}
