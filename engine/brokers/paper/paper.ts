/**
 * The paper broker: an account that exists only here, and trades at the prices of a source.
 *
 * Its whole truth is a journal of what happened, one document each: so an order and its fills cannot disagree, and
 * balances are sums, never stored. A restart at any moment finds the account as it was.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { Store } from '../../store/store.ts';
import type { Opening, OpenOrder } from '../account/account.ts';
import { Account, isOpen, restOf, tradableOf } from '../account/account.ts';
import { breachOf, reserveOf, shortage } from '../account/checks.ts';
import type { Entry, PlacedOrder, State, StoredFill } from '../account/entry.ts';
import { isShare } from '../account/entry.ts';
import type { Priced } from '../account/instruments.ts';
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
  CancelOutcome,
  Capabilities,
  Instrument,
  Margin,
  OrderRequest,
  Quote,
  SubmitOutcome,
} from '../broker.ts';
import type { Prices } from '../prices.ts';
import { PaperMargin } from './margin.ts';
import type { Glimpse, Worsen } from './matching.ts';
import { glimpseOf, meet, worsenBy } from './matching.ts';
import type { PaperSettings } from './settings.ts';
import { Watch } from './watch.ts';

export interface PaperParts {
  readonly name: string;
  readonly settings: PaperSettings;
  readonly store: Store;
  readonly prices: Prices;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The market that an order comes to, with the price of what its fee is paid in. */
type Found = Priced & { readonly feePrice: Decimal | undefined };

/** What a price makes of an order. */
interface Progress {
  readonly state: State;
  readonly reason: string | null;
  readonly fills: readonly StoredFill[];
  readonly stopped: boolean;
}

const orderTypes = ['market', 'limit', 'stop', 'stop_limit', 'oco'] as const;

export class PaperBroker implements Broker {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly wallets: readonly string[];
  readonly margin?: Margin;
  readonly #parts: PaperParts;
  readonly #journal: Journal;
  readonly #instruments: Instruments;
  readonly #worsen: Worsen;
  readonly #watch: Watch;
  readonly #news: News;
  #account: Account;
  #loans: PaperMargin | undefined;
  /** Orders that have met the market: what comes now finds them resting. */
  readonly #arrived = new Set<string>();
  #status: BrokerStatus;

