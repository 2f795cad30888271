/** Strategies that look ahead, each in a way of its own. */

import { type Series, Strategy, sma } from '../../../engine/backtest/index.ts';

abstract class WithSignal extends Strategy {
  signal!: Series;
  next() {
    const price = this.data.close.last;
    if (this.signal.last > price && !this.position.isOpen) this.buy();
    if (this.signal.last < price && this.position.isOpen) this.position.close();
  }
}

/** Tomorrow's close as today's signal. */
export class Shifted extends WithSignal {
  init() {
    this.signal = this.indicator(
      (close: Float64Array) => close.map((_, i) => close[i + 1] ?? Number.NaN),
      this.data.close,
      { name: 'tomorrow' },
    );
  }
}

/** A moving average whose window reaches as far ahead as back. */
export class Centred extends WithSignal {
  init() {
    const centred = (close: Float64Array) =>
      close.map((_, i) => {
        const window = close.subarray(Math.max(0, i - 2), i + 3);
        return window.reduce((sum, value) => sum + value, 0) / window.length;
      });
    this.signal = this.indicator(centred, this.data.close, { name: 'centred' });
  }
}

/** Normalised by the highest close of all times. */
export class ByMaximum extends WithSignal {
  init() {
    const relative = (close: Float64Array) => {
      const highest = Math.max(...close);
      return close.map((value) => (100 * value) / highest);
    };
    this.signal = this.indicator(relative, this.data.close, { name: 'relative', plot: false });
  }
}

/** A z-score with the mean of the whole column. */
export class ByMean extends WithSignal {
  init() {
    const score = (close: Float64Array) => {
      const mean = close.reduce((sum, value) => sum + value, 0) / close.length;
      return close.map((value) => value - mean);
    };
    this.signal = this.indicator(score, this.data.close, { name: 'score' });
  }
}

/** The close of each week, known from its Monday on. */
export class EarlyWeek extends WithSignal {
  init() {
    const week = (close: Float64Array) =>
      close.map((_, i) => close[Math.min(close.length - 1, i - (i % 5) + 4)] ?? Number.NaN);
    this.signal = this.indicator(week, this.data.close, { name: 'week' });
  }
}

/** Hands the whole column out of an honest indicator, and reads tomorrow in `next()`. */
export class Smuggler extends Strategy {
  column: Float64Array = new Float64Array();
  init() {
    this.indicator(
      (close: Float64Array) => {
        this.column = close;
        return sma(close, 5);
      },
      this.data.close,
      { name: 'honest' },
    );
  }
  next() {
    const tomorrow = this.column[this.data.bar + 1];
    if (tomorrow === undefined) return;
    const isRising = tomorrow > this.data.close.last;
    if (isRising && !this.position.isOpen) this.buy({ size: 10 });
    if (!isRising && this.position.isOpen) this.position.close();
  }
}

/** The same through the memory behind the column, which is longer than what it shows. */
export class MemoryReader extends Strategy {
  column: Float64Array = new Float64Array();
  init() {
    this.indicator((close: Float64Array) => {
      this.column = new Float64Array(close.buffer);
      return close;
    }, this.data.close);
  }
  next() {
    const tomorrow = this.column[this.data.bar + 1] ?? 0;
    if (tomorrow > this.data.close.last && !this.position.isOpen) this.buy({ size: 10 });
    else if (tomorrow <= this.data.close.last && this.position.isOpen) this.position.close();
  }
}

/** Sizes its stop loss by the whole history's lowest low. */
export class FutureStop extends Strategy {
  floor = 0;
  init() {
    this.indicator((low: Float64Array) => {
      this.floor = Math.min(...low);
      return low;
    }, this.data.low);
  }
  next() {
    if (this.position.isOpen) return;
    if (this.data.bar % 7 === 0 && this.floor < this.data.close.last)
      this.buy({ size: 1, sl: this.floor * 0.99 });
  }
}

/** Knows how long the data is, and sells before it ends. */
export class KnowsTheEnd extends Strategy {
  bars = 0;
  init() {
    this.indicator((close: Float64Array) => {
      this.bars = close.length;
      return close;
    }, this.data.close);
  }
  next() {
    if (this.data.bar === 20) this.buy({ size: 5 });
    if (this.data.bar === this.bars - 30) this.position.close();
  }
}

/** Picks the period that fits the whole history. */
export class Fitted extends WithSignal {
  init() {
    let period = 2;
    this.indicator((close: Float64Array) => {
      const last = close.at(-1) ?? 0;
      period = 5 + (Math.round(last) % 7);
      return close;
    }, this.data.close);
    this.signal = this.indicator(sma, this.data.close, period);
  }
}

/** Reads past the end of what is there, and falls over it. */
export class Stumbler extends Strategy {
  rows: { close: number }[] = [];
  init() {
    this.indicator((close: Float64Array) => {
      this.rows = Array.from(close, (value) => ({ close: value }));
      return close;
    }, this.data.close);
  }
  next() {
    if (this.data.bar > 150) return;
    const { close } = this.rows[this.data.bar + 1] as { close: number };
    if (close > this.data.close.last && !this.position.isOpen) this.buy({ size: 1 });
  }
}

/** Not a cheat, but nothing can be told of it. */
export class Gambler extends Strategy {
  init() {}
  next() {
    if (Math.random() < 0.3) this.buy({ size: 1 });
    else this.position.close();
  }
}
