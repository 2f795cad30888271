/** Strategies of the reference cases that hold several symbols by weights. A list or map among the parameters is JSON. */
import { type PerSymbol, roc, Strategy, sma } from '../../../engine/backtest/index.ts';

/** Whether the bar is the last of `every`: (i + 1) mod every = 0. */
function isTurn(strategy: Strategy, every: number): boolean {
  return (strategy.data.bar + 1) % every === 0;
}

export class EqualWeightMonthly extends Strategy<typeof EqualWeightMonthly.params> {
  static params = { sum: 1, force: true, cashReserve: 0.02, startDay: 1 };
  month = -1;

  init() {
    this.startOnDay(this.params.startDay);
  }

  next() {
    const month = this.data.now.getUTCMonth();
    const isNew = month !== this.month;
    this.month = month;
    if (!isNew) return;
    const { sum, force, cashReserve } = this.params;
    this.allocation.assumeZero();
    this.allocation.bucket('all').append(this.data.symbols).weightEqually(sum).apply();
    this.rebalance({ force, cashReserve });
  }
}

export class FixedWeights extends Strategy<typeof FixedWeights.params> {
  static params = { every: 20, force: true, rtol: 0.01, atol: 0, cashReserve: 0.05, weights: '{}' };

  init() {
    this.startOnDay(1);
  }

  next() {
    const { every, weights, ...options } = this.params;
    if (!isTurn(this, every)) return;
    this.allocation.assumeZero();
    this.allocation.weights = JSON.parse(weights) as Record<string, number>;
    this.rebalance(options);
  }
}

export class TopPositiveRoc extends Strategy<typeof TopPositiveRoc.params> {
  static params = { n: 10, top: 2, cashReserve: 0.1 };
  roc!: PerSymbol;

  init() {
    this.roc = this.perSymbol(({ close }) => this.indicator(roc, close, this.params.n));
  }

  next() {
    const { top, cashReserve } = this.params;
    this.allocation.assumeZero();
    this.allocation.bucket('top').append(this.roc.highest(top), this.roc.above(0)).weightEqually().apply();
    this.rebalance({ cashReserve });
  }
}

export class TopRocFixedShare extends Strategy<typeof TopRocFixedShare.params> {
  /** `share`: one number, or a list of numbers by rank. */
  static params = { n: 10, top: 3, share: '0.3', cashReserve: 0 };
  roc!: PerSymbol;

  init() {
    this.roc = this.perSymbol(({ close }) => this.indicator(roc, close, this.params.n));
  }

  next() {
    const { top, share, cashReserve } = this.params;
    this.allocation.assumeZero();
    this.allocation
      .bucket('equity')
      .append(this.roc.highest(), this.roc.above(0))
      .trim(top)
      .weightExplicitly(JSON.parse(share) as number | number[])
      .apply();
    this.rebalance({ cashReserve });
  }
}

export class InverseVol extends Strategy<typeof InverseVol.params> {
  static params = { n: 30, every: 10, sum: 0.9, cashReserve: 0.02, perSymbol: false };
  volatility: PerSymbol | undefined;
  /** In a list: symbols that are listed late do not delay the start. */
  notWaitedFor: PerSymbol[] = [];

  init() {
    const { n, perSymbol } = this.params;
    const volatility = this.perSymbol(({ close }) => this.indicator(volatilityOf, close, n));
    if (perSymbol) {
      this.notWaitedFor.push(volatility);
      this.startOnDay(n);
    } else {
      this.volatility = volatility;
    }
  }

  next() {
    const { every, sum, cashReserve, perSymbol } = this.params;
    const volatility = this.volatility ?? this.notWaitedFor[0];
    if (!isTurn(this, every) || volatility === undefined) return;
    const defined = volatility.where((value) => !Number.isNaN(value));
    if (perSymbol && defined.length < 2) return;
    this.allocation.assumeZero();
    this.allocation
      .bucket('rp')
      .append(defined)
      .weightProportionally(
        defined.map((symbol) => 1 / volatility.of(symbol).last),
        sum,
      )
      .apply();
    this.rebalance({ force: true, cashReserve });
  }
}

export class Rotate extends Strategy<typeof Rotate.params> {
  static params = { every: 1, cashReserve: 0.5, startDay: 1 };

  init() {
    this.startOnDay(this.params.startDay);
  }

  next() {
    const { every, cashReserve } = this.params;
    if (!isTurn(this, every)) return;
    const { symbols } = this.data;
    this.allocation.assumeZero();
    this.allocation.set(symbols[((this.data.bar + 1) / every) % symbols.length] ?? '', 1);
    this.rebalance({ cashReserve });
  }
}

export class Drift extends Strategy<typeof Drift.params> {
  static params = { every: 15, step: 0.05, cashReserve: 0.05 };
  isBegun = false;

  init() {
    this.startOnDay(1);
  }

