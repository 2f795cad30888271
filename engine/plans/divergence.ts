/**
 * A plan and its backtest, compared after the fact: what each order cost against the simulation, how far book and backtest
 * are apart, and by what. Read from what its runs kept, the book's ledger and its fills; nothing is stored.
 *
 * A strict plan is compared with the simulation of its newest run, which began with its trade start. An incremental one
 * has no simulation that goes on from run to run: its orders are measured by the close of their signal's bar.
 */
import type { Books } from '../bank/books.ts';
import type { Posting } from '../bank/ledger.ts';
import type { Clock } from '../clock.ts';
import { UserError } from '../errors.ts';
import { operationCollection } from '../execution/operation.ts';
import { type Fill, fillCollection, type Order, orderCollection } from '../execution/order.ts';
import { isFinal } from '../execution/states.ts';
import type { Logger } from '../log.ts';
import type { Bars } from '../market/bars.ts';
import type { Source } from '../market/sources/source.ts';
import { decimal, decimalText, groupThousands, zero } from '../money.ts';
import type { ChartRenderer } from '../reports/charts/renderer.ts';
import type { ChartedDivergence, FlowPart } from '../reports/charts/request.ts';
import { numberText, percentText } from '../reports/format.ts';
import { DailyCloses } from '../reports/ledger-closes.ts';
import { dayMs, dayOf, equityDays } from '../reports/ledger-equity.ts';
import { historyOf } from '../reports/ledger-history.ts';
import type { ReportFile } from '../reports/report-file.ts';
import type { Store } from '../store/store.ts';
import {
  type Curves,
  curvesOf,
  type Explanation,
  explain,
  trackingErrorPercent,
} from './divergence/explain.ts';
import {
  type BookedTrade,
  type Leg,
  legsOf,
  type RestingTrade,
  type WantedTrade,
} from './divergence/legs.ts';
import {
  type ComparedOrder,
  compareOrder,
  isWithin,
  type OrderTotals,
  totalsOf,
} from './divergence/orders.ts';
import { divergenceCsv } from './divergence/orders-csv.ts';
import type { PlanSettings } from './plan.ts';
import { type PlanRun, type PlanRunOrder, PlanRuns } from './run-records.ts';
import { operationPrefix } from './wanted.ts';

export type { Explanation } from './divergence/explain.ts';
export type { ComparedOrder, LegOutcome, OrderTotals } from './divergence/orders.ts';

export interface DivergenceParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly books: Books;
  readonly sources: ReadonlyMap<string, Source>;
  readonly charts: ChartRenderer;
  /** How an account is named where people read it. */
  readonly accountText: (broker: string) => string;
}

/** Days, midnight UTC. */
export interface DivergenceRange {
  /** Without it the trade start, or the day from which on the plan is what it is now. */
  readonly from?: Date;
  /** Without it the newest bar. */
  readonly to?: Date;
}

/** Book against simulation. Money in the currency of the book; differences are negative where the book has less. */
export interface EquityDivergence {
  readonly difference: number;
  readonly trackingErrorPercent: number | null;
  readonly because: Explanation;
}

export interface DivergenceFigures {
  readonly plan: string;
  readonly book: string;
  readonly account: string;
  readonly currency: string;
  /** First and last day, `2020-01-31`. */
  readonly from: string;
  readonly to: string;
  /** In the order of their signals. */
  readonly orders: readonly ComparedOrder[];
  readonly totals: OrderTotals;
  /** Null for an incremental plan: there is no simulation in step with its book. */
  readonly equity: EquityDivergence | null;
  readonly notes: readonly string[];
}

export interface DivergenceReport extends DivergenceFigures {
  /** The chart, where there is one, and the CSV of all orders. */
  readonly files: readonly ReportFile[];
}

/** What of a plan is needed to compare it. */
interface ComparedPlan {
  readonly settings: PlanSettings;
  readonly tradeStart: string | null;
}

const mostRuns = 5_000;
const mostOrders = 100_000;
const pageSize = 1_000;

export class PlanDivergence {
  readonly #parts: DivergenceParts;

  constructor(parts: DivergenceParts) {
    this.#parts = parts;
  }

  /** @throws UserError when the plan has not run yet, or not in the range */
  async report(compared: ComparedPlan, range: DivergenceRange = {}): Promise<DivergenceReport> {
    const { figures, curves } = await this.#compare(compared, range);
    const { plan, currency, account, orders, equity } = figures;
    const file = divergenceCsv(plan, orders, { currency, account });
    if (!curves || !equity) return { ...figures, files: [file] };
    const chart = await this.#parts.charts.divergenceChart(chartOf(figures, equity, curves));
    return { ...figures, files: [chart, file] };
  }

