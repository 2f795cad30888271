import { describe, expect, test } from 'vitest';
import {
  Backtest,
  bollinger,
  type Order,
  type Series,
  Strategy,
  type StrategyClass,
  sma,
} from '../../../engine/backtest/index.ts';
import { barsOf } from './bars.ts';

/** A strategy in one line: what it does on each bar. */
function onBar(next: (strategy: Strategy, bar: number) => void): StrategyClass {
  return class OnBar extends Strategy {
    init() {}
    next() {
      next(this, this.data.bar);
    }
  };
}

const rising = barsOf('UP', [10, 11, 12, 13, 14, 15]);

describe('a strategy sees what has happened, and no more', () => {
  test('series end with the newest bar, and know nothing of the next', () => {
    const seen: number[][] = [];
    new Backtest(
      rising,
      onBar(({ data }) => {
        const { close } = data;
        seen.push([
          close.length,
          close.last,
          close.at(-2),
          close.at(0),
          close.at(data.bar + 1),
          close.at(-99),
        ]);
      }),
    ).run();
    expect(seen[0]).toEqual([2, 11, 10, 10, Number.NaN, Number.NaN]);
    expect(seen.at(-1)).toEqual([6, 15, 14, 10, Number.NaN, Number.NaN]);
  });

  test('the first call waits for indicators in fields, one bar longer, but not for those in a list', () => {
    const firstBars: number[] = [];
    abstract class Waiting extends Strategy {
      next() {}
    }
    class InField extends Waiting {
      average!: Series;
      init() {
        this.average = this.indicator(sma, this.data.close, 3);
      }
    }
    class InList extends Waiting {
      averages: Series[] = [];
      init() {
        this.averages.push(this.indicator(sma, this.data.close, 3));
      }
    }
    class InBands extends Waiting {
      lower!: Series;
      init() {
        this.lower = this.indicator(bollinger, this.data.close, 4, 2).lower;
      }
    }
    for (const Class of [InField, InList, InBands])
      firstBars.push(new Backtest(rising, Class).run().firstBar);
    expect(firstBars).toEqual([3, 1, 4]);
  });

  test('too few bars for the indicators is said, not passed over', () => {
    class Slow extends Strategy {
      average!: Series;
      init() {
        this.average = this.indicator(sma, this.data.close, 6);
      }
      next() {
        throw new Error('must not be called');
      }
    }
    const { equity, warnings } = new Backtest(rising, Slow, { cash: 500 }).run();
    expect(warnings).toEqual(['next() was never called: 6 bars are too few, the indicators need 7 of them.']);
    expect(Array.from(equity)).toEqual([500, 500, 500, 500, 500, 500]);
  });

  test('no order can be placed before there is a bar', () => {
    class Early extends Strategy {
      init() {
        this.buy();
      }
      next() {}
    }
    expect(() => new Backtest(rising, Early).run()).toThrow('Orders can be placed in next(), not in init().');
  });
});

describe('orders that make no sense are refused in words', () => {
  test.each([
    [{ size: 1.5 }, 'a whole number of units or a share below 1, not 1.5'],
    [{ size: 0 }, 'not 0'],
    [{ size: -3 }, 'not -3'],
    [{ sl: 12 }, 'stop loss < price < take profit, but has stop loss 12, price 11'],
    [{ limit: 10, tp: 9 }, 'but has price 10, take profit 9'],
    [{ symbol: 'UPP' }, 'no symbol "UPP". Did you mean UP?'],
  ])('%j', (request, message) => {
    expect(() =>
      new Backtest(
        rising,
        onBar((strategy) => strategy.buy(request)),
      ).run(),
    ).toThrow(message);
  });

  test('what cannot be paid is dropped, recorded as rejected, and told', () => {
    const { orders, warnings } = new Backtest(
      rising,
      onBar((strategy, bar) => {
        if (bar === 2) strategy.buy({ size: 100 });
        if (bar === 3) strategy.buy({ size: 0.001 });
      }),
      { cash: 1000 },
    ).run();
    expect(orders.map(({ outcome, doneBar }) => [outcome, doneBar])).toEqual([
      ['rejected', 3],
      ['rejected', 4],
    ]);
    expect(warnings).toEqual(['2 orders were dropped for lack of cash, first on 2024-01-04.']);
  });
});

