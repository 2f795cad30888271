/**
 * The orders of plans on their way to the broker: checked, kept while they have to wait, sent as operations of the book,
 * and followed by what protects a position.
 *
 * Whoever calls this has the turn of the plan: no other desk works on it meanwhile. Every step can be repeated: an order
 * is `waiting` in the store before anything else, its operation has its name, and it is `sent` when there is one.
 */
import type { Books } from '../bank/books.ts';
import type { Holdings } from '../bank/position.ts';
import type { Broker, Instrument, OrderTerms } from '../brokers/broker.ts';
import { SeveralContracts } from '../brokers/broker.ts';
import { type Clock, stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import { expectedPrice, termsOnTick } from '../execution/checks.ts';
import type { Executor } from '../execution/executor.ts';
import type { Operation, OrderStep, Step } from '../execution/operation.ts';
import type { Operations } from '../execution/operations.ts';
import type { Order } from '../execution/order.ts';
import { Interrupted, type Sleep } from '../execution/patience.ts';
import { promisedBy } from '../execution/promised.ts';
import type { Logger } from '../log.ts';
import type { Calendar } from '../market/calendars/calendar.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalOfNumber, decimalText, truncateToStep, zero } from '../money.ts';
import { moneyHome } from '../signals/handlers/funding.ts';
import type { CheckResult, OrderScene, Unresolved } from './checks.ts';
import { checkPlanOrder, isWholeExit, verdictOf } from './checks.ts';
import type { WantedProtection } from './definitions.ts';
import { freshnessOf } from './freshness.ts';
import type { PlanSettings } from './plan.ts';
import type { PlanRunOrder, PlanRuns, WantedOrder } from './run-records.ts';
import { operationPrefix } from './wanted.ts';

export interface PlanOrdersParts {
  readonly runs: PlanRuns;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly executor: Executor;
  readonly operations: Operations;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sleep: Sleep;
  /** Whether a broker that is ready was compared with the books. */
  readonly isCompared: (broker: string) => boolean;
}

/** A plan with what its orders are looked at by. */
export interface PlanScene {
  readonly plan: PlanSettings;
  readonly calendar: Calendar | undefined;
}

/** An order with the answers of all checks. */
export interface CheckedOrder {
  readonly wanted: WantedOrder;
  readonly checks: readonly CheckResult[];
  readonly verdict: ReturnType<typeof verdictOf>;
}

/** So long a run waits for its market orders; what takes longer goes on by itself. */
const patienceMs = 60_000;
/** How often a book is read anew while its orders move. */
const mostReadings = 10;
const protectionMark = '/protection@';
/** Begins the names of all steps that protect a position. */
const protectionLeg = 'protection';

export class PlanOrders {
  readonly #parts: PlanOrdersParts;

  constructor(parts: PlanOrdersParts) {
    this.#parts = parts;
  }

  /**
   * What would become of each, one after the other, if all that may go were filled at once. Nothing is stored or sent.
   * @param simulated units by symbol that the simulation held; undefined where the book itself is where it begins
   */
  async examine(
    scene: PlanScene,
    wanted: readonly WantedOrder[],
    simulated: ReadonlyMap<string, number> | undefined,
  ): Promise<readonly CheckedOrder[]> {
    const checked: CheckedOrder[] = [];
    const supposed = new Supposed();
    const before = await this.#before(scene.plan, simulated);
    for (const order of wanted) {
      const facts = await this.#facts(scene, order, before, { supposed });
      const checks = checkPlanOrder(facts);
      const verdict = verdictOf(checks);
      checked.push({ wanted: order, checks, verdict });
      if (verdict.is === 'send') supposed.trade(facts);
    }
    return checked;
  }

  /**
   * Units that the book holds, by symbol of the plan; negative when short. A symbol is missing that may be another name of
   * something that the book holds, while its broker cannot be asked.
   */
  async held({ book, symbols }: PlanSettings): Promise<ReadonlyMap<string, Decimal>> {
    const { positions } = await this.#parts.books.holdings(book);
    const held = new Map(symbols.map((symbol) => [symbol, zero]));
    const left = new Map(positions);
    const unclear: string[] = [];
    for (const symbol of positions.size === 0 ? [] : symbols) {
      const instrument = await this.#instrument(this.#broker(book), symbol);
      const asset = assetOf(symbol, instrument, positions);
      held.set(symbol, positions.get(asset)?.quantity ?? zero);
      if (!left.delete(asset) && 'why' in instrument && instrument.isUnclear) unclear.push(symbol);
    }
    if (left.size > 0) for (const symbol of unclear) held.delete(symbol);
    return held;
  }

  /** Without exits of what the book does not hold: a stop that rested at the broker has made them already. */
  async possible(plan: PlanSettings, wanted: readonly WantedOrder[]): Promise<readonly WantedOrder[]> {
    const held = await this.held(plan);
    return wanted.filter(({ purpose, symbol, side, terms }) => {
      if (purpose !== 'exit' || terms.type !== 'market') return true;
      const own = held.get(symbol);
      return own === undefined || (side === 'sell' ? own.gt(zero) : own.lt(zero));
    });
  }

  /** Stores what is wanted and not known yet, and sends what may go. Answers with all that was new. */
  async send(
    scene: PlanScene,
    run: string,
    wanted: readonly WantedOrder[],
    simulated: ReadonlyMap<string, number> | undefined,
    stop: AbortSignal,
  ): Promise<{
    readonly orders: readonly PlanRunOrder[];
    readonly known: number;
    readonly early: readonly string[];
  }> {
    const { runs, books } = this.#parts;
    const { plan } = scene;
    const { broker: account } = books.settings(plan.book);
    const orders: PlanRunOrder[] = [];
    const early: string[] = [];
    let known = 0;
    const before = await this.#before(plan, simulated);
    for (const each of wanted) {
      const freshness = this.#freshness(scene, each);
      if (freshness.is === 'early') {
        early.push(`${each.side} ${each.quantity} ${each.symbol}: ${freshness.why}`);
        continue; // its bar is not finished: nothing is wanted yet
      }
      const { id, ...order } = each;
      const at = stamp(this.#parts.clock);
      const stored = await runs.want({
        _id: id,
        ...order,
        ...{ plan: plan.name, run, book: plan.book, account },
        state: 'waiting',
        checks: [],
        reason: null,
        wantedAt: at,
        sentAt: null,
        updatedAt: at,
      });
      // One that this run stored before a crash is still its own.
      if (!stored.isNew && (stored.order.run !== run || stored.order.state !== 'waiting')) {
        known += 1;
        continue;
      }
      orders.push(await this.#sendOne(scene, stored.order, before, stop));
    }
    return { orders, known, early };
  }

  /** Looks again at what waits: sends it, lets it wait on, or gives it up. Answers with what does not wait any more. */
  async sendWaiting(scene: PlanScene, stop: AbortSignal): Promise<readonly PlanRunOrder[]> {
    const ended: PlanRunOrder[] = [];
    for (const order of await this.#parts.runs.waiting(scene.plan.name)) {
      const now = await this.#sendOne(scene, order, undefined, stop);
      if (now.state !== 'waiting') ended.push(now);
    }
    return ended;
  }

  /** Gives up what waits, and cancels what is open at the broker and protects nothing. */
  async cancelOpen({ plan }: PlanScene, by: string): Promise<number> {
    const { runs, executor, clock } = this.#parts;
    const waiting = await runs.waiting(plan.name);
    for (const order of waiting) {
      await runs.changeOrder(order, {
        state: 'cancelled',
        reason: `cancelled by ${by}`,
        updatedAt: stamp(clock),
      });
    }
    const open = await this.#openOrders(plan);
    await Promise.all(open.map(({ _id }) => executor.cancel(_id, by)));
    return waiting.length + open.length;
  }

  /** Open orders of the plan at its broker, without those that protect a position. */
  async #openOrders({ name, book }: PlanSettings): Promise<readonly Order[]> {
    const open = await this.#parts.executor.openOrders({ book });
    return open.filter((order) => isOfPlan(order, name) && !isProtective(order));
  }

  /**
   * Cancels at the broker what the simulation has cancelled, and market orders that were for an open which is past.
   * @param isCancelled whether the simulation gave an order up
   */
  async followCancellations(
    scene: PlanScene,
    isCancelled: (order: PlanRunOrder) => boolean,
    by: string,
  ): Promise<void> {
    const { runs, executor } = this.#parts;
    for (const open of await this.#openOrders(scene.plan)) {
      const order = open.operation === null ? undefined : await runs.order(open.operation);
      if (!order) continue;
      const isLate = order.terms.type === 'market' && this.#freshness(scene, order, true).is === 'stale';
      if (isLate || isCancelled(order)) await executor.cancel(open._id, by);
    }
  }

  /**
   * Brings what rests at the broker to what is wanted: stop losses and take profits of what the book really holds. What
   * rests as it should is left alone.
   */
  async protect({ plan }: PlanScene, wanted: readonly WantedProtection[]): Promise<void> {
    const { executor, books } = this.#parts;
    const broker = this.#broker(plan.book);
    const open = await executor.openOrders({ book: plan.book });
    const resting = open.filter((order) => isOfPlan(order, plan.name) && isProtective(order));
    if (wanted.length === 0 && resting.length === 0) return;
    if (broker.status().state !== 'ready' || !this.#parts.isCompared(broker.name)) return; // looked at again when it is
    const { positions } = await books.holdings(plan.book);
    // The plan may know a symbol by another name than the broker, whose names the orders have.
    const goals = new Map<string, readonly WantedProtection[]>();
    let isUnclear = false;
    for (const each of wanted) {
      const instrument = await this.#instrument(broker, each.symbol);
      if ('why' in instrument) isUnclear = true;
      else goals.set(instrument.symbol, [...(goals.get(instrument.symbol) ?? []), each]);
    }
    for (const symbol of new Set([...goals.keys(), ...resting.map((order) => order.symbol)])) {
      const instrument = await this.#instrument(broker, symbol);
      // What rests may be that of a symbol which cannot be told just now.
      if ('why' in instrument || (isUnclear && !goals.has(symbol))) continue;
      const held = positions.get(instrument.asset)?.quantity ?? zero;
      const exits = open.filter(
        (order) => order.symbol === symbol && order.purpose === 'exit' && !isProtective(order),
      );
      // What came with an entry that may still be filled guards what that has got, whatever it is.
      const waiting = resting.filter(({ entry, symbol: its }) => its === symbol && isAmong(entry, open));
      const guarded = waiting.reduce((sum, exit) => sum.plus(guardedBy(exit, open)), zero);
      // What is about to be closed needs no protection, and could not be had twice.
      const free = exits.length > 0 ? zero : held.minus(guarded);
      const goal = protectionSteps(goals.get(symbol) ?? [], free, instrument, broker);
      await this.#rest(
        plan,
        symbol,
        goal,
        resting.filter((order) => order.symbol === symbol && !waiting.includes(order)),
      );
    }
  }

  async #rest(
    plan: PlanSettings,
    symbol: string,
    goal: readonly OrderStep[],
    resting: readonly Order[],
  ): Promise<void> {
    const { executor, operations, clock } = this.#parts;
    // Those of several entries may be wanted as one.
    const standing = (step: OrderStep) => resting.filter((order) => isSame(step, order));
    const left = goal.filter((step) => !addUp(step, standing(step)));
    const kept = goal.filter((step) => !left.includes(step)).flatMap(standing);
    const tooMany = resting.filter((order) => !kept.includes(order));
    await Promise.all(tooMany.map(({ _id }) => executor.cancel(_id, `plan ${plan.name}`)));
    if (left.length === 0) return;
    const at = stamp(clock);
    const running = operations.run({
      source: `${operationPrefix(plan.name)}${symbol}${protectionMark}${at}`,
      book: plan.book,
      purpose: 'exit',
      summary: `plan ${plan.name}: protect ${symbol}`,
      steps: left.map((step, index) => ({ ...step, leg: `${protectionLeg}-${index + 1}` })),
      askedAt: at,
    });
    await this.#patiently(running);
  }

  async #sendOne(
    scene: PlanScene,
    order: PlanRunOrder,
    before: Before | undefined,
    stop: AbortSignal,
  ): Promise<PlanRunOrder> {
    const { runs, operations, clock } = this.#parts;
    stop.throwIfAborted();
    const change = async (changes: Partial<Omit<PlanRunOrder, '_id'>>) =>
      (await runs.changeOrder(order, { ...changes, updatedAt: stamp(clock) })) ??
      (await runs.order(order._id)) ??
      order;
    // Begun by a desk that died before it could say so.
    if (await operations.operation(order._id)) return change({ state: 'sent', sentAt: stamp(clock) });
    const waited = order.waitedForMoney ?? false;
    const facts = await this.#facts(scene, order, before, { waited });
    const checks = checkPlanOrder(facts);
    const { is, reason } = verdictOf(checks);
    switch (is) {
      case 'refuse':
        return change({ state: facts.freshness.is === 'stale' ? 'expired' : 'refused', checks, reason });
      case 'wait':
        return change({ checks, reason, waitedForMoney: waited || checks.some(waitsForMoney) });
      case 'send': {
        const askedAt = stamp(clock);
        const { freshness } = facts;
        const running = operations.run({
          source: order._id,
          book: order.book,
          purpose: order.purpose,
          summary: `plan ${order.plan}: ${order.side} ${order.quantity} ${order.symbol}${termsText(order.terms)}`,
          steps: await this.#steps(scene, order, facts),
          askedAt,
          ...(freshness.is === 'fresh' && { freshUntil: freshness.until.toISOString() }),
        });
        await this.#patiently(running);
        return change({ state: 'sent', checks, reason: null, sentAt: askedAt });
      }
      default:
        return is satisfies never;
    }
  }

  /** Waits until it is over or stuck, or has taken long enough; it then goes on by itself. */
  async #patiently(running: Promise<Operation>): Promise<void> {
    const waiting = new AbortController();
    const ended = running.finally(() => waiting.abort());
    const enough = this.#parts.sleep(patienceMs, waiting.signal).catch(() => undefined);
    ended.catch((error) => {
      if (error instanceof Interrupted) return; // it is taken up at the next start
      this.#parts.log.error({ error: reasonOf(error) }, 'an order of a plan failed');
    });
    await Promise.race([ended, enough]);
  }

  async #steps(
    { calendar, plan }: PlanScene,
    order: PlanRunOrder,
    { held, cash, instrument, order: { closesAll } }: OrderScene,
  ): Promise<readonly Step[]> {
    const { books, clock } = this.#parts;
    const { currency, home, wallet = home } = books.settings(order.book);
    const broker = this.#broker(order.book);
    const asset = 'why' in instrument ? order.symbol : instrument.asset;
    const symbol = 'why' in instrument ? order.symbol : instrument.symbol;
    const quantity = decimal(order.quantity);
    const terms = termsAt(order.terms, plan, calendar, broker, clock.now());
    const isImmediate =
      terms.type === 'market' && terms.auction === undefined && (!calendar || calendar.isOpen(clock.now()));
    const against = order.side === 'sell' ? held : held.neg();
    const isWhole = isWholeExit({ ...order, closesAll, quantity }, held);
    const isBuying = order.side === 'buy' && order.purpose === 'entry';
    const step: OrderStep = {
      kind: 'order',
      leg: 'order',
      symbol,
      side: order.side,
      quantity:
        isWhole && order.side === 'sell'
          ? { is: 'held', asset }
          : { is: 'fixed', amount: decimalText(isWhole ? against : quantity) },
      ...(terms.type !== 'market' || terms.auction !== undefined ? { terms } : {}),
      ...(isBuying && terms.type === 'market' && { budget: decimalText(cash) }),
      wallet,
      ...(!isImmediate && { resting: true }),
    };
    const isShortCover = order.side === 'buy' && order.purpose === 'exit';
    const moves = home !== wallet;
    const steps: Step[] = [];
    if (moves && isBuying) {
      const amount = decimalText(cash);
      const fixed = { is: 'fixed', amount } as const;
      steps.push({ kind: 'transfer', leg: 'in', asset: currency, amount: fixed, from: home, to: wallet });
    }
    // What rests would hold back what is to be sold.
    if (order.purpose === 'exit' && order.terms.type === 'market')
      steps.push({ kind: 'cancel', leg: 'cancel', symbol });
    steps.push(step);
    const exit = order.purpose === 'entry' && restingTerms(order.stopLoss, order.takeProfit, broker);
    if (exit && broker.capabilities.brackets && !('why' in instrument)) {
      const side = order.side === 'buy' ? 'sell' : 'buy';
      steps.push({
        ...{ kind: 'order', leg: protectionLeg, symbol, side, wallet, resting: true },
        quantity: { is: 'bought', leg: step.leg },
        terms: termsOnTick(exit, side, instrument.rules),
      });
    }
    if (moves && isImmediate && !isShortCover) steps.push(...moneyHome({ currency, home, wallet }));
    return steps;
  }

  /** Everything that the checks look at. */
  async #facts(
    scene: PlanScene,
    order: WantedOrder | PlanRunOrder,
    before: Before | undefined,
    {
      supposed = new Supposed(),
      waited = false,
    }: { readonly supposed?: Supposed; readonly waited?: boolean } = {},
  ): Promise<OrderScene> {
    const { books, clock } = this.#parts;
    const { plan, calendar } = scene;
    // First: what waits no more when it is looked at is among the open orders, which are read after it.
    const waitingExits = await this.#waitingExits(plan);
    const settings = books.settings(plan.book);
    const broker = this.#broker(plan.book);
    const instrument = await this.#instrument(broker, order.symbol);
    const { holdings, open } = await this.#moment(plan.book);
    const asset = assetOf(order.symbol, instrument, holdings.positions);
    const price = await this.#price(broker, order);
    const freshness = this.#freshness(scene, order, waited);
    const now = clock.now();
    return {
      order: {
        symbol: order.symbol,
        side: order.side,
        purpose: order.purpose,
        closesAll: order.closesAll,
        quantity: decimal(order.quantity),
        isMarket: order.terms.type === 'market',
      },
      book: { name: plan.book, currency: settings.currency },
      refusal: await books.refusal(plan.book, order.purpose),
      held: (holdings.positions.get(asset)?.quantity ?? zero).plus(supposed.held(order.symbol)),
      before: before && {
        held: before.held.get(order.symbol),
        simulated: decimalOfNumber(before.simulated.get(order.symbol) ?? 0),
      },
      instrument,
      capabilities: broker.capabilities,
      price,
      cash: spendable(holdings, settings.currency, open).plus(supposed.cash),
      expected:
        order.side === 'buy' && order.purpose === 'entry'
          ? worthOf(waitingExits, open).plus(await this.#proceeds(broker, open))
          : zero,
      limits: plan.limits,
      freshness,
      opens: opensFor(plan, calendar, now),
      broker: { name: broker.name, status: broker.status(), isCompared: this.#parts.isCompared(broker.name) },
      twin: twinOf(order, 'why' in instrument ? order.symbol : instrument.symbol, open),
    };
  }

  /** The plan's exits that are not over. Some have an order at the broker. */
  async #waitingExits({ name, book }: PlanSettings): Promise<readonly PlanRunOrder[]> {
    const { runs, operations } = this.#parts;
    const waiting = await runs.waiting(name);
    const begun = await Promise.all((await operations.open({ book })).map(({ _id }) => runs.order(_id)));
    const exits = [...waiting, ...begun].flatMap((order) => (order?.purpose === 'exit' ? [order] : []));
    // One that was sent between the two readings is in both.
    return [...new Map(exits.map((order) => [order._id, order])).values()];
  }

  /**
   * What the book has and what of it is open, of one moment: a fill that came between two readings would be in both, or in
   * neither, and an entry be cut down for want of money that is there.
   */
  async #moment(book: string): Promise<{ readonly holdings: Holdings; readonly open: readonly Order[] }> {
    const { books, executor } = this.#parts;
    for (let reading = 1; ; reading++) {
      const before = await executor.openOrders({ book });
      const holdings = await books.holdings(book);
      const open = await executor.openOrders({ book });
      if (reading === mostReadings || stateOfAll(before) === stateOfAll(open)) return { holdings, open };
    }
  }

  async #before(
    plan: PlanSettings,
    simulated: ReadonlyMap<string, number> | undefined,
  ): Promise<Before | undefined> {
    return simulated && { held: await this.held(plan), simulated };
  }

  #freshness(
    { plan, calendar }: PlanScene,
    { signalAt }: { readonly signalAt: string },
    waitedForMoney = false,
  ) {
    const { entry, interval } = plan;
    const now = this.#parts.clock.now();
    return freshnessOf({ entry, interval, calendar, signalAt: new Date(signalAt), now, waitedForMoney });
  }

  /** What sales at the market will bring that have not traded yet, after fees. What rests at a price may never trade. */
  async #proceeds(broker: Broker, open: readonly Order[]): Promise<Decimal> {
    let proceeds: Decimal = zero;
    for (const { purpose, side, symbol, terms, quantity, filled, ...order } of open) {
      if (purpose !== 'exit' || side !== 'sell' || terms.type !== 'market' || isProtective(order)) continue;
      const instrument = await this.#instrument(broker, symbol);
      const wanted = order.operation === null ? undefined : await this.#parts.runs.order(order.operation);
      // Without prices from the broker the one of its signal says about how much.
      const price = wanted
        ? await this.#price(broker, wanted)
        : await this.#quoted(broker, { terms, side, symbol });
      if (price === null || 'why' in instrument) continue;
      const rest = decimal(quantity).minus(decimal(filled));
      proceeds = proceeds.plus(rest.times(price).times(decimal('1').minus(decimal(instrument.feeRate))));
    }
    return proceeds;
  }

  async #price(broker: Broker, order: WantedOrder | PlanRunOrder): Promise<Decimal | null> {
    const quoted = await this.#quoted(broker, order);
    if (quoted) return quoted;
    const known = decimal(order.signalPrice);
    return known.gt(zero) ? known : null;
  }

  async #quoted(
    broker: Broker,
    { terms, side, symbol }: Pick<Order, 'terms' | 'side' | 'symbol'>,
  ): Promise<Decimal | null> {
    try {
      const expected = expectedPrice(terms, side, await broker.quote(symbol));
      return expected?.gt(zero) ? expected : null;
    } catch (error) {
      this.#parts.log.info(
        { symbol, reason: reasonOf(error) },
        'an order of a plan is checked without a quote',
      );
      return null;
    }
  }

  async #instrument(broker: Broker, symbol: string): Promise<Unresolved | Instrument> {
    try {
      return await broker.resolve(symbol);
    } catch (error) {
      if (error instanceof SeveralContracts) return { why: error.message, isUnclear: true };
      if (error instanceof UserError) return { why: error.message };
      return { why: `${broker.name} could not be asked for ${symbol}: ${reasonOf(error)}`, isUnclear: true };
    }
  }

  #broker(book: string): Broker {
    const { books, brokers } = this.#parts;
    const { broker } = books.settings(book);
    const found = brokers.get(broker);
    if (found) return found;
    throw new UserError(`There is no broker "${broker}".`);
  }
}

