/**
 * What Bollinger, Keltner and Donchian give: a middle line with one above and one below it. A type, not an interface:
 * only a type counts as a record of columns by name.
 */
export type Bands = {
  readonly upper: Float64Array;
  readonly middle: Float64Array;
  readonly lower: Float64Array;
};
