/**
 * The manual broker: the desk says what to do, a person does it somewhere, and reports it.
 *
 * An order is accepted when it is stored and a person was asked to place it. What it traded, and whether it was rejected
 * or cancelled, the desk hears from that person only. Balances are what `desk.yaml` declares, the reported fills, and
 * what the person corrected.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf, UserError } from '../../errors.ts';
import type { Outbox } from '../../events.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { Store } from '../../store/store.ts';
import type { OpenOrder } from '../account/account.ts';
import { Account, restOf } from '../account/account.ts';
import { breachOf, reserveOf, shortage } from '../account/checks.ts';
import type { Entry, PlacedOrder } from '../account/entry.ts';
import { Instruments } from '../account/instruments.ts';
import type { Decision } from '../account/journal.ts';
import { Journal, placedId } from '../account/journal.ts';
import { News } from '../account/news.ts';
import type {
  Balance,
  Broker,
  BrokerFill,
  BrokerListener,
  BrokerOrder,
  BrokerPosition,
  BrokerStatus,
  ByHand,
  CancelOutcome,
  Capabilities,
  HandOrder,
  Instrument,
  OrderRequest,
  Quote,
  SubmitOutcome,
} from '../broker.ts';
import type { Prices } from '../prices.ts';
import type { ManualSettings } from './settings.ts';
import { cancelText, placeText } from './words.ts';

export interface ManualParts {
  readonly name: string;
  readonly settings: ManualSettings;
  readonly store: Store;
  readonly prices: Prices;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
}

const orderTypes = ['market', 'limit', 'stop', 'stop_limit', 'oco'] as const;
/** Its only one. */
const wallet = 'account';

export class ManualBroker implements Broker, ByHand {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly wallets = [wallet];
  readonly byHand: ByHand = this;
  readonly #parts: ManualParts;
  readonly #journal: Journal;
  readonly #instruments: Instruments;
  readonly #news: News;
  #status: BrokerStatus;

