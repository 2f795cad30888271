/** The indicators of one run: computed once over all bars, revealed with the cursor, and kept for the chart. */
import { UserError } from '../errors.ts';
import type { Compute, IndicatorCache } from './indicator-cache.ts';
import { isBuiltIn } from './indicator-cache.ts';
import { PerSymbol } from './per-symbol.ts';
import type { IndicatorPlot } from './result.ts';
import { type Cursor, columnOf, Series } from './series.ts';

export interface PlotOptions {
  /** Drawn over the price. */
  readonly overlay?: boolean;
  readonly color?: string;
  /** Drawn as points. */
  readonly scatter?: boolean;
}

export interface IndicatorOptions extends PlotOptions {
  /** Shown in charts; made from the function and its inputs unless said. */
  readonly name?: string;
  /** Decided by its values unless said. */
  readonly overlay?: boolean;
  /** False leaves it out of charts. */
  readonly plot?: boolean;
  /** Drawn as points, and not waited for. */
  readonly scatter?: boolean;
}

const optionNames = new Set(['name', 'overlay', 'plot', 'color', 'scatter']);

interface Indicator {
  /** What the strategy holds: a series, or several by name. */
  readonly handle: object;
  readonly name: string;
  readonly symbol: string | null;
  readonly lines: readonly Float64Array[];
  readonly options: IndicatorOptions;
}

export class Indicators {
  readonly #bars: number;
  readonly #cursor: Cursor;
  /** Close of the first symbol: what an overlay must be near. */
  readonly #price: Float64Array;
  readonly #cache: IndicatorCache | null;
  readonly #all: Indicator[] = [];

  /** @param cache that other runs share; then nobody may be given the columns */
  constructor(price: Float64Array, cursor: Cursor, cache: IndicatorCache | null) {
    this.#bars = price.length;
    this.#price = price;
    this.#cursor = cursor;
    this.#cache = cache;
  }

  /**
   * @param inputs for `compute`, and after them perhaps options
   * @throws UserError when what it computes is not as long as the bars
   */
  add(compute: Compute, inputs: readonly unknown[]): Series | Record<string, Series> {
    const last = inputs.at(-1);
    const options = isOptions(last) ? last : {};
    const values = isOptions(last) ? inputs.slice(0, -1) : inputs;
    const name = options.name ?? nameOf(compute, values);
    const symbol = values.find((value) => value instanceof Series)?.symbol ?? null;
    const given = values.map((value) => (value instanceof Series ? inputOf(value, compute) : value));
    const columns = this.#cache ? this.#cache.compute(compute, given) : compute(...(given as never[]));
    const series = (column: Float64Array, title: string) => new Series(column, this.#cursor, title, symbol);
    if (columns instanceof Float64Array) {
      this.#checkLength(name, columns);
      const handle = series(columns, name);
      this.#all.push({ handle, name, symbol, lines: [columns], options });
      return handle;
    }
    const named = Object.entries(columns ?? {});
    if (named.length === 0)
      throw new UserError(`Indicator ${name} gave no values; it must give a Float64Array.`);
    for (const [line, column] of named) this.#checkLength(`${name} ${line}`, column);
    const handle = Object.fromEntries(
      named.map(([line, column]) => [line, series(column as Float64Array, `${name} ${line}`)]),
    );
    this.#all.push({
      handle,
      name,
      symbol,
      lines: named.map(([, column]) => column as Float64Array),
      options,
    });
    return handle;
  }

  /**
   * The bar at which the slowest indicator in a field of `strategy` begins to be defined; one that never is counts 0.
   */
  warmUp(strategy: object, waitsForScatter: boolean): number {
    const held = new Set<unknown>();
    for (const field of Object.values(strategy)) {
      held.add(field);
      if (field instanceof PerSymbol) for (const series of field.all) held.add(series);
    }
    let longest = 0;
    for (const { handle, lines, options } of this.#all) {
      const isHeld = held.has(handle) || Object.values(handle).some((line) => held.has(line));
      if (!isHeld || (options.scatter === true && !waitsForScatter)) continue;
      for (const line of lines) longest = Math.max(longest, firstDefined(line));
    }
    return longest;
  }

  /** Names of those that have no value on any bar. What is drawn as points may well have none. */
  neverDefined(): string[] {
    return this.#all
      .filter(({ lines, options }) => options.scatter !== true && lines.every((line) => isNeverDefined(line)))
      .map(({ name }) => name);
  }

  plots(): IndicatorPlot[] {
    return this.#all
      .filter(({ options }) => options.plot !== false)
      .map(({ name, symbol, lines, options }) => ({
        name,
        symbol,
        lines,
        overlay: options.overlay ?? lines.every((line) => isNear(line, this.#price)),
        scatter: options.scatter ?? false,
        color: options.color ?? null,
      }));
  }

  #checkLength(name: string, column: unknown): void {
    if (!(column instanceof Float64Array)) {
      throw new UserError(`Indicator ${name} must give a Float64Array, not ${describe(column)}.`);
    }
    if (column.length !== this.#bars) {
      throw new UserError(`Indicator ${name} gave ${column.length} values for ${this.#bars} bars.`);
    }
  }
}

/** The engine's own indicators read the column itself; others get a copy: whoever writes to it must not change prices. */
function inputOf(series: Series, compute: Compute): Float64Array {
  return isBuiltIn(compute) ? columnOf(series) : columnOf(series).slice();
}

/** Index of the first value; 0 where there is none. */
function firstDefined(line: Float64Array): number {
  for (let i = 0; i < line.length; i++) if (!Number.isNaN(line[i])) return i;
  return 0;
}

function isNeverDefined(line: Float64Array): boolean {
  return Number.isNaN(line[firstDefined(line)] ?? Number.NaN);
}

function isOptions(value: unknown): value is IndicatorOptions {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => optionNames.has(key));
}

/** `sma(close, 10)` */
function nameOf(compute: { readonly name: string }, inputs: readonly unknown[]): string {
  const shown = inputs.map((input) => {
    if (input instanceof Series) return input.name;
    return typeof input === 'object' && input !== null ? '...' : String(input);
  });
  return `${compute.name === '' ? 'indicator' : compute.name}(${shown.join(', ')})`;
}

/** Most of its values lie within 40 % of the price: it belongs over the price. About a thousand of them are asked. */
function isNear(line: Float64Array, price: Float64Array): boolean {
  const step = Math.ceil(line.length / 1000);
  let defined = 0;
  let near = 0;
  for (let i = line.length - 1; i >= 0; i -= step) {
    const value = line[i] as number;
    if (Number.isNaN(value)) continue;
    defined++;
    const ratio = value / (price[i] as number);
    if (ratio > 0.6 && ratio < 1.4) near++;
  }
  return near > defined * 0.6;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a plain array (use Float64Array.from)' : typeof value;
}
