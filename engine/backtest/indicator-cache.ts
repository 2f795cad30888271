/**
 * The engine's own indicators over the bars of a backtest, each computed once for all runs of a search: a grid of 25 fast
 * and 20 slow averages has 500 runs, and 45 averages.
 */
import * as builtIn from '../indicators/index.ts';
import type { Market } from './market.ts';

/** What gives the same for the same inputs; of a function of the user's nobody knows. */
const pure: ReadonlyMap<unknown, string> = new Map(Object.entries(builtIn).map(([name, own]) => [own, name]));
/** Bytes of what is kept: beyond it indicators are computed in each run. */
const usualRoom = 64 * 2 ** 20;

export type Compute = (...inputs: never[]) => unknown;

/** Whether it is one of the engine's own indicators. */
export function isBuiltIn(compute: Compute): boolean {
  return pure.has(compute);
}

/** Nobody may write to what it answers, nor hand it to another thread. */
export class IndicatorCache {
  /** Numbers of the columns that stay the same in all runs. */
  readonly #columns = new Map<unknown, number>();
  readonly #kept = new Map<string, unknown>();
  /** Bytes that may still be kept. */
  #room: number;

  constructor({ symbols }: Market, room = usualRoom) {
    this.#room = room;
    for (const { open, high, low, close, volume, extra } of symbols) {
      for (const column of [open, high, low, close, volume, ...Object.values(extra)]) this.#know(column);
    }
  }

  /** What `compute` answers to the inputs. */
  compute(compute: Compute, inputs: readonly unknown[]): unknown {
    const key = this.#keyOf(compute, inputs);
    if (key === null) return compute(...(inputs as never[]));
    if (this.#kept.has(key)) return this.#kept.get(key);
    const made = compute(...(inputs as never[]));
    const columns = made instanceof Float64Array ? [made] : Object.values(made ?? {});
    const bytes = columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (bytes > this.#room) return made;
    this.#room -= bytes;
    for (const column of columns) this.#know(column);
    this.#kept.set(key, made);
    return made;
  }

  /** Null where the answer may be another one next time. */
  #keyOf(compute: Compute, inputs: readonly unknown[]): string | null {
    const name = pure.get(compute);
    if (name === undefined) return null;
    let key = name;
    for (const input of inputs) {
      const column = this.#columns.get(input);
      if (column !== undefined) key += `,c${column}`;
      else if (typeof input === 'number') key += `,${input}`;
      else return null;
    }
    return key;
  }

  #know(column: unknown): void {
    if (!this.#columns.has(column)) this.#columns.set(column, this.#columns.size);
  }
}