/** What the book and its simulation held by symbol before a run sent its first order: its own change only the book. */
interface Before {
  readonly held: ReadonlyMap<string, Decimal>;
  readonly simulated: ReadonlyMap<string, number>;
}

/** What a book would have after orders that have not been made. */
class Supposed {
  cash: Decimal = zero;
  readonly #held = new Map<string, Decimal>();

  held(symbol: string): Decimal {
    return this.#held.get(symbol) ?? zero;
  }

  trade({ order, held, price }: OrderScene): void {
    const { symbol, side, isMarket } = order;
    if (!isMarket) return; // it trades later, or never
    const quantity = isWholeExit(order, held) ? held.abs() : order.quantity;
    const signed = side === 'buy' ? quantity : quantity.neg();
    this.#held.set(symbol, this.held(symbol).plus(signed));
    if (price) this.cash = this.cash.minus(signed.times(price));
  }
}

/** The terms under which it goes out now: a market order for the auction that it is meant for, where the broker has that. */
function termsAt(
  terms: OrderTerms,
  { entry }: PlanSettings,
  calendar: Calendar | undefined,
  { capabilities }: Broker,
  now: Date,
): OrderTerms {
  if (terms.type !== 'market' || !calendar || entry === 'regular hours') return terms;
  const auction = entry === 'on close' ? 'close' : 'open';
  if (auction === 'open' && calendar.isOpen(now)) return terms; // the auction is over: an entry that waited for its money
  return capabilities.auctions?.includes(auction) ? { type: 'market', auction } : terms;
}

