/**
 * The account behind a TWS: its orders, executions, positions and cash, and the market that fills the orders.
 *
 * Everything happens at once, within the call. The session is open unless a test closes it; the auctions are held when it
 * opens and closes.
 */
import type { Clock } from '../../../engine/clock.ts';
import type { Decimal } from '../../../engine/money.ts';
import { decimal, zero } from '../../../engine/money.ts';
import type { Listing } from './contracts.ts';

export type Status = 'PreSubmitted' | 'Submitted' | 'Filled' | 'Cancelled' | 'Inactive';

export interface Execution {
  readonly id: string;
  readonly quantity: Decimal;
  readonly price: Decimal;
  readonly cumulative: Decimal;
  readonly commission: Decimal;
  readonly commissionCurrency: string;
  readonly at: number;
}

export interface NewOrder {
  readonly orderId: number;
  readonly clientId: number;
  readonly account: string;
  readonly listing: Listing;
  readonly action: 'BUY' | 'SELL';
  readonly type: string;
  readonly limitPrice: Decimal | undefined;
  readonly auxPrice: Decimal | undefined;
  readonly tif: string;
  readonly ocaGroup: string;
  readonly ocaType: number;
  readonly orderRef: string;
  /** Number of the order, of the same client, that it is attached to; 0 for none. */
  readonly parentId: number;
  /** It goes to the servers, with all of its family that was held back. */
  readonly transmit: boolean;
  quantity: Decimal;
}

export interface Order extends NewOrder {
  readonly permId: number;
  readonly executions: Execution[];
  readonly placedAt: number;
  status: Status;
  filled: Decimal;
  whyHeld: string;
  /** As a completed order says how it ended. */
  ending?: string;
  endedAt?: number;
  /** A stop that was reached. */
  triggered: boolean;
}

/** Why an order is not taken. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

export interface AccountListener {
  onOrder(order: Order): void;
  onExecution(order: Order, execution: Execution): void;
  /** Of what was held back before: why it is not taken now. */
  onRefused(order: Order, refusal: Refusal): void;
}

interface Market {
  bid: Decimal;
  ask: Decimal;
  last: Decimal;
}

const commissionPerShare = decimal('0.005');
const leastCommission = decimal('1');
const one = decimal('1');

export class Account {
  readonly orders: Order[] = [];
  readonly positions = new Map<Listing, Decimal>();
  readonly cash = new Map<string, Decimal>();
  readonly name: string;
  /** Shares that are not held can be sold. */
  shorts = false;
  open = true;
  /** The exchange takes no more orders for its closing auction. */
  closingAuctionIsShut = false;
  /** What becomes of attached orders when their parent is cancelled after a part of it: smaller, or gone with it. */
  childrenOfPart: 'stay' | 'go' = 'stay';
  /** Nothing may be attached to an order for an auction. */
  auctionsStandAlone = false;
  /** Held back by TWS: nobody else knows of them. */
  #held: Order[] = [];
  readonly #clock: Clock;
  readonly #listener: AccountListener;
  readonly #markets = new Map<Listing, Market>();
  #nextPermId = 1_700_000_001;
  #nextExecution = 1;

  constructor(name: string, clock: Clock, listener: AccountListener) {
    this.name = name;
    this.#clock = clock;
    this.#listener = listener;
  }

  deposit(currency: string, amount: Decimal): void {
    this.cash.set(currency, (this.cash.get(currency) ?? zero).plus(amount));
  }

  market(listing: Listing): Market | undefined {
    return this.#markets.get(listing);
  }

  /** Others trade at this price: what rests there is filled. */
  price(listing: Listing, price: Decimal, spread: Decimal): void {
    const half = spread.div(decimal('2'));
    this.#markets.set(listing, { bid: price.minus(half), ask: price.plus(half), last: price });
    if (this.open) this.#match(listing);
  }