  private constructor(parts: ManualParts, journal: Journal) {
    const { name, settings, prices, clock, log } = parts;
    this.name = name;
    this.capabilities = {
      orderTypes,
      fractional: decimal(settings.quantityStep).lt(decimal('1')),
      short: settings.short,
      absenceIsFinalAfterSeconds: 0, // nobody was asked to place what is not in our own store
    };
    this.#parts = parts;
    this.#journal = journal;
    this.#news = new News({ broker: name, journal, log });
    this.#instruments = new Instruments({
      prices,
      rules: settings,
      feeRate: settings.fee,
      currencies: Object.keys(settings.balances),
      traded: async () => (await journal.current()).symbols,
    });
    this.#status = { state: 'down', since: clock.now(), why: 'not connected yet' };
    journal.onEntry = (entry) => this.#news.ofEntry(entry);
  }

  static async open(parts: ManualParts): Promise<ManualBroker> {
    const { name, settings, store, clock, log } = parts;
    const opening = new Map([
      [wallet, new Map([...Object.entries(settings.balances), ...Object.entries(settings.positions)])],
    ]);
    const empty = () => new Account({ opening, shares: Object.keys(settings.positions) });
    return new ManualBroker(parts, await Journal.open({ name: `manual/${name}`, store, clock, log, empty }));
  }

  /** Also asks for what an earlier process had stored, and perhaps not asked for any more. */
  async connect(): Promise<void> {
    const { open } = await this.#journal.current();
    for (const order of open.values()) await this.#ask(order);
    this.#become({ state: 'ready', since: this.#parts.clock.now() });
  }

  async disconnect(): Promise<void> {
    await this.#journal.idle();
    await this.#news.idle();
    this.#become({ state: 'down', since: this.#parts.clock.now(), why: 'disconnected by the desk' });
  }

  status(): BrokerStatus {
    return this.#status;
  }

  async submit(request: OrderRequest): Promise<SubmitOutcome> {
    try {
      if (this.#status.state !== 'ready') {
        return { outcome: 'unknown', reason: `${this.name} is not connected` };
      }
      const { clientOrderId } = request;
      const known = await this.#journal.entry(placedId(clientOrderId));
      if (known) return await this.#outcomeOf(known);
      const found = await this.#find(request.symbol);
      const added = await this.#journal.add((account) => this.#place(request, found, account));
      if (!added) throw new Error('an order came to nothing');
      return await this.#outcomeOf(added.entry);
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  findOrder(clientOrderId: string): Promise<BrokerOrder | undefined> {
    return this.#journal.order(clientOrderId);
  }

  /** Asks a person to; whether it is cancelled is known when that one says so. */
  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    try {
      if (this.#status.state !== 'ready') {
        return { outcome: 'unknown', reason: `${this.name} is not connected` };
      }
      await this.#journal.add((account) => {
        const open = account.open.get(clientOrderId);
        return open && !open.cancelWanted ? { event: { kind: 'cancel_wanted', clientOrderId } } : undefined;
      });
      const open = (await this.#journal.current()).open.get(clientOrderId);
      if (open) {
        await this.#ask(open);
        return {
          outcome: 'unknown',
          reason: `it was asked for: /manual cancelled ${clientOrderId} reports it`,
        };
      }
      const order = await this.#journal.order(clientOrderId);
      return { outcome: 'not_open', reason: order ? `it is ${order.state}` : 'there is no such order' };
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  async openOrders(): Promise<readonly BrokerOrder[]> {
    return (await this.todo()).map(({ order }) => order);
  }

  fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    return this.#journal.fillsSince(since);
  }

  async balances(): Promise<readonly Balance[]> {
    return (await this.#journal.current()).balances();
  }

  async positions(): Promise<readonly BrokerPosition[]> {
    return (await this.#journal.current()).positions();
  }

  async resolve(symbol: string): Promise<Instrument> {
    return this.#instruments.resolve(symbol);
  }

  async quote(name: string): Promise<Quote> {
    const { instrument, price } = await this.#instruments.priced(name);
    const { symbol, currency } = instrument;
    return { symbol, bid: price.price, ask: price.price, last: price.price, currency, at: price.at };
  }

  subscribe(listener: BrokerListener): () => void {
    return this.#news.subscribe(listener);
  }

  async todo(): Promise<readonly HandOrder[]> {
    const { open } = await this.#journal.current();
    return [...open.values()].map(({ order, state, fills, at, cancelWanted }) => ({
      order: this.#journal.view(order, state, null, fills),
      terms: order.terms,
      currency: order.currency,
      at: new Date(at),
      cancelWanted,
    }));
  }

  async reportFill(report: Parameters<ByHand['reportFill']>[0]): ReturnType<ByHand['reportFill']> {
    const { clientOrderId, reference } = report;
    const id = reference === undefined ? undefined : `report:${reference}`;
    const known = id === undefined ? undefined : await this.#journal.entry(id);
    if (known) return { fill: await this.#reported(known, report), fresh: false };
    let refusal = `${this.name} has no open order "${clientOrderId}".`;
    const added = await this.#journal.add((account, at) => {
      const open = account.open.get(clientOrderId);
      if (!open) return undefined;
      const problem = problemOfFill(open, report);
      if (problem !== undefined) {
        refusal = problem;
        return undefined;
      }
      return { event: filledBy(open, report, at), ...(id !== undefined && { id }) };
    });
    if (!added) throw new UserError(refusal);
    return { fill: await this.#reported(added.entry, report), fresh: added.fresh };
  }

  async reportEnd({
    clientOrderId,
    state,
    reason,
  }: Parameters<ByHand['reportEnd']>[0]): Promise<BrokerOrder> {
    let refusal = `${this.name} has no open order "${clientOrderId}".`;
    const added = await this.#journal.add((account, at) => {
      const open = account.open.get(clientOrderId);
      if (!open) return undefined;
      if (state === 'rejected' && open.fills.length > 0) {
        refusal = `The order ${clientOrderId} is filled in part, so it was not rejected. Report it as cancelled.`;
        return undefined;
      }
      const { stopped } = open;
      return { event: { kind: 'progress', clientOrderId, state, reason, fills: [], stopped, judgedTo: at } };
    });
    const order = added && (await this.#journal.order(clientOrderId));
    if (!order) throw new UserError(refusal);
    return order;
  }

  async correctBalance({ asset, amount }: Parameters<ByHand['correctBalance']>[0]): Promise<string> {
    const wanted = amountOf('The balance', amount);
    const isShare = await this.#isShare(asset);
    const added = await this.#journal.add((account) => {
      const change = wanted.minus(account.total(wallet, asset));
      if (change.eq(zero)) return undefined;
      return { event: { kind: 'correction', asset, wallet, change: decimalText(change), isShare } };
    });
    return added?.entry.event.kind === 'correction' ? added.entry.event.change : '0';
  }

  /** What the account has met before it knows; of anything else the price source does. */
  async #isShare(asset: string): Promise<boolean> {
    const account = await this.#journal.current();
    if (account.isShare(asset)) return true;
    if (account.assetsOf(wallet).includes(asset)) return false;
    try {
      return (await this.#instruments.priced(asset)).instrument.asset === asset;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  }

  /** The fill that an entry holds, where it is what is reported now. */
  async #reported(
    { event, clientOrderId }: Entry,
    { clientOrderId: wanted, reference, quantity }: Parameters<ByHand['reportFill']>[0],
  ): Promise<BrokerFill> {
    const [stored] = event.kind === 'progress' ? event.fills : [];
    const order = await this.#journal.order(clientOrderId ?? '');
    const fill = order?.fills.find(({ id }) => id === stored?.id);
    if (!fill) throw new Error('a reported fill is not in its order');
    if (clientOrderId !== wanted || !decimal(fill.quantity).eq(amountOf('The quantity', quantity))) {
      throw new UserError(
        `The reference "${reference ?? ''}" was given before, for ${fill.quantity} ${fill.symbol} of the order ` +
          `${clientOrderId}. Each trade needs its own.`,
      );
    }
    return fill;
  }

  /** Where there is no price just now, an order still goes: a person sees what it would cost. */
  async #find(symbol: string): Promise<{ instrument: Instrument; price: Decimal | undefined } | string> {
    try {
      const { instrument, price } = await this.#instruments.priced(symbol);
      return { instrument, price: decimal(price.price) };
    } catch (error) {
      if (error instanceof UserError) return error.message;
      return { instrument: await this.#instruments.resolve(symbol), price: undefined };
    }
  }

  #place(
    request: OrderRequest,
    found: { instrument: Instrument; price: Decimal | undefined } | string,
    account: Account,
  ): Decision {
    const { clientOrderId, symbol, side, quantity, terms, wallet: from = wallet } = request;
    const { settings } = this.#parts;
    const known = typeof found === 'string' ? { symbol, asset: symbol, currency: '' } : found.instrument;
    const order: PlacedOrder = {
      clientOrderId,
      symbol: known.symbol,
      asset: known.asset,
      currency: known.currency,
      wallet: from,
      side,
      quantity,
      terms,
      reserve: null,
      dueAt: null,
    };
    const decide = (placed: PlacedOrder, refusal: string | undefined): Decision => ({
      id: placedId(clientOrderId),
      event: {
        kind: 'placed',
        order: placed,
        state: refusal === undefined ? 'working' : 'rejected',
        reason: refusal ?? null,
        fills: [],
        stopped: false,
      },
    });
    if (typeof found === 'string') return decide(order, found);
    const { instrument, price } = found;
    const { wallets } = this;
    const breach = breachOf({ request, wallet: from, wallets, instrument, orderTypes, marketPrice: price });
    if (breach !== undefined) return decide(order, breach);
    const reserve = reserveOf({
      side,
      terms,
      instrument,
      marketPrice: price,
      feeInCurrency: decimal(settings.fee),
      mayGoShort: settings.short,
    });
    const placed = { ...order, reserve };
    const short = shortage(account, placed, { shortCollateral: zero, marketPrice: price });
    return decide(
      placed,
      short === undefined ? undefined : `${short}, by what was reported; /manual balance corrects it`,
    );
  }

  /** An order that is open has been asked for when this returns. */
  async #outcomeOf({ event }: Entry): Promise<SubmitOutcome> {
    if (event.kind !== 'placed') throw new Error('an order is stored as something else');
    if (event.state === 'rejected') {
      return { outcome: 'rejected', reason: event.reason ?? 'no reason was given' };
    }
    const { clientOrderId } = event.order;
    const open = (await this.#journal.current()).open.get(clientOrderId);
    if (open) await this.#ask(open);
    return { outcome: 'accepted', brokerOrderId: this.#journal.brokerOrderId(clientOrderId) };
  }

  /** Once for each order, and once more when it is to be cancelled, however often this is called. */
  async #ask({ order, cancelWanted }: OpenOrder): Promise<void> {
    const { outbox } = this.#parts;
    const { clientOrderId } = order;
    const about = { type: 'order.todo', order: clientOrderId, book: null, account: this.name } as const;
    const key = `order.todo:${this.#journal.brokerOrderId(clientOrderId)}`;
    await outbox.publish({ ...about, text: placeText(order) }, key);
    if (cancelWanted) await outbox.publish({ ...about, text: cancelText(order) }, `${key}:cancel`);
  }

  #become(status: BrokerStatus): void {
    this.#status = status;
    this.#news.ofStatus(status);
  }
}