  /** The same without files. @throws UserError as `report` */
  async figures(compared: ComparedPlan, range: DivergenceRange = {}): Promise<DivergenceFigures> {
    return (await this.#compare(compared, range)).figures;
  }

  async #compare(
    { settings: plan, tradeStart }: ComparedPlan,
    range: DivergenceRange,
  ): Promise<{ readonly figures: DivergenceFigures; readonly curves: Curves | undefined }> {
    const { books, accountText } = this.#parts;
    const facts = await this.#facts(plan, tradeStart, range);
    const { compared, legs, from, to, notes } = facts;
    const { currency, broker } = books.settings(plan.book);
    const totals = totalsOf(compared);
    const account = accountText(broker);
    const head = {
      plan: plan.name,
      book: plan.book,
      account,
      currency,
      from: dayText(from),
      to: dayText(to),
    };
    const curves = facts.simulation && (await this.#curves(plan, facts.simulation, facts));
    const figures = { ...head, orders: compared, totals, notes };
    if (!curves) return { figures: { ...figures, equity: null }, curves };
    const because = explain(curves, legs, facts);
    const equity: EquityDivergence = {
      difference: curves.difference.at(-1) ?? 0,
      trackingErrorPercent: trackingErrorPercent(curves),
      because,
    };
    return { figures: { ...figures, equity }, curves };
  }

  async #facts(plan: PlanSettings, tradeStart: string | null, range: DivergenceRange) {
    const planRuns = await PlanRuns.open(this.#parts.store);
    const runs = (await planRuns.runsOf(plan.name, mostRuns)).filter(({ kind }) => kind !== 'dry');
    const latest = await planRuns.latestDone(plan.name);
    if (!latest?.newestBar) {
      throw new UserError(
        `The plan "${plan.name}" has made no run yet that could be compared: /plan run ${plan.name}.`,
      );
    }
    const isInStep = latest.settings.mode === 'strict';
    const simulation = isInStep ? await planRuns.simulation(latest._id) : undefined;
    if (isInStep && !simulation) {
      throw new UserError(
        `What the run ${latest._id} simulated is not kept any more: /plan run ${plan.name}.`,
      );
    }
    // Each incremental run begins its own simulation: the plan itself began with the oldest of them.
    const begun = isInStep ? (latest.tradeStart ?? tradeStart) : runs.findLast(isDone)?.newestBar;
    const start = dayOf(Date.parse(begun ?? latest.newestBar));
    const same = isInStep ? sinceLastChange(runs, latest) : undefined;
    const from = range.from ? dayOf(range.from.getTime()) : Math.max(start, same ?? start);
    const to = Math.min(
      range.to ? dayOf(range.to.getTime()) : Number.POSITIVE_INFINITY,
      isInStep ? dayOf(Date.parse(latest.newestBar)) : dayOf(this.#parts.clock.now().getTime()),
    );
    if (from > to) {
      throw new UserError(
        `There is nothing to compare from ${dayText(from)} to ${dayText(to)}: the plan "${plan.name}" trades from ${dayText(start)} on, and its newest bar is of ${latest.newestBar.slice(0, 10)}.`,
      );
    }
    const { wanted, resting, otherFees } = await this.#traded(plan, planRuns);
    const bars = (await planRuns.seenBars(plan.name))?.bars ?? [];
    const legs = legsOf({ simulated: simulation?.fills ?? [], wanted, resting });
    const closeOn = closesIn(bars);
    const adjustment = (leg: Leg) => adjustmentOf(leg, bars, plan);
    const view = {
      adjustment,
      lastClose: (symbol: string) => closeOn(symbol, to),
      reasonUnwanted: (leg: Leg) => reasonUnwanted(leg, runs),
      measuredBySignal: !isInStep,
    };
    const compared = legs
      .filter((leg) => isWithin(leg, from, to + dayMs - 1))
      .map((leg) => compareOrder(leg, view));
    const notes = [
      ...(same !== undefined && same > start && !range.from
        ? [`The plan was changed: it is compared since ${dayText(same)}, when it became what it is now.`]
        : []),
      ...(isInStep
        ? []
        : [
            'An incremental plan has no simulation in step with its book: orders are measured by the close of their signal.',
          ]),
      ...(otherFees.length > 0
        ? [`Fees in ${otherFees.join(', ')} are not counted here: they are a part of the rest.`]
        : []),
    ];
    return { simulation, legs, compared, from, to, closeOn, adjustment, notes };
  }

  /** What was wanted with what became of it, and what rested at the broker. */
  async #traded(plan: PlanSettings, planRuns: PlanRuns) {
    const { store, books } = this.#parts;
    const { book, name } = plan;
    const { currency } = books.settings(book);
    const orders = await (await store.collection(orderCollection)).find({ book });
    const fills = await (await store.collection(fillCollection)).find(
      { book },
      { sort: [['at', 'ascending']] },
    );
    const operations = await store.collection(operationCollection);
    const otherFees = new Set<string>();
    const byOrder = new Map<string, BookedTrade[]>();
    for (const fill of fills) {
      const fee = feeIn(currency, fill);
      if (fee === undefined) otherFees.add(fill.feeCurrency);
      byOrder.set(fill.order, [...(byOrder.get(fill.order) ?? []), bookedTrade(fill, fee ?? zero)]);
    }
    const fillsOf = ({ _id }: Order) => byOrder.get(_id) ?? [];
    const own = new Map<string, Order[]>();
    for (const order of orders) {
      const { operation } = order;
      if (!operation?.startsWith(operationPrefix(name))) continue;
      own.set(operation, [...(own.get(operation) ?? []), order]);
    }
    const wanted: WantedTrade[] = [];
    for (const order of await planRuns.ordersOf(name, mostOrders)) {
      const sent = own.get(order._id) ?? [];
      own.delete(order._id);
      const operation =
        order.state === 'sent' && sent.length === 0 ? await operations.get(order._id) : undefined;
      wanted.push({
        ...order,
        isOver: order.state !== 'waiting' && sent.every(({ state }) => isFinal(state)),
        reason: reasonOfOrder(order, sent.at(-1)) ?? operation?.reason ?? null,
        fills: sent.flatMap(fillsOf),
      });
    }
    const resting: RestingTrade[] = [...own.values()]
      .flat()
      .map((order) => ({ symbol: order.symbol, fills: fillsOf(order) }));
    return { wanted, resting, otherFees: [...otherFees] };
  }

  async #curves(
    plan: PlanSettings,
    simulation: { readonly time: Float64Array; readonly equity: Float64Array },
    { from, to, closeOn }: { readonly from: number; readonly to: number; readonly closeOn: CloseOn },
  ): Promise<Curves> {
    const { books, sources, log, clock } = this.#parts;
    const { currency } = books.settings(plan.book);
    const postings: Posting[] = [];
    for (let isMore = true; isMore; ) {
      const page = await books.postingsOf(plan.book, postings.at(-1)?.sequence ?? 0, pageSize);
      postings.push(...page);
      isMore = page.length === pageSize;
    }
    const moments = [...historyOf(plan.book, currency, postings)];
    const source = sources.get(plan.source);
    const closes = await DailyCloses.of(plan.symbols, {
      sources: new Map(source ? [[plan.source, source]] : []),
      from: new Date(moments[0]?.line.at ?? from),
      log,
    });
    const days = equityDays(moments, {
      currency,
      nowMs: clock.now().getTime(),
      priceOn: (symbol, day) => closes.on(symbol, day) ?? closeOn(symbol, day),
    });
    const first = days[0]?.day ?? 0;
    const earnedBy = (day: number) => {
      const known = days[Math.min(days.length - 1, Math.round((day - first) / dayMs))];
      return known ? Number(decimalText(known.equity.minus(known.deposited))) : 0;
    };
    return curvesOf(simulation, { from, to, earnedBy });
  }
}