  /**
   * Takes the order, tells so, and only then trades it; or says why it is refused. What is not to be transmitted is held
   * back until one of its family is.
   */
  place(wanted: NewOrder, taken: (order: Order) => void): Refusal | undefined {
    const parent = this.#parentOf(wanted);
    if (wanted.parentId !== 0 && (!parent || isOver(parent)))
      return { code: 10006, text: 'Missing parent order.' };
    const wrong = this.#wrong(wanted) ?? this.#attachmentRefusal(wanted, parent);
    if (wrong) return wrong;
    const order: Order = {
      ...wanted,
      permId: this.#nextPermId++,
      executions: [],
      placedAt: this.#clock.now().getTime(),
      status: 'PreSubmitted',
      filled: zero,
      whyHeld: '',
      triggered: false,
    };
    this.#held.push(order);
    if (!wanted.transmit) {
      taken(order);
      return undefined;
    }
    const family = this.#held.filter((held) => held === order || held === parent || isSibling(held, order));
    this.#held = this.#held.filter((held) => !family.includes(held));
    const [eldest = order, ...children] = family;
    const refusal = this.#unaffordable(eldest);
    if (refusal) {
      if (eldest === order) return refusal;
      this.#listener.onRefused(eldest, refusal);
      for (const child of children) this.#end(child, 'Cancelled', 'Parent rejected');
      return { code: 202, text: 'Order Canceled - reason:The parent order was rejected.' };
    }
    const goesOut = this.open && !isForAuction(eldest);
    for (const member of family) {
      this.orders.push(member);
      if (this.#isHeldByParent(member)) member.whyHeld = 'child';
      else if (goesOut && !isStop(member)) member.status = 'Submitted';
      if (member === order) taken(member);
      else this.#listener.onOrder(member);
    }
    if (goesOut) this.#match(order.listing, eldest);
    return undefined;
  }

  /** Those of a client that is gone. */
  discardHeld(clientId: number): void {
    this.#held = this.#held.filter((order) => order.clientId !== clientId);
  }

  isHeld(order: Order): boolean {
    return this.#held.includes(order);
  }

  cancel(order: Order, why = 'Cancelled by Trader'): void {
    if (this.isHeld(order)) {
      this.#held = this.#held.filter((held) => held !== order);
      return;
    }
    this.#end(order, 'Cancelled', why);
    this.#listener.onOrder(order);
    this.#childrenEnd(order);
    // One of a bracket's two sides does not stay alone.
    for (const other of this.working()) if (isSibling(other, order)) this.cancel(other, why);
  }

  /** The session begins with its auction. */
  opens(): void {
    this.open = true;
    this.closingAuctionIsShut = false;
    for (const order of this.working()) {
      if (order.tif === 'OPG') this.#fillAtMarket(order);
      else if (this.#isHeldByParent(order)) continue;
      else if (order.status === 'PreSubmitted' && (order.type === 'MKT' || order.type === 'LMT')) {
        order.status = 'Submitted';
        this.#listener.onOrder(order);
      }
    }
    for (const listing of this.#markets.keys()) this.#match(listing);
  }

  /** The session ends with its auction; orders for the day end with it. */
  closes(): void {
    for (const order of this.working()) {
      if (order.type === 'MOC') this.#fillAtMarket(order);
      else if (order.tif === 'DAY') this.cancel(order, 'Expired');
    }
    this.open = false;
  }

  /** Somebody trades this much with what rests at this price. */
  tradePart(listing: Listing, price: Decimal, quantity: Decimal): void {
    const order = this.working().find(
      ({ listing: its, limitPrice }) => its === listing && limitPrice?.eq(price),
    );
    if (!order) throw new Error(`no order rests at ${price.toFixed()}`);
    this.#fill(order, quantity, price);
  }

  working(): Order[] {
    return this.orders.filter(({ status }) => status === 'PreSubmitted' || status === 'Submitted');
  }

  #parentOf({ parentId, clientId }: NewOrder): Order | undefined {
    if (parentId === 0) return undefined;
    return [...this.orders, ...this.#held].find(
      (order) => order.orderId === parentId && order.clientId === clientId,
    );
  }

  #isHeldByParent(order: Order): boolean {
    return order.parentId !== 0 && this.#tradable(order).lte(zero);
  }

  /** What of an order may trade by now: of an attached one as much as its parent has got and its siblings have not traded. */
  #tradable(order: Order): Decimal {
    const rest = order.quantity.minus(order.filled);
    if (order.parentId === 0) return rest;
    const parent = this.#parentOf(order);
    const traded = this.orders
      .filter((other) => other === order || isSibling(other, order))
      .reduce((sum, { filled }) => sum.plus(filled), zero);
    const left = (parent?.filled ?? zero).minus(traded);
    return left.lt(rest) ? left : rest;
  }

