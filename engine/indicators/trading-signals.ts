/**
 * The long tail: every indicator of trading-signals (https://github.com/bennycode/trading-signals), on columns.
 * Strategies import it from `outcry/trading-signals`; it stands apart because it takes a fifth of a second to load.
 *
 * ```ts
 * import { fromTradingSignals, RMA, WilliamsR } from 'outcry/trading-signals';
 *
 * const { open, high, low, close, volume } = this.data;
 * this.average = this.indicator(fromTradingSignals(() => new RMA(14)), close);
 * this.range = this.indicator(fromTradingSignals(() => new WilliamsR(14)), open, high, low, close, volume);
 * ```
 */
import { UserError } from '../errors.ts';
import { checkLengths, isMissing, undefinedColumn } from './period.ts';

export * from 'trading-signals';

/** What this room needs of an indicator of trading-signals. */
export interface StreamingIndicator<Input, Result> {
  readonly isStable: boolean;
  add(input: Input): Result | null;
  getRequiredInputs(): number;
}

/** One column for an indicator of one value; for one of candles all five, whichever of them it looks at. */
export type StreamingInputs<Input> = [Input] extends [number]
  ? [values: Float64Array]
  : [open: Float64Array, high: Float64Array, low: Float64Array, close: Float64Array, volume: Float64Array];

/** A column, or one for each field of a result that has several. */
export type StreamingColumns<Result> = [Result] extends [number]
  ? Float64Array
  : { readonly [Field in keyof Result]: Float64Array };

interface Candle {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** How a trend that the library says in words stands in a column. */
const trends: Readonly<Record<string, number>> = { BULLISH: 1, SIDEWAYS: 0, BEARISH: -1 };

/**
 * Makes an indicator of trading-signals one on columns. NaN until it calls itself stable, and wherever it has no result.
 * A price that is missing begins it anew; a missing volume is passed on. In a result of several fields, true is 1 and
 * false 0, BULLISH is 1, SIDEWAYS 0 and BEARISH -1.
 * @param make makes a new one, for each computation
 * @throws UserError, when computing, for columns of different lengths or what the indicator itself refuses
 */
export function fromTradingSignals<Input, Result>(
  make: () => StreamingIndicator<Input, Result>,
): (...columns: StreamingInputs<Input>) => StreamingColumns<Result> {
  const compute = (...columns: Float64Array[]) => {
    const [first = new Float64Array(), ...others] = columns;
    checkLengths('trading-signals', first, ...others);
    if (columns.length !== 1 && columns.length !== 5) {
      throw new UserError(
        `trading-signals needs one column, or open, high, low, close and volume; not ${columns.length} columns.`,
      );
    }
    return computed(make as () => StreamingIndicator<unknown, unknown>, columns, first.length);
  };
  return compute as unknown as (...columns: StreamingInputs<Input>) => StreamingColumns<Result>;
}

function computed(
  make: () => StreamingIndicator<unknown, unknown>,
  columns: readonly Float64Array[],
  length: number,
): Float64Array | Record<string, Float64Array> {
  const single = undefinedColumn(length);
  let fields: Record<string, Float64Array> | undefined;
  let indicator = make();
  let isFresh = true;
  // Asked only until it is: some answer by throwing and catching.
  let isStable = false;
  for (let i = 0; i < length; i++) {
    const input = inputAt(columns, i);
    if (isMissing(typeof input === 'number' ? input : input.open + input.high + input.low + input.close)) {
      if (!isFresh) indicator = make();
      isFresh = true;
      isStable = false;
      continue;
    }
    isFresh = false;
    const result = indicator.add(input);
    isStable ||= indicator.isStable;
    if (result === null || result === undefined || !isStable) continue;
    if (typeof result !== 'object') {
      single[i] = numberOf(result);
      continue;
    }
    fields ??= columnsFor(result, length);
    for (const [field, value] of Object.entries(result)) {
      const column = fields[field];
      if (column !== undefined) column[i] = numberOf(value);
    }
  }
  if (fields !== undefined) return fields;
  // It never came to a result. Only a result can tell whether it has fields, and which.
  const example = exampleOf(make, columns.length === 1);
  return typeof example === 'object' && example !== null ? columnsFor(example, length) : single;
}

function inputAt(columns: readonly Float64Array[], i: number): number | Candle {
  const at = (index: number) => columns[index]?.[i] ?? Number.NaN;
  if (columns.length === 1) return at(0);
  return { open: at(0), high: at(1), low: at(2), close: at(3), volume: at(4) };
}

function columnsFor(result: object, length: number): Record<string, Float64Array> {
  return Object.fromEntries(Object.keys(result).map((field) => [field, undefinedColumn(length)]));
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return trends[String(value)] ?? Number.NaN;
}

/** A result on made-up prices. */
function exampleOf(make: () => StreamingIndicator<unknown, unknown>, isOfValues: boolean): unknown {
  const indicator = make();
  const most = 10 * indicator.getRequiredInputs() + 100;
  for (let i = 0; i < most; i++) {
    const close = 100 + 10 * Math.sin(i / 3);
    const candle: Candle = { open: close - 1, high: close + 2, low: close - 2, close, volume: 100 + (i % 7) };
    const result = indicator.add(isOfValues ? close : candle);
    if (result !== null && indicator.isStable) return result;
  }
  return null;
}
