/**
 * The reconciler: compares what our books say of an account with what its broker says: orders, fills, movements,
 * holdings and debts. At start, after each reconnect, and every hour.
 *
 * Nothing is traded at a broker before it was compared. A difference that touches what a book trades with stops the
 * entries of that account until a person has resolved it; exits stay possible. What the broker's own records explain
 * (a late fill, interest, a deposit) is booked by them, and is no difference.
 */
import type { AccountLine } from '../bank/bank.ts';
import type { Books } from '../bank/books.ts';
import type { Broker, BrokerFill, Movement } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import { Claims } from './claims.ts';
import type { Difference, Finding, Flattening, Resolution } from './differences.ts';
import { compareLines, differenceCollection, differenceId, resolutionsOf, wordsOf } from './differences.ts';
import type { Executor } from './executor.ts';
import type { Sleep } from './patience.ts';
import { growingPauses, Interrupted, lookupPausesMs, systemSleep } from './patience.ts';

export interface ReconcilerParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly executor: Executor;
  /** Whether an operation moves money in an account just now. */
  readonly isMoving: (broker: string) => Promise<boolean>;
  readonly sleep?: Sleep;
}

/** When an account was compared last: from there on its fills and movements are read again. */
interface Comparison extends StoredDocument {
  readonly at: string;
}

const comparisons = defineCollection<Comparison>('comparisons');

