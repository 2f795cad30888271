/**
 * An account as the sum of its entries: what each wallet holds, owes and has open. Nothing here is stored for its own
 * sake; a snapshot only spares the reading of old entries, and can be thrown away.
 */
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { Json } from '../../store/store.ts';
import type { Balance, BrokerPosition, Debt } from '../broker.ts';
import type { AccountEvent, Entry, PlacedOrder, State, StoredFill } from './entry.ts';
import { isShare } from './entry.ts';

/** What the account had before its first entry: wallet -> asset -> amount. */
export type Opening = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface OpenOrder {
  readonly order: PlacedOrder;
  readonly at: string;
  readonly state: State;
  readonly fills: readonly StoredFill[];
  readonly stopped: boolean;
  readonly judgedTo: string;
  readonly cancelWanted: boolean;
  /** Of an attached exit: what is known of its entry by now. */
  readonly entry?: { readonly isPlaced: boolean; readonly filled: string };
}

interface Loan {
  principal: Decimal;
  interest: Decimal;
  /** Up to when interest was charged. */
  chargedTo: string;
}

/** Of a share that was sold and not held: what the sales brought that are not covered yet. */
interface Short {
  currency: string;
  proceeds: Decimal;
}

const one = decimal('1');

export class Account {
  /** Of the newest entry that is in it. */
  sequence = 0;
  at = '';
  readonly open = new Map<string, OpenOrder>();
  /** Every symbol that was ever traded, with what is known of it without asking anybody. */
  readonly symbols = new Map<string, { readonly asset: string; readonly currency: string }>();
  readonly #opening: Opening;
  readonly #openingShares: ReadonlySet<string>;
  /** Of the sales of shares that are not held; what must stay beside what they brought, as a rate of it. */
  readonly #shortCollateral: Decimal | undefined;
  /** Wallet and asset -> by how much it differs from the opening. */
  readonly #changes = new Map<string, Decimal>();
  readonly #shares = new Set<string>();
  readonly #loans = new Map<string, Loan>();
  readonly #shorts = new Map<string, Short>();
  /** Symbol -> how much was taken of the volume of its newest price. */
  readonly #taken = new Map<string, { at: string; quantity: Decimal }>();

  /** @param shares assets of the opening that are shares */
  constructor({
    opening,
    shares = [],
    shortCollateral,
  }: {
    readonly opening: Opening;
    readonly shares?: readonly string[];
    readonly shortCollateral?: string;
  }) {
    this.#opening = opening;
    this.#openingShares = new Set(shares);
    this.#shortCollateral =
      shortCollateral === undefined || decimal(shortCollateral).eq(zero)
        ? undefined
        : decimal(shortCollateral);
  }

  /** All of it, also what is held back. */
  total(wallet: string, asset: string): Decimal {
    const opening = this.#opening.get(wallet)?.get(asset);
    const change = this.#changes.get(keyOf(wallet, asset)) ?? zero;
    return opening === undefined ? change : decimal(opening).plus(change);
  }

  free(wallet: string, asset: string): Decimal {
    return this.total(wallet, asset).minus(this.locked(wallet, asset));
  }

