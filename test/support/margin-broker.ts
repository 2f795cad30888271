/**
 * A margin account that a test writes the script for: two wallets, loans, market orders at a fixed price, fees. It keeps
 * real balances and refuses what they do not cover; it loses requests and replies, rejects and fills in part as it is told.
 */
import type {
  Broker,
  BrokerFill,
  BrokerListener,
  BrokerOrder,
  BrokerStatus,
  CancelOutcome,
  Capabilities,
  Margin,
  Movement,
  MovementOutcome,
  OrderRequest,
  SubmitOutcome,
} from '../../engine/brokers/broker.ts';
import { UserError } from '../../engine/errors.ts';
import type { Decimal } from '../../engine/money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../engine/money.ts';
import type { ManualClock } from './clock.ts';

type Action = 'submit' | 'cancel' | 'borrow' | 'repay' | 'transfer';

/** What becomes of a call that changes something. `part`: a half of the order is filled, the rest stays open. */
export type Turnout =
  | 'request lost'
  | 'reply lost'
  | 'part'
  | { readonly rejected: string; readonly why?: 'no-lender' | 'too-much' | 'other' };

export class MarginBroker implements Broker {
  readonly name = 'venue';
  readonly wallets = ['funding', 'cross'];
  capabilities: Capabilities = {
    orderTypes: ['market', 'limit', 'stop', 'oco'],
    fractional: true,
    short: false,
    absenceIsFinalAfterSeconds: 0,
  };
  readonly margin: Margin;
  /** What the next calls of a kind come to, in order; what is not said goes well. */
  readonly script = new Map<Action, Turnout[]>();
  readonly prices = new Map([
    ['NEO/USDT', '10'],
    ['ADA/USDT', '0.5'],
  ]);
  /** In what a purchase pays its fee. */
  feeIn: 'asset' | 'currency' | 'BNB' = 'asset';
  /** Interest that a loan costs in the moment in which it is made. */
  interestRate = '0';
  /** What may leave the cross wallet, where that is less than what lies there. */
  mayLeave: string | undefined;
  /** Before and after each call: where a test lets the process die. */
  fate: (moment: string) => Promise<void> = async () => undefined;
  readonly arrived: OrderRequest[] = [];
  readonly movements: Movement[] = [];
  readonly #clock: ManualClock;
  readonly #lying = new Map<string, Decimal>();
  readonly #owed = new Map<string, Decimal>();
  readonly #orders = new Map<string, { order: BrokerOrder; request: OrderRequest }>();
  readonly #listeners = new Set<BrokerListener>();
  #status: BrokerStatus = { state: 'down', since: new Date(0), why: 'not connected' };