describe('the records of orders', () => {
  test('what the newest bar ordered is pending: a plan sends it', () => {
    const { orders } = new Backtest(
      rising,
      onBar((strategy, bar) => {
        if (bar === 5) strategy.buy({ size: 3, sl: 9, tag: 'late' });
      }),
    ).run();
    expect(orders).toEqual([
      {
        symbol: 'UP',
        signalBar: 5,
        sequence: 0,
        side: 'buy',
        size: 3,
        limit: null,
        stop: null,
        stopLoss: 9,
        takeProfit: null,
        purpose: 'entry',
        tag: 'late',
        outcome: 'pending',
        doneBar: null,
      },
    ]);
  });

  test('more bars do not change what the earlier ones ordered', () => {
    const Eager = onBar((strategy, bar) => {
      if (bar % 2 === 1) strategy.buy({ size: 1, sl: strategy.data.close.last - 5 });
      else strategy.position.close();
    });
    const names = (bars: number) =>
      new Backtest(barsOf('UP', [10, 11, 12, 13, 14, 15].slice(0, bars)), Eager)
        .run()
        .orders.map(({ signalBar, sequence, purpose }) => `${signalBar}/${sequence} ${purpose}`);
    const short = names(4);
    expect(names(6).slice(0, short.length)).toEqual(short);
    expect(new Set(names(6)).size, 'bar and sequence name an order').toBe(names(6).length);
  });

  test('a cancelled order stays in the records, and cancelling twice does nothing', () => {
    let order: Order | undefined;
    const { orders } = new Backtest(
      rising,
      onBar((strategy, bar) => {
        if (bar === 1) order = strategy.buy({ limit: 5 });
        if (bar > 2) order?.cancel();
      }),
    ).run();
    expect(orders.map(({ outcome, doneBar }) => [outcome, doneBar])).toEqual([['cancelled', 3]]);
  });
});

