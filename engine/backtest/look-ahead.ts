/**
 * Look-ahead: does a strategy use what it could not have known? The run is repeated on data that ends earlier, and what
 * was decided up to there must stay as it is.
 *
 * A rerun sees copies of the bars up to its cut, and nothing else. What a strategy keeps outside of itself from one run
 * to the next (a static field, a variable of its file) leads past that: `checkStrategyFile` loads the file anew for the
 * reruns.
 */
import { reasonOf, UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';
import type { OnBar } from './backtest.ts';
import { type Difference, differences } from './look-ahead-compare.ts';
import { barsUntil, chooseCuts } from './look-ahead-cuts.ts';
import { type WatchedRun, watchedRun } from './look-ahead-run.ts';
import type { BacktestOptions } from './options.ts';
import type { Params } from './result.ts';
import { preparedBars, type StrategyClass } from './strategy.ts';

export interface LookAheadRequest {
  readonly Strategy: StrategyClass;
  /** The class for the reruns, where its file was loaded a second time. */
  readonly Again?: StrategyClass;
  readonly bars: readonly Bars[];
  readonly params?: Params;
  readonly options?: BacktestOptions;
  /** So many bars by chance, and so many orders, are cut at; 20 unless said. */
  readonly samples?: number | undefined;
  /** The same seed cuts at the same bars; 1 unless said. */
  readonly seed?: number | undefined;
  /** Says why a rerun failed; the error's own text unless said. */
  readonly describe?: (error: unknown) => string;
  /** Told about each bar of each run. */
  readonly onBar?: OnBar;
  /** Told before each run: how many are done, of how many. */
  readonly onRun?: (done: number, runs: number) => void;
}

export interface LookAheadFinding {
  /**
   * An order or an indicator's value that changes without the later bars; a rerun that `fails`; or two runs over the
   * same bars that differ, after which nothing else can be told.
   */
  readonly kind: 'order' | 'indicator' | 'failure' | 'notRepeatable';
  /** The indicator's name, or the symbol of the order. */
  readonly name: string;
  /** The first bar that differs, in any of the reruns. */
  readonly bar: number;
  /** Start of that bar, milliseconds UTC. */
  readonly time: number;
  /** Last bar that the rerun had. */
  readonly cutBar: number;
  /** From the rerun, which could not see later bars; null for no order. */
  readonly expected: number | string | null;
  /** From the run over all bars; null for no order. */
  readonly found: number | string | null;
  /** Reruns in which it differs. */
  readonly reruns: number;
  /** One sentence for the user. */
  readonly explanation: string;
}

export interface LookAheadReport {
  readonly strategy: string;
  readonly bars: number;
  /** Orders and lines of indicators that were compared. */
  readonly orders: number;
  readonly indicators: number;
  /** Bars after which the data ended in a rerun. */
  readonly cuts: readonly number[];
  /** By bar; empty for a strategy that does not look ahead as far as was looked. One for each name. */
  readonly findings: readonly LookAheadFinding[];
}

/**
 * @throws UserError for data on which the strategy never decides; and what the strategy throws on all data
 */
export function checkLookAhead(request: LookAheadRequest): LookAheadReport {
  const { Strategy, Again = Strategy, bars, params = {}, options = {}, samples = 20, seed = 1 } = request;
  if (!(Number.isInteger(samples) && samples >= 1)) {
    throw new UserError(`A look-ahead check needs a whole number of samples from 1 on, not ${samples}.`);
  }
  const { onBar, onRun, describe = reasonOf } = request;
  onRun?.(0, 1);
  const full = watchedRun({ Strategy, bars: preparedBars(Strategy, bars), params, options, onBar });
  const { time, firstBar, orders, lines } = full;
  const last = time.length - 1;
  if (firstBar >= last) {
    throw new UserError(
      `${Strategy.name} decides on no bar that others follow: ${time.length} bars are too few to check it.`,
    );
  }
  const cuts = chooseCuts(
    { bars: time.length, firstBar, orderBars: orders.map(({ signalBar }) => signalBar) },
    samples,
    seed,
  );
  const report = {
    strategy: Strategy.name,
    bars: time.length,
    orders: orders.length,
    indicators: lines.length,
  };

  // Ascending, and all data last: what an earlier rerun has left behind is then too short, and shows.
  const runs = cuts.length + 2;
  /** The run, or why it failed. */
  const attempt = (left: () => readonly Bars[]): WatchedRun | string => {
    try {
      return watchedRun({ Strategy: Again, bars: left(), params, options, onBar });
    } catch (error) {
      return describe(error);
    }
  };
  const found = new Findings(time);
  cuts.forEach((cut, index) => {
    onRun?.(index + 1, runs);
    // Cut twice, for a strategy may bring bars of its own.
    const left = () => barsUntil(preparedBars(Again, barsUntil(bars, time, cut)), time, cut);
    const rerun = attempt(left);
    if (typeof rerun === 'string') found.addFailure(cut, rerun);
    else for (const difference of differences(full, rerun, cut)) found.add(difference, cut);
  });
  onRun?.(runs - 1, runs);
  const again = attempt(() => preparedBars(Again, bars));
  const unsteady = typeof again === 'string' ? again : differences(full, again, last)[0];
  return {
    ...report,
    cuts,
    findings: unsteady === undefined ? found.all : [notRepeatable(unsteady, time)],
  };
}

/** The earliest difference for each name. */
class Findings {
  readonly #time: Float64Array;
  readonly #byName = new Map<string, LookAheadFinding>();

  constructor(time: Float64Array) {
    this.#time = time;
  }

  get all(): LookAheadFinding[] {
    return [...this.#byName.values()].sort((a, b) => a.bar - b.bar);
  }

  add(difference: Difference, cut: number): void {
    const { kind, name, bar } = difference;
    this.#keep(kind === 'order' ? kind : `${kind} ${name}`, {
      ...difference,
      time: this.#time[bar] as number,
      cutBar: cut,
      reruns: 1,
      explanation: explain(difference, cut, this.#time),
    });
  }

  addFailure(cut: number, reason: string): void {
    this.#keep('failure', {
      kind: 'failure',
      name: reason,
      bar: cut,
      time: this.#time[cut] as number,
      cutBar: cut,
      expected: reason,
      found: null,
      reruns: 1,
      explanation: `On data that ends with bar ${place(cut, this.#time)} it fails, though it does not with the bars after it: ${reason}`,
    });
  }

  #keep(key: string, finding: LookAheadFinding): void {
    const known = this.#byName.get(key);
    const earliest = known === undefined || finding.bar < known.bar ? finding : known;
    this.#byName.set(key, { ...earliest, reruns: (known?.reruns ?? 0) + 1 });
  }
}

