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
import type { Broker, BrokerOrder, Movement } from '../brokers/broker.ts';
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
import type { Difference, Finding, Resolution } from './differences.ts';
import { compareLines, differenceCollection, differenceId, resolutionsOf, wordsOf } from './differences.ts';
import type { Executor } from './executor.ts';
import type { Sleep } from './patience.ts';
import { growingPauses, Interrupted, systemSleep } from './patience.ts';

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
   * Resolves a difference as a person decided.
   * @throws UserError when there is none under this id, or it cannot be resolved in this way
   */
  async resolve(id: string, how: Resolution, by: string): Promise<Difference> {
    const found = await this.#open(id);
    return this.#lanes.run(found.broker, async () => {
      const difference = await this.#open(id);
      if (!resolutionsOf(difference).includes(how)) {
        const ways = resolutionsOf(difference).join(', ');
        throw new UserError(`${difference.text} It cannot be resolved by "${how}", only by: ${ways}.`);
      }
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
    await executor.look(broker.name);
    const last = await this.#comparisons.get(broker.name);
    const now = this.#parts.clock.now().getTime();
    // The clock may have been set back since.
    const since = new Date(Math.min(now, last ? Date.parse(last.at) : now) - overlapMs);
    for (const fill of await broker.fillsSince(since)) await executor.takeIn(broker.name, fill);
    if (!(await books.balancesOfBroker(broker.name)).opened) await this.#openAccount(broker);
    for (const movement of (await broker.margin?.movementsSince(since)) ?? [])
      await this.#takeInMovement(broker, movement);
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
    const findings: Finding[] = [];
    for (const order of open) {
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
      const moves = (await executor.isTrading(broker.name)) || (await this.#parts.isMoving(broker.name));
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
      if (!found.has(difference._id)) await this.#close(difference, 'resolved', 'vanished', broker.name);
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

  async #act(difference: Difference, how: Resolution, by: string): Promise<void> {
    switch (how) {
      case 'ignore':
        return;
      case 'adopt':
        return this.#adopt(difference, by);
      case 'cancel':
        return this.#cancel(difference);
      case 'flatten':
        return this.#flatten(difference, by);
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
  async #flatten(difference: Difference, by: string): Promise<void> {
    const { _id, broker: name, wallet, asset, occurrence } = difference;
    if (wallet === null || asset === null)
      throw new UserError(`${difference.text} There is nothing to trade.`);
    const broker = this.#broker(name);
    const { books } = this.#parts;
    const surplus = missing(difference);
    const instrument = await this.#instrumentOf(broker, asset);
    const clientOrderId = `oc-${_id}-${occurrence}`;
    const outcome = await broker.submit({
      clientOrderId,
      symbol: instrument.symbol,
      side: surplus.gt(zero) ? 'sell' : 'buy',
      quantity: decimalText(surplus.abs()),
      terms: { type: 'market' },
      wallet,
    });
    if (outcome.outcome === 'rejected') throw new UserError(`${name} refused to flatten: ${outcome.reason}.`);
    const ended = await this.#untilEnded(broker, clientOrderId, instrument.symbol);
    await this.#adopt(difference, by);
    for (const fill of ended.fills) {
      const bought = decimal(fill.quantity).times(decimal(fill.side === 'buy' ? '1' : '-1'));
      const changes: [string, Decimal][] = [
        [fill.asset, bought],
        [fill.currency, bought.neg().times(decimal(fill.price))],
        [fill.feeCurrency, decimal(fill.fee).neg()],
      ];
      for (const [index, [changed, amount]] of changes.entries()) {
        if (amount.eq(zero)) continue;
        const cause = `flatten:${name}:${fill.id}:${index}`;
        const { wallet: at } = fill;
        await books.adopt({
          cause,
          broker: name,
          wallet: at,
          asset: changed,
          amount: decimalText(amount),
          by,
        });
      }
    }
  }

  async #untilEnded(broker: Broker, clientOrderId: string, symbol: string): Promise<BrokerOrder> {
    for (const ms of [200, 400, 800, 1600, 3200, 6400]) {
      const order = await broker.findOrder(clientOrderId, symbol);
      if (order && order.state !== 'working' && order.state !== 'partly_filled') return order;
      await this.#sleep(ms, this.#stopping.signal);
    }
    throw new UserError(
      `The order ${clientOrderId} at ${broker.name} has not ended yet. Look there, then press again: it is not sent twice.`,
    );
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