describe('money', () => {
  test('a bankrupt account is closed wholly, and the run ends there', () => {
    const falling = barsOf('DOWN', [100, 100, 100, 20, 50, 60]);
    const bars: number[] = [];
    const result = new Backtest(
      falling,
      onBar((strategy, bar) => {
        bars.push(bar);
        if (bar === 1) for (let i = 0; i < 3; i++) strategy.buy({ size: 10 });
      }),
      { cash: 1000, margin: 0.25 },
    ).run();
    expect(bars).toEqual([1, 2]);
    expect(result.trades.map(({ size, exitPrice }) => [size, exitPrice])).toEqual([
      [10, 20],
      [10, 20],
      [10, 20],
    ]);
    expect(result.openTrades).toEqual([]);
    expect(Array.from(result.equity)).toEqual([1000, 1000, 1000, 0, 0, 0]);
    expect(result.warnings).toEqual([expect.stringContaining('bankrupt on 2024-01-04')]);
  });

  test('exclusive orders cancel every order that waits', () => {
    const { orders } = new Backtest(
      rising,
      onBar((strategy, bar) => {
        if (bar > 3) return;
        // With exclusive orders each of these cancels the ones before it.
        strategy.buy({ size: 1, limit: 1 + bar });
      }),
      { exclusiveOrders: true },
    ).run();
    expect(orders.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled', 'pending']);
  });
});

describe('several symbols with one cash account', () => {
  // NEW is listed on day 2 and pauses on day 4; OLD trades every day.
  const old = barsOf('OLD', [10, 10, 10, 10, 10, 10, 10]);
  const late = barsOf('NEW', [20, 21, 23, 24], [2, 3, 5, 6]);

  test('a symbol is undefined before its listing, and keeps its last close where it pauses', () => {
    const closes: number[] = [];
    new Backtest(
      [old, late],
      onBar(({ data }) => closes.push(data.of('NEW').close.last)),
    ).run();
    expect(closes).toEqual([Number.NaN, 20, 21, 21, 23, 24]);
  });

  test('an order waits for the next bar of its own symbol', () => {
    const { openTrades } = new Backtest(
      [old, late],
      onBar((strategy, bar) => {
        if (bar === 3) strategy.buy({ symbol: 'NEW', size: 5 });
        if (bar === 3) strategy.buy({ symbol: 'OLD', size: 5 });
      }),
    ).run();
    expect(openTrades.map(({ symbol, entryBar, entryPrice }) => [symbol, entryBar, entryPrice])).toEqual([
      ['OLD', 4, 10],
      ['NEW', 5, 23],
    ]);
  });

  test('equity is the cash and what all symbols have made', () => {
    const { equity } = new Backtest(
      [old, late],
      onBar((strategy, bar) => {
        if (bar === 2) strategy.sell({ symbol: 'NEW', size: 10 });
        if (bar === 2) strategy.buy({ symbol: 'OLD', size: 10 });
      }),
      { cash: 1000 },
    ).run();
    expect(Array.from(equity)).toEqual([1000, 1000, 1000, 1000, 1000, 980, 970]);
  });

  test('opposite trades net within a symbol, never across', () => {
    const { openTrades, trades } = new Backtest(
      [old, late],
      onBar((strategy, bar) => {
        if (bar === 2) strategy.buy({ symbol: 'OLD', size: 10 });
        if (bar === 3) strategy.sell({ symbol: 'NEW', size: 4 });
        if (bar === 5) strategy.sell({ symbol: 'OLD', size: 4 });
      }),
    ).run();
    expect(openTrades.map(({ symbol, size }) => [symbol, size])).toEqual([
      ['OLD', 6],
      ['NEW', -4],
    ]);
    expect(trades.map(({ symbol, size }) => [symbol, size])).toEqual([['OLD', 4]]);
  });

  test.each([
    [
      'a symbol that has no price yet',
      (strategy: Strategy) => strategy.buy({ symbol: 'NEW' }),
      'NEW cannot be traded yet',
    ],
    ['no symbol said', (strategy: Strategy) => strategy.buy(), 'has 2 symbols: say which one is meant'],
    [
      'no symbol said for data',
      (strategy: Strategy) => strategy.data.close.last,
      "say which, as in data.of('OLD').close",
    ],
    ['a mistyped one', (strategy: Strategy) => strategy.data.of('ODL'), 'Did you mean OLD?'],
  ])('%s', (_case, next, message) => {
    expect(() => new Backtest([old, late], onBar(next)).run()).toThrow(message);
  });
});

describe('bad input', () => {
  const Idle = onBar(() => undefined);
  test.each([
    ['no symbols', () => new Backtest([], Idle), 'needs the bars of at least one symbol'],
    ['no bars', () => new Backtest(barsOf('A', []), Idle), 'A has no bars'],
    ['a price of zero', () => new Backtest(barsOf('A', [1, 0]), Idle), 'A has a open of 0 on 2024-01-02'],
    ['a price below zero', () => new Backtest(barsOf('A', [1, -2]), Idle), 'A has a open of -2'],
    [
      'a price without end',
      () => new Backtest(barsOf('A', [1, Number.POSITIVE_INFINITY]), Idle),
      'of Infinity',
    ],
    ['times backwards', () => new Backtest(barsOf('A', [1, 2, 3], [0, 2, 1]), Idle), 'out of order or twice'],
    ['no time', () => new Backtest(barsOf('A', [1, 2], [0, Number.NaN]), Idle), 'without a time, at index 1'],
    ['NaN', () => new Backtest(barsOf('A', [1, Number.NaN]), Idle), 'A has a open of NaN'],
    ['a time twice', () => new Backtest(barsOf('A', [1, 2, 3], [0, 1, 1]), Idle), 'out of order or twice'],
    ['a symbol twice', () => new Backtest([rising, rising], Idle), 'The bars of UP were given twice'],
    ['no cash', () => new Backtest(rising, Idle, { cash: 0 }), 'cash must be above zero, not 0'],
    [
      'a commission of 50 %',
      () => new Backtest(rising, Idle, { commission: 0.5 }),
      'commission must be a rate',
    ],
    ['margin', () => new Backtest(rising, Idle, { margin: 2 }), 'margin must be above 0 and at most 1'],
    [
      'an unknown parameter',
      () => new Backtest(rising, Idle).run({ fast: 3 }),
      'OnBar has no parameter "fast". It has none.',
    ],
  ])('%s', (_case, run, message) => {
    expect(run).toThrow(message);
  });

  test('one bar is too few to trade, and that is said', () => {
    const { warnings, statistics } = new Backtest(barsOf('A', [10]), Idle).run();
    expect(warnings).toEqual([expect.stringContaining('next() was never called: 1 bars')]);
    expect(statistics).toMatchObject({ trades: 0, returnPct: 0, winRatePct: Number.NaN });
  });

  test('an indicator of the wrong length names itself', () => {
    class Short extends Strategy {
      init() {
        this.indicator(function half(close: Float64Array) {
          return close.slice(3);
        }, this.data.close);
      }
      next() {}
    }
    expect(() => new Backtest(rising, Short).run()).toThrow(
      'Indicator half(close) gave 3 values for 6 bars.',
    );
  });
});
