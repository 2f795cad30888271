/**
 * Stability: from how many bars of history on are a strategy's indicators what they would be with more? Those that feed
 * on their own last value (EMA, RSI, ATR) never forget where the data began, only more and more of it. A plan whose
 * data begins too late decides otherwise than the backtest did.
 */
import { UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';
import type { OnBar } from './backtest.ts';
import { barsFrom } from './look-ahead-cuts.ts';
import { watchedRun } from './look-ahead-run.ts';
import type { BacktestOptions } from './options.ts';
import type { Params } from './result.ts';
import { preparedBars, type StrategyClass, type StrategyContext } from './strategy.ts';

export interface StabilityRequest {
  readonly Strategy: StrategyClass;
  readonly bars: readonly Bars[];
  readonly params?: Params;
  readonly options?: BacktestOptions;
  /** Relative differences to ask about, 1e-3 and 1e-6 unless said. */
  readonly tolerances?: readonly number[] | undefined;
  readonly onBar?: OnBar;
  /** Told before each run: how many are done, of how many. */
  readonly onRun?: (done: number, runs: number) => void;
}

export interface LineStability {
  readonly name: string;
  /** On the newest bar, with all of the history. NaN where it has none. */
  readonly value: number;
  /**
   * By how much the newest value differs with so many bars of history, relative to the larger of its size and a tenth of
   * the line's largest of the last 100 bars; null where there is no value yet.
   */
  readonly differences: readonly { readonly bars: number; readonly difference: number | null }[];
  /** For each tolerance the bars from which on every history that was tried is within it; null where none is. */
  readonly stableFrom: readonly { readonly tolerance: number; readonly bars: number | null }[];
}

export interface StabilityReport {
  readonly strategy: string;
  /** Bars of the whole history. */
  readonly bars: number;
  /** Those first that need the longest history for the narrowest tolerance. */
  readonly lines: readonly LineStability[];
  /** For each tolerance the bars that all indicators need together; null where one is never stable. */
  readonly stableFrom: readonly { readonly tolerance: number; readonly bars: number | null }[];
}

/** Each history is so many times as long as the one before it: what is reported lies at most this far too high. */
const growth = 1.15;
const rounding = 1e-12;

/**
 * Computes the indicators with histories of growing length, all of which end on the newest bar. `next()` is not run.
 * @throws what the strategy's `init()` throws on all bars, and UserError for a tolerance that is none
 */
export function checkStability(request: StabilityRequest): StabilityReport {
  const { Strategy, params = {}, options = {}, tolerances = [1e-3, 1e-6], onBar, onRun } = request;
  const bars = preparedBars(Strategy, request.bars);
  const odd = tolerances.find((tolerance) => !(tolerance > 0 && tolerance < 1));
  if (odd !== undefined) throw new UserError(`A tolerance lies between 0 and 1, not at ${odd}.`);

  const Idle = withoutDecisions(Strategy);
  onRun?.(0, 1);
  const { time, lines } = watchedRun({ Strategy: Idle, bars, params, options, onBar });
  const lengths = histories(time.length);
  const values = lines.map(() => [] as (number | null)[]);
  lengths.forEach((length, index) => {
    onRun?.(index + 1, lengths.length + 1);
    const newest = newestValues(Idle, barsFrom(bars, time, time.length - length), params, options);
    lines.forEach(({ name }, line) => {
      const found = newest?.get(`${line} ${name}`) ?? Number.NaN;
      values[line]?.push(Number.isNaN(found) ? null : found);
    });
  });

  const stabilities = lines.map(({ name, values: column }, line): LineStability => {
    const value = column.at(-1) ?? Number.NaN;
    const scale = scaleOf(column);
    const differences = lengths.map((length, index) => {
      const found = values[line]?.[index] ?? null;
      return { bars: length, difference: found === null ? null : differenceOf(found, value, scale) };
    });
    const stableFrom = tolerances.map((tolerance) => ({
      tolerance,
      bars: firstStable(differences, tolerance),
    }));
    return { name, value, differences, stableFrom };
  });
  const need = ({ stableFrom }: LineStability) => stableFrom.at(-1)?.bars ?? Number.POSITIVE_INFINITY;
  return {
    strategy: Strategy.name,
    bars: time.length,
    lines: stabilities.sort((a, b) => (need(a) === need(b) ? 0 : need(b) - need(a))),
    stableFrom: tolerances.map((tolerance, index) => {
      const each = stabilities
        .filter(({ value }) => !Number.isNaN(value))
        .map(({ stableFrom }) => stableFrom[index]?.bars ?? null);
      return {
        tolerance,
        bars: each.includes(null) ? null : Math.max(1, ...each.map((count) => count ?? 1)),
      };
    }),
  };
}

/** The newest values by place and name; undefined where `init()` fails on so short a history. */
function newestValues(
  Strategy: StrategyClass,
  bars: readonly Bars[],
  params: Params,
  options: BacktestOptions,
): Map<string, number> | undefined {
  try {
    const { lines } = watchedRun({ Strategy, bars, params, options });
    return new Map(lines.map(({ name, values }, line) => [`${line} ${name}`, values.at(-1) ?? Number.NaN]));
  } catch {
    // Too short to begin with is no fault: on all bars it has not failed. It counts as no value.
    return undefined;
  }
}

function withoutDecisions(Strategy: StrategyClass): StrategyClass {
  return new Proxy(Strategy, {
    construct(target, [context]: [StrategyContext]) {
      return Object.defineProperty(new target(context), 'next', { value: () => undefined });
    },
  });
}

/** 2, 3, 4, ... and then ever larger steps, below the number of all bars. */
function histories(bars: number): number[] {
  const lengths: number[] = [];
  for (let length = 2; length < bars; length = Math.max(length + 1, Math.round(length * growth))) {
    lengths.push(length);
  }
  return lengths;
}

/** A value near zero, as a difference of averages may have, does not make the smallest difference a large one. */
function scaleOf(column: Float64Array): number {
  let largest = 0;
  for (const value of column.subarray(-100)) {
    if (Math.abs(value) > largest) largest = Math.abs(value);
  }
  return largest / 10;
}

function differenceOf(found: number, value: number, scale: number): number | null {
  if (Number.isNaN(value)) return null;
  const distance = Math.abs(found - value);
  if (distance === 0) return 0;
  const relative = distance / Math.max(Math.abs(value), scale);
  return relative < rounding ? 0 : relative;
}

function firstStable(differences: LineStability['differences'], tolerance: number): number | null {
  let from: number | null = null;
  for (const { bars, difference } of differences.toReversed()) {
    if (difference === null || difference > tolerance) break;
    from = bars;
  }
  return from;
}
