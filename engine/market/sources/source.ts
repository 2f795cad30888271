/** Where bars and prices come from. A new source is one file beside this one and a line in `index.ts`. */
import type { Bars, Interval } from '../bars.ts';

export interface BarsRequest {
  readonly symbols: readonly string[];
  /** Inclusive; without it from the beginning. */
  readonly from?: Date;
  /** Inclusive; without it to the newest. */
  readonly to?: Date;
  readonly interval: Interval;
  /** Adjusted for splits and dividends, where the source knows them; else as it was traded. */
  readonly adjusted: boolean;
  /** Also the bar that is still being made, as far as it has come, where the source has it; else only finished ones. */
  readonly unfinished?: boolean;
  /** Gives up as soon as it aborts. */
  readonly signal?: AbortSignal;
}

export interface SymbolInfo {
  readonly symbol: string;
  readonly name: string;
  readonly currency: string;
}

/** The newest price a source knows. */
export interface LastPrice {
  readonly symbol: string;
  /** The shortest decimal text of the price: the books never see a double. */
  readonly price: string;
  readonly currency: string;
  readonly at: Date;
}

/** Where a symbol is traded. */
export interface Market {
  /** As the source calls it: `NMS`, `LSE`. */
  readonly exchange: string;
  readonly timezone: string;
  /** Its trading days by their code, such as `XNYS` or `24/7`; null where the source's exchange is not known here. */
  readonly calendar: string | null;
}

/** A file of bars that somebody sent in. */
export interface BarsFile {
  readonly name: string;
  readonly text: string;
}

export interface TakenSymbol {
  readonly symbol: string;
  readonly interval: Interval;
  readonly bars: number;
  /** Milliseconds UTC. */
  readonly first: number;
  readonly last: number;
}

export interface IntakePreview {
  /** As it is called in the source. */
  readonly fileName: string;
  readonly symbols: readonly TakenSymbol[];
  /** What the file of that name holds now. */
  readonly replaces: readonly TakenSymbol[];
  /** What is odd in it and is taken all the same. */
  readonly warnings: readonly string[];
}

/** The part of a source that takes bars in. */
export interface Intake {
  /** Reads it and keeps nothing. @throws UserError naming the lines that are wrong, or when its symbols are elsewhere */
  check(file: BarsFile): Promise<IntakePreview>;
  /** Puts it where the source reads it, in place of what has its name. @throws UserError as `check` */
  take(file: BarsFile): Promise<IntakePreview>;
}

/** The part of a source that keeps its bars in the store. */
export interface KeptBars {
  /** A series is a symbol in an interval, adjusted or not; `bytes` is what they take in the store. */
  size(): Promise<{ readonly series: number; readonly bars: number; readonly bytes: number }>;
  /** So that they are fetched anew: of one symbol, or of all. Returns how many series there were. */
  forget(symbol?: string): Promise<number>;
}

export interface Source {
  readonly name: string;
  /** IANA zone of its sessions, such as `America/New_York`. */
  readonly timezone: string;
  /**
   * One `Bars` per symbol, in the order of the request. Without `from`, bars of less than a day may begin later than the
   * source's own beginning: there can be millions.
   * @throws UserError for an unknown symbol (with the nearest known ones), an interval that it does not have, or an empty range
   */
  bars(request: BarsRequest): Promise<Bars[]>;
  /**
   * Symbols whose symbol or name contains the query, best first; all of them for an empty query, at most `limit`. None for
   * an empty query where a source cannot list them.
   */
  symbols(query: string, limit: number): Promise<SymbolInfo[]>;
  /** What can be said of a source over a network without asking it; undefined for one on this machine. */
  readonly remote?: { readonly intervals: readonly Interval[]; readonly listsSymbols: boolean };
  /** Undefined where the source's own time zone is all that is known. @throws UserError for an unknown symbol */
  market?(symbol: string): Promise<Market>;
  /** What a person has chosen a symbol to mean; null where nobody has. Undefined where a symbol means one thing, or none. */
  chosen?(symbol: string): Promise<string | null>;
  /** Undefined where bars cannot be sent in. */
  readonly intake?: Intake;
  /** Undefined where every request is the source's own answer. */
  readonly library?: KeptBars;
  /** When it gave bars or a price last, since the desk started; undefined when it did not. */
  lastAnswer?(): Date | undefined;
  /** @throws UserError for an unknown symbol */
  lastPrice(symbol: string): Promise<LastPrice>;
}