/** When the market opens, where an order has to wait for that. */
function opensFor({ entry }: PlanSettings, calendar: Calendar | undefined, now: Date): Date | undefined {
  if (!calendar || entry !== 'regular hours' || calendar.isOpen(now)) return undefined;
  const today = calendar.session(calendar.dayOf(now));
  const pause = today?.breaks.find(({ from, to }) => now >= from && now < to);
  if (pause) return pause.to;
  return today && now < today.open ? today.open : calendar.nextSession(calendar.dayOf(now)).open;
}

/** Cash that no open purchase will take. */
function spendable(holdings: Holdings, currency: string, open: readonly Order[]): Decimal {
  return (holdings.cash.get(currency) ?? zero).minus(promisedBy(open));
}

/** About what exits will bring that have no order at the broker yet, by the prices of their signals. */
function worthOf(exits: readonly PlanRunOrder[], open: readonly Order[]): Decimal {
  const atBroker = new Set(open.map(({ operation }) => operation));
  return exits
    .filter(({ _id, side, terms }) => side === 'sell' && terms.type === 'market' && !atBroker.has(_id))
    .reduce(
      (sum, { quantity, signalPrice }) => sum.plus(decimal(quantity).times(decimal(signalPrice))),
      zero,
    );
}

/** @param symbol as the broker writes it */
function twinOf(
  { side, quantity, ...order }: WantedOrder | PlanRunOrder,
  symbol: string,
  open: readonly Order[],
): string | undefined {
  const own = 'id' in order ? order.id : order._id;
  const twin = open.find(
    (other) =>
      other.operation !== own &&
      !other.operation?.startsWith(own.slice(0, own.indexOf('@'))) &&
      !isProtective(other) &&
      other.symbol === symbol &&
      other.side === side &&
      other.requested === quantity,
  );
  return twin && `The order ${twin._id} of the book does the same and is ${twin.state}.`;
}

