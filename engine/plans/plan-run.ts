/**
 * One run of a plan, from its bars to its orders.
 *
 * Bars, compared with those of the run before; the strategy over all of its history, for the report; the same from the day
 * on which it trades for the book; what that wants on its newest bar, checked and sent. Whatever stops it in between, the
 * same run can be made again: orders have their own keys.
 */
import { createHash } from 'node:crypto';
import type { BacktestResult } from '../backtest/result.ts';
import type { Books } from '../bank/books.ts';
import { type Clock, stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { type Executor, toldFill } from '../execution/executor.ts';
import type { Operations } from '../execution/operations.ts';
import type { Fill } from '../execution/order.ts';
import { growingPauses, type Sleep } from '../execution/patience.ts';
import type { Logger } from '../log.ts';
import type { Bars } from '../market/bars.ts';
import type { Calendar } from '../market/calendars/calendar.ts';
import { dayAt } from '../market/calendars/days.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { BacktestRequest, Backtests, BegunRun, WorkOptions } from '../reports/backtests.ts';
import type { Runs } from '../reports/runs.ts';
import type { Strategies } from '../reports/strategies.ts';
import { adjustmentText, changeText, compareBars } from './data-check.ts';
import { isEnabled, type PlanDefinitions, type PlanState } from './definitions.ts';
import { isDaily, lateBars, patienceMs } from './late-bars.ts';
import type { CheckedOrder, PlanOrders, PlanScene } from './orders.ts';
import type { PlanSettings } from './plan.ts';
import type { PlanOrder, PlanRunReport } from './report.ts';
import type { PlanRun, PlanRunOrder, PlanRuns, WantedOrder } from './run-records.ts';
import { parseRunTimes } from './run-times.ts';
import { orderId, simulationOf, timeOf, unpaidEntries, wantedOrders, wantedProtection } from './wanted.ts';

export interface PlanRunnerParts {
  readonly definitions: PlanDefinitions;
  readonly planRuns: PlanRuns;
  readonly orders: PlanOrders;
  readonly backtests: Backtests;
  /** The archive of all runs. */
  readonly runs: Runs;
  readonly strategies: Strategies;
  readonly books: Books;
  readonly executor: Executor;
  readonly operations: Operations;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sleep: Sleep;
}

/** What is to be run, and for what. */
export interface RunOrder {
  /** Its id in the archive of runs. */
  readonly run: string;
  readonly kind: PlanRun['kind'];
  readonly by: string;
  /** What names the wish for it, where somebody runs it by hand. */
  readonly request?: string;
  /** Of a scheduled run. */
  readonly moment?: { readonly session: string; readonly time: string; readonly at: Date };
}

/** History is not what it was, and no adjustment explains it: the plan stops until somebody has looked. */
export class DataChanged extends UserError {
  override readonly name = 'DataChanged';
}

/** More runs a day than this are told of only when they have something to say. */
const manyRunsADay = 4;
/** Differences that are kept and shown of a run. */
const mostShown = 40;

export class PlanRunner {
  readonly #parts: PlanRunnerParts;

  constructor(parts: PlanRunnerParts) {
    this.#parts = parts;
  }

  /**
   * @throws UserError when its strategy or data are wrong: then no order was sent
   * @throws DataChanged when its history was corrected
   */
  async perform(
    state: PlanState,
    calendar: Calendar | undefined,
    order: RunOrder,
    work: WorkOptions,
  ): Promise<PlanRunReport> {
    const { planRuns, backtests, clock } = this.#parts;
    const log = new RunLog(clock);
    const begun = await this.#begin(state, order);
    const { run, kind } = order;
    try {
      const report = await this.#perform({ state, calendar, order, begun, log, work });
      await planRuns.change(run, { state: 'done', finishedAt: stamp(clock), log: log.lines });
      return report;
    } catch (error) {
      const reason = reasonOf(error);
      log.write(`It failed: ${reason}`);
      await backtests.fail(run, error);
      await planRuns.change(run, { state: 'failed', finishedAt: stamp(clock), reason, log: log.lines });
      this.#parts.log.warn({ plan: state._id, run, kind, reason }, 'a run of a plan failed');
      throw error;
    }
  }

  async #begin({ settings: plan, version }: PlanState, order: RunOrder): Promise<BegunRun> {
    const { planRuns, backtests, books, runs, strategies, clock } = this.#parts;
    const { broker } = books.settings(plan.book);
    const { run, kind, by, moment } = order;
    const isDry = kind === 'dry';
    // The archive takes a dry run for a backtest on demand: what the strategy keeps for its next run is not touched.
    const begun = await backtests.begin(this.#request(plan, by), { run, plan: isDry ? null : plan.name });
    await planRuns.begin({
      _id: run,
      plan: plan.name,
      book: plan.book,
      account: broker,
      ...{ kind, by },
      session: moment?.session ?? null,
      time: moment?.time ?? null,
      startedAt: stamp(clock),
      finishedAt: null,
      state: 'running',
      reason: null,
      settings: plan,
      version,
      codeHash: await this.#codeHash(strategies, plan),
      inputHash: null,
      newestBar: null,
      tradeStart: null,
      data: [],
      log: [],
    });
    return isDry ? { ...begun, storage: await runs.storageOf(plan.name) } : begun;
  }

  #request(plan: PlanSettings, by: string): BacktestRequest {
    const { strategy, params, symbols, source, interval, commission, simulation, entry, backtestStart } =
      plan;
    const cash = plan.cash ?? Number(this.#parts.books.settings(plan.book).capital);
    const options = Object.fromEntries(Object.entries(simulation).filter(([, value]) => value !== undefined));
    return {
      ...{ strategy, params, symbols, source, interval, cash, commission, by },
      from: new Date(`${backtestStart}T00:00:00Z`),
      options: { ...options, ...(entry === 'on close' && { tradeOnClose: true }) },
    };
  }

  async #codeHash(strategies: Strategies, { strategy }: PlanSettings): Promise<string> {
    const { data } = await strategies.source(strategy);
    return createHash('sha256').update(data).digest('hex');
  }

  async #perform(it: Performance): Promise<PlanRunReport> {
    const { planRuns, backtests, orders: planOrders, definitions } = this.#parts;
    const { state, calendar, order, begun, log, work } = it;
    const { run } = order;
    const isDry = order.kind === 'dry';
    const stop = work.signal ?? new AbortController().signal;

    const bars = await this.#bars(it);
    const plan = spelledAs(bars, state.settings);
    const isStrict = plan.mode === 'strict';
    const scene: PlanScene = { plan, calendar };
    const inputHash = hashOf(bars);
    const newest = Math.max(...bars.map(({ time }) => time.at(-1) ?? 0));
    await planRuns.change(run, { inputHash, newestBar: new Date(newest).toISOString() });
    log.write(
      `Bars of ${bars.length} symbols, the newest of ${dayAt(newest)}; their hash is ${inputHash.slice(0, 12)}.`,
    );
    const seen = [...(isStrict ? await this.#compareWithBefore(it, bars) : []), ...looksOld(bars)];

    const backtest = await backtests.compute(begun, bars, work);
    const tradeStart = isStrict ? await this.#tradeStart(state, newest, isDry) : dayAt(newest);
    await planRuns.change(run, { tradeStart });
    if (!isDry) await this.#checkItGoesOn(it);
    if (!isStrict && !isDry) {
      const cancelled = await planOrders.cancelOpen(scene, `plan ${plan.name}`);
      if (cancelled > 0) log.write(`${cancelled} orders of earlier runs were cancelled.`);
    }
    const from = isStrict
      ? { tradeStart: new Date(`${tradeStart}T00:00:00Z`), holding: plan.holding }
      : { tradeStart: new Date(newest), ...(await this.#ownHolding(plan)) };
    const inStep = await backtests.simulateFrom(from, begun, bars, work);
    stop.throwIfAborted();

    const apart = isStrict ? keyOfPlan(state) : keyOfRun(order);
    const wanted = await planOrders.possible(plan, wantedOrders(plan, inStep, bars, apart));
    const parted = isStrict ? await this.#parted(plan, inStep, wanted) : [];
    const notes = [...seen, ...unpaidEntries(inStep), ...parted];
    const simulated = isStrict
      ? new Map(inStep.positions.map(({ symbol, units }) => [symbol, units] as const))
      : undefined;
    log.write(`The strategy wants ${wanted.length} orders on the newest bar.`);
    const missed = isStrict ? await this.#countMissed(plan, inStep, apart) : 0;
    if (isDry) {
      const { fresh, known } = await this.#unknown(wanted);
      const checked = await planOrders.examine(scene, fresh, simulated);
      await planRuns.keepSimulation(run, simulationOf(inStep));
      await backtests.finish(backtest);
      for (const each of checked) log.write(orderLine(each));
      return { ...this.#head(it, tradeStart), backtest, orders: checked.map(dryOrder), known, missed, notes };
    }

    await planOrders.followCancellations(scene, gaveUp(inStep, plan, apart), `plan ${plan.name}`);
    const { orders, known, early } = await planOrders.send(scene, run, wanted, simulated, stop);
    for (const each of orders)
      log.write(
        `${each.side} ${each.quantity} ${each.symbol}: ${each.state}${each.reason === null ? '' : `. ${each.reason}`}`,
      );
    const protection = wantedProtection(inStep, wanted);
    await definitions.change(plan.name, () => ({ protection }));
    await planOrders.protect(scene, protection);
    const { shown, fills } = await this.outcomes(orders);
    await backtests.keepFiles(backtest); // who is told of the run looks at its pictures at once
    await this.#publish(it, { shown, fills, notes, missed });
    await planRuns.keepSimulation(run, simulationOf(inStep));
    await planRuns.keepBars(plan.name, { run, bars });
    // Done only now: whatever stops it before, the run is made again, and the orders know that they were sent.
    await backtests.finish(backtest, inStep.storage);
    return {
      ...this.#head(it, tradeStart),
      ...{ backtest, known, missed },
      orders: shown,
      notes: [...notes, ...early.map((text) => `Not yet wanted: ${text}`)],
    };
  }

  #head({ state: { settings: plan }, order: { run, kind } }: Performance, tradeStart: string) {
    const { broker: account } = this.#parts.books.settings(plan.book);
    return { run, plan: plan.name, book: plan.book, account, isDry: kind === 'dry', tradeStart };
  }

  /** A run may have waited long for its bars. @throws UserError when the plan was deleted or disabled meanwhile */
  async #checkItGoesOn({ state: { _id }, order: { kind } }: Performance): Promise<void> {
    const { definitions } = this.#parts;
    await definitions.refresh();
    const now = definitions.list().find((each) => each._id === _id);
    if (!now) throw new UserError('The plan was deleted while it ran. Nothing was sent.');
    if (kind === 'scheduled' && !isEnabled(now))
      throw new UserError('The plan was disabled while it ran. Nothing was sent.');
  }

  /** The bars; of a scheduled run, those that its market should have by now: it waits for them until its deadline. */
  async #bars({
    state: { settings: plan },
    calendar,
    order,
    begun,
    log,
    work,
  }: Performance): Promise<readonly Bars[]> {
    const { backtests, clock, sleep } = this.#parts;
    const { moment } = order;
    if (!moment) return backtests.fetch(begun, work);
    const deadline = moment.at.getTime() + patienceMs(plan);
    let before = '';
    for (const pauseMs of growingPauses(5000, 60_000)) {
      let problem: string;
      try {
        const bars = await backtests.fetch(begun, work);
        const late = lateBars(bars, plan, calendar, moment.at);
        if (late === undefined) return bars;
        problem = late;
        if (!isDaily(plan) && clock.now().getTime() >= deadline) {
          // Nobody may have traded in that time. What a newest bar of before wants was sent before.
          log.write(`${problem} The run goes on without.`);
          return bars;
        }
      } catch (error) {
        if (work.signal?.aborted) throw error;
        problem = reasonOf(error);
        if (clock.now().getTime() >= deadline) throw error;
      }
      if (clock.now().getTime() >= deadline) {
        throw new UserError(`${problem} The plan waited until ${minuteText(new Date(deadline))} UTC.`);
      }
      if (problem !== before) log.write(`It waits for its bars: ${problem}`);
      before = problem;
      work.onProgress?.({ text: problem });
      await sleep(pauseMs, work.signal ?? new AbortController().signal);
    }
    throw new Error('the pauses came to an end'); // they never do
  }

  /** What was recognised in the history. @throws DataChanged when it was corrected, and orders would follow from it */
  async #compareWithBefore(
    { state, order, log }: Performance,
    bars: readonly Bars[],
  ): Promise<readonly string[]> {
    const { planRuns } = this.#parts;
    const seen = await planRuns.seenBars(state._id);
    if (!seen) return [];
    const { adjustments, changes } = compareBars(seen.bars, bars);
    const notes = adjustments.map(adjustmentText);
    const shown = changes.slice(0, mostShown).map(changeText);
    for (const text of [...notes, ...shown]) log.write(text);
    if (adjustments.length + changes.length > 0)
      await planRuns.change(order.run, { data: [...notes, ...shown] });
    const [first] = shown;
    if (first !== undefined) {
      const more = changes.length > 1 ? ` and ${changes.length - 1} more` : '';
      const what = `The history changed since the run ${seen.run}, and not by a split or dividend: ${first}${more}.`;
      if (order.kind === 'dry') return [...notes, `${what} A run would stop the plan.`];
      throw new DataChanged(
        `${what} /plan log ${state._id} shows them; /plan enable ${state._id} goes on with the new history.`,
      );
    }
    return notes.map((text) => `${text}. Its signals stay as they were.`);
  }

  async #tradeStart(
    { settings, tradeStart, _id }: PlanState,
    newest: number,
    isDry: boolean,
  ): Promise<string> {
    if (settings.tradeStart !== undefined) return settings.tradeStart;
    if (tradeStart !== null) return tradeStart;
    if (isDry) return dayAt(newest);
    const changed = await this.#parts.definitions.change(_id, (state) => ({
      tradeStart: state.tradeStart ?? dayAt(newest),
    }));
    return changed.tradeStart ?? dayAt(newest);
  }

  /** With what an incremental run begins. @throws UserError when that is not known */
  async #ownHolding(plan: PlanSettings) {
    const { books, orders } = this.#parts;
    const { cash } = await books.holdings(plan.book);
    const known = await orders.held(plan);
    const unknown = plan.symbols.filter((symbol) => !known.has(symbol));
    if (unknown.length > 0) {
      const { broker } = books.settings(plan.book);
      throw new UserError(
        `${broker} cannot be asked what ${unknown.join(', ')} is, so it is not known whether the book "${plan.book}" holds it. Nothing was sent. Run it again when ${broker} is ready: /plan run ${plan.name}.`,
      );
    }
    const held = [...known].filter(([, units]) => !units.eq(zero));
    return {
      // A simulation needs some: with less than a cent it can buy nothing.
      cash: Math.max(Number(decimalText(cash.get(books.settings(plan.book).currency) ?? zero)), 0.01),
      holding: Object.fromEntries(held.map(([symbol, units]) => [symbol, Number(decimalText(units))])),
    };
  }

  /** Positions that only one of the two has, and no order changes: a stop was met at the broker alone, for example. */
  async #parted(
    plan: PlanSettings,
    { positions }: BacktestResult,
    wanted: readonly WantedOrder[],
  ): Promise<readonly string[]> {
    const held = await this.#parts.orders.held(plan);
    return plan.symbols.flatMap((symbol) => {
      const units = positions.find((each) => each.symbol === symbol)?.units ?? 0;
      const own = held.get(symbol) ?? zero;
      const isOrdered = wanted.some((order) => order.symbol === symbol);
      if (isOrdered || own.eq(zero) === (units === 0)) return [];
      return [`The book holds ${decimalText(own)} ${symbol}, the simulation ${units}.`];
    });
  }

  async #unknown(wanted: readonly WantedOrder[]) {
    const known = await Promise.all(wanted.map(({ id }) => this.#parts.planRuns.order(id)));
    const fresh = wanted.filter((_, index) => known[index] === undefined);
    return { fresh, known: wanted.length - fresh.length };
  }

  /** Orders that the strategy placed since the trade start, before the newest bar, and that no run has wanted in time. */
  async #countMissed(plan: PlanSettings, result: BacktestResult, apart: string | null): Promise<number> {
    const last = result.time.length - 1;
    const earlier = result.orders.filter(
      ({ signalBar, outcome, purpose }) =>
        signalBar < last && outcome === 'filled' && (purpose === 'entry' || purpose === 'close'),
    );
    const known = new Set((await this.#parts.planRuns.ordersOf(plan.name, 100_000)).map(({ _id }) => _id));
    return earlier.filter(({ symbol, signalBar, sequence }) => {
      const signalAt = timeOf(result, signalBar);
      return !known.has(orderId(plan.name, { symbol, signalAt, sequence }, apart));
    }).length;
  }

  /** What became of orders at the broker, as far as they went there. */
  async outcomes(
    orders: readonly PlanRunOrder[],
  ): Promise<{ readonly shown: readonly PlanOrder[]; readonly fills: readonly Fill[] }> {
    const { executor, operations } = this.#parts;
    const shown: PlanOrder[] = [];
    const fills: Fill[] = [];
    for (const order of orders) {
      const sent = (await executor.ordersOf(order._id)).at(-1);
      const own = await operations.fillsOf(order._id);
      fills.push(...own);
      const operation = sent ? undefined : await operations.operation(order._id);
      const bought = own.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), zero);
      const value = own.reduce(
        (sum, { quantity, price }) => sum.plus(decimal(quantity).times(decimal(price))),
        zero,
      );
      const { side, symbol, terms, stopLoss, takeProfit, signalAt, checks } = order;
      shown.push({
        ...{ side, symbol, terms, stopLoss, takeProfit, signalAt, checks },
        quantity: sent?.quantity ?? order.quantity,
        state:
          sent?.state ??
          (operation?.state === 'undone' || operation?.state === 'given_up' ? 'rejected' : order.state),
        averagePrice: bought.gt(zero) ? decimalText(value.div(bought)) : null,
        reason: sent?.reason ?? operation?.reason ?? order.reason,
      });
    }
    return { shown, fills };
  }

  async #publish(
    it: Performance,
    told: {
      readonly shown: readonly PlanOrder[];
      readonly fills: readonly Fill[];
      readonly notes: readonly string[];
      readonly missed: number;
    },
  ): Promise<void> {
    const { books, outbox } = this.#parts;
    const { state, order } = it;
    const { settings: plan } = state;
    const { shown, fills, notes, missed } = told;
    const waiting = shown.filter((each) => each.state === 'waiting');
    const broken = shown.filter((each) => isBroken(each.state));
    const lines = [
      ...waiting.map((each) => `Waits: ${each.side} ${each.quantity} ${each.symbol}. ${each.reason ?? ''}`),
      ...broken.map((each) => `Not sent: ${each.side} ${each.quantity} ${each.symbol}. ${each.reason ?? ''}`),
      ...(missed > 0
        ? [`${missed} earlier orders were never sent in time: the book differs from its simulation.`]
        : []),
      ...notes,
    ];
    const runsADay = plan.schedule ? parseRunTimes(plan.schedule.times).length : 0;
    // They are in its history.
    if (shown.length + lines.length === 0 && runsADay > manyRunsADay && order.kind === 'scheduled') return;
    const { broker: account, cash, equity, currency } = await books.show(plan.book);
    await outbox.publish(
      {
        type: 'run.finished',
        ...{ run: order.run, plan: plan.name, book: plan.book, account },
        newOrders: shown.length - waiting.length - broken.length,
        waiting: waiting.length,
        notes: lines,
        fills: fills.map(toldFill),
        capital: { cash, equity, currency },
        ...(order.request !== undefined && { request: order.request }),
      },
      `run.finished:${order.run}`,
    );
  }
}