  next() {
    const { every, step, cashReserve } = this.params;
    const { allocation } = this;
    const { symbols } = allocation;
    const at = (index: number) => symbols[index % symbols.length] ?? '';
    if (!this.isBegun) {
      this.isBegun = true;
      allocation.assumeZero();
      for (const symbol of symbols) allocation.set(symbol, 1 / (symbols.length + 1));
      this.rebalance({ cashReserve });
      return;
    }
    if (!isTurn(this, every)) return;
    allocation.assumePrevious();
    const turn = (this.data.bar + 1) / every;
    if (turn % 2 === 0) {
      const [from, to] = [at(turn), at(turn + 1)];
      const moved = Math.min(step, allocation.weightOf(from));
      allocation.set(from, allocation.weightOf(from) - moved);
      allocation.set(to, allocation.weightOf(to) + moved);
    }
    this.rebalance({ cashReserve });
  }
}

export class TwoBuckets extends Strategy<typeof TwoBuckets.params> {
  static params = {
    ...{ n: 20, m: 50, top: 2, share: 0.5, every: 5, method: 'update', force: false, cashReserve: 0.05 },
    core: '[]',
  };
  roc!: PerSymbol;
  mean!: PerSymbol;

  init() {
    this.roc = this.perSymbol(({ close }) => this.indicator(roc, close, this.params.n));
    this.mean = this.perSymbol(({ close }) => this.indicator(sma, close, this.params.m));
  }

  next() {
    const { top, share, every, method, force, cashReserve, core } = this.params;
    if (!isTurn(this, every)) return;
    const { allocation, data } = this;
    allocation.assumeZero();
    const growth = allocation
      .bucket('growth')
      .append(
        this.roc.highest(),
        this.roc.above(0),
        (symbol) => data.of(symbol).close.last > this.mean.of(symbol).last,
      )
      .trim(top)
      .weightEqually(share);
    growth.apply('update');
    const rest = allocation
      .bucket('core')
      .append(JSON.parse(core) as string[])
      .remove(growth);
    rest
      .weightProportionally(rest.symbols.map((_, index) => index + 1))
      .apply(method as 'update' | 'overwrite' | 'accumulate');
    this.rebalance({ force, cashReserve });
  }
}

export class BucketMerge extends Strategy<typeof BucketMerge.params> {
  static params = { every: 10, cashReserve: 0.03 };

  init() {
    this.startOnDay(1);
  }

  next() {
    const { every, cashReserve } = this.params;
    if (!isTurn(this, every)) return;
    const turn = (this.data.bar + 1) / every;
    const { allocation } = this;
    const { symbols } = allocation;
    allocation.assumeZero();
    allocation.bucket('a').append(symbols.slice(0, 3)).weightExplicitly([0.2, 0.15, 0.05]).apply('update');
    allocation.bucket('b').append(symbols.slice(2, 5)).weightExplicitly(0.1).apply('accumulate');
    if (turn % 3 === 0) {
      allocation.bucket('c').append(symbols.slice(-2)).weightEqually(0.6).apply('overwrite');
    } else if (turn % 3 === 1) {
      allocation.normalize();
    } else {
      const last = symbols.at(-1) ?? '';
      allocation
        .bucket('d')
        .append([last])
        .weightExplicitly({ [last]: allocation.unallocated / 2 })
        .apply();
    }
    this.rebalance({ cashReserve });
  }
}

/** A pair in proportion and one symbol with the rest, at the start of each month. */
export class MonthlyPair extends Strategy<typeof MonthlyPair.params> {
  static params = { pairSum: 0.6, cashReserve: 0.02, startDay: 20 };
  month = -1;

  init() {
    this.startOnDay(this.params.startDay);
  }

  next() {
    const month = this.data.now.getUTCMonth();
    const isNew = this.month !== -1 && month !== this.month;
    this.month = month;
    if (!isNew) return;
    const { pairSum, cashReserve } = this.params;
    this.allocation.assumeZero();
    this.allocation.bucket('pair').append(['A', 'B']).weightProportionally([2, 1], pairSum).apply();
    this.allocation.bucket('rest').append(['C']).weightEqually().apply();
    this.rebalance({ force: true, cashReserve });
  }
}

/** The best of a few with a fixed weight each, rebalanced on every bar. */
export class ForcedTopRoc extends Strategy<typeof ForcedTopRoc.params> {
  static params = { n: 10, top: 2, weight: 0.5, rtol: 0.02, cashReserve: 0.05 };
  roc!: PerSymbol;

  init() {
    this.roc = this.perSymbol(({ close }) => this.indicator(roc, close, this.params.n));
  }

  next() {
    const { top, weight, rtol, cashReserve } = this.params;
    this.allocation.assumeZero();
    this.allocation
      .bucket('top')
      .append(this.roc.highest(top), this.roc.above(0))
      .weightExplicitly(weight)
      .apply();
    this.rebalance({ force: true, rtol, cashReserve });
  }
}

/** Deviation (n - 1) of the last n simple returns. */
function volatilityOf(close: Float64Array, n: number): Float64Array {
  const returns = close.map((value, bar) => value / (close[bar - 1] ?? Number.NaN) - 1);
  return returns.map((_, bar) => {
    if (bar < n) return Number.NaN;
    const window = returns.subarray(bar - n + 1, bar + 1);
    const mean = window.reduce((a, b) => a + b, 0) / n;
    return Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  });
}