/** The parts of a difference by their names, in the order in which they are told. */
export function namedParts(
  because: Explanation,
): readonly { readonly name: string; readonly value: number }[] {
  return [
    { name: 'Slippage', value: because.slippage },
    { name: 'Fees', value: because.fees },
    { name: 'Size', value: because.size },
    { name: 'Missed', value: because.missed },
    { name: 'Not simulated', value: because.notSimulated },
    { name: 'Rest', value: because.rest },
  ];
}

type CloseOn = (symbol: string, day: number) => number | undefined;

function chartOf(
  report: DivergenceFigures,
  { difference, trackingErrorPercent: error, because }: EquityDivergence,
  curves: Curves,
): ChartedDivergence {
  const { plan, account, currency, from, to, totals } = report;
  const { day: time, book, simulated } = curves;
  const parts: FlowPart[] = [
    // What is less than half a cent is a rounding of doubles.
    ...namedParts(because).map(
      ({ name, value }): FlowPart => ({
        name,
        value: Math.abs(value) < 0.005 ? 0 : value,
        is: 'result',
      }),
    ),
    { name: 'Difference', value: difference, is: 'total' },
  ];
  return {
    headline: {
      title: plan,
      detail: `${account}, ${currency}`,
      period: `${from} – ${to}`,
      tiles: [
        {
          name: 'Book less backtest',
          value: signedMoney(difference, currency),
          tone: difference > 0 ? 'gain' : difference < 0 ? 'loss' : 'plain',
        },
        { name: 'Slippage', value: bpsText(totals.slippageBps), tone: 'plain' },
        {
          name: 'Tracking error',
          value: error === null ? 'n/a' : percentText(error),
          tone: 'plain',
        },
        { name: 'Missed orders', value: String(totals.missed), tone: 'plain' },
      ],
    },
    ...{ time, book, simulated, difference: curves.difference },
    parts: parts.some(({ value }) => value !== 0) ? parts : [],
  };
}

