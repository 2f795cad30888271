/**
 * Walk-forward analysis: parameters are chosen on one stretch of the bars and traded on the next, again and again, as
 * somebody would have done who had only the past to choose from (Pardo, "The Evaluation and Optimization of Trading
 * Strategies", 2nd edition 2008, chapter 11).
 */
import { UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';
import type { RunSummary } from './optimize/objective.ts';
import { type OptimizeRequest, optimizeWith, type Runner, throwIfCancelled } from './optimize/optimize.ts';
import type { Segment } from './optimize/segment.ts';
import type { Parametrised } from './params.ts';
import type { BacktestResult, Params, Statistics, Trade } from './result.ts';
import { computeStatistics, drawdownOf } from './statistics.ts';
import { TimeAxis } from './time-axis.ts';
import { type WindowPlan, walkForwardWindows } from './walk-forward-windows.ts';

export interface WalkForwardRequest<Subject extends RunSummary = BacktestResult>
  extends Omit<OptimizeRequest<Subject>, 'onProgress'>,
    WindowPlan {
  /**
   * Bars before each test that the strategy sees without trading, so that its indicators are warm: those of the whole
   * training window unless said.
   */
  readonly warmUp?: number;
  readonly onProgress?: (progress: WalkForwardProgress) => void;
}

export interface WalkForwardProgress {
  /** Windows that are done, and all of them. */
  readonly window: number;
  readonly windows: number;
  /** 0 to 1, over all windows. */
  readonly fraction: number;
}

export interface WalkForwardWindow {
  /** Times of the first bars of training and test and of the last bar of the test, milliseconds UTC. */
  readonly trainStart: number;
  readonly testStart: number;
  readonly testEnd: number;
  /** What did best in training. */
  readonly params: Params;
  /** What was maximized or minimized, in training; null where no run had a value. */
  readonly value: number | null;
  readonly inSample: Statistics;
  /** Of the test alone; durations and annual figures are those of its bars. */
  readonly outOfSample: Statistics;
  /** Yearly return of the test over that of the training; null where the training made none. */
  readonly efficiency: number | null;
}

export interface WalkForward {
  readonly windows: readonly WalkForwardWindow[];
  /** Start of each bar of all tests together. */
  readonly time: Float64Array;
  /** Money over all tests: each begins with what the one before it ended with. */
  readonly equity: Float64Array;
  readonly drawdown: Float64Array;
  /** Closed trades of all tests; bars are counted from the first test's first. */
  readonly trades: readonly Trade[];
  /** Of all tests together. */
  readonly statistics: Statistics;
  /** Yearly return of all tests together over the mean of the trainings'; null where that is not above zero. */
  readonly efficiency: number | null;
  readonly warnings: readonly string[];
}

/** Whoever runs the segments of a walk-forward: this thread, or several. */
export interface SegmentRunner<Subject extends RunSummary> {
  readonly strategy: Parametrised;
  over(segment: Segment): Runner<Subject>;
}

export interface WalkForwardBars {
  readonly bars: readonly Bars[];
  /** Money at the start. */
  readonly cash: number;
}

/**
 * Trades that are open at the end of a test are closed on its last bar, and the next test begins with that money. Orders
 * are placed from the close of a test's first bar on.
 * @throws UserError as `optimize`, and for windows that the bars are too few for
 */
export async function walkForwardWith<Subject extends RunSummary>(
  runner: SegmentRunner<Subject>,
  { bars, cash }: WalkForwardBars,
  request: WalkForwardRequest<Subject>,
): Promise<WalkForward> {
  const { warmUp, signal, onProgress, ...search } = request;
  if (warmUp !== undefined && !(Number.isInteger(warmUp) && warmUp >= 0)) {
    throw new UserError(`warmUp is a number of bars, zero or more, not ${warmUp}.`);
  }
  const time = timesOf(bars);
  const plan = walkForwardWindows(time, request);
  const startOf = (bar: number) => time[bar] ?? Number.POSITIVE_INFINITY;
  const tests: Test[] = [];
  const windows: WalkForwardWindow[] = [];
  let money = cash;
  for (const [index, { trainFrom, testFrom, testTo }] of plan.entries()) {
    const training = await optimizeWith(
      runner.over({ from: startOf(trainFrom), to: startOf(testFrom), options: {} }),
      {
        ...search,
        ...(signal === undefined ? {} : { signal }),
        onProgress: ({ done, total }) =>
          onProgress?.({
            window: index,
            windows: plan.length,
            fraction: (index + done / total) / plan.length,
          }),
      },
    );
    const { params, value, result: trained } = training.best;
    const warmFrom = Math.max(0, warmUp === undefined ? trainFrom : testFrom - warmUp);
    const result = await runner
      .over({
        from: startOf(warmFrom),
        to: startOf(testTo),
        options: { cash: money, tradeStart: startOf(testFrom), finalizeTrades: true },
      })
      .result(params);
    throwIfCancelled(signal);
    const test = cutTest(result, startOf(testFrom));
    const outOfSample = statisticsOf([test]);
    tests.push(test);
    windows.push({
      trainStart: startOf(trainFrom),
      testStart: startOf(testFrom),
      testEnd: startOf(testTo - 1),
      params,
      value,
      inSample: trained.statistics,
      outOfSample,
      efficiency: efficiencyOf(outOfSample.returnAnnualPct, trained.statistics.returnAnnualPct),
    });
    money = test.equity.at(-1) ?? money;
    onProgress?.({ window: index + 1, windows: plan.length, fraction: (index + 1) / plan.length });
    if (!(money > 0)) break;
  }
  const whole = stitch(tests);
  const statistics = statisticsOf(tests);
  const trained = windows.map(({ inSample }) => inSample.returnAnnualPct);
  return {
    windows,
    time: whole.time,
    equity: whole.equity,
    drawdown: drawdownOf(whole.equity),
    trades: whole.trades,
    statistics,
    efficiency: efficiencyOf(statistics.returnAnnualPct, trained.reduce((a, b) => a + b, 0) / trained.length),
    warnings: warningsOf(windows, plan.length),
  };
}

/** What happened in a test, without the bars before it. */
interface Test {
  readonly time: Float64Array;
  readonly equity: Float64Array;
  /** What the symbols were worth, in any measure, with the bar before the test in front. */
  readonly price: Float64Array;
  readonly trades: readonly Trade[];
}

function cutTest({ time, equity, buyAndHold, trades }: BacktestResult, start: number): Test {
  const from = Math.max(
    time.findIndex((at) => at >= start),
    0,
  );
  const moved = trades.map((trade) => ({
    ...trade,
    entryBar: trade.entryBar - from,
    exitBar: trade.exitBar === null ? null : trade.exitBar - from,
  }));
  const price = new Float64Array(time.length - from + 1);
  price.set(buyAndHold.subarray(from), 1);
  price[0] = buyAndHold[Math.max(from - 1, 0)] as number;
  return { time: time.subarray(from), equity: equity.subarray(from), price, trades: moved };
}

/** Tests one after the other. */
function stitch(tests: readonly Test[]) {
  const count = tests.reduce((bars, test) => bars + test.time.length, 0);
  const whole = {
    time: new Float64Array(count),
    equity: new Float64Array(count),
    price: new Float64Array(count),
  };
  const trades: Trade[] = [];
  let from = 0;
  let level = 1;
  for (const test of tests) {
    whole.time.set(test.time, from);
    whole.equity.set(test.equity, from);
    const scale = level / (test.price[0] as number);
    whole.price.set(
      test.price.subarray(1).map((price) => price * scale),
      from,
    );
    for (const trade of test.trades) {
      const exitBar = trade.exitBar === null ? null : trade.exitBar + from;
      trades.push({ ...trade, entryBar: trade.entryBar + from, exitBar });
    }
    from += test.time.length;
    level = whole.price[from - 1] as number;
  }
  return { ...whole, trades };
}

function statisticsOf(tests: readonly Test[]): Statistics {
  const { time, equity, price, trades } = stitch(tests);
  return computeStatistics({
    axis: new TimeAxis(time),
    equity,
    price,
    trades,
    heldFrom: 0,
    annualFrom: null,
  });
}

/** Null where nothing was earned in training: there is then nothing that the test could keep a part of. */
function efficiencyOf(outOfSample: number, inSample: number): number | null {
  const efficiency = outOfSample / inSample;
  return inSample > 0 && Number.isFinite(efficiency) ? efficiency : null;
}

function warningsOf(windows: readonly WalkForwardWindow[], planned: number): string[] {
  const warnings: string[] = [];
  const last = windows.at(-1);
  if (last !== undefined && windows.length < planned) {
    const day = new Date(last.testEnd).toISOString().slice(0, 10);
    warnings.push(
      `The money was gone in the test that ended on ${day}; ${planned - windows.length} were not begun.`,
    );
  }
  const blind = windows.filter(({ value }) => value === null).length;
  if (blind > 0) {
    warnings.push(
      `In ${blind} of ${windows.length} trainings nothing was traded: the first parameters were taken.`,
    );
  }
  return warnings;
}

function timesOf(bars: readonly Bars[]): Float64Array {
  const [first] = bars;
  if (first === undefined) throw new UserError('A walk-forward needs the bars of at least one symbol.');
  if (bars.length === 1) return first.time;
  return Float64Array.from(new Set(bars.flatMap(({ time }) => [...time]))).sort();
}
