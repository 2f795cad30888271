/**
 * What was held at each bar's close, kept as its changes: columns of values are made when somebody asks for them, and most
 * runs of a search, or of a long series, are asked for their statistics only.
 */
import { Rows } from './rows.ts';

/** Where in its row a change has what. */
const ofChange = { symbol: 0, bar: 1, units: 2, gross: 3, width: 4 } as const;

export class HoldingsHistory {
  readonly #changes = new Rows(ofChange.width);

  /**
   * From this bar's close on these are held of a symbol; it may be told again for the same bar.
   * @param units longs less shorts
   * @param gross longs and shorts together
   */
  note(symbolIndex: number, bar: number, units: number, gross: number): void {
    const row = this.#changes.add();
    const cells = this.#changes.blockOf(row);
    const at = this.#changes.placeOf(row);
    cells[at + ofChange.symbol] = symbolIndex;
    cells[at + ofChange.bar] = bar;
    cells[at + ofChange.units] = units;
    cells[at + ofChange.gross] = gross;
  }

  /** Adds what the units of a symbol were worth to `column`, on each bar before `end`. */
  addValues(symbolIndex: number, close: Float64Array, end: number, column: Float64Array): void {
    this.#add(ofChange.units, symbolIndex, close, end, column);
  }

  /** The same of longs and shorts together. */
  addExposure(symbolIndex: number, close: Float64Array, end: number, column: Float64Array): void {
    this.#add(ofChange.gross, symbolIndex, close, end, column);
  }

  #add(what: number, symbolIndex: number, close: Float64Array, end: number, column: Float64Array): void {
    let from = 0;
    let held = 0;
    const addUntil = (to: number) => {
      if (held !== 0) {
        for (let bar = from; bar < to; bar++) {
          const value = held * (close[bar] as number);
          if (!Number.isNaN(value)) column[bar] = (column[bar] as number) + value; // not listed yet
        }
      }
      from = to;
    };
    for (let row = 0; row < this.#changes.length; row++) {
      const cells = this.#changes.blockOf(row);
      const at = this.#changes.placeOf(row);
      if (cells[at + ofChange.symbol] !== symbolIndex) continue;
      addUntil(Math.min(cells[at + ofChange.bar] as number, end));
      held = cells[at + what] as number;
    }
    addUntil(end);
  }
}
