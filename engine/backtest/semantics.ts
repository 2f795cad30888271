/**
 * The two sets of rules that a backtest can trade by, as a table of what differs. The broker and the statistics ask the
 * table; nothing else knows which set it is.
 *
 * `backtesting.py` is release 0.6.6 (https://kernc.github.io/backtesting.py), `minitrade` release 0.1.40
 * (https://github.com/dodid/minitrade), whose engine grew out of an earlier Backtesting.py.
 */

export const semanticsNames = ['backtesting.py', 'minitrade'] as const;
export type SemanticsName = (typeof semanticsNames)[number];

export interface Semantics {
  /** Bars between the one on which the indicators are warm and the first `next()`. */
  readonly barsAfterWarmUp: 0 | 1;
  /** Indicators that are drawn as points are waited for, too. */
  readonly waitsForScatter: boolean;
  /** The commission is a rate by which an entry's price is worse, and nothing else; otherwise cash, at entry and exit. */
  readonly commissionWorsensEntry: boolean;
  /** A stop or limit is hit by a price beyond it; otherwise it is enough that the price touches it. */
  readonly hitIsBeyond: boolean;
  /** A take profit waits at the front of the queue, like a stop loss; otherwise at its end. */
  readonly takeProfitGoesFirst: boolean;
  /** An exclusive order lets waiting closes of trades wait on, as it always does with stop losses and take profits. */
  readonly exclusiveSparesCloses: boolean;
  /** With `tradeOnClose`, stop losses and take profits are still filled from the open of their bar. */
  readonly legsFillFromOpen: boolean;
  /** What is open at the end is always closed, at the last close; otherwise on request, by orders on the last bar. */
  readonly closesAtLastClose: boolean;
  /** An order that cannot be paid ends the run, unless `failFast` says otherwise. */
  readonly failFast: boolean;
  /**
   * Annual figures begin with the first `next()`, whose undefined return counts as none in the geometric mean;
   * otherwise with the first bar.
   */
  readonly annualFromFirstNext: boolean;
}

export const semantics: Readonly<Record<SemanticsName, Semantics>> = {
  'backtesting.py': {
    barsAfterWarmUp: 1,
    waitsForScatter: false,
    commissionWorsensEntry: false,
    hitIsBeyond: false,
    takeProfitGoesFirst: false,
    exclusiveSparesCloses: false,
    legsFillFromOpen: true,
    closesAtLastClose: false,
    failFast: false,
    annualFromFirstNext: false,
  },
  minitrade: {
    barsAfterWarmUp: 0,
    waitsForScatter: true,
    commissionWorsensEntry: true,
    hitIsBeyond: true,
    takeProfitGoesFirst: true,
    exclusiveSparesCloses: true,
    legsFillFromOpen: false,
    closesAtLastClose: true,
    failFast: true,
    annualFromFirstNext: true,
  },
};
