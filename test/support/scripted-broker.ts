/**
 * A broker that does what a test tells it: it takes orders and leaves them working until the test fills, cancels or
 * forgets them. Unlike the paper account it trades twice when it is sent the same order twice.
 */
import type {
  Broker,
  BrokerFill,
  BrokerListener,
  BrokerOrder,
  BrokerStatus,
  CancelOutcome,
  Capabilities,
  OrderRequest,
  SubmitOutcome,
} from '../../engine/brokers/broker.ts';

export class ScriptedBroker implements Broker {
  readonly name = 'scripted';
  readonly wallets = ['account'];
  capabilities: Capabilities = {
    orderTypes: ['market'],
    fractional: false,
    short: false,
    absenceIsFinalAfterSeconds: null,
  };
  /** Everything that was sent and arrived, in order. */
  readonly arrived: OrderRequest[] = [];
  /** What becomes of the next order: arrives with an answer, arrives without one, or is lost on the way. */
  next: 'answered' | 'reply lost' | 'request lost' | { readonly rejected: string } = 'answered';
  /** Set, every question about an order fails with it. */
  deaf: Error | undefined;
  /** How many questions about an order were put. */
  questions = 0;
  /** How many of the next cancellations get lost. */
  lostCancels = 0;
  /** What happens at the broker in the moment before it cancels. */
  onCancel: () => void = () => undefined;
  /** Filled at once when it arrives, where a test does not want to watch it work. */
  fillsAtOnce = false;
  readonly #orders = new Map<string, BrokerOrder>();
  readonly #listeners = new Set<BrokerListener>();
  #status: BrokerStatus = { state: 'down', since: new Date(0), why: 'not connected' };

  async connect(): Promise<void> {
    this.become('ready');
  }

  async disconnect(): Promise<void> {
    this.become('down');
  }

  status(): BrokerStatus {
    return this.#status;
  }

  become(state: BrokerStatus['state']): void {
    this.#status = { state, since: new Date(0), ...(state !== 'ready' && { why: 'the test says so' }) };
    for (const listener of this.#listeners) listener.onStatus?.(this.#status);
  }

  async submit(order: OrderRequest): Promise<SubmitOutcome> {
    const { next } = this;
    this.next = 'answered';
    if (typeof next === 'object') return { outcome: 'rejected', reason: next.rejected };
    if (next === 'request lost') return { outcome: 'unknown', reason: 'timeout' };
    this.arrived.push(order);
    const { clientOrderId, symbol, side, quantity } = order;
    const brokerOrderId = `s-${this.arrived.length}`;
    this.#orders.set(clientOrderId, {
      clientOrderId,
      brokerOrderId,
      symbol,
      side,
      quantity,
      state: 'working',
      reason: null,
      fills: [],
    });
    if (this.fillsAtOnce) this.fill(clientOrderId, 'f1', quantity);
    return next === 'reply lost'
      ? { outcome: 'unknown', reason: 'timeout' }
      : { outcome: 'accepted', brokerOrderId };
  }

  /** Fills a part of an order; the fill is returned, and told only by `tell`. */
  fill(clientOrderId: string, id: string, quantity: string): BrokerFill {
    const order = this.#order(clientOrderId);
    const { brokerOrderId, symbol, side } = order;
    const fill: BrokerFill = {
      id: `${clientOrderId}-${id}`,
      clientOrderId,
      brokerOrderId,
      symbol,
      asset: symbol,
      wallet: 'account',
      side,
      quantity,
      price: '10',
      currency: 'USD',
      fee: '0',
      feeCurrency: 'USD',
      at: new Date(this.arrived.length),
    };
    const fills = [...order.fills, fill];
    const filled = fills.reduce((sum, part) => sum + Number(part.quantity), 0);
    const state = filled >= Number(order.quantity) ? 'filled' : 'partly_filled';
    this.#orders.set(clientOrderId, { ...order, fills, state });
    return fill;
  }

  end(clientOrderId: string, state: 'cancelled' | 'expired' | 'rejected', reason: string): BrokerOrder {
    const order = { ...this.#order(clientOrderId), state, reason };
    this.#orders.set(clientOrderId, order);
    return order;
  }

  tell(fill: BrokerFill): void {
    for (const listener of this.#listeners) listener.onFill?.(fill);
  }

  tellOrder(order: BrokerOrder): void {
    for (const listener of this.#listeners) listener.onOrder?.(order);
  }

  async findOrder(clientOrderId: string): Promise<BrokerOrder | undefined> {
    this.questions++;
    if (this.deaf) throw this.deaf;
    return this.#orders.get(clientOrderId);
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    if (this.lostCancels > 0) {
      this.lostCancels--;
      return { outcome: 'unknown', reason: 'timeout' };
    }
    this.onCancel();
    const order = this.#order(clientOrderId);
    if (order.state !== 'working' && order.state !== 'partly_filled') {
      return { outcome: 'not_open', reason: `it is ${order.state}` };
    }
    this.#orders.set(clientOrderId, { ...order, state: 'cancelled' });
    return { outcome: 'cancelled' };
  }

  /** Whether anything of an order was filled. */
  isTouched(clientOrderId: string): boolean {
    return this.#order(clientOrderId).fills.length > 0;
  }

  async openOrders(): Promise<readonly BrokerOrder[]> {
    return [...this.#orders.values()].filter(({ state }) => state === 'working' || state === 'partly_filled');
  }

  async fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    return [...this.#orders.values()].flatMap(({ fills }) => fills.filter(({ at }) => at >= since));
  }

  async balances() {
    return [];
  }

  async positions() {
    return [];
  }

  async resolve(symbol: string) {
    const rules = { quantityStep: '0.1', priceTick: '0.01', minimumQuantity: '0.5', minimumNotional: '8' };
    return { symbol, asset: symbol, currency: symbol === 'EUROPE' ? 'EUR' : 'USD', rules, feeRate: '0' };
  }

  async quote(symbol: string) {
    return { symbol, bid: '10', ask: '10', last: '10', currency: 'USD', at: new Date(0) };
  }

  subscribe(listener: BrokerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #order(clientOrderId: string): BrokerOrder {
    const order = this.#orders.get(clientOrderId);
    if (!order) throw new Error(`the scripted broker has no order ${clientOrderId}`);
    return order;
  }
}
