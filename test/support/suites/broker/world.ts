/** What the acceptance cards of a broker need of an account and of the market around it, and the words they share. */
import { expect, vi } from 'vitest';
import type {
  Balance,
  Broker,
  BrokerFill,
  BrokerOrder,
  CancelOutcome,
  OrderRequest,
  OrderTerms,
  Side,
  SubmitOutcome,
} from '../../../../engine/brokers/broker.ts';
import type { Decimal } from '../../../../engine/money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../../../engine/money.ts';

/**
 * One account, as fresh as its stand-in can make it. It holds none of the instrument, and money for more than twenty lots
 * in its first wallet. The market is deep: a hundred lots are traded at the quote.
 */
export interface BrokerUnderTest {
  readonly broker: Broker;
  /** As the broker writes it. Its price stands still until a card moves it. */
  readonly symbol: string;
  /** A quantity on the step of which a half is still well above every minimum, also 20 % cheaper. */
  readonly lot: string;
  /** Other names for `symbol` that an alert may use. */
  readonly spellings: readonly string[];
  /** Gives the same account through new objects, as after a restart of the desk; not connected yet. */
  restart(): Promise<Broker>;
  /** The market goes to this price, through all that lies between; what rests there is traded. It stays there. */
  movePrice(price: string): Promise<void>;
  /** Somebody trades this much at a price at which one order of ours rests, and no more. */
  tradePart?(price: string, quantity: string): Promise<void>;
  /**
   * The people outside get their turn: where orders are traded and cancelled by hand, they are now. Called after every
   * request of a card.
   */
  attend?(): Promise<void>;
  /** The next order arrives, and its answer is lost. */
  loseNextReply?(): void;
  /** Until `end`, nothing that is asked is answered. */
  readonly outage?: { begin(): void; end(): void };
  readonly margin?: MarginUnderTest;
}

/** What is known of the lender's side. */
export interface MarginUnderTest {
  /** The lending wallet in which the cards borrow. It is empty at first. */
  readonly wallet: string;
  /** The first wallet has at least this of it; it is worth ten times `loan` or more. */
  readonly collateral: { readonly asset: string; readonly amount: string };
  /** What is lent against that: a sum well above every minimum. */
  readonly loan: { readonly asset: string; readonly amount: string };
  /** An asset that nobody lends. */
  readonly withoutLender?: string;
  /** Lets so many hours pass, and what is charged by the hour be charged. */
  passHours?(hours: number): Promise<void>;
}

export const patience = { timeout: 45_000, interval: 20 };

/** An account with the few words in which the cards are written. */
export class Trader {
  readonly broker: Broker;
  readonly symbol: string;
  readonly world: BrokerUnderTest;

  constructor(world: BrokerUnderTest) {
    this.world = world;
    this.broker = world.broker;
    this.symbol = world.symbol;
  }

  lots(count: string): string {
    return decimalText(decimal(this.world.lot).times(decimal(count)));
  }

  order(
    clientOrderId: string,
    side: Side,
    quantity: string,
    terms: OrderTerms = { type: 'market' },
  ): OrderRequest {
    return { clientOrderId, symbol: this.symbol, side, quantity, terms };
  }

  async send(order: OrderRequest): Promise<SubmitOutcome> {
    const outcome = await this.broker.submit(order);
    await this.world.attend?.();
    return outcome;
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    const outcome = await this.broker.cancel(clientOrderId, this.symbol);
    await this.world.attend?.();
    return outcome;
  }

  async moveTo(price: string): Promise<void> {
    await this.world.movePrice(price);
    await this.world.attend?.();
  }

  /** Sends an order that trades at once, and waits until it has. */
  async trade(clientOrderId: string, side: Side, quantity: string, wallet?: string): Promise<BrokerOrder> {
    const order = this.order(clientOrderId, side, quantity);
    const outcome = await this.send(wallet === undefined ? order : { ...order, wallet });
    expect(outcome, `${side} ${quantity} at the market`).toMatchObject({ outcome: 'accepted' });
    return this.until(clientOrderId, 'filled');
  }

  /** Leaves an order at the broker, and waits until it stands there. */
  async rest(clientOrderId: string, side: Side, quantity: string, terms: OrderTerms): Promise<BrokerOrder> {
    const outcome = await this.send(this.order(clientOrderId, side, quantity, terms));
    expect(outcome, `${side} ${quantity} ${JSON.stringify(terms)}`).toMatchObject({ outcome: 'accepted' });
    return this.until(clientOrderId, 'working');
  }

  /** The order once it is in this state. */
  async until(clientOrderId: string, state: BrokerOrder['state']): Promise<BrokerOrder> {
    return vi.waitFor(async () => {
      const found = await this.broker.findOrder(clientOrderId, this.symbol);
      expect(found?.state, `state of ${clientOrderId} (${found?.reason ?? 'no reason'})`).toBe(state);
      if (!found) throw new Error(`there is no order ${clientOrderId}`);
      return found;
    }, patience);
  }

  /** The last price times a factor, on the tick. */
  async price(factor: string): Promise<string> {
    const { last } = await this.broker.quote(this.symbol);
    const { priceTick } = (await this.broker.resolve(this.symbol)).rules;
    return decimalText(truncateToStep(decimal(last).times(decimal(factor)), decimal(priceTick)));
  }

  /** What the account holds of the instrument, wherever the broker lists it. */
  async held(wallet = this.firstWallet): Promise<Decimal> {
    const { asset } = await this.broker.resolve(this.symbol);
    const positions = await this.broker.positions();
    const listed = positions.filter((position) => position.asset === asset && position.wallet === wallet);
    const balance = await this.balance(asset, wallet);
    return listed.reduce(
      (sum, { quantity }) => sum.plus(decimal(quantity)),
      decimal(balance.free).plus(decimal(balance.locked)),
    );
  }

  async money(wallet = this.firstWallet): Promise<Balance> {
    return this.balance((await this.broker.resolve(this.symbol)).currency, wallet);
  }

  /** What is not listed is nothing. */
  async balance(asset: string, wallet: string): Promise<Balance> {
    const balances = await this.broker.balances();
    const found = balances.find((balance) => balance.asset === asset && balance.wallet === wallet);
    return found ?? { asset, wallet, free: '0', locked: '0', owed: '0' };
  }

  get firstWallet(): string {
    const [first] = this.broker.wallets;
    if (first === undefined) throw new Error(`${this.broker.name} has no wallet`);
    return first;
  }
}

export function total(fills: readonly BrokerFill[]): string {
  return decimalText(fills.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero));
}

/** What all fills together did to an asset: what was bought and sold of it, paid in it, and taken as a fee. */
export function changeBy(fills: readonly BrokerFill[], asset: string): Decimal {
  return fills.reduce((sum, fill) => {
    const sign = decimal(fill.side === 'buy' ? '1' : '-1');
    const quantity = decimal(fill.quantity).times(sign);
    const traded = fill.asset === asset ? quantity : zero;
    const paid = fill.currency === asset ? quantity.times(decimal(fill.price)) : zero;
    const fee = fill.feeCurrency === asset ? decimal(fill.fee) : zero;
    return sum.plus(traded).minus(paid).minus(fee);
  }, zero);
}

/** Balances without what is nothing, in an order of their own: two equal accounts are equal. */
export function inOrder(balances: readonly Balance[]): readonly Balance[] {
  return balances
    .filter((balance) => [balance.free, balance.locked, balance.owed].some((text) => !decimal(text).eq(zero)))
    .toSorted((a, b) => `${a.wallet} ${a.asset}`.localeCompare(`${b.wallet} ${b.asset}`));
}
