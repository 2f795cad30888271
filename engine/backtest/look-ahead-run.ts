/** One run as the checks of a strategy see it: its orders, and every indicator whether it is drawn or not. */
import type { Bars } from '../market/bars.ts';
import { Backtest, type OnBar } from './backtest.ts';
import type { Indicators } from './indicator.ts';
import type { BacktestOptions } from './options.ts';
import type { OrderRecord, Params } from './result.ts';
import { columnOf, Series } from './series.ts';
import type { StrategyClass, StrategyContext } from './strategy.ts';

export interface WatchedLine {
  /** As charts show it: `sma(close, 10)`. */
  readonly name: string;
  readonly values: Float64Array;
}

export interface WatchedRun {
  readonly time: Float64Array;
  /** First bar on which `next()` was called. */
  readonly firstBar: number;
  /** In the order in which they were placed, and so by bar. */
  readonly orders: readonly OrderRecord[];
  /** In the order in which `init()` made them. */
  readonly lines: readonly WatchedLine[];
}

export interface WatchedRunRequest {
  readonly Strategy: StrategyClass;
  readonly bars: readonly Bars[];
  readonly params: Params;
  readonly options: BacktestOptions;
  readonly onBar?: OnBar | undefined;
}

/**
 * Runs a strategy, and leaves open at the end what is open: what the engine closes there is no decision.
 * @throws whatever the strategy throws
 */
export function watchedRun({ Strategy, bars, params, options, onBar }: WatchedRunRequest): WatchedRun {
  const lines: WatchedLine[] = [];
  const Watched = watched(Strategy, lines);
  const backtest = new Backtest(bars, Watched, { ...options, finalizeTrades: false });
  const { time, firstBar, orders } = backtest.run(params, onBar);
  return { time, firstBar, orders, lines };
}

/** The same strategy, which also notes each indicator that it makes. */
function watched(Strategy: StrategyClass, lines: WatchedLine[]): StrategyClass {
  const note = (series: unknown) => {
    if (series instanceof Series) lines.push({ name: series.name, values: columnOf(series) });
  };
  return new Proxy(Strategy, {
    // Who watches has prepared the bars, and cut them.
    get: (target, name) => (name === 'prepareData' ? undefined : Reflect.get(target, name)),
    construct(target, [context]: [StrategyContext]) {
      const { indicators } = context;
      const add: Indicators['add'] = (compute, inputs) => {
        const handle = indicators.add(compute, inputs);
        note(handle);
        if (!(handle instanceof Series)) Object.values(handle).forEach(note);
        return handle;
      };
      return new target({ ...context, indicators: Object.create(indicators, { add: { value: add } }) });
    },
  });
}
