/**
 * The paper broker: an account that exists only here, and trades at the last price of a source.
 *
 * A market order is filled at once and in full, or rejected. Its whole truth is one collection of orders, each document
 * holding the order together with its fills: so an order and its fill cannot disagree, and balances and positions are
 * sums over the fills, never stored. A restart at any moment finds the account as it was.
 */
import type { Clock } from '../../clock.ts';
import { stamp } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, groupThousands, truncateToStep, zero } from '../../money.ts';
import type { Collection, Store, StoredDocument } from '../../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../../store/store.ts';
import type {
  Balance,
  Broker,
  BrokerFill,
  BrokerListener,
  BrokerOrder,
  BrokerPosition,
  BrokerStatus,
  CancelOutcome,
  Capabilities,
  Instrument,
  OrderRequest,
  OrderTerms,
  Quote,
  Side,
  SubmitOutcome,
} from '../broker.ts';
import type { Prices } from '../prices.ts';
import type { PaperSettings } from './settings.ts';

interface StoredFill {
  readonly id: string;
  readonly quantity: string;
  readonly price: string;
  readonly currency: string;
  readonly fee: string;
  readonly at: string;
}

interface PaperOrder extends StoredDocument {
  readonly account: string;
  /** 1, 2, 3, ... in one account: taken once, so no two orders are judged on the same balance. */
  readonly sequence: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly terms: OrderTerms;
  readonly state: 'filled' | 'rejected';
  readonly reason: string | null;
  readonly fills: readonly StoredFill[];
  readonly at: string;
}

const paperOrders = defineCollection<PaperOrder>('paper_orders', {
  unique: [
    ['account', 'clientOrderId'],
    ['account', 'sequence'],
  ],
  indexes: [['account', 'at']],
});

/** Its only one. */
const wallet = 'account';

/** The account after some of its orders: all of them up to `sequence`. */
interface Holdings {
  sequence: number;
  readonly cash: Map<string, Decimal>;
  readonly positions: Map<string, Decimal>;
}

/** What is to become of an order. */
type Verdict =
  | { readonly state: 'filled'; readonly price: string; readonly currency: string; readonly fee: string }
  | { readonly state: 'rejected'; readonly reason: string };

export interface PaperParts {
  readonly name: string;
  readonly settings: PaperSettings;
  readonly store: Store;
  readonly prices: Prices;
  readonly clock: Clock;
  readonly log: Logger;
}

export class PaperBroker implements Broker {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly wallets = [wallet];
  readonly #settings: PaperSettings;
  readonly #orders: Collection<PaperOrder>;
  readonly #prices: Prices;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<BrokerListener>();
  readonly #lanes = new Lanes();
  readonly #holdings: Holdings;
  #status: BrokerStatus;