  private constructor(parts: PaperParts, journal: Journal, empty: Account) {
    const { name, settings, prices, clock, log } = parts;
    this.name = name;
    this.wallets = settings.wallets;
    this.capabilities = {
      orderTypes,
      fractional: decimal(settings.quantityStep).lt(decimal('1')),
      short: settings.short,
      // Where the fee is taken in what is bought, less is there than the exit would sell.
      ...(settings.feeIn === 'quote' && { brackets: true }),
      absenceIsFinalAfterSeconds: 0, // its orders are in our own store: what is not there never arrived
    };
    this.#parts = parts;
    this.#journal = journal;
    this.#account = empty;
    this.#worsen = worsenBy(settings.slippage, settings.priceTick);
    this.#news = new News({ broker: name, journal, log });
    this.#instruments = new Instruments({
      prices,
      rules: settings,
      feeRate: settings.fee,
      currencies: currenciesOf(settings),
      traded: async () => (await journal.current()).symbols,
    });
    this.#watch = new Watch({
      broker: name,
      prices,
      log,
      pollMs: settings.pollSeconds * 1000,
      interval: settings.bars,
      resting: () => this.#resting(),
      nextArrivalMs: () => this.#nextArrivalMs(),
      judge: (symbol, glimpse) => this.#judge(symbol, glimpse),
    });
    if (settings.margin || settings.wallets.length > 1) {
      this.#loans = new PaperMargin({
        name,
        settings,
        journal,
        prices,
        clock,
        valuedIn: settings.margin?.currency ?? currenciesOf(settings)[0] ?? 'USD',
        isReady: () => this.#status.state === 'ready',
      });
      this.margin = this.#loans;
    }
    this.#status = { state: 'down', since: clock.now(), why: 'not connected yet' };
    journal.onEntry = (entry) => this.#follow(entry);
  }

  static async open(parts: PaperParts): Promise<PaperBroker> {
    const { name, settings, store, clock, log } = parts;
    const opening = openingOf(settings);
    const { shortCollateral } = settings;
    const empty = () => new Account({ opening, shortCollateral });
    const journal = await Journal.open({ name: `paper/${name}`, store, clock, log, empty });
    return new PaperBroker(parts, journal, empty());
  }

  async connect(): Promise<void> {
    this.#account = await this.#journal.current();
    await this.#settleExits();
    this.#become({ state: 'ready', since: this.#parts.clock.now() });
    this.#watch.start();
  }

  async disconnect(): Promise<void> {
    await this.#watch.stop();
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
      const known = await this.#journal.entry(placedId(request.clientOrderId));
      if (known) return this.#outcomeOf(known);
      const found = await this.#find(request.symbol);
      // First, so that it stands when the entry is filled; without its entry it trades nothing.
      await this.#placeExit(request, found);
      const added = await this.#journal.add((account, at) => this.#place(request, found, account, at));
      if (!added) throw new Error('an order came to nothing');
      await this.#settleExits();
      if (request.exit && typeof found !== 'string') {
        await this.#judge(found.instrument.symbol, glimpseOf(found.price));
      }
      return this.#outcomeOf(added.entry);
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  findOrder(clientOrderId: string): Promise<BrokerOrder | undefined> {
    return this.#journal.order(clientOrderId);
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    try {
      if (this.#status.state !== 'ready') {
        return { outcome: 'unknown', reason: `${this.name} is not connected` };
      }
      const added = await this.#journal.add((account, at) => {
        const open = account.open.get(clientOrderId);
        return (
          open &&
          progressOf(open, { ...asItIs(open), state: 'cancelled', reason: 'cancelled by the desk' }, at)
        );
      });
      await this.#settleExits();
      if (added) return { outcome: 'cancelled' };
      const order = await this.#journal.order(clientOrderId);
      return { outcome: 'not_open', reason: order ? `it is ${order.state}` : 'there is no such order' };
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  async openOrders(): Promise<readonly BrokerOrder[]> {
    const { open } = await this.#journal.current();
    return [...open.values()].map(({ order, state, fills }) => this.#journal.view(order, state, null, fills));
  }

  fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    return this.#journal.fillsSince(since);
  }

  async balances(): Promise<readonly Balance[]> {
    await this.#loans?.chargeInterest();
    return (await this.#journal.current()).balances();
  }

  async positions(): Promise<readonly BrokerPosition[]> {
    return (await this.#journal.current()).positions();
  }

  resolve(symbol: string): Promise<Instrument> {
    return this.#instruments.resolve(symbol);
  }

  async quote(name: string): Promise<Quote> {
    const { instrument, price } = await this.#instruments.priced(name);
    const last = decimal(price.price);
    return {
      symbol: instrument.symbol,
      bid: decimalText(this.#worsen('sell', last)),
      ask: decimalText(this.#worsen('buy', last)),
      last: price.price,
      currency: instrument.currency,
      at: price.at,
    };
  }

  subscribe(listener: BrokerListener): () => void {
    return this.#news.subscribe(listener);
  }

  #outcomeOf({ event }: Entry): SubmitOutcome {
    if (event.kind !== 'placed') throw new Error('an order is stored as something else');
    return event.state === 'rejected'
      ? { outcome: 'rejected', reason: event.reason ?? 'no reason was given' }
      : { outcome: 'accepted', brokerOrderId: this.#journal.brokerOrderId(event.order.clientOrderId) };
  }

  /** The instrument, its price and that of what the fee is paid in; or why there is none. */
  async #find(symbol: string): Promise<Found | string> {
    try {
      const priced = await this.#instruments.priced(symbol);
      return { ...priced, feePrice: await this.#feePrice(priced.instrument) };
    } catch (error) {
      return `has no price for ${symbol}: ${reasonOf(error)}`;
    }
  }

  /** Of one unit of the third currency in which fees are paid; undefined where they are not. */
  async #feePrice({ asset, currency }: Instrument): Promise<Decimal | undefined> {
    const { feeIn } = this.#parts.settings;
    if (feeIn === 'quote' || feeIn === 'bought' || feeIn === currency || feeIn === asset) return undefined;
    return decimal((await this.#parts.prices.lastPrice(`${feeIn}/${currency}`)).price);
  }

  /** The one entry that is the order, with all that becomes of it at once. */
  #place(request: OrderRequest, found: Found | string, account: Account, at: string): Decision {
    const { clientOrderId, side, terms, wallet = this.wallets[0] ?? '' } = request;
    const { settings } = this.#parts;
    const order = this.#placed(request, typeof found === 'string' ? undefined : found.instrument, at);
    const id = placedId(clientOrderId);
    const decide = (placed: PlacedOrder, { state, reason, fills, stopped }: Progress): Decision => ({
      id,
      event: { kind: 'placed', order: placed, state, reason, fills, stopped },
    });
    const reject = (reason: string) =>
      decide(order, { state: 'rejected', reason, fills: [], stopped: false });
    if (typeof found === 'string') return reject(found);

    const glimpse = glimpseOf(found.price);
    const marketPrice = this.#worsen(side, glimpse.open);
    const { wallets, capabilities } = this;
    const { instrument } = found;
    const breach =
      breachOf({ request, wallet, wallets, instrument, ...capabilities, marketPrice }) ??
      this.#exitBreach(request, found);
    if (breach !== undefined) return reject(breach);
    const reserve = reserveOf({
      ...{ side, terms, instrument, marketPrice, mayGoShort: settings.short },
      feeInCurrency: this.#feeAsset(order) === order.currency ? decimal(settings.fee) : zero,
    });
    const placed = { ...order, reserve };
    const shortCollateral = decimal(settings.shortCollateral);
    const short = shortage(account, placed, { shortCollateral, marketPrice });
    if (short !== undefined) return reject(short);
    const rests: Progress = { state: 'working', reason: null, fills: [], stopped: false };
    if (order.dueAt !== null) return decide(placed, rests);
    const fresh = { order: placed, fills: [], stopped: false };
    return decide(placed, this.#trade(fresh, glimpse, found.feePrice, account, at, true) ?? rests);
  }

  #placed(request: OrderRequest, instrument: Instrument | undefined, at: string): PlacedOrder {
    const { clientOrderId, symbol, side, quantity, terms, wallet = this.wallets[0] ?? '' } = request;
    const { latencyMs } = this.#parts.settings;
    return {
      clientOrderId,
      symbol: instrument?.symbol ?? symbol,
      asset: instrument?.asset ?? symbol,
      currency: instrument?.currency ?? '',
      ...{ wallet, side, quantity, terms, reserve: null },
      dueAt: latencyMs === 0 ? null : new Date(Date.parse(at) + latencyMs).toISOString(),
    };
  }

  /** The exit that comes with an entry, unless one of them breaks a rule: then the entry says so. */
  async #placeExit(request: OrderRequest, found: Found | string): Promise<void> {
    const exit = exitOf(request);
    if (!exit || typeof found === 'string' || this.#exitBreach(request, found) !== undefined) return;
    const { side, terms } = exit;
    const { instrument, price } = found;
    await this.#journal.add((_, at) => {
      const order = { ...this.#placed(exit, instrument, at), dueAt: null, attachedTo: request.clientOrderId };
      const reserve = reserveOf({
        ...{ side, terms, instrument, mayGoShort: this.#parts.settings.short },
        marketPrice: this.#worsen(side, glimpseOf(price).open),
        feeInCurrency: decimal(this.#parts.settings.fee),
      });
      return {
        id: placedId(exit.clientOrderId),
        event: {
          kind: 'placed',
          order: { ...order, reserve },
          ...{ state: 'working', reason: null, fills: [], stopped: false },
        },
      };
    });
  }

  #exitBreach(request: OrderRequest, { instrument, price }: Found): string | undefined {
    const exit = exitOf(request);
    if (!exit) return undefined;
    const { wallet = this.wallets[0] ?? '' } = exit;
    const marketPrice = this.#worsen(exit.side, glimpseOf(price).open);
    const { wallets } = this;
    const breach = breachOf({ request: exit, wallet, wallets, instrument, orderTypes, marketPrice });
    return breach && `of the exit that comes with it ${breach}`;
  }

  /** Of entries that have ended: an exit goes with what was not filled of its entry. */
  async #settleExits(): Promise<void> {
    const { open } = await this.#journal.current();
    for (const exit of [...open.values()].filter((each) => leftOf(each, open) !== undefined)) {
      await this.#journal.add((account, at) => {
        const now = account.open.get(exit.order.clientOrderId);
        const quantity = now && leftOf(now, account.open);
        if (!now || quantity === undefined) return undefined;
        if (quantity === '0') {
          return progressOf(
            now,
            { ...asItIs(now), state: 'cancelled', reason: 'its entry was not filled' },
            at,
          );
        }
        const isOver = restOf({ ...now.order, quantity }, now.fills).lte(zero);
        const { event } = progressOf(
          now,
          { ...asItIs(now), ...(isOver && { state: 'filled' }) },
          now.judgedTo,
        );
        return { event: { ...event, quantity } };
      });
    }
  }

  /** What a glimpse makes of an order; undefined when nothing. */
  #trade(
    open: Pick<OpenOrder, 'order' | 'fills' | 'stopped' | 'entry'>,
    glimpse: Glimpse,
    feePrice: Decimal | undefined,
    account: Account,
    at: string,
    arrives: boolean,
  ): Progress | undefined {
    const { order, fills: before, stopped: stoppedBefore } = open;
    const { side, terms } = order;
    const tradable = tradableOf(open);
    if (tradable.lte(zero)) return undefined;
    const { price, stopped } = meet({ side, terms, stopped: stoppedBefore, arrives }, glimpse, this.#worsen);
    const state = before.length > 0 ? 'partly_filled' : 'working';
    const rests =
      stopped === stoppedBefore ? undefined : ({ state, reason: null, fills: [], stopped } as const);
    if (price === undefined) return rests;
    const quantity = this.#available(order.symbol, tradable, glimpse, account);
    if (quantity.lte(zero)) return rests;
    const fill: StoredFill = {
      id: `${order.clientOrderId}-${before.length + 1}`,
      quantity: decimalText(quantity),
      price: decimalText(price),
      ...this.#fee(order, quantity, price, feePrice, account),
      at,
      priceAt: glimpse.at,
    };
    // A stop may trade above what was held back for it, and so may what was on its way.
    const unpaid = this.#cannotPay(order, tradable, fill, account);
    if (unpaid) return { state: 'cancelled', reason: unpaid, fills: [], stopped };
    return {
      state: quantity.eq(restOf(order, before)) ? 'filled' : 'partly_filled',
      reason: null,
      fills: [fill],
      stopped,
    };
  }

  /** Why what rested cannot be paid by now; what is only being placed was checked before. */
  #cannotPay(order: PlacedOrder, rest: Decimal, fill: StoredFill, account: Account): string | undefined {
    const { side, wallet, asset, currency, reserve, clientOrderId } = order;
    if (side === 'sell' || reserve === null || !account.open.has(clientOrderId)) return undefined;
    const fee = fill.feeCurrency === currency ? decimal(fill.fee) : zero;
    const cost = decimal(fill.quantity).times(decimal(fill.price)).plus(fee);
    const free = account
      .free(wallet, currency)
      .plus(rest.times(decimal(reserve.perUnit)))
      .plus(account.releasedByCovering(wallet, asset, decimal(fill.quantity)));
    if (cost.lte(free)) return undefined;
    return `would cost ${decimalText(cost)} ${currency} by now but holds ${decimalText(free)}`;
  }

  /** All that is left of the order, or as much of it as the volume allows. */
  #available(symbol: string, rest: Decimal, { volume, at }: Glimpse, account: Account): Decimal {
    const { volumeShare, quantityStep } = this.#parts.settings;
    if (volumeShare === undefined || volume === undefined) return rest;
    const left = volume.times(decimal(volumeShare)).minus(account.takenOf(symbol, at));
    const most = left.gt(zero) ? truncateToStep(left, decimal(quantityStep)) : zero;
    return most.lt(rest) ? most : rest;
  }

  #feeAsset({ side, asset, currency, symbol }: PlacedOrder): string {
    const { feeIn } = this.#parts.settings;
    if (feeIn === 'quote') return currency;
    if (feeIn !== 'bought') return feeIn;
    return side === 'buy' && !isShare({ symbol, asset }) ? asset : currency;
  }

  #fee(
    order: PlacedOrder,
    quantity: Decimal,
    price: Decimal,
    feePrice: Decimal | undefined,
    account: Account,
  ): { readonly fee: string; readonly feeCurrency: string } {
    const { settings } = this.#parts;
    const { asset, currency, wallet } = order;
    const feeCurrency = this.#feeAsset(order);
    const notional = quantity.times(price);
    const inCurrency = { fee: decimalText(notional.times(decimal(settings.fee))), feeCurrency: currency };
    if (feeCurrency === currency) return inCurrency;
    if (feeCurrency === asset)
      return { fee: decimalText(quantity.times(decimal(settings.fee))), feeCurrency };
    if (!feePrice) return inCurrency;
    const fee = notional.times(decimal(settings.fee)).div(feePrice).round(8, 3);
    return account.free(wallet, feeCurrency).gte(fee) ? { fee: decimalText(fee), feeCurrency } : inCurrency;
  }

  /** Compares what rests in a symbol with a piece of its market. */
  async #judge(symbol: string, glimpse: Glimpse): Promise<void> {
    const { open } = await this.#journal.current();
    const candidates = [...open.values()].filter(({ order }) => order.symbol === symbol);
    if (candidates.length === 0) return;
    const [{ order } = { order: undefined }] = candidates;
    const feePrice = order && (await this.#feePrice({ ...order, rules: noRules, feeRate: '0' }));
    // What an entry gets at a price, its exit may trade at the same.
    const exitsLast = candidates.toSorted((a, b) => Number(isAttached(a)) - Number(isAttached(b)));
    for (const {
      order: { clientOrderId },
    } of exitsLast) {
      await this.#journal.add((account, at) => {
        const open = account.open.get(clientOrderId);
        if (!open || !this.#meets(open, glimpse)) return undefined;
        const arrives = open.order.dueAt !== null && !this.#arrived.has(clientOrderId);
        this.#arrived.add(clientOrderId);
        const progress = this.#trade(open, glimpse, feePrice, account, at, arrives);
        return progress && progressOf(open, progress, glimpse.isBar ? glimpse.at : at);
      });
    }
    if (candidates.some(isAttached)) await this.#settleExits();
  }

  /** A price counts from the order's arrival; a bar only where it began after that, and was not judged yet. */
  #meets({ order: { dueAt }, judgedTo }: OpenOrder, { isBar, at }: Glimpse): boolean {
    if (isBar) return at > judgedTo && (dueAt === null || at > dueAt);
    return dueAt === null || dueAt <= this.#parts.clock.now().toISOString();
  }

  #resting(): ReadonlyMap<string, Date> {
    const resting = new Map<string, Date>();
    for (const { order, judgedTo } of this.#account.open.values()) {
      const from = new Date(judgedTo);
      const earlier = resting.get(order.symbol);
      if (!earlier || from < earlier) resting.set(order.symbol, from);
    }
    return resting;
  }

  #nextArrivalMs(): number | undefined {
    const now = this.#parts.clock.now().getTime();
    const waits = [...this.#account.open.values()].flatMap(({ order: { dueAt, clientOrderId } }) =>
      dueAt === null || this.#arrived.has(clientOrderId) ? [] : [Date.parse(dueAt) - now],
    );
    return waits.length === 0 ? undefined : Math.max(10, Math.min(...waits));
  }

  #follow(entry: Entry): void {
    const { event } = entry;
    if (event.kind === 'progress' && !isOpen(event.state)) this.#arrived.delete(event.clientOrderId);
    this.#watch.refresh();
    this.#news.ofEntry(entry);
  }

  #become(status: BrokerStatus): void {
    this.#status = status;
    this.#news.ofStatus(status);
  }
}