function explain({ kind, name, bar, expected, found }: Difference, cut: number, time: Float64Array): string {
  const here = place(bar, time);
  if (kind === 'order') {
    return `On bar ${here} it decides ${shown(found, 'no order')}, but ${shown(expected, 'no order')} when the data ends with bar ${cut}: the decision uses later bars.`;
  }
  if (typeof found !== 'number' || typeof expected !== 'number') {
    return `init() makes ${shown(found, 'no indicator')}, but ${shown(expected, 'no indicator')} when the data ends with bar ${cut}: which indicators it makes depends on later bars.`;
  }
  return `${name} is ${found} on bar ${here}, but ${expected} when the data ends with bar ${cut}: it uses later bars.`;
}

function notRepeatable(cause: Difference | string, time: Float64Array): LookAheadFinding {
  const difference: Difference =
    typeof cause === 'string' ? { kind: 'order', name: cause, bar: 0, expected: cause, found: null } : cause;
  const { name, bar, expected, found } = difference;
  const both =
    typeof cause === 'string'
      ? `the second fails: ${cause}`
      : `${name} on bar ${place(bar, time)} is once ${shown(found, 'nothing')} and once ${shown(expected, 'nothing')}`;
  return {
    kind: 'notRepeatable',
    name,
    bar,
    time: time[bar] as number,
    cutBar: time.length - 1,
    expected,
    found,
    reruns: 1,
    explanation: `Two runs over the same bars differ (${both}): it uses chance, the clock, or something kept from an earlier run, so look-ahead cannot be told.`,
  };
}

function shown(value: number | string | null, nothing: string): string {
  return value === null ? nothing : `${value}`;
}

/** `118 (2024-04-28)`, with the time of day where there is one. */
function place(bar: number, time: Float64Array): string {
  const iso = new Date(time[bar] as number).toISOString();
  return `${bar} (${iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : `${iso.slice(0, 16)}Z`})`;
}