  private constructor(parts: PaperParts, orders: Collection<PaperOrder>) {
    this.name = parts.name;
    this.capabilities = {
      orderTypes: ['market'],
      fractional: decimal(parts.settings.quantityStep).lt(decimal('1')),
      short: parts.settings.short,
      absenceIsFinalAfterSeconds: 0, // its orders are in our own store: what is not there never arrived
    };
    this.#settings = parts.settings;
    this.#orders = orders;
    this.#prices = parts.prices;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#holdings = {
      sequence: 0,
      cash: new Map(
        Object.entries(parts.settings.balances).map(([currency, amount]) => [currency, decimal(amount)]),
      ),
      positions: new Map(),
    };
    this.#status = { state: 'down', since: parts.clock.now(), why: 'not connected yet' };
  }

  static async open(parts: PaperParts): Promise<PaperBroker> {
    return new PaperBroker(parts, await parts.store.collection(paperOrders));
  }

  async connect(): Promise<void> {
    await this.#current();
    this.#become({ state: 'ready', since: this.#clock.now() });
  }

  async disconnect(): Promise<void> {
    await this.#lanes.idle();
    this.#become({ state: 'down', since: this.#clock.now(), why: 'disconnected by the desk' });
  }

  status(): BrokerStatus {
    return this.#status;
  }

  async submit(request: OrderRequest): Promise<SubmitOutcome> {
    try {
      if (this.#status.state !== 'ready')
        return { outcome: 'unknown', reason: `${this.name} is not connected` };
      const { order, fresh } = await this.#lanes.run('orders', () => this.#take(request));
      if (fresh) this.#announce(order);
      return order.state === 'rejected'
        ? { outcome: 'rejected', reason: order.reason ?? 'no reason was given' }
        : { outcome: 'accepted', brokerOrderId: order._id };
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  async findOrder(clientOrderId: string): Promise<BrokerOrder | undefined> {
    const order = await this.#orders.get(this.#idOf(clientOrderId));
    return order && brokerOrder(order);
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    try {
      const order = await this.#orders.get(this.#idOf(clientOrderId));
      return { outcome: 'not_open', reason: order ? `it is ${order.state}` : 'there is no such order' };
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  /** None: a market order is filled or rejected in the moment in which it arrives. */
  async openOrders(): Promise<readonly BrokerOrder[]> {
    return [];
  }

  async fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    const orders = await this.#orders.find(
      { account: this.name, at: { gte: since.toISOString() } },
      { sort: [['sequence', 'ascending']] },
    );
    return orders.flatMap((order) => brokerOrder(order).fills);
  }

  async balances(): Promise<readonly Balance[]> {
    const { cash } = await this.#current();
    return [...cash].map(([asset, amount]) => ({
      asset,
      wallet,
      free: decimalText(amount),
      locked: '0',
      owed: '0',
    }));
  }

  async positions(): Promise<readonly BrokerPosition[]> {
    const { positions } = await this.#current();
    return [...positions].map(([symbol, quantity]) => ({
      asset: symbol,
      symbol,
      wallet,
      quantity: decimalText(quantity),
    }));
  }

  async resolve(symbol: string): Promise<Instrument> {
    const { currency } = await this.#prices.lastPrice(symbol);
    const { quantityStep, priceTick, minimumQuantity, minimumNotional, fee } = this.#settings;
    return {
      symbol,
      asset: symbol,
      currency,
      rules: { quantityStep, priceTick, minimumQuantity: minimumQuantity ?? quantityStep, minimumNotional },
      feeRate: fee,
    };
  }

  async quote(symbol: string): Promise<Quote> {
    const { price, currency, at } = await this.#prices.lastPrice(symbol);
    return {
      symbol,
      bid: this.#priceFor('sell', price),
      ask: this.#priceFor('buy', price),
      last: price,
      currency,
      at,
    };
  }

  subscribe(listener: BrokerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The one insert that is the order: what was stored before under this id wins. */
  async #take(request: OrderRequest): Promise<{ order: PaperOrder; fresh: boolean }> {
    const _id = this.#idOf(request.clientOrderId);
    const known = await this.#orders.get(_id);
    if (known) return { order: known, fresh: false };
    const price = await this.#priceOf(request.symbol);
    for (;;) {
      const holdings = await this.#current();
      const verdict = this.#judge(request, price, holdings);
      const at = stamp(this.#clock);
      const order: PaperOrder = {
        _id,
        account: this.name,
        sequence: holdings.sequence + 1,
        clientOrderId: request.clientOrderId,
        symbol: request.symbol,
        side: request.side,
        quantity: request.quantity,
        terms: request.terms,
        state: verdict.state,
        reason: verdict.state === 'rejected' ? verdict.reason : null,
        fills:
          verdict.state === 'filled'
            ? [
                {
                  id: `${request.clientOrderId}-1`,
                  quantity: request.quantity,
                  price: verdict.price,
                  currency: verdict.currency,
                  fee: verdict.fee,
                  at,
                },
              ]
            : [],
        at,
      };
      try {
        await this.#orders.insert(order);
        return { order, fresh: true };
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error;
        // Someone else on the same store was first: with this order, or with another one that changed the balances.
        const theirs = await this.#orders.get(_id);
        if (theirs) return { order: theirs, fresh: false };
      }
    }
  }

  async #priceOf(
    symbol: string,
  ): Promise<{ price: string; currency: string } | { price: undefined; reason: string }> {
    try {
      return await this.#prices.lastPrice(symbol);
    } catch (error) {
      return { price: undefined, reason: reasonOf(error) };
    }
  }

  #judge(
    { symbol, side, quantity: quantityText, terms, wallet: from = wallet }: OrderRequest,
    priced: { price: string; currency: string } | { price: undefined; reason: string },
    { cash, positions }: Holdings,
  ): Verdict {
    const rejected = (reason: string): Verdict => ({ state: 'rejected', reason });
    if (from !== wallet) return rejected(`has no wallet "${from}"`);
    if (terms.type !== 'market') return rejected(`takes market orders only, not ${terms.type}`);
    if (priced.price === undefined) return rejected(`has no price for ${symbol}: ${priced.reason}`);
    const { currency } = priced;
    const { quantityStep, minimumQuantity = quantityStep, minimumNotional } = this.#settings;
    const quantity = decimal(quantityText);
    if (quantity.lte(zero)) return rejected(`the quantity must be above 0, not ${quantityText}`);
    if (!truncateToStep(quantity, decimal(quantityStep)).eq(quantity)) {
      return rejected(`the quantity ${quantityText} is not a multiple of ${quantityStep}`);
    }
    if (quantity.lt(decimal(minimumQuantity))) {
      return rejected(`the quantity ${quantityText} is below the minimum of ${minimumQuantity}`);
    }
    const price = this.#priceFor(side, priced.price);
    const notional = decimal(price).times(quantity);
    if (notional.lt(decimal(minimumNotional))) {
      return rejected(
        `${quantityText} ${symbol} at ${price} is below the minimum of ${minimumNotional} ${currency}`,
      );
    }
    const fee = notional.times(decimal(this.#settings.fee));
    const held = positions.get(symbol) ?? zero;
    if (side === 'sell' && !this.#settings.short && quantity.gt(held)) {
      return rejected(`would sell ${quantityText} ${symbol} but holds ${decimalText(held)}`);
    }
    const available = cash.get(currency) ?? zero;
    if (side === 'buy' && notional.plus(fee).gt(available)) {
      const needed = groupThousands(notional.plus(fee).toFixed(2));
      return rejected(
        `would cost ${needed} ${currency} but holds ${groupThousands(available.toFixed(2))} ${currency}`,
      );
    }
    return { state: 'filled', price, currency, fee: decimalText(fee) };
  }

  /** The last price made worse by the slippage, on the tick that is no better. */
  #priceFor(side: Side, last: string): string {
    const tick = decimal(this.#settings.priceTick);
    const slippage = decimal(last).times(decimal(this.#settings.slippage));
    const price = side === 'buy' ? decimal(last).plus(slippage) : decimal(last).minus(slippage);
    const below = truncateToStep(price, tick);
    return decimalText(side === 'buy' && below.lt(price) ? below.plus(tick) : below);
  }

  /** The holdings after all orders that are stored by now. */
  async #current(): Promise<Holdings> {
    const newer = await this.#orders.find(
      { account: this.name, sequence: { gt: this.#holdings.sequence } },
      { sort: [['sequence', 'ascending']] },
    );
    for (const order of newer) {
      // Two readers may have asked at once.
      if (order.sequence > this.#holdings.sequence) addOrder(this.#holdings, order);
    }
    return this.#holdings;
  }

  #idOf(clientOrderId: string): string {
    return `${this.name}:${clientOrderId}`;
  }

  #announce(stored: PaperOrder): void {
    const order = brokerOrder(stored);
    for (const fill of order.fills) this.#tell((listener) => listener.onFill?.(fill));
    this.#tell((listener) => listener.onOrder?.(order));
  }

  #become(status: BrokerStatus): void {
    this.#status = status;
    this.#tell((listener) => listener.onStatus?.(status));
  }

  #tell(call: (listener: BrokerListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        call(listener);
      } catch (error) {
        this.#log.error({ broker: this.name, error: reasonOf(error) }, 'a listener of the broker failed');
      }
    }
  }
}

