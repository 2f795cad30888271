/**
 * A column of numbers of which only the bars that have happened can be seen. All series of a run share one cursor;
 * moving it reveals the next bar everywhere, without a copy.
 */

/** How many bars have been revealed. */
export class Cursor {
  length = 0;
}

/** What `crossover` and its like take: a series, or a plain array. */
export interface Values {
  readonly length: number;
  at(index: number): number | undefined;
}

let unwrap: (series: Series) => Float64Array;

export class Series implements Values {
  readonly name: string;
  /** The symbol that it was made from; null where it was made from none. */
  readonly symbol: string | null;
  readonly #values: Float64Array;
  readonly #cursor: Cursor;

  constructor(values: Float64Array, cursor: Cursor, name: string, symbol: string | null) {
    this.#values = values;
    this.#cursor = cursor;
    this.name = name;
    this.symbol = symbol;
  }

  /** Bars revealed so far; 0 during `init()`. */
  get length(): number {
    return this.#cursor.length;
  }

  /** The value of the newest bar. NaN while an indicator warms up. */
  get last(): number {
    return this.#values[this.#cursor.length - 1] ?? Number.NaN;
  }

  /** The value of a bar: 0 is the first, -1 the newest, -2 the one before it. NaN where there is none yet. */
  at(index: number): number {
    const length = this.#cursor.length;
    const position = index < 0 ? length + index : index;
    return position >= 0 && position < length ? (this.#values[position] as number) : Number.NaN;
  }

  /** Whether this was below the other one bar ago, and is above it now. */
  crossesOver(other: Series): boolean {
    const newest = this.#cursor.length - 1;
    if (newest < 1) return false;
    const own = this.#values;
    const others = other.#values;
    return (
      (own[newest] as number) > (others[newest] as number) &&
      (own[newest - 1] as number) < (others[newest - 1] as number)
    );
  }

  static {
    unwrap = (series) => series.#values;
  }
}

/** The whole column behind a series, future included: for indicators and the engine, not for strategies. */
export function columnOf(series: Series): Float64Array {
  return unwrap(series);
}
