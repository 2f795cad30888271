/** Indicators on longer bars than the backtest's: a weekly average on daily bars. */
import { UserError } from '../errors.ts';

/** `30m`, `4h` or `1d` (which divide a day, or are one), `1w` (to Sunday) and `1mo`. */
export type ResampleRule = `${number}m` | `${number}h` | '1d' | '1w' | '1mo';

/** What one longer bar is made of. */
export type Aggregate = 'first' | 'max' | 'min' | 'last' | 'sum' | 'mean';

const dayMs = 86_400_000;

/**
 * Makes an indicator that works on longer bars. Its first input is the time:
 *
 * ```ts
 * this.weekly = this.indicator(resampleApply('1w', sma), this.data.time, this.data.close, 10);
 * ```
 *
 * The value of a longer bar is seen from its end on, until the next one ends: never before all of its bars have
 * happened. Longer bars in which there is no bar are left out.
 * @throws UserError for a rule that there is not
 */
export function resampleApply<Args extends readonly unknown[]>(
  rule: ResampleRule,
  compute: (values: Float64Array, ...args: Args) => Float64Array,
  aggregate: Aggregate = 'last',
): (time: Float64Array, values: Float64Array, ...args: Args) => Float64Array {
  const endOf = barEnds(rule);
  const resampled = (time: Float64Array, values: Float64Array, ...args: Args): Float64Array => {
    const { ends, aggregated } = resample(time, values, endOf(isIntraday(time)), aggregate);
    return carryBack(time, ends, compute(aggregated, ...args));
  };
  Object.defineProperty(resampled, 'name', { value: `${compute.name || 'indicator'}[${rule}]` });
  return resampled;
}

function resample(
  time: Float64Array,
  values: Float64Array,
  endOf: (time: number) => number,
  aggregate: Aggregate,
): { ends: number[]; aggregated: Float64Array } {
  const ends: number[] = [];
  const aggregated: number[] = [];
  for (let bar = 0; bar < time.length; ) {
    const from = bar;
    const end = endOf(time[bar] as number);
    while (bar < time.length && endOf(time[bar] as number) === end) bar++;
    ends.push(end);
    aggregated.push(aggregateOf(values.subarray(from, bar), aggregate));
  }
  return { ends, aggregated: Float64Array.from(aggregated) };
}

/** Each bar's value is that of the newest longer bar that has ended. */
function carryBack(time: Float64Array, ends: readonly number[], values: Float64Array): Float64Array {
  const out = new Float64Array(time.length);
  let newest = -1;
  for (let bar = 0; bar < time.length; bar++) {
    while (newest + 1 < ends.length && (ends[newest + 1] as number) <= (time[bar] as number)) newest++;
    const value = values[newest] ?? Number.NaN;
    // An undefined value does not hide the last one.
    out[bar] = Number.isNaN(value) && bar > 0 ? (out[bar - 1] as number) : value;
  }
  return out;
}

function aggregateOf(values: Float64Array, aggregate: Aggregate): number {
  switch (aggregate) {
    case 'first':
      return values[0] ?? Number.NaN;
    case 'last':
      return values.at(-1) ?? Number.NaN;
    case 'max':
      return values.reduce((a, b) => Math.max(a, b));
    case 'min':
      return values.reduce((a, b) => Math.min(a, b));
    case 'sum':
      return values.reduce((a, b) => a + b);
    case 'mean':
      return values.reduce((a, b) => a + b) / values.length;
    default:
      return aggregate satisfies never;
  }
}

function isIntraday(time: Float64Array): boolean {
  return time.some((at) => at % dayMs !== 0);
}

/**
 * The time from which the longer bar is known in which a bar lies. A day's bar stands for the whole day: with such bars
 * weeks and months are known on their last day, with shorter ones when it is over.
 * @throws UserError for a rule that there is not
 */
function barEnds(rule: ResampleRule): (intraday: boolean) => (time: number) => number {
  if (rule === '1w') {
    // 1970-01-04 was a Sunday.
    return daysEnding((day) => Math.ceil((day - 3) / 7) * 7 + 3);
  }
  if (rule === '1mo') {
    return daysEnding((day) => {
      const date = new Date(day * dayMs);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0) / dayMs;
    });
  }
  const [, count = '', unit] = /^(\d+)([mhd])$/.exec(rule) ?? [];
  const length = Number(count) * (unit === 'd' ? dayMs : unit === 'h' ? 3_600_000 : 60_000);
  if (!(length > 0 && dayMs % length === 0)) {
    throw new UserError(
      `Bars cannot be joined to "${rule}": say 1w, 1mo, 1d, or hours or minutes that divide a day.`,
    );
  }
  return () => (time) => (Math.floor(time / length) + 1) * length;
}

/** `lastDayOf`: the last day of the period that a day lies in, both as days since 1970. */
function daysEnding(lastDayOf: (day: number) => number): (intraday: boolean) => (time: number) => number {
  return (intraday) => (time) => (lastDayOf(Math.floor(time / dayMs)) + (intraday ? 1 : 0)) * dayMs;
}