function addOrder(holdings: Holdings, { sequence, symbol, side, fills }: PaperOrder): void {
  for (const fill of fills) {
    const sign = side === 'buy' ? decimal('1') : decimal('-1');
    const quantity = decimal(fill.quantity).times(sign);
    const held = (holdings.positions.get(symbol) ?? zero).plus(quantity);
    if (held.eq(zero)) holdings.positions.delete(symbol);
    else holdings.positions.set(symbol, held);
    const paid = quantity.times(decimal(fill.price)).plus(decimal(fill.fee));
    holdings.cash.set(fill.currency, (holdings.cash.get(fill.currency) ?? zero).minus(paid));
  }
  holdings.sequence = sequence;
}

function brokerOrder(order: PaperOrder): BrokerOrder {
  const { _id: brokerOrderId, clientOrderId, symbol, side, quantity, state, reason } = order;
  return {
    clientOrderId,
    brokerOrderId,
    symbol,
    side,
    quantity,
    state,
    reason,
    fills: order.fills.map((fill) => ({
      id: fill.id,
      clientOrderId,
      brokerOrderId,
      symbol,
      asset: symbol,
      wallet,
      side,
      quantity: fill.quantity,
      price: fill.price,
      currency: fill.currency,
      fee: fill.fee,
      feeCurrency: fill.currency,
      at: new Date(fill.at),
    })),
  };
}