  /** Held back for open orders and for what was sold short. */
  locked(wallet: string, asset: string): Decimal {
    let locked = zero;
    for (const open of this.open.values()) {
      const { order } = open;
      if (order.wallet !== wallet || order.reserve?.asset !== asset) continue;
      locked = locked.plus(tradableOf(open).times(decimal(order.reserve.perUnit)));
    }
    if (this.#shortCollateral) {
      for (const [key, { currency, proceeds }] of this.#shorts) {
        if (currency !== asset || walletOf(key) !== wallet) continue;
        locked = locked.plus(proceeds.times(one.plus(this.#shortCollateral)));
      }
    }
    return locked;
  }

  /** What covering this much of a short position would set free. */
  releasedByCovering(wallet: string, asset: string, quantity: Decimal): Decimal {
    const short = this.#shorts.get(keyOf(wallet, asset));
    if (!short || !this.#shortCollateral) return zero;
    const held = this.total(wallet, asset).neg();
    const covered = quantity.gt(held) ? held : quantity;
    return short.proceeds.times(covered).div(held).times(one.plus(this.#shortCollateral));
  }

  owed(wallet: string, asset: string): { readonly principal: Decimal; readonly interest: Decimal } {
    return this.#loans.get(keyOf(wallet, asset)) ?? { principal: zero, interest: zero };
  }

  /** How much of the volume of a price is taken already. */
  takenOf(symbol: string, priceAt: string): Decimal {
    const taken = this.#taken.get(symbol);
    return taken?.at === priceAt ? taken.quantity : zero;
  }

  balances(): Balance[] {
    const balances: Balance[] = [];
    for (const [wallet, assets] of this.#assets()) {
      for (const asset of assets) {
        if (this.isShare(asset)) continue;
        const locked = this.locked(wallet, asset);
        const { principal, interest } = this.owed(wallet, asset);
        balances.push({
          asset,
          wallet,
          free: decimalText(this.total(wallet, asset).minus(locked)),
          locked: decimalText(locked),
          owed: decimalText(principal.plus(interest)),
        });
      }
    }
    return balances;
  }

  positions(): BrokerPosition[] {
    const positions: BrokerPosition[] = [];
    for (const [wallet, assets] of this.#assets()) {
      for (const asset of assets) {
        const quantity = this.total(wallet, asset);
        if (!this.isShare(asset) || quantity.eq(zero)) continue;
        positions.push({ asset, symbol: asset, wallet, quantity: decimalText(quantity) });
      }
    }
    return positions;
  }

  isShare(asset: string): boolean {
    return this.#openingShares.has(asset) || this.#shares.has(asset);
  }

  /** With up to when their interest was charged. */
  loans(): (Debt & { readonly chargedTo: string })[] {
    return [...this.#loans].map(([key, { principal, interest, chargedTo }]) => ({
      wallet: walletOf(key),
      asset: assetOf(key),
      principal: decimalText(principal),
      interest: decimalText(interest),
      chargedTo,
    }));
  }

  /** Assets of a wallet of which something is there or owed. */
  assetsOf(wallet: string): readonly string[] {
    return [...(this.#assets().get(wallet) ?? [])];
  }

  apply({ sequence, at, event }: Entry): void {
    this.#happened(event, at);
    this.sequence = sequence;
    this.at = at;
  }

  #happened(event: AccountEvent, at: string): void {
    switch (event.kind) {
      case 'placed': {
        const { order, fills, state, stopped } = event;
        this.#tellExit(order.clientOrderId, fills, at);
        if (state === 'rejected') return;
        this.symbols.set(order.symbol, { asset: order.asset, currency: order.currency });
        for (const fill of fills) this.#filled(order, fill);
        if (isOpen(state)) {
          const { clientOrderId } = order;
          this.open.set(clientOrderId, {
            order,
            at,
            state,
            fills,
            stopped,
            judgedTo: at,
            cancelWanted: false,
            ...(order.attachedTo !== undefined && { entry: { isPlaced: false, filled: '0' } }),
          });
        }
        return;
      }
      case 'progress': {
        const before = this.open.get(event.clientOrderId);
        if (!before) throw new Error(`an entry is about ${event.clientOrderId}, which is not open`);
        for (const fill of event.fills) this.#filled(before.order, fill);
        const { state, stopped, judgedTo, quantity = before.order.quantity } = event;
        if (!isOpen(state)) this.open.delete(event.clientOrderId);
        else {
          const fills = [...before.fills, ...event.fills];
          const order = { ...before.order, quantity };
          this.open.set(event.clientOrderId, { ...before, order, state, fills, stopped, judgedTo });
        }
        this.#tellExit(event.clientOrderId, event.fills, judgedTo);
        return;
      }
      case 'cancel_wanted': {
        const before = this.open.get(event.clientOrderId);
        if (before) this.open.set(event.clientOrderId, { ...before, cancelWanted: true });
        return;
      }
      case 'movement':
        this.#moved(event.movement, at);
        return;
      case 'correction':
        if (event.isShare) this.#shares.add(event.asset);
        this.#add(event.wallet, event.asset, decimal(event.change));
        return;
      default:
        event satisfies never;
    }
  }

  /** What came of an entry, for the exit that came with it: it is judged by what the market does after that. */
  #tellExit(entry: string, fills: readonly StoredFill[], judgedTo: string): void {
    for (const [id, exit] of this.open) {
      if (exit.order.attachedTo !== entry) continue;
      const filled = fills.reduce(
        (sum, { quantity }) => sum.plus(decimal(quantity)),
        decimal(exit.entry?.filled ?? '0'),
      );
      this.open.set(id, {
        ...exit,
        entry: { isPlaced: true, filled: decimalText(filled) },
        ...(fills.length > 0 && judgedTo > exit.judgedTo && { judgedTo }),
      });
    }
  }

  #filled(order: PlacedOrder, fill: StoredFill): void {
    const { wallet, asset, currency, symbol } = order;
    const quantity = decimal(fill.quantity);
    const signed = order.side === 'buy' ? quantity : quantity.neg();
    if (isShare(order)) {
      this.#shares.add(asset);
      this.#countShort(order, signed, decimal(fill.price));
    }
    this.#add(wallet, asset, signed);
    this.#add(wallet, currency, signed.times(decimal(fill.price)).neg());
    this.#add(wallet, fill.feeCurrency, decimal(fill.fee).neg());
    const before = this.takenOf(symbol, fill.priceAt);
    this.#taken.set(symbol, { at: fill.priceAt, quantity: before.plus(quantity) });
  }

  /** Before the fill is added to the holdings. */
  #countShort({ wallet, asset, currency }: PlacedOrder, signed: Decimal, price: Decimal): void {
    const key = keyOf(wallet, asset);
    const held = this.total(wallet, asset);
    const after = held.plus(signed);
    const proceeds = this.#shorts.get(key)?.proceeds ?? zero;
    if (signed.lt(zero) && after.lt(zero)) {
      const opened = held.gt(zero) ? after.neg() : signed.neg();
      this.#shorts.set(key, { currency, proceeds: proceeds.plus(opened.times(price)) });
    } else if (signed.gt(zero) && held.lt(zero)) {
      // All of it when all is covered: a quotient may be rounded, and nothing may be left over.
      if (after.gte(zero)) this.#shorts.delete(key);
      else this.#shorts.set(key, { currency, proceeds: proceeds.times(after).div(held) });
    }
  }

  #moved(
    {
      kind,
      asset,
      amount: text,
      wallet,
      to,
      chargedTo: until,
    }: Extract<AccountEvent, { kind: 'movement' }>['movement'],
    at: string,
  ): void {
    const amount = decimal(text);
    switch (kind) {
      case 'borrow': {
        const {
          principal = zero,
          interest = zero,
          chargedTo = at,
        } = this.#loans.get(keyOf(wallet, asset)) ?? {};
        this.#loans.set(keyOf(wallet, asset), { principal: principal.plus(amount), interest, chargedTo });
        this.#add(wallet, asset, amount);
        return;
      }
      case 'repay':
        this.#repaid(keyOf(wallet, asset), amount);
        this.#add(wallet, asset, amount.neg());
        return;
      case 'interest': {
        const loan = this.#loans.get(keyOf(wallet, asset));
        if (loan) {
          const interest = loan.interest.plus(amount);
          this.#loans.set(keyOf(wallet, asset), { ...loan, interest, chargedTo: until ?? at });
        }
        return;
      }
      case 'transfer':
        this.#add(wallet, asset, amount.neg());
        this.#add(to ?? wallet, asset, amount);
        return;
      case 'deposit':
        this.#add(wallet, asset, amount);
        return;
      case 'funding':
      case 'withdrawal':
        this.#add(wallet, asset, amount.neg());
        return;
      default:
        kind satisfies never;
    }
  }

  /** Interest first. */
  #repaid(key: string, amount: Decimal): void {
    const loan = this.#loans.get(key);
    if (!loan) return;
    const forInterest = amount.gt(loan.interest) ? loan.interest : amount;
    const interest = loan.interest.minus(forInterest);
    const principal = loan.principal.minus(amount.minus(forInterest));
    if (principal.plus(interest).eq(zero)) this.#loans.delete(key);
    else this.#loans.set(key, { ...loan, principal, interest });
  }