/** Read again from this long before the last comparison: clocks differ, also by an hour, and records come late. */
const overlapMs = 2 * 3_600_000;
/** Longer than anybody asks back for movements of an account. */
const recordsBeforeMs = 48 * 3_600_000;
/** Begins the ids of orders that trade a difference away. */
const flatteningPrefix = 'oc-diff-';
/** How often the account is read while something moves in it, before its holdings are left for the next time. */
const mostReadings = 5;

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #differences: Collection<Difference>;
  readonly #comparisons: Collection<Comparison>;
  readonly #claims: Claims;
  readonly #sleep: Sleep;
  readonly #lanes = new Lanes();
  readonly #stopping = new AbortController();
  /** Brokers that were compared since they became ready. */
  readonly #compared = new Set<string>();
  #stopListening: (() => void)[] = [];

  private constructor(
    parts: ReconcilerParts,
    differences: Collection<Difference>,
    comparisonRecords: Collection<Comparison>,
    claims: Claims,
  ) {
    this.#parts = parts;
    this.#differences = differences;
    this.#comparisons = comparisonRecords;
    this.#claims = claims;
    this.#sleep = parts.sleep ?? systemSleep;
  }

  static async open(parts: ReconcilerParts): Promise<Reconciler> {
    const { store } = parts;
    return new Reconciler(
      parts,
      await store.collection(differenceCollection),
      await store.collection(comparisons),
      await Claims.open(store),
    );
  }

  /** Compares every broker that is ready, and from now on each one that becomes ready. */
  async start(): Promise<void> {
    const { brokers, log } = this.#parts;
    for (const broker of brokers.values()) {
      const stop = broker.subscribe({
        onStatus: ({ state }) => {
          if (state !== 'ready') this.#compared.delete(broker.name);
          else if (!this.#compared.has(broker.name)) {
            this.#untilCompared(broker).catch((error) => {
              if (error instanceof Interrupted) return;
              log.error({ broker: broker.name, error: reasonOf(error) }, 'the broker could not be compared');
            });
          }
        },
        onOrder: ({ clientOrderId }) => {
          if (!clientOrderId.startsWith(flatteningPrefix)) return;
          this.#lanes
            .run(broker.name, () => this.#followFlattenings(broker))
            .catch((error) => {
              log.error({ broker: broker.name, error: reasonOf(error) }, 'a flattening is looked at later');
            });
        },
      });
      this.#stopListening.push(stop);
    }
    const ready = [...brokers.values()].filter((broker) => broker.status().state === 'ready');
    await Promise.all(
      ready.map(async (broker) => {
        try {
          await this.reconcile(broker.name);
        } catch (error) {
          // The desk starts all the same: entries there wait, and it is tried again.
          log.error({ broker: broker.name, error: reasonOf(error) }, 'the broker could not be compared');
          void this.#untilCompared(broker).catch(() => undefined); // ends only with the desk
        }
      }),
    );
  }

  async stop(): Promise<void> {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    this.#stopping.abort(new Interrupted());
    await this.#lanes.idle();
  }

  /** Whether the broker was compared since it became ready. Before that nothing is sent there. */
  isCompared(broker: string): boolean {
    return this.#compared.has(broker);
  }

  /** Why the account makes no entries now, for people; `undefined` when it may. */
  async refusal(broker: string): Promise<string | undefined> {
    const open = await this.#differences.find({ broker, state: 'open', blocks: true });
    const [first] = open;
    if (!first) return undefined;
    const others = open.length > 1 ? ` And ${open.length - 1} more.` : '';
    return `${broker} differs from the books, so no entries are made there: ${first.text}${others} See /difference list.`;
  }

  /** Compares all ready brokers; for the hourly job. */
  async reconcileAll(): Promise<void> {
    for (const broker of this.#parts.brokers.values()) {
      if (broker.status().state === 'ready') await this.reconcile(broker.name);
    }
  }

  /**
   * Compares one broker, and returns what differs.
   * @throws UserError when there is no such broker, or it is not ready
   * @throws when the broker did not answer: then nothing is known
   */
  reconcile(name: string): Promise<readonly Difference[]> {
    const broker = this.#broker(name);
    return this.#lanes.run(name, async () => {
      const { state, why } = broker.status();
      if (state !== 'ready') throw new UserError(`${name} is ${state}${why ? `: ${why}` : ''}.`);
      const startedAt = this.#parts.clock.now();
      await this.#takeInRecords(broker);
      const orders = await this.#foreignOrders(broker);
      const lines = await this.#differingLines(broker);
      await this.#record(broker, 'order', orders);
      if (lines) await this.#record(broker, 'line', lines);
      await this.#remember(name, startedAt);
      const isFirst = !this.#compared.has(name);
      this.#compared.add(name);
      if (isFirst) this.#parts.executor.resumeSoon(name);
      return this.#differences.find({ broker: name, state: 'open' });
    });
  }

  /** The open ones, oldest first; also the newest resolved ones where asked for. */
  async differences({ resolved = 0 } = {}): Promise<readonly Difference[]> {
    const open = await this.#differences.find({ state: 'open' }, { sort: [['foundAt', 'ascending']] });
    if (resolved === 0) return open;
    const sort = [['foundAt', 'descending']] as const;
    const others = { state: { in: ['ignored', 'resolved'] as const } };
    return [...open, ...(await this.#differences.find(others, { sort, limit: resolved }))];
  }

  /** @throws UserError when there is none under this id that is open */
  difference(id: string): Promise<Difference> {
    return this.#open(id);
  }

  /**
   * Resolves a difference as a person decided. One that is traded away by hand stays open, with `flattening`, until that
   * order is reported: the books then follow by themselves.
   * @throws UserError when there is none under this id, or it cannot be resolved in this way
   */
  async resolve(id: string, how: Resolution, by: string): Promise<Difference> {
    const found = await this.#open(id);
    return this.#lanes.run(found.broker, async () => {
      if (found.flattening) await this.#followFlattenings(this.#broker(found.broker));
      const difference = await this.#open(id);
      if (!resolutionsOf(difference).includes(how)) {
        const ways = resolutionsOf(difference).join(', ');
        throw new UserError(`${difference.text} It cannot be resolved by "${how}", only by: ${ways}.`);
      }
      if (difference.flattening && how !== 'flatten')
        await this.#endFlattening(difference, difference.flattening);
      if (how === 'flatten') return this.#flatten(difference, by);
      await this.#act(difference, how, by);
      return this.#close(difference, how === 'ignore' ? 'ignored' : 'resolved', how, by);
    });
  }

  /** Tries until it works, the broker is away again, or the desk stops. */
  async #untilCompared(broker: Broker): Promise<void> {
    for (const ms of growingPauses(1000, 60_000)) {
      if (broker.status().state !== 'ready' || this.#compared.has(broker.name)) return;
      try {
        await this.reconcile(broker.name);
        return;
      } catch (error) {
        this.#parts.log.warn(
          { broker: broker.name, error: reasonOf(error) },
          'the broker could not be compared; nothing is traded there until it was',
        );
      }
      await this.#sleep(ms, this.#stopping.signal);
    }
  }

  /** Books what the broker's own records tell: fills of our orders, interest, funding, deposits. */
  async #takeInRecords(broker: Broker): Promise<void> {
    const { executor, books } = this.#parts;
    await this.#takeInReports(broker);
    const last = await this.#comparisons.get(broker.name);
    const now = this.#parts.clock.now().getTime();
    // The clock may have been set back since.
    const since = new Date(Math.min(now, last ? Date.parse(last.at) : now) - overlapMs);
    for (const fill of await broker.fillsSince(since)) await executor.takeIn(broker.name, fill);
    if (!(await books.balancesOfBroker(broker.name)).opened) await this.#openAccount(broker);
    for (const movement of (await broker.margin?.movementsSince(since)) ?? [])
      await this.#takeInMovement(broker, movement);
  }

  /** What became of orders that were sent there: those of books, and those that trade a difference away. */
  async #takeInReports(broker: Broker): Promise<void> {
    await this.#followFlattenings(broker);
    await this.#parts.executor.look(broker.name);
  }

  /** Writes down what the account has, once; movements that are in it already are not booked later. */
  async #openAccount(broker: Broker): Promise<void> {
    const { books, clock } = this.#parts;
    const since = new Date(clock.now().getTime() - recordsBeforeMs);
    const idsOf = async () => ((await broker.margin?.movementsSince(since)) ?? []).map(({ id }) => id);
    const left = new Set<string>();
    for (let fresh = await idsOf(); ; ) {
      for (const id of fresh) {
        left.add(id);
        await this.#claims.leave(broker.name, id);
      }
      const lines = await this.#accountOf(broker);
      fresh = (await idsOf()).filter((id) => !left.has(id));
      // What moved while the balances were read may be in them or not.
      if (fresh.length === 0) return void (await books.openAccount(broker.name, lines));
    }
  }

  async #takeInMovement(broker: Broker, movement: Movement): Promise<void> {
    const { id, kind, asset, amount, wallet } = movement;
    const { books } = this.#parts;
    const cause = `movement:${broker.name}:${id}`;
    if (await this.#claims.isBeforeTheDesk(broker.name, id)) return;
    switch (kind) {
      // Those that this desk asked for were booked by their operations; others show in the holdings and debts.
      case 'borrow':
      case 'repay':
      case 'transfer':
        return;
      case 'interest':
      case 'funding':
        await books.shareCost({ cause, broker: broker.name, kind, asset, amount, wallet });
        return;
      case 'deposit':
      case 'withdrawal': {
        const signed = kind === 'deposit' ? amount : decimalText(decimal(amount).neg());
        await books.adopt({ cause, broker: broker.name, wallet, asset, amount: signed, by: broker.name });
        return;
      }
      default:
        return kind satisfies never;
    }
  }

  async #foreignOrders(broker: Broker): Promise<Finding[]> {
    const open = await broker.openOrders();
    const own = new Set((await this.#flattened(broker.name)).map(({ flattening }) => flattening.order));
    const findings: Finding[] = [];
    for (const order of open) {
      if (own.has(order.clientOrderId)) continue;
      if (!(await this.#parts.executor.order(order.clientOrderId))) findings.push({ kind: 'order', order });
    }
    return findings;
  }

  /** Undefined while something moves in the account: then there is nothing to be said of its holdings. */
  async #differingLines(broker: Broker): Promise<Finding[] | undefined> {
    const { books, executor } = this.#parts;
    for (let reading = 1; reading <= mostReadings; reading++) {
      const before = await books.newestPosting();
      const theirs = await this.#accountOf(broker);
      const ours = await books.accountOf(broker.name);
      // By hand an order may be open for days. Nothing moves but by a report, which is booked here if it was not yet.
      if (broker.byHand) await this.#takeInReports(broker);
      const isTrading = !broker.byHand && (await executor.isTrading(broker.name));
      const moves = isTrading || (await this.#parts.isMoving(broker.name));
      const quiet = !moves && (await books.newestPosting()) === before;
      const findings = compareLines(ours, theirs);
      // Without a difference it does not matter what moved meanwhile.
      if (quiet || findings.length === 0) return findings;
      await this.#sleep(reading * 500, this.#stopping.signal);
    }
    this.#parts.log.info({ broker: broker.name }, 'the account is busy: its holdings are compared later');
    return undefined;
  }

  async #accountOf(broker: Broker): Promise<AccountLine[]> {
    const balances = (await broker.balances()).map(({ wallet, asset, free, locked, owed }) => ({
      wallet,
      asset,
      held: decimal(free).plus(decimal(locked)),
      owed: decimal(owed),
    }));
    const positions = (await broker.positions()).map(({ wallet, asset, quantity }) => ({
      wallet,
      asset,
      held: decimal(quantity),
      owed: zero,
    }));
    return [...balances, ...positions].filter(({ held, owed }) => !held.eq(zero) || !owed.eq(zero));
  }

  /** Stores and tells what is new, and closes what is gone. */
  async #record(broker: Broker, kind: 'order' | 'line', findings: readonly Finding[]): Promise<void> {
    const found = new Set<string>();
    for (const finding of findings) {
      found.add(differenceId(broker.name, finding));
      await this.#recordOne(broker, finding);
    }
    const kinds = kind === 'order' ? (['order'] as const) : (['held', 'owed'] as const);
    const before = await this.#differences.find({
      broker: broker.name,
      kind: { in: kinds },
      state: { in: ['open', 'ignored'] },
    });
    for (const difference of before) {
      // Whose order is not booked to its end is not over.
      if (!found.has(difference._id) && !difference.flattening)
        await this.#close(difference, 'resolved', 'vanished', broker.name);
    }
  }

  async #recordOne(broker: Broker, finding: Finding): Promise<void> {
    const id = differenceId(broker.name, finding);
    const known = await this.#differences.get(id);
    const news = {
      ...('order' in finding
        ? { ours: null, theirs: finding.order.quantity }
        : { ours: decimalText(finding.ours), theirs: decimalText(finding.theirs) }),
      text: wordsOf(broker.name, finding),
      blocks: await this.#touchesBooks(broker.name, finding),
    };
    if (known?.state === 'ignored' && sameAmount(known, news)) return;
    if (known?.state === 'open' && known.text === news.text && known.blocks === news.blocks) return;
    const changed: Omit<Difference, '_id'> = {
      broker: broker.name,
      kind: finding.kind,
      wallet: 'order' in finding ? null : finding.wallet,
      asset: 'order' in finding ? null : finding.asset,
      order: 'order' in finding ? finding.order.clientOrderId : null,
      symbol: 'order' in finding ? finding.order.symbol : null,
      ...news,
      state: 'open',
      occurrence: (known?.occurrence ?? 0) + 1,
      foundAt: stamp(this.#parts.clock),
      resolvedAt: null,
      how: null,
      by: null,
    };
    try {
      if (known) await this.#differences.update(id, { occurrence: known.occurrence }, changed);
      else await this.#differences.insert({ _id: id, ...changed });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error; // another desk on this store was first
    }
    this.#parts.log.warn({ broker: broker.name, difference: id }, news.text);
    const { text, blocks } = news;
    await this.#parts.outbox.publish(
      { type: 'difference.found', difference: id, account: broker.name, text, blocks },
      `difference.found:${id}:${changed.occurrence}`,
    );
  }

  /** Whether a book at this broker counts in the asset, holds it or owes it. A foreign order may touch anything. */
  async #touchesBooks(broker: string, finding: Finding): Promise<boolean> {
    if (finding.kind === 'order') return true;
    const { books } = this.#parts;
    for (const name of books.names()) {
      const settings = books.settings(name);
      if (settings.broker !== broker) continue;
      if (settings.currency === finding.asset) return true;
      const { positions, debts, cash } = await books.holdings(name);
      if (positions.has(finding.asset) || debts.has(finding.asset)) return true;
      if (!(cash.get(finding.asset) ?? zero).eq(zero)) return true;
    }
    return false;
  }

  async #act(difference: Difference, how: Exclude<Resolution, 'flatten'>, by: string): Promise<void> {
    switch (how) {
      case 'ignore':
        return;
      case 'adopt':
        return this.#adopt(difference, by);
      case 'cancel':
        return this.#cancel(difference);
      default:
        return how satisfies never;
    }
  }

  /** The books follow the broker: what is more or less there belongs to no book from now on. */
  async #adopt(difference: Difference, by: string): Promise<void> {
    const { _id, broker, wallet, asset, occurrence } = difference;
    if (wallet === null || asset === null)
      throw new UserError(`${difference.text} There is nothing to adopt.`);
    const amount = decimalText(missing(difference));
    const cause = `difference:${_id}:${occurrence}`;
    const adopted = { cause, broker, wallet, asset, amount, by };
    if (difference.kind === 'owed') await this.#parts.books.adoptDebt(adopted);
    else await this.#parts.books.adopt(adopted);
  }

  async #cancel({ broker: name, order, symbol, text }: Difference): Promise<void> {
    const broker = this.#broker(name);
    const outcome = await broker.cancel(order ?? '', symbol ?? '');
    if (outcome.outcome === 'unknown')
      throw new UserError(`${text} It is not known whether it was cancelled: ${outcome.reason}. Try again.`);
  }

  /** Sells what is too much, or buys what is missing, at the market; the books follow with each fill. */
  async #flatten(difference: Difference, by: string): Promise<Difference> {
    const { broker: name, wallet, asset } = difference;
    if (wallet === null || asset === null)
      throw new UserError(`${difference.text} There is nothing to trade.`);
    const broker = this.#broker(name);
    const flattening = await this.#sendFlattening(difference, broker, by);
    const following = { ...difference, flattening };
    for (const ms of broker.byHand ? [0] : lookupPausesMs) {
      const now = await this.#follow(broker, following);
      if (now.flattening === null) {
        if (now.state === 'resolved') return now;
        throw new UserError(`${name} did not trade all of it. /broker reconcile ${name} shows what is left.`);
      }
      if (ms > 0) await this.#sleep(ms, this.#stopping.signal);
    }
    if (broker.byHand) return following;
    throw new UserError(
      `The order ${flattening.order} at ${name} has not ended yet. It is not sent twice, and the books follow it when it has.`,
    );
  }

  /** It is stored before it is sent, and sent again, under the same id, only when the broker does not have it. */
  async #sendFlattening(difference: Difference, broker: Broker, by: string): Promise<Flattening> {
    const { _id, wallet, asset, occurrence, flattening: before } = difference;
    if (before && (await broker.findOrder(before.order, before.symbol))) return before;
    const surplus = missing(difference);
    const { symbol } = await this.#instrumentOf(broker, asset ?? '');
    const flattening: Flattening = before ?? { order: `oc-${_id}-${occurrence}`, symbol, by };
    const { order } = flattening;
    if (!before && !(await this.#differences.update(_id, { occurrence }, { flattening })))
      throw new UserError(`${difference.text} It has changed meanwhile: see /difference list.`);
    const outcome = await broker.submit({
      clientOrderId: order,
      symbol,
      side: surplus.gt(zero) ? 'sell' : 'buy',
      quantity: decimalText(surplus.abs()),
      terms: { type: 'market' },
      ...(wallet !== null && { wallet }),
    });
    if (outcome.outcome !== 'rejected') return flattening;
    await this.#mayBeFlattenedAnew({ ...difference, flattening });
    throw new UserError(`${broker.name} refused to flatten: ${outcome.reason}.`);
  }

  /** @throws UserError while its order is open */
  async #endFlattening(
    { _id, broker: name, text }: Difference,
    { order, symbol }: Flattening,
  ): Promise<void> {
    const found = await this.#broker(name).findOrder(order, symbol);
    if (found)
      throw new UserError(`${text} The order ${order} at ${name} is trading it away: cancel that first.`);
    await this.#differences.update(_id, {}, { flattening: null }); // it never got there
  }

  /** Differences that are being traded away there. */
  async #flattened(broker: string): Promise<readonly (Difference & { readonly flattening: Flattening })[]> {
    const open = await this.#differences.find({ broker, state: 'open' });
    return open.flatMap((difference) => {
      const { flattening } = difference;
      return flattening ? [{ ...difference, flattening }] : [];
    });
  }

  async #followFlattenings(broker: Broker): Promise<void> {
    for (const difference of await this.#flattened(broker.name)) await this.#follow(broker, difference);
  }

  /**
   * Books what the order has traded so far: its money belongs to no book, and what it traded of the asset is what differed.
   * The difference is resolved when the order has traded all of it, and is one again, of what is left, when it has ended
   * before.
   */
  async #follow(
    broker: Broker,
    difference: Difference & { readonly flattening: Flattening },
  ): Promise<Difference> {
    const { _id, flattening } = difference;
    const order = await broker.findOrder(flattening.order, flattening.symbol);
    if (!order) return difference;
    for (const fill of order.fills) await this.#bookFlattening(broker.name, fill, flattening.by);
    if (order.state === 'working' || order.state === 'partly_filled') return difference;
    if (order.state !== 'filled') return this.#mayBeFlattenedAnew(difference);
    const ended = (await this.#differences.update(_id, {}, { flattening: null })) ?? difference;
    return this.#close(ended, 'resolved', 'flatten', flattening.by);
  }

  /** Under another id: the one before is used up. */
  async #mayBeFlattenedAnew(difference: Difference): Promise<Difference> {
    const { _id, occurrence } = difference;
    const anew = { flattening: null, occurrence: occurrence + 1 };
    return (await this.#differences.update(_id, { occurrence }, anew)) ?? difference;
  }

  async #bookFlattening(broker: string, fill: BrokerFill, by: string): Promise<void> {
    const { id, side, quantity, price, currency, fee, feeCurrency, wallet } = fill;
    const cost = decimal(quantity).times(decimal(price));
    const changes: [string, Decimal][] = [
      [currency, side === 'buy' ? cost.neg() : cost],
      [feeCurrency, decimal(fee).neg()],
    ];
    for (const [index, [asset, change]] of changes.entries()) {
      if (change.eq(zero)) continue;
      const cause = `flatten:${broker}:${id}:${index}`;
      const amount = decimalText(change);
      await this.#parts.books.adopt({ cause, broker, wallet, asset, amount, by });
    }
  }

  /** How an asset is traded: as a pair with the currency of a book there, or by its own name. */
  async #instrumentOf(broker: Broker, asset: string) {
    const { books } = this.#parts;
    const here = books.names().filter((name) => books.settings(name).broker === broker.name);
    const currencies = [...new Set(here.map((name) => books.settings(name).currency))];
    for (const symbol of [...currencies.map((currency) => `${asset}/${currency}`), asset]) {
      try {
        const instrument = await broker.resolve(symbol);
        if (instrument.asset === asset) return instrument;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }
    throw new UserError(`${asset} cannot be traded at ${broker.name} against the currency of a book.`);
  }

  async #close(
    difference: Difference,
    state: 'ignored' | 'resolved',
    how: Resolution | 'vanished',
    by: string,
  ): Promise<Difference> {
    const { _id, broker, text, occurrence } = difference;
    const closed = await this.#differences.update(
      _id,
      { state: difference.state, occurrence },
      { state, how, by, resolvedAt: stamp(this.#parts.clock) },
    );
    await this.#parts.outbox.publish(
      { type: 'difference.resolved', difference: _id, account: broker, text: `${text} ${howWords[how]}`, by },
      `difference.${state}:${_id}:${occurrence}`,
    );
    return closed ?? difference;
  }

  async #remember(broker: string, at: Date): Promise<void> {
    const comparison = { at: at.toISOString() };
    if (await this.#comparisons.update(broker, {}, comparison)) return;
    try {
      await this.#comparisons.insert({ _id: broker, ...comparison });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  async #open(id: string): Promise<Difference> {
    const difference = await this.#differences.get(id);
    if (!difference) throw new UserError(`There is no difference "${id}". See /difference list.`);
    if (difference.state === 'open') return difference;
    const how = difference.how === null ? '' : ` ${howWords[difference.how]}`;
    throw new UserError(`That difference is open no more.${how}`);
  }

  #broker(name: string): Broker {
    const broker = this.#parts.brokers.get(name);
    if (broker) return broker;
    throw new UserError(
      `There is no broker "${name}". Brokers: ${[...this.#parts.brokers.keys()].join(', ')}.`,
    );
  }
}

const howWords: Readonly<Record<Resolution | 'vanished', string>> = {
  adopt: 'The books follow the broker now.',
  ignore: 'It is ignored as long as it stays the same.',
  cancel: 'The order was cancelled.',
  flatten: 'It was traded away.',
  vanished: 'It is gone by itself.',
};

/** What the broker has more than the books; negative when less. */
function missing({ ours, theirs }: Difference): Decimal {
  return decimal(theirs ?? '0').minus(decimal(ours ?? '0'));
}

function sameAmount(known: Difference, news: Pick<Difference, 'ours' | 'theirs'>): boolean {
  return missing(known).eq(decimal(news.theirs ?? '0').minus(decimal(news.ours ?? '0')));
}
