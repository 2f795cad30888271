/**
 * Plans at work: each runs its strategy over its history, and what the strategy ordered on the newest bar goes to the
 * book's broker, once.
 *
 * An order's key is plan, symbol, time of the bar that signalled it, and sequence: so the same run again, the same day
 * or after a crash, finds its orders sent and sends nothing. What an earlier bar signalled and was never sent is too
 * old: it is counted and told, not sent.
 */
import { randomBytes } from 'node:crypto';
import type { BacktestResult, NextOrder } from '../backtest/result.ts';
import type { BookReport, Books } from '../bank/books.ts';
import { type Clock, stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { DeskEvent, Outbox, ToldFill } from '../events.ts';
import type { Executor } from '../execution/executor.ts';
import { clientOrderId, type Fill, type Order, type OrderKey } from '../execution/order.ts';
import type { Recurrence, Schedule } from '../jobs/schedule.ts';
import { Lanes } from '../lanes.ts';
import type { Logger } from '../log.ts';
import { decimal, decimalOfNumber, decimalText, zero } from '../money.ts';
import { nearest } from '../nearest.ts';
import type { BacktestReport, Backtests, WorkOptions } from '../reports/backtests.ts';
import type { RunRecord, Runs } from '../reports/runs.ts';
import {
  type Collection,
  DuplicateKeyError,
  defineCollection,
  type Store,
  type StoredDocument,
} from '../store/store.ts';
import type { PlanSettings } from './plan.ts';

export interface PlanReport {
  readonly settings: PlanSettings;
  /** Null when it runs only by hand, or is disabled. */
  readonly nextRunAt: Date | null;
  readonly lastRun: RunRecord | undefined;
}

export interface PlanOrder {
  readonly side: 'buy' | 'sell';
  readonly symbol: string;
  /** Decimal text, as it was sent. */
  readonly quantity: string;
  readonly state: Order['state'];
  /** Decimal text; null when nothing was filled. */
  readonly averagePrice: string | null;
  readonly reason: string | null;
}

export interface PlanRunReport {
  readonly plan: string;
  readonly book: string;
  /** Broker of the book. */
  readonly account: string;
  /** What the strategy would have done over all its history. */
  readonly backtest: BacktestReport;
  /** Day from which on it trades for the book: `2020-01-31`. */
  readonly tradeStart: string;
  /** New orders of this run, in the order in which they were sent. */
  readonly orders: readonly PlanOrder[];
  /** Orders of the newest bar that an earlier run sent. */
  readonly known: number;
  /** Orders of earlier bars that were never sent. */
  readonly missed: number;
}

export interface PlansParts {
  readonly settings: readonly PlanSettings[];
  readonly backtests: Backtests;
  readonly runs: Runs;
  readonly books: Books;
  readonly executor: Executor;
  readonly outbox: Outbox;
  readonly schedule: Schedule;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What became of a plan; what it is, is in its file. */
interface PlanRecord extends StoredDocument {
  /** Day of the newest bar at its first run, where its file names no trade start. */
  readonly tradeStart: string;
}

const planRecords = defineCollection<PlanRecord>('plans');
const jobName = 'plan';

export class Plans {
  readonly #parts: PlansParts;
  readonly #settings: ReadonlyMap<string, PlanSettings>;
  readonly #records: Collection<PlanRecord>;
  /** Runs of one plan wait for each other. */
  readonly #lanes = new Lanes();

  private constructor(parts: PlansParts, records: Collection<PlanRecord>) {
    this.#parts = parts;
    this.#settings = new Map(parts.settings.map((plan) => [plan.name, plan]));
    this.#records = records;
  }

  static async open(parts: PlansParts): Promise<Plans> {
    return new Plans(parts, await parts.store.collection(planRecords));
  }

  names(): readonly string[] {
    return [...this.#settings.keys()];
  }

  /** @throws UserError when there is no such plan */
  settings(name: string): PlanSettings {
    const plan = this.#settings.get(name.toLowerCase());
    if (plan) return plan;
    throw new UserError(unknownPlan(name, this.names()));
  }

  /** Puts the plans' times on the schedule, and takes off it what no file names any more. Comes before the schedule starts. */
  async plan(): Promise<void> {
    const { schedule } = this.#parts;
    schedule.define({
      name: jobName,
      run: ({ data, dueAt }) => this.#runScheduled(data as unknown as PlanTime, dueAt),
    });
    const wanted = new Map(
      [...this.#settings.values()]
        .filter(({ enabled }) => enabled)
        .flatMap((plan) => timesOf(plan).map((time) => [`${time.plan} ${time.time}`, time] as const)),
    );
    for (const { name, data } of await schedule.list()) {
      const { plan, time } = (data ?? {}) as Partial<PlanTime>;
      if (name === jobName && !wanted.has(`${plan} ${time}`))
        await schedule.remove(jobName, `${plan} ${time}`);
    }
    for (const [key, time] of wanted) {
      await schedule.every(jobName, key, time.recurrence, { plan: time.plan, time: time.time });
    }
  }

  async list(): Promise<readonly PlanReport[]> {
    const jobs = await this.#parts.schedule.list();
    return Promise.all(
      [...this.#settings.values()].map(async (settings): Promise<PlanReport> => {
        const next = jobs
          .filter(
            ({ name, data }) =>
              name === jobName && (data as Partial<PlanTime> | null)?.plan === settings.name,
          )
          .flatMap(({ nextRunAt }) => nextRunAt ?? [])
          .sort((a, b) => a.getTime() - b.getTime())[0];
        return {
          settings,
          nextRunAt: next ?? null,
          lastRun: await this.#parts.runs.latestOf(settings.name),
        };
      }),
    );
  }

  /**
   * Runs a plan now.
   * @throws UserError when there is no such plan, or its strategy or data are wrong: then no order was sent
   */
  run(name: string, { by, ...work }: WorkOptions & { readonly by: string }): Promise<PlanRunReport> {
    const plan = this.settings(name);
    const run = `${plan.name}-${randomBytes(5).toString('hex')}`;
    return this.#lanes.run(plan.name, () => this.#run(plan, run, by, work));
  }

  /**
   * A run at its time. Its id is plan, day and time: so several desks on one store, catch-ups and retries make one
   * run. One that was begun and never came to its end is made again: its orders have their own keys.
   */
  async #runScheduled({ plan: name, time }: PlanTime, dueAt: Date): Promise<void> {
    const plan = this.#settings.get(name);
    if (!plan?.schedule) return;
    const claim = `${name}-${dayIn(plan.schedule.timezone, dueAt)}-${time.replaceAll(':', '')}`;
    const run = await this.#lanes.run(name, () => this.#freeClaim(claim));
    if (run === undefined) return;
    try {
      await this.#lanes.run(name, () => this.#run(plan, run, 'schedule', {}));
    } catch (error) {
      await this.#parts.outbox.publish({ type: 'run.failed', run, plan: name, reason: reasonOf(error) });
      if (!(error instanceof UserError)) throw error;
    }
  }

  /** The id under which a scheduled run may begin; undefined when it was made. */
  async #freeClaim(claim: string): Promise<string | undefined> {
    for (let attempt = 1; ; attempt++) {
      const run = attempt === 1 ? claim : `${claim}-${attempt}`;
      const earlier = await this.#parts.runs.get(run);
      if (!earlier) return run;
      if (earlier.state === 'done') {
        this.#parts.log.info({ run }, 'this run of a plan was made before');
        return undefined;
      }
    }
  }

  async #run(plan: PlanSettings, run: string, by: string, work: WorkOptions): Promise<PlanRunReport> {
    const { books, backtests, runs, outbox } = this.#parts;
    const { capital, broker } = books.settings(plan.book);
    const begun = await backtests.begin(
      {
        strategy: plan.strategy,
        params: plan.params,
        symbols: plan.symbols,
        source: plan.source,
        interval: plan.interval,
        from: midnight(plan.backtestStart),
        cash: Number(capital),
        commission: plan.commission,
        by,
      },
      { run, plan: plan.name },
    );
    try {
      const backtest = await backtests.compute(begun, work);
      const tradeStart = await this.#tradeStart(plan);
      const inStep = await backtests.simulateFrom(midnight(tradeStart), begun, backtest.bars, work);
      work.signal?.throwIfAborted();
      const { orders, known } = await this.#sendNewest(plan, inStep);
      const missed = await this.#countMissed(plan, inStep);
      const fills = (await Promise.all(orders.map(({ _id }) => this.#parts.executor.fillsOf(_id)))).flat();
      const book = await books.show(plan.book);
      await outbox.publish(finished(run, plan, book, orders, fills), `run.finished:${run}`);
      // Done only now: whatever stops it before, the schedule makes the run again, and the orders know that they were sent.
      await backtests.finish(backtest, inStep.storage);
      return {
        plan: plan.name,
        book: plan.book,
        account: broker,
        backtest,
        tradeStart,
        orders: orders.map((order) => planOrder(order, fills)),
        known,
        missed,
      };
    } catch (error) {
      await runs.fail(run, reasonOf(error));
      throw error;
    }
  }

  /** Exits come before the entries that their money pays for: `nextOrders` are in the order in which they would fill. */
  async #sendNewest(plan: PlanSettings, result: BacktestResult): Promise<{ orders: Order[]; known: number }> {
    const orders: Order[] = [];
    let known = 0;
    for (const order of result.nextOrders) {
      const key = keyOf(plan, order, result.time);
      if (await this.#isKnown(key)) known += 1;
      else orders.push(await this.#send(plan, order, key));
    }
    return { orders, known };
  }

  /**
   * The simulation's units, as far as the book can: the market may have moved since the bar closed. A purchase is cut
   * down to the book's cash, and an exit to what the book holds.
   */
  async #send({ book }: PlanSettings, { symbol, units, purpose }: NextOrder, key: OrderKey): Promise<Order> {
    const { books, executor, clock } = this.#parts;
    const { cash, positions } = await books.holdings(book);
    const wanted = decimalOfNumber(Math.abs(units));
    const held = positions.get(symbol)?.quantity.abs() ?? zero;
    const quantity = purpose === 'exit' && held.gt(zero) && held.lt(wanted) ? held : wanted;
    const budget = units > 0 && purpose === 'entry' ? cash.get(books.settings(book).currency) : undefined;
    return executor.execute({
      key,
      symbol,
      side: units > 0 ? 'buy' : 'sell',
      quantity: decimalText(quantity),
      ...(budget && { budget: decimalText(budget) }),
      terms: { type: 'market' },
      purpose,
      askedAt: stamp(clock),
    });
  }

  async #isKnown(key: OrderKey): Promise<boolean> {
    return (await this.#parts.executor.order(clientOrderId(key))) !== undefined;
  }

  /** Market orders that the strategy placed since the trade start, before the newest bar, and that no run has sent. */
  async #countMissed(plan: PlanSettings, result: BacktestResult): Promise<number> {
    const last = result.time.length - 1;
    const earlier = result.orders.filter(
      ({ signalBar, outcome }) => signalBar < last && outcome === 'filled',
    );
    const known = await Promise.all(earlier.map((order) => this.#isKnown(keyOf(plan, order, result.time))));
    return known.filter((sent) => !sent).length;
  }

  async #tradeStart({ name, tradeStart, symbols, source }: PlanSettings): Promise<string> {
    if (tradeStart !== undefined) return tradeStart;
    const stored = await this.#records.get(name);
    if (stored) return stored.tradeStart;
    const newest = await this.#parts.backtests.newestDay({ symbols, source });
    const record = { _id: name, tradeStart: newest.toISOString().slice(0, 10) };
    try {
      await this.#records.insert(record);
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
    return (await this.#records.get(name))?.tradeStart ?? record.tradeStart;
  }
}

/** One time of day of a plan, as a job carries it. */
interface PlanTime {
  readonly plan: string;
  readonly time: string;
}

function timesOf({ name, schedule }: PlanSettings): (PlanTime & { readonly recurrence: Recurrence })[] {
  if (!schedule) return [];
  return schedule.times.map((time) => {
    const [hour, minute, second] = time.split(':').map(Number);
    const cron = `${second === undefined ? '' : `${second} `}${minute} ${hour} * * *`;
    return { plan: name, time, recurrence: { cron, timezone: schedule.timezone } };
  });
}

function keyOf(
  { name, book }: PlanSettings,
  { symbol, signalBar, sequence }: { symbol: string; signalBar: number; sequence: number },
  time: Float64Array,
): OrderKey {
  const signalledAt = new Date(time[signalBar] ?? 0).toISOString();
  return { source: `plan:${name}`, book, leg: `${symbol}@${signalledAt}`, sequence };
}

function finished(
  run: string,
  plan: PlanSettings,
  { broker, cash, equity, currency }: BookReport,
  orders: readonly Order[],
  fills: readonly Fill[],
): DeskEvent {
  return {
    type: 'run.finished',
    run,
    plan: plan.name,
    book: plan.book,
    account: broker,
    newOrders: orders.length,
    fills: fills.map(
      ({ symbol, side, quantity, price, fee, feeCurrency, currency: paidIn }): ToldFill => ({
        symbol,
        side,
        quantity,
        price,
        fee,
        feeCurrency,
        currency: paidIn,
      }),
    ),
    capital: { cash, equity, currency },
  };
}

function planOrder(order: Order, fills: readonly Fill[]): PlanOrder {
  const own = fills.filter((fill) => fill.order === order._id);
  const quantity = own.reduce((sum, fill) => sum.plus(decimal(fill.quantity)), zero);
  const value = own.reduce((sum, fill) => sum.plus(decimal(fill.quantity).times(decimal(fill.price))), zero);
  const { side, symbol, state, reason } = order;
  return {
    side,
    symbol,
    quantity: order.quantity,
    state,
    averagePrice: quantity.eq(zero) ? null : decimalText(value.div(quantity)),
    reason,
  };
}

function midnight(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

/** The calendar day of an instant in a zone: `2020-01-31`. */
function dayIn(timezone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
    .formatToParts(at)
    .map(({ type, value }) => [type, value]);
  const { year, month, day } = Object.fromEntries(parts);
  return `${year}-${month}-${day}`;
}

function unknownPlan(name: string, names: readonly string[]): string {
  const [near] = nearest(name, names, 1);
  const hint = near === undefined ? `There are: ${names.join(', ') || 'none'}.` : `Did you mean ${near}?`;
  return `There is no plan "${name}". ${hint}`;
}