/** Under what a book holds a symbol; while the broker cannot say, the name under which it was traded. */
function assetOf(
  symbol: string,
  instrument: Unresolved | Instrument,
  positions: Holdings['positions'],
): string {
  if (!('why' in instrument)) return instrument.asset;
  const traded = [...positions].find(([, position]) => position.symbol === symbol);
  return traded?.[0] ?? symbol;
}

function stateOfAll(orders: readonly Order[]): string {
  return JSON.stringify(orders.map(({ _id, state, filled }) => [_id, state, filled]).sort());
}

function isOfPlan({ operation }: Pick<Order, 'operation'>, plan: string): boolean {
  return operation?.startsWith(operationPrefix(plan)) ?? false;
}

/** It ends a position by itself: placed for what the book holds, or together with its entry. */
function isProtective({ key }: Pick<Order, 'key'>): boolean {
  return key.leg.startsWith(protectionLeg);
}

function isAmong(entry: string | undefined, open: readonly Order[]): boolean {
  return open.some(({ _id }) => _id === entry);
}

/** What of a position an exit guards whose entry is still open; negative when that is short. */
function guardedBy({ entry, filled }: Order, open: readonly Order[]): Decimal {
  const opening = open.find(({ _id }) => _id === entry);
  if (!opening) return zero;
  const guarded = decimal(opening.filled).minus(decimal(filled));
  return opening.side === 'buy' ? guarded : guarded.neg();
}