  constructor(clock: ManualClock, balances: Readonly<Record<string, string>> = { USDT: '10000', BNB: '10' }) {
    this.#clock = clock;
    for (const [asset, amount] of Object.entries(balances)) {
      this.#put(asset === 'BNB' ? 'cross' : 'funding', asset, decimal(amount));
    }
    this.margin = {
      wallets: ['cross'],
      borrow: (loan) => this.#act('borrow', () => this.#borrow(loan)),
      repay: (loan) => this.#act('repay', () => this.#repay(loan)),
      transfer: (movement) => this.#act('transfer', () => this.#transfer(movement)),
      debts: () =>
        this.#read('debts', () =>
          [...this.#owed].map(([asset, owed]) => ({
            asset,
            wallet: 'cross',
            principal: decimalText(owed),
            interest: '0',
          })),
        ),
      maxTransferable: ({ asset, from }) =>
        this.#read('maxTransferable', () => this.mayLeave ?? decimalText(this.#has(from, asset))),
      stepOf: () => this.#read('stepOf', () => '0.00000001'),
      movementsSince: (since) =>
        this.#read('movementsSince', () => this.movements.filter(({ at }) => at >= since)),
    };
  }

  /** What lies and is owed, for the bank to compare. */
  lines() {
    const assets = new Set([...this.#lying.keys()].map((key) => key.split(' ')[1] ?? ''));
    return this.wallets.flatMap((wallet) =>
      [...assets].map((asset) => ({
        wallet,
        asset,
        held: this.#has(wallet, asset),
        owed: wallet === 'cross' ? (this.#owed.get(asset) ?? zero) : zero,
      })),
    );
  }

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

  async submit(request: OrderRequest): Promise<SubmitOutcome> {
    await this.fate('before submit');
    const turnout = this.script.get('submit')?.shift();
    if (typeof turnout === 'object') return { outcome: 'rejected', reason: turnout.rejected };
    if (turnout === 'request lost') return { outcome: 'unknown', reason: 'timeout' };
    const refusal = this.#take(request, turnout === 'part' ? '0.5' : '1');
    await this.fate('after submit');
    if (turnout === 'reply lost') return { outcome: 'unknown', reason: 'timeout' };
    if (refusal !== undefined) return { outcome: 'rejected', reason: refusal };
    return { outcome: 'accepted', brokerOrderId: request.clientOrderId };
  }

  /** Fills what is left of an order that rests. */
  fillRest(clientOrderId: string): void {
    const held = this.#orders.get(clientOrderId);
    if (!held) throw new Error(`there is no order ${clientOrderId}`);
    const filled = held.order.fills.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero);
    this.#fill(held.request, held.order, decimal(held.order.quantity).minus(filled));
    const after = this.#orders.get(clientOrderId)?.order;
    if (after) for (const listener of this.#listeners) listener.onOrder?.(after);
  }

  findOrder(clientOrderId: string): Promise<BrokerOrder | undefined> {
    return this.#read('findOrder', () => this.#orders.get(clientOrderId)?.order);
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    await this.fate('before cancel');
    const turnout = this.script.get('cancel')?.shift();
    if (turnout === 'request lost') return { outcome: 'unknown', reason: 'timeout' };
    const held = this.#orders.get(clientOrderId);
    if (!held || !isOpen(held.order)) return { outcome: 'not_open', reason: 'it is not open' };
    this.#orders.set(clientOrderId, { ...held, order: { ...held.order, state: 'cancelled' } });
    await this.fate('after cancel');
    return turnout === 'reply lost' ? { outcome: 'unknown', reason: 'timeout' } : { outcome: 'cancelled' };
  }

  async openOrders() {
    return [...this.#orders.values()].map(({ order }) => order).filter(isOpen);
  }

  async fillsSince() {
    return [...this.#orders.values()].flatMap(({ order }) => order.fills);
  }

  async balances() {
    return [];
  }

  async positions() {
    return [];
  }

  async resolve(symbol: string) {
    const found = [...this.prices.keys()].find(
      (known) => known === symbol || known.replace('/', '') === symbol,
    );
    if (!found) throw new UserError(`There is no symbol "${symbol}".`);
    const [asset = ''] = found.split('/');
    const rules = { quantityStep: '0.01', priceTick: '0.01', minimumQuantity: '0.01', minimumNotional: '5' };
    return { symbol: found, asset, currency: 'USDT', rules, feeRate: '0.001' };
  }

  quote(symbol: string) {
    return this.#read('quote', () => {
      const price = this.prices.get(symbol) ?? '0';
      return { symbol, bid: price, ask: price, last: price, currency: 'USDT', at: this.#clock.now() };
    });
  }

  subscribe(listener: BrokerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #read<T>(name: string, work: () => T): Promise<T> {
    await this.fate(`before ${name}`);
    const result = work();
    await this.fate(`after ${name}`);
    return result;
  }

  async #act(action: 'borrow' | 'repay' | 'transfer', work: () => MovementOutcome): Promise<MovementOutcome> {
    await this.fate(`before ${action}`);
    const turnout = this.script.get(action)?.shift();
    if (typeof turnout === 'object') {
      return { outcome: 'rejected', reason: turnout.rejected, why: turnout.why ?? 'other' };
    }
    if (turnout === 'request lost') return { outcome: 'unknown', reason: 'timeout' };
    const outcome = work();
    await this.fate(`after ${action}`);
    return turnout === 'reply lost' ? { outcome: 'unknown', reason: 'timeout' } : outcome;
  }

  #borrow({ asset, amount, wallet }: Parameters<Margin['borrow']>[0]): MovementOutcome {
    this.#put(wallet, asset, decimal(amount));
    this.#owed.set(asset, (this.#owed.get(asset) ?? zero).plus(decimal(amount)));
    const moved = this.#moved('borrow', asset, amount, wallet, null);
    const interest = decimal(amount).times(decimal(this.interestRate));
    if (interest.gt(zero)) {
      this.#owed.set(asset, (this.#owed.get(asset) ?? zero).plus(interest));
      this.#moved('interest', asset, decimalText(interest), wallet, null);
    }
    return moved;
  }

  #repay({ asset, amount, wallet }: Parameters<Margin['repay']>[0]): MovementOutcome {
    const owed = this.#owed.get(asset) ?? zero;
    if (decimal(amount).gt(owed)) return tooMuch(`${amount} ${asset} is more than is owed`);
    if (decimal(amount).gt(this.#has(wallet, asset))) return tooMuch(`there is no ${amount} ${asset}`);
    this.#put(wallet, asset, decimal(amount).neg());
    this.#owed.set(asset, owed.minus(decimal(amount)));
    return this.#moved('repay', asset, amount, wallet, null);
  }

  #transfer({ asset, amount, from, to }: Parameters<Margin['transfer']>[0]): MovementOutcome {
    if (decimal(amount).gt(this.#has(from, asset)))
      return tooMuch(`there is no ${amount} ${asset} in ${from}`);
    this.#put(from, asset, decimal(amount).neg());
    this.#put(to, asset, decimal(amount));
    return this.#moved('transfer', asset, amount, from, to);
  }

  #moved(
    kind: Movement['kind'],
    asset: string,
    amount: string,
    wallet: string,
    to: string | null,
  ): MovementOutcome {
    const id = `m-${this.movements.length + 1}`;
    this.movements.push({ id, kind, asset, amount, wallet, to, at: this.#clock.now() });
    return { outcome: 'done', id, amount };
  }

  /** Why it is refused. */
  #take(request: OrderRequest, part: string): string | undefined {
    this.arrived.push(request);
    const { clientOrderId, symbol, side, quantity, terms, wallet = 'cross' } = request;
    if (this.#orders.has(clientOrderId)) throw new Error(`the order ${clientOrderId} was sent twice`);
    const [asset = '', currency = ''] = symbol.split('/');
    const cost = decimal(quantity).times(decimal(this.prices.get(symbol) ?? '0'));
    const needed = side === 'buy' ? { of: currency, amount: cost } : { of: asset, amount: decimal(quantity) };
    if (needed.amount.gt(this.#has(wallet, needed.of))) {
      const refusal = `there is no ${decimalText(needed.amount)} ${needed.of} in ${wallet}`;
      this.#orders.set(clientOrderId, {
        request,
        order: { ...blank(request), state: 'rejected', reason: refusal },
      });
      return refusal;
    }
    const order = blank(request);
    this.#orders.set(clientOrderId, { request, order });
    if (terms.type === 'market') {
      const filled = truncateToStep(decimal(quantity).times(decimal(part)), decimal('0.01'));
      if (filled.gt(zero)) this.#fill(request, order, filled);
    }
    return undefined;
  }

  #fill(request: OrderRequest, order: BrokerOrder, quantity: Decimal): void {
    const { clientOrderId, symbol, side, wallet = 'cross', terms } = request;
    const [asset = '', currency = ''] = symbol.split('/');
    const price = 'stopPrice' in terms ? terms.stopPrice : (this.prices.get(symbol) ?? '0');
    const cost = quantity.times(decimal(price));
    const fee =
      this.feeIn === 'BNB'
        ? { of: 'BNB', amount: decimal('0.0001') }
        : this.feeIn === 'asset' && side === 'buy'
          ? { of: asset, amount: quantity.times(decimal('0.001')) }
          : { of: currency, amount: cost.times(decimal('0.001')) };
    const sign = decimal(side === 'buy' ? '1' : '-1');
    this.#put(wallet, asset, quantity.times(sign));
    this.#put(wallet, currency, cost.times(sign).neg());
    this.#put(wallet, fee.of, fee.amount.neg());
    const fill: BrokerFill = {
      id: `${clientOrderId}-${order.fills.length + 1}`,
      clientOrderId,
      brokerOrderId: clientOrderId,
      symbol,
      asset,
      wallet,
      side,
      quantity: decimalText(quantity),
      price,
      currency,
      fee: decimalText(fee.amount),
      feeCurrency: fee.of,
      at: this.#clock.now(),
    };
    const fills = [...order.fills, fill];
    const filled = fills.reduce((sum, { quantity: part }) => sum.plus(decimal(part)), zero);
    const state = filled.gte(decimal(order.quantity)) ? 'filled' : 'partly_filled';
    this.#orders.set(clientOrderId, { request, order: { ...order, fills, state } });
  }

  #has(wallet: string, asset: string): Decimal {
    return this.#lying.get(`${wallet} ${asset}`) ?? zero;
  }

  #put(wallet: string, asset: string, amount: Decimal): void {
    this.#lying.set(`${wallet} ${asset}`, this.#has(wallet, asset).plus(amount));
  }
}

function blank({ clientOrderId, symbol, side, quantity }: OrderRequest): BrokerOrder {
  const order = { clientOrderId, brokerOrderId: clientOrderId, symbol, side, quantity };
  return { ...order, state: 'working', reason: null, fills: [] };
}

function isOpen({ state }: BrokerOrder): boolean {
  return state === 'working' || state === 'partly_filled';
}

function tooMuch(reason: string): MovementOutcome {
  return { outcome: 'rejected', reason, why: 'too-much' };
}