function problemOfFill(
  { order, fills }: OpenOrder,
  report: Parameters<ByHand['reportFill']>[0],
): string | undefined {
  const quantity = amountOf('The quantity', report.quantity);
  const rest = restOf(order, fills);
  if (quantity.lte(zero)) return `The quantity must be above 0, not ${report.quantity}.`;
  if (quantity.gt(rest)) {
    return `The order ${order.clientOrderId} has ${decimalText(rest)} ${order.symbol} left, so ${report.quantity} cannot be filled.`;
  }
  if (amountOf('The price', report.price).lte(zero)) {
    return `The price must be above 0, not ${report.price}.`;
  }
  amountOf('The fee', report.fee ?? '0');
  return undefined;
}

function filledBy(
  { order, fills, stopped }: OpenOrder,
  report: Parameters<ByHand['reportFill']>[0],
  at: string,
) {
  const { quantity, price, fee = '0', feeCurrency = order.currency } = report;
  const fill = {
    id: `${order.clientOrderId}-${fills.length + 1}`,
    quantity: decimalText(decimal(quantity)),
    price: decimalText(decimal(price)),
    fee: decimalText(decimal(fee)),
    feeCurrency,
    at,
    priceAt: at,
  };
  const state = restOf(order, [...fills, fill]).eq(zero) ? 'filled' : 'partly_filled';
  const { clientOrderId } = order;
  return {
    kind: 'progress',
    clientOrderId,
    state,
    reason: null,
    fills: [fill],
    stopped,
    judgedTo: at,
  } as const;
}

/** @throws UserError */
function amountOf(what: string, text: string): Decimal {
  try {
    return decimal(text);
  } catch {
    throw new UserError(`${what} must be a decimal number such as 12.5, not "${text}".`);
  }
}
