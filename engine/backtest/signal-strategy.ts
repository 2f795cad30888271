/** A strategy that is only two columns: when to enter, and when to leave. */

import type { Params } from './result.ts';
import { columnOf, Series } from './series.ts';
import { Strategy } from './strategy.ts';

/**
 * ```ts
 * export default class Above extends SignalStrategy {
 *   init() {
 *     this.setSignal(
 *       this.indicator(function entries(close: Float64Array) { ... }, this.data.close),
 *     );
 *   }
 * }
 * ```
 */
export abstract class SignalStrategy<P extends Params = Params> extends Strategy<P> {
  protected entrySignal: Series | undefined;
  protected exitSignal: Series | undefined;

  /**
   * In `init()`. The columns are as long as the bars, or indicators.
   * @param entrySize size to buy, negative to sell, 0 for nothing: a share below 1, or whole units
   * @param exitPortion portion of each long trade to close, negative of each short one, 0 for nothing
   */
  setSignal(entrySize: Series | Float64Array, exitPortion?: Series | Float64Array): void {
    this.entrySignal = this.#signal('entry size', entrySize);
    if (exitPortion !== undefined) this.exitSignal = this.#signal('exit portion', exitPortion);
  }

  /** Follows the signals. One that overrides it calls `super.next()`. */
  next(): void {
    const exit = this.exitSignal?.last ?? Number.NaN;
    for (const trade of this.trades) {
      if (exit > 0 ? trade.isLong : exit < 0 && trade.isShort) trade.close(Math.abs(exit));
    }
    const entry = this.entrySignal?.last ?? Number.NaN;
    if (entry > 0) this.buy({ size: entry });
    else if (entry < 0) this.sell({ size: -entry });
  }

  /** Drawn as points, so there are none where there is no signal. */
  #signal(name: string, values: Series | Float64Array): Series {
    const column = values instanceof Series ? columnOf(values) : values;
    const points = () => column.map((value) => (value === 0 ? Number.NaN : value));
    return this.indicator(points, { name, scatter: true, overlay: false });
  }
}