  /** What becomes of attached orders when the one that they are attached to has ended. */
  #childrenEnd(parent: Order): void {
    for (const child of this.#childrenOf(parent)) {
      if (!this.working().includes(child)) continue;
      if (parent.filled.eq(zero) || this.childrenOfPart === 'go') this.cancel(child, 'Parent cancelled');
      else {
        child.quantity = parent.filled;
        this.#listener.onOrder(child);
        this.#endWhenNothingIsLeft(child);
      }
    }
  }

  #childrenOf({ orderId, clientId }: Order): Order[] {
    return this.orders.filter(
      (order) => order.parentId === orderId && order.clientId === clientId && orderId !== 0,
    );
  }

  /** Both sides of a bracket end when what the parent got is traded away. */
  #endWhenNothingIsLeft(child: Order): void {
    const parent = this.#parentOf(child);
    if (!parent || this.working().includes(parent) || this.#tradable(child).gt(zero)) return;
    for (const one of this.#childrenOf(parent)) {
      if (!this.working().includes(one)) continue;
      if (one.filled.gte(one.quantity)) this.#end(one, 'Filled', `Filled Size: ${one.filled.toFixed()}`);
      else this.#end(one, 'Cancelled', 'OCA cancelled');
      this.#listener.onOrder(one);
    }
  }

  #attachmentRefusal(order: NewOrder, parent: Order | undefined): Refusal | undefined {
    if (!parent || !this.auctionsStandAlone || !isForAuction(parent)) return undefined;
    return {
      code: 387,
      text: `Unsupported order type for this exchange: ${order.type} attached to an auction.`,
    };
  }

  /** What TWS itself sees to be wrong. */
  #wrong(order: NewOrder): Refusal | undefined {
    const { listing, quantity, limitPrice, auxPrice } = order;
    if (!quantity.eq(quantity.round(0, 0))) {
      return {
        code: 10243,
        text: 'Fractional-sized order cannot be placed via API. Please place it via desktop version.',
      };
    }
    if (quantity.eq(zero)) return { code: 434, text: 'The order size cannot be zero.' };
    if (quantity.lt(zero))
      return { code: 321, text: "Error validating request.-'bM' : cause - The size is wrong" };
    for (const price of [limitPrice, auxPrice]) {
      if (price === undefined) continue;
      if (price.lte(zero) || !isOnTick(listing, price)) {
        return {
          code: 110,
          text: 'The price does not conform to the minimum price variation for this contract.',
        };
      }
    }
    return undefined;
  }

  /** What the servers refuse. What is attached ends a position, and costs nothing. */
  #unaffordable(order: Order): Refusal | undefined {
    const { listing, action, quantity, type, parentId } = order;
    if (listing.forbidden) {
      return {
        code: 201,
        text: 'Order rejected - reason:No trading permissions for this contract or product.',
      };
    }
    if (type === 'MOC' && this.closingAuctionIsShut) {
      return {
        code: 201,
        text: 'Order rejected - reason:The MOC order is past the cut-off time of the exchange.',
      };
    }
    if (parentId !== 0) return undefined;
    const resting = this.working().filter((other) => other.listing === listing && other.action === action);
    if (action === 'SELL' && this.shorts) return undefined;
    if (action === 'SELL') {
      const groups = new Set<string>(order.ocaGroup === '' ? [] : [order.ocaGroup]);
      let promised = zero;
      for (const other of resting) {
        if (other.ocaGroup !== '' && groups.has(other.ocaGroup)) continue;
        if (other.ocaGroup !== '') groups.add(other.ocaGroup);
        const tradable = this.#tradable(other);
        promised = promised.plus(tradable.lt(zero) ? zero : tradable);
      }
      const held = this.positions.get(listing) ?? zero;
      if (quantity.plus(promised).gt(held)) {
        return {
          code: 201,
          text: 'Order rejected - reason:This account is a cash account: it cannot go short.',
        };
      }
      return undefined;
    }
    const cost = this.#mayCost(order);
    const promised = this.working()
      .filter((other) => other.action === 'BUY' && other.listing.currency === listing.currency)
      .filter((other) => other.parentId === 0)
      .filter(({ ocaGroup }) => ocaGroup === '' || ocaGroup !== order.ocaGroup)
      .reduce((sum, other) => sum.plus(this.#mayCost(other)), zero);
    const has = this.cash.get(listing.currency) ?? zero;
    if (cost.plus(promised).lte(has)) return undefined;
    return {
      code: 201,
      text:
        'Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE ' +
        `[${has.toFixed(2)} ${listing.currency}] MUST EXCEED THE INITIAL MARGIN [${cost.plus(promised).toFixed(2)} ${listing.currency}]`,
    };
  }

  #mayCost(order: NewOrder & { readonly filled?: Decimal }): Decimal {
    const left = order.quantity.minus(order.filled ?? zero);
    const price = order.limitPrice ?? order.auxPrice ?? this.#markets.get(order.listing)?.ask ?? zero;
    return left.times(price).plus(commissionOf(left));
  }

  /** @param fresh what came just now meets the market; what rested is met by it */
  #match(listing: Listing, fresh?: Order): void {
    const market = this.#markets.get(listing);
    if (!market) return;
    for (const order of this.working()) {
      if (order.listing !== listing || isForAuction(order) || !this.working().includes(order)) continue;
      const tradable = this.#tradable(order);
      if (tradable.lte(zero)) continue;
      const buys = order.action === 'BUY';
      const at = buys ? market.ask : market.bid;
      if (isStop(order) && !order.triggered) {
        const stop = order.auxPrice ?? zero;
        if (buys ? market.last.lt(stop) : market.last.gt(stop)) continue;
        order.triggered = true;
      }
      const limit = order.limitPrice;
      if (limit !== undefined && (buys ? at.gt(limit) : at.lt(limit))) continue;
      const own = limit !== undefined && order !== fresh && !isStop(order);
      this.#fill(order, tradable, own ? limit : at);
    }
  }

  #fillAtMarket(order: Order): void {
    const market = this.#markets.get(order.listing);
    if (!market) return;
    this.#fill(order, order.quantity.minus(order.filled), order.action === 'BUY' ? market.ask : market.bid);
  }

  #fill(order: Order, quantity: Decimal, price: Decimal): void {
    const { listing, action } = order;
    const before = commissionOf(order.filled);
    order.filled = order.filled.plus(quantity);
    const commission = commissionOf(order.filled).minus(before);
    const execution: Execution = {
      id: `0000e0d5.${(0x65000000 + this.#nextExecution++).toString(16)}.01.01`,
      quantity,
      price,
      cumulative: order.filled,
      commission,
      commissionCurrency: listing.currency,
      at: this.#clock.now().getTime(),
    };
    order.executions.push(execution);
    const sign = action === 'BUY' ? one : decimal('-1');
    this.positions.set(listing, (this.positions.get(listing) ?? zero).plus(quantity.times(sign)));
    this.deposit(listing.currency, quantity.times(price).times(sign).neg().minus(commission));
    if (order.filled.eq(order.quantity)) this.#end(order, 'Filled', `Filled Size: ${order.filled.toFixed()}`);
    else order.status = 'Submitted';
    this.#listener.onExecution(order, execution);
    this.#listener.onOrder(order);
    for (const child of this.#childrenOf(order)) {
      if (child.whyHeld !== 'child') continue;
      child.whyHeld = '';
      if (!isStop(child)) child.status = 'Submitted';
      this.#listener.onOrder(child);
    }
    if (order.parentId !== 0) this.#endWhenNothingIsLeft(order);
    // One cancels all: the first trade of a group ends the others.
    if (order.ocaGroup === '') return;
    for (const other of this.working()) {
      if (other !== order && other.ocaGroup === order.ocaGroup && other.clientId === order.clientId) {
        this.cancel(other, 'OCA cancelled');
      }
    }
  }

  #end(order: Order, status: Status, ending: string): void {
    order.status = status;
    order.ending = ending;
    order.endedAt = this.#clock.now().getTime();
  }
}

export function tickAt({ ticks }: Listing, price: Decimal): Decimal {
  const level = ticks.findLast(({ from }) => price.gte(decimal(from))) ?? ticks[0];
  return decimal(level?.step ?? '0.01');
}

function isOnTick(listing: Listing, price: Decimal): boolean {
  return price.mod(tickAt(listing, price)).eq(zero);
}

/** Attached to the same order. */
function isSibling(one: NewOrder, other: NewOrder): boolean {
  return (
    one !== other && one.parentId !== 0 && one.parentId === other.parentId && one.clientId === other.clientId
  );
}

function isOver({ status }: Order): boolean {
  return status === 'Cancelled' || status === 'Inactive';
}

function isForAuction({ type, tif }: NewOrder): boolean {
  return type === 'MOC' || tif === 'OPG';
}

function isStop({ type }: NewOrder): boolean {
  return type === 'STP' || type === 'STP LMT';
}

/** By the share, with a least sum for an order. */
function commissionOf(quantity: Decimal): Decimal {
  if (quantity.eq(zero)) return zero;
  const byShare = quantity.times(commissionPerShare);
  return byShare.lt(leastCommission) ? leastCommission : byShare;
}
