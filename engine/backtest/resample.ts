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
  const endOf = endOfBar(rule);
  const resampled = (time: Float64Array, values: Float64Array, ...args: Args): Float64Array => {
    const { ends, aggregated } = resample(time, values, endOf, aggregate);
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
    // Where the end is a day and not a moment, later bars of that day still belong to it.
    ends.push(Math.max(end, time[bar - 1] as number));
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

/** When the longer bar ends in which a time lies. Weeks and months end with the start of their last day. */
function endOfBar(rule: ResampleRule): (time: number) => number {
  if (rule === '1w') {
    // 1970-01-04 was a Sunday.
    return (time) => (Math.ceil((Math.floor(time / dayMs) - 3) / 7) * 7 + 3) * dayMs;
  }
  if (rule === '1mo') {
    return (time) => {
      const date = new Date(time);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0);
    };
  }
  const [, count = '', unit] = /^(\d+)([mhd])$/.exec(rule) ?? [];
  const length = Number(count) * (unit === 'd' ? dayMs : unit === 'h' ? 3_600_000 : 60_000);
  if (!(length > 0 && dayMs % length === 0)) {
    throw new UserError(
      `Bars cannot be joined to "${rule}": say 1w, 1mo, 1d, or hours or minutes that divide a day.`,
    );
  }
  return (time) => (Math.floor(time / length) + 1) * length;
}