const noRules = { quantityStep: '1', priceTick: '1', minimumQuantity: '1', minimumNotional: '0' };

function asItIs({ state, stopped }: OpenOrder): Progress {
  return { state, reason: null, fills: [], stopped };
}

function progressOf({ order }: OpenOrder, progress: Progress, judgedTo: string) {
  return { event: { kind: 'progress' as const, clientOrderId: order.clientOrderId, ...progress, judgedTo } };
}

function isAttached({ order }: OpenOrder): boolean {
  return order.attachedTo !== undefined;
}

/** The exit of an entry as an order like any other. */
function exitOf({ exit, side, symbol, quantity, wallet }: OrderRequest): OrderRequest | undefined {
  if (!exit) return undefined;
  const other = side === 'buy' ? 'sell' : 'buy';
  return { ...exit, symbol, quantity, side: other, ...(wallet !== undefined && { wallet }) };
}

/** What an exit is for when its entry has ended and it is for more; undefined while there is nothing to be changed. */
function leftOf({ order, entry }: OpenOrder, open: Account['open']): string | undefined {
  if (order.attachedTo === undefined || !entry?.isPlaced || open.has(order.attachedTo)) return undefined;
  return decimal(entry.filled).lt(decimal(order.quantity)) ? entry.filled : undefined;
}

function openingOf({ balances, wallets }: PaperSettings): Opening {
  const opening = new Map<string, Map<string, string>>();
  const add = (wallet: string, asset: string, amount: string) => {
    const assets = opening.get(wallet) ?? new Map<string, string>();
    opening.set(wallet, assets.set(asset, amount));
  };
  for (const [name, amount] of Object.entries(balances)) {
    if (typeof amount === 'string') add(wallets[0] ?? '', name, amount);
    else for (const [asset, text] of Object.entries(amount)) add(name, asset, text);
  }
  return opening;
}

function currenciesOf({ balances }: PaperSettings): readonly string[] {
  return Object.entries(balances).flatMap(([name, amount]) =>
    typeof amount === 'string' ? [name] : Object.keys(amount),
  );
}
