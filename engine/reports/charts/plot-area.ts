/** Where a panel draws: its rectangle, and which pixel a bar and a value have in it. */

/** Edges in pixels. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface PlotArea {
  readonly area: Area;
  /** Pixel of a bar's middle, and of a value. */
  readonly x: (bar: number) => number;
  readonly y: (value: number) => number;
  /** Pixels from one bar to the next. */
  readonly slot: number;
}