/** From which day on the plan decides as it does now; undefined when it always did. */
function sinceLastChange(runs: readonly PlanRun[], latest: PlanRun): number | undefined {
  const done = runs.filter(isDone);
  const now = formOf(latest);
  const changed = done.findIndex((run) => formOf(run) !== now);
  const first = changed < 0 ? undefined : done[changed - 1];
  return first?.newestBar ? dayOf(Date.parse(first.newestBar)) : undefined;
}

function isDone({ state, newestBar }: PlanRun): boolean {
  return state === 'done' && newestBar !== null;
}

/** What decides the orders of a run. */
function formOf({ settings, codeHash }: PlanRun): string {
  const { strategy, params, symbols, source, interval, backtestStart, tradeStart } = settings;
  const { entry, mode, cash, holding, commission, simulation } = settings;
  return JSON.stringify([
    ...[strategy, params, symbols, source, interval, backtestStart, tradeStart],
    ...[entry, mode, cash, holding, commission, simulation, codeHash],
  ]);
}

function reasonOfOrder({ reason, quantity }: PlanRunOrder, sent: Order | undefined): string | null {
  if (!sent) return reason;
  if (sent.reason !== null) return sent.reason;
  if (decimal(sent.quantity).lt(decimal(quantity))) {
    const why = sent.budget === null ? 'what the book held' : 'the money that was there';
    return `cut down from ${quantity} to ${sent.quantity} units: ${why}`;
  }
  return reason;
}

function reasonUnwanted({ signalAt, purpose }: Leg, runs: readonly PlanRun[]): string {
  const ofBar = runs.find(({ newestBar, state }) => newestBar === signalAt && state === 'done');
  if (ofBar) {
    return purpose === 'exit'
      ? 'the book held nothing to close'
      : `the run ${ofBar._id} did not want it: the simulation says so only since`;
  }
  const day = signalAt?.slice(0, 10);
  const failed = runs.find(
    ({ session, startedAt, state }) => state !== 'done' && (session ?? startedAt.slice(0, 10)) === day,
  );
  if (failed) return `the run of its day ${failed.state}: ${failed.reason ?? 'no reason is known'}`;
  return 'no run saw its bar in time';
}

/** The fee in the currency of the book; undefined where it was taken in something else. */
function feeIn(currency: string, { fee, feeCurrency, asset, price }: Fill) {
  const amount = decimal(fee);
  if (feeCurrency === currency || amount.eq(zero)) return amount;
  return feeCurrency === asset ? amount.times(decimal(price)) : undefined;
}

function bookedTrade({ at, side, quantity, price }: Fill, fee: BookedTrade['fee']): BookedTrade {
  return { at, side, quantity: decimal(quantity), price: decimal(price), fee };
}

/** The newest close of each day, or of one up to a week before. */
function closesIn(bars: readonly Bars[]): CloseOn {
  const bySymbol = new Map(bars.map((each) => [each.symbol, each]));
  return (symbol, day) => {
    const { time, close } = bySymbol.get(symbol) ?? {};
    if (!time || !close) return undefined;
    let [low, high] = [0, time.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((time[middle] ?? 0) < day + dayMs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : close[low - 1];
  };
}

/**
 * By what the prices of then are larger than in today's history. The bar of a signal that trades on the open was finished, so
 * that any change of its close is an adjustment; on the close or within the session it was not, and only a change that
 * nothing but a split makes is one.
 */
function adjustmentOf({ symbol, wanted }: Leg, bars: readonly Bars[], { entry }: PlanSettings): number {
  const of = bars.find((each) => each.symbol === symbol);
  const bar = wanted && of ? of.time.indexOf(Date.parse(wanted.signalAt)) : -1;
  const close = bar < 0 ? undefined : of?.close[bar];
  const ratio = wanted && close ? Number(wanted.signalPrice) / close : 1;
  const smallest = entry === 'on open' ? 1e-9 : 0.1;
  return Number.isFinite(ratio) && ratio > 0 && Math.abs(ratio - 1) > smallest ? ratio : 1;
}

function bpsText(bps: number | null): string {
  return bps === null ? 'n/a' : `${numberText(bps, 1)} bps`;
}

function signedMoney(value: number, currency: string): string {
  const digits = groupThousands(value.toFixed(2));
  const shown = /[1-9]/.test(digits) ? digits : digits.replace('-', '');
  return `${value > 0 && /[1-9]/.test(digits) ? '+' : ''}${shown} ${currency}`;
}

function dayText(day: number): string {
  return new Date(day).toISOString().slice(0, 10);
}