  #add(wallet: string, asset: string, change: Decimal): void {
    const key = keyOf(wallet, asset);
    this.#changes.set(key, (this.#changes.get(key) ?? zero).plus(change));
  }

  #assets(): Map<string, Set<string>> {
    const assets = new Map<string, Set<string>>();
    const name = (wallet: string, asset: string) => {
      const named = assets.get(wallet) ?? new Set();
      assets.set(wallet, named.add(asset));
    };
    for (const [wallet, opening] of this.#opening) for (const asset of opening.keys()) name(wallet, asset);
    for (const key of [...this.#changes.keys(), ...this.#loans.keys()]) name(walletOf(key), assetOf(key));
    return assets;
  }

  /** Everything but the opening, which is the configuration's. */
  toJson(): Json {
    const texts = (map: ReadonlyMap<string, Decimal>) =>
      [...map].map(([key, value]) => [key, decimalText(value)] as const);
    return {
      sequence: this.sequence,
      at: this.at,
      changes: texts(this.#changes),
      shares: [...this.#shares],
      loans: [...this.#loans].map(([key, { principal, interest, chargedTo }]) => [
        key,
        decimalText(principal),
        decimalText(interest),
        chargedTo,
      ]),
      shorts: [...this.#shorts].map(([key, { currency, proceeds }]) => [
        key,
        currency,
        decimalText(proceeds),
      ]),
      taken: [...this.#taken].map(([symbol, { at, quantity }]) => [symbol, at, decimalText(quantity)]),
      symbols: [...this.symbols].map(([symbol, { asset, currency }]) => [symbol, asset, currency]),
      open: [...this.open.values()].map((order) => ({ ...order }) as unknown as Json),
    };
  }

  /** Takes the place of all entries up to its sequence. */
  restore(json: Json): void {
    // Our own writing, under a version that the reader has checked.
    const state = json as unknown as Snapshot;
    this.sequence = state.sequence;
    this.at = state.at;
    for (const [key, change] of state.changes) this.#changes.set(key, decimal(change));
    for (const asset of state.shares) this.#shares.add(asset);
    for (const [key, principal, interest, chargedTo] of state.loans) {
      this.#loans.set(key, { principal: decimal(principal), interest: decimal(interest), chargedTo });
    }
    for (const [key, currency, proceeds] of state.shorts) {
      this.#shorts.set(key, { currency, proceeds: decimal(proceeds) });
    }
    for (const [symbol, at, quantity] of state.taken) {
      this.#taken.set(symbol, { at, quantity: decimal(quantity) });
    }
    for (const [symbol, asset, currency] of state.symbols) this.symbols.set(symbol, { asset, currency });
    for (const order of state.open) this.open.set(order.order.clientOrderId, order);
  }
}

interface Snapshot {
  readonly sequence: number;
  readonly at: string;
  readonly changes: readonly (readonly [key: string, amount: string])[];
  readonly shares: readonly string[];
  readonly loans: readonly (readonly [key: string, principal: string, interest: string, chargedTo: string])[];
  readonly shorts: readonly (readonly [key: string, currency: string, proceeds: string])[];
  readonly taken: readonly (readonly [symbol: string, at: string, quantity: string])[];
  readonly symbols: readonly (readonly [symbol: string, asset: string, currency: string])[];
  readonly open: readonly OpenOrder[];
}

export function isOpen(state: State): boolean {
  return state === 'working' || state === 'partly_filled';
}

/** What of an order is not filled. */
export function restOf({ quantity }: PlacedOrder, fills: readonly StoredFill[]): Decimal {
  return fills.reduce((rest, fill) => rest.minus(decimal(fill.quantity)), decimal(quantity));
}

/** What of an order that is open may trade by now: of an attached exit no more than its entry was filled for. */
export function tradableOf({ order, fills, entry }: Pick<OpenOrder, 'order' | 'fills' | 'entry'>): Decimal {
  const rest = restOf(order, fills);
  if (order.attachedTo === undefined) return rest;
  const armed = restOf({ ...order, quantity: entry?.filled ?? '0' }, fills);
  return armed.lt(rest) ? armed : rest;
}

/** Wallets have no space in their names. */
function keyOf(wallet: string, asset: string): string {
  return `${wallet} ${asset}`;
}

function walletOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

function assetOf(key: string): string {
  return key.slice(key.indexOf(' ') + 1);
}
