/** Rows of numbers of one width, in blocks: a long run has hundreds of thousands of them. */

/** A power of two, so that finding a row takes no division. */
const blockBits = 7;
const rowsInBlock = 2 ** blockBits;

/** Blocks, because one piece that grew would be copied again and again, and twice as large as what is in it. */
export class Rows {
  length = 0;
  readonly #width: number;
  readonly #blocks: Float64Array[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** Makes a row of zeros; answers its number. */
  add(): number {
    const row = this.length++;
    if (row >> blockBits === this.#blocks.length) {
      this.#blocks.push(new Float64Array(rowsInBlock * this.#width));
    }
    return row;
  }

  /** The cells of a row, and of others. */
  blockOf(row: number): Float64Array {
    return this.#blocks[row >> blockBits] as Float64Array;
  }

  /** Where in its block a row begins. */
  placeOf(row: number): number {
    return (row & (rowsInBlock - 1)) * this.#width;
  }

  map<Row>(make: (cells: Float64Array, at: number) => Row): Row[] {
    const made: Row[] = [];
    for (let row = 0; row < this.length; row++) made.push(make(this.blockOf(row), this.placeOf(row)));
    return made;
  }

  column(offset: number): Float64Array {
    const values = new Float64Array(this.length);
    for (let row = 0; row < this.length; row++)
      values[row] = this.blockOf(row)[this.placeOf(row) + offset] as number;
    return values;
  }
}