function waitsForMoney({ name, result }: CheckResult): boolean {
  return name === 'buying power' && result === 'wait';
}

/** One resting order for each, as far as the book holds enough and the broker knows such orders. */
function protectionSteps(
  wanted: readonly WantedProtection[],
  held: Decimal,
  { symbol, rules }: Instrument,
  broker: Broker,
): readonly OrderStep[] {
  const side = held.gt(zero) ? 'sell' : 'buy';
  let free = held.abs();
  const steps: OrderStep[] = [];
  for (const { units, stopLoss, takeProfit } of wanted) {
    const size = decimal(units);
    if (size.times(held).lte(zero)) continue; // of a position on the other side
    const terms = restingTerms(stopLoss, takeProfit, broker);
    const quantity = truncateToStep(size.abs().lt(free) ? size.abs() : free, decimal(rules.quantityStep));
    free = free.minus(quantity);
    if (!terms || quantity.lte(zero) || quantity.lt(decimal(rules.minimumQuantity))) continue;
    steps.push({
      kind: 'order',
      leg: protectionLeg,
      symbol,
      side,
      quantity: { is: 'fixed', amount: decimalText(quantity) },
      terms: termsOnTick(terms, side, rules),
      resting: true,
    });
  }
  return steps;
}

/** Both as one order where the broker can, else the stop loss: the take profit is then made by a later run. */
function restingTerms(
  stopLoss: string | null,
  takeProfit: string | null,
  { capabilities: { orderTypes } }: Broker,
): OrderTerms | undefined {
  if (stopLoss !== null && takeProfit !== null && orderTypes.includes('oco')) {
    return { type: 'oco', stopPrice: stopLoss, limitPrice: takeProfit };
  }
  if (stopLoss !== null && orderTypes.includes('stop')) return { type: 'stop', stopPrice: stopLoss };
  if (stopLoss === null && takeProfit !== null && orderTypes.includes('limit')) {
    return { type: 'limit', limitPrice: takeProfit };
  }
  return undefined;
}

/** The same but for its size. */
function isSame({ side, terms }: OrderStep, order: Order): boolean {
  return (
    order.side === side &&
    JSON.stringify(Object.entries(terms ?? {}).sort()) === JSON.stringify(Object.entries(order.terms).sort())
  );
}

function addUp({ quantity }: OrderStep, orders: readonly Order[]): boolean {
  const left = orders.reduce(
    (sum, order) => sum.plus(decimal(order.quantity)).minus(decimal(order.filled)),
    zero,
  );
  return quantity.is === 'fixed' && decimal(quantity.amount).eq(left);
}

function termsText(terms: OrderTerms): string {
  const stop = 'stopPrice' in terms ? ` at stop ${terms.stopPrice}` : '';
  return `${stop}${'limitPrice' in terms ? ` at limit ${terms.limitPrice}` : ''}`;
}
