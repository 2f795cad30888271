/** What a strategy writes down bar by bar, to be drawn like an indicator. */
import { UserError } from '../errors.ts';
import type { PlotOptions } from './indicator.ts';
import type { IndicatorPlot } from './result.ts';

interface Recorded {
  readonly lines: Map<string, Float64Array>;
  readonly options: PlotOptions;
}

export class Records {
  readonly #bars: number;
  readonly #all = new Map<string, Recorded>();

  constructor(bars: number) {
    this.#bars = bars;
  }

  /** Of several values under one name each becomes a line. The options are those of the first call. */
  add(
    name: string,
    bar: number,
    value: number | Readonly<Record<string, number>>,
    options: PlotOptions,
  ): void {
    let recorded = this.#all.get(name);
    if (recorded === undefined) {
      recorded = { lines: new Map(), options };
      this.#all.set(name, recorded);
    }
    const values = typeof value === 'number' ? { [name]: value } : value;
    for (const [line, each] of Object.entries(values)) {
      if (typeof each !== 'number')
        throw new UserError(`record() keeps numbers, but ${line} of ${name} is a ${typeof each}.`);
      let column = recorded.lines.get(line);
      if (column === undefined) {
        column = new Float64Array(this.#bars).fill(Number.NaN);
        recorded.lines.set(line, column);
      }
      column[bar] = each;
    }
  }

  plots(): IndicatorPlot[] {
    return [...this.#all].map(([name, { lines, options }]) => ({
      name,
      symbol: null,
      lines: [...lines.values()],
      overlay: options.overlay ?? false,
      scatter: options.scatter ?? false,
      color: options.color ?? null,
    }));
  }
}