/** Whether an order came to nothing in a way that somebody should look at. */
export function isBroken(state: PlanOrder['state']): boolean {
  return state === 'refused' || state === 'rejected' || state === 'unknown';
}

interface Performance {
  readonly state: PlanState;
  readonly calendar: Calendar | undefined;
  readonly order: RunOrder;
  readonly begun: BegunRun;
  readonly log: RunLog;
  readonly work: WorkOptions;
}

/** What happened in a run, line by line. */
class RunLog {
  readonly lines: { at: string; text: string }[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  write(text: string): void {
    this.lines.push({ at: stamp(this.#clock), text });
  }
}

/** A strict plan decides the same in each of its runs. */
function keyOfPlan({ since }: PlanState): string | null {
  return since === undefined ? null : `since ${since}`;
}

/** In incremental mode each run decides anew, from what the book holds then; the same for every attempt at a moment. */
function keyOfRun({ run, moment }: RunOrder): string {
  return moment ? `${moment.session}-${moment.time}` : run;
}

function gaveUp(
  result: BacktestResult,
  plan: PlanSettings,
  apart: string | null,
): (order: PlanRunOrder) => boolean {
  const cancelled = new Set(
    result.orders
      .filter(({ outcome }) => outcome === 'cancelled' || outcome === 'rejected')
      .map(({ symbol, signalBar, sequence }) =>
        orderId(plan.name, { symbol, signalAt: timeOf(result, signalBar), sequence }, apart),
      ),
  );
  return ({ _id }) => cancelled.has(_id);
}

/** With its symbols as its source writes them: so does the simulation, and so do its orders. */
function spelledAs(bars: readonly Bars[], plan: PlanSettings): PlanSettings {
  const written = (symbol: string) => bars[plan.symbols.indexOf(symbol)]?.symbol ?? symbol;
  const holding = Object.entries(plan.holding).map(([symbol, units]) => [written(symbol), units]);
  return { ...plan, symbols: plan.symbols.map(written), holding: Object.fromEntries(holding) };
}

/** A bar that repeats the one before it in every price. */
function looksOld(bars: readonly Bars[]): string[] {
  const same = bars.filter(({ time, open, high, low, close }) => {
    const [last, before] = [time.length - 1, time.length - 2];
    return before >= 0 && [open, high, low, close].every((column) => column[last] === column[before]);
  });
  if (same.length === 0) return [];
  const names = same.map(({ symbol }) => symbol).join(', ');
  return [`The newest bar of ${names} repeats the one before it: the data may not be up to date.`];
}

function hashOf(bars: readonly Bars[]): string {
  const hash = createHash('sha256');
  for (const { symbol, interval, time, open, high, low, close, volume } of bars) {
    hash.update(`${symbol} ${interval}`);
    for (const column of [time, open, high, low, close, volume]) {
      hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    }
  }
  return hash.digest('hex');
}

function dryOrder({ wanted, checks, verdict }: CheckedOrder): PlanOrder {
  const { side, symbol, quantity, terms, stopLoss, takeProfit, signalAt } = wanted;
  const states = { send: 'would be sent', wait: 'would wait', refuse: 'would be refused' } as const;
  return {
    ...{ side, symbol, quantity, terms, stopLoss, takeProfit, signalAt, checks },
    state: states[verdict.is],
    averagePrice: null,
    reason: verdict.reason,
  };
}

function orderLine({ wanted: { side, quantity, symbol }, verdict }: CheckedOrder): string {
  return `${side} ${quantity} ${symbol}: would ${verdict.is}${verdict.reason === null ? '' : `. ${verdict.reason}`}`;
}

function minuteText(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}
