import { describe, expect, test } from 'vitest';
import {
  Backtest,
  type BacktestOptions,
  type Bars,
  type Order,
  type Series,
  Strategy,
  type StrategyClass,
  sma,
} from '../../../engine/backtest/index.ts';
import { barsOf } from './bars.ts';

function onBar(next: (strategy: Strategy, bar: number) => void): StrategyClass {
  return class OnBar extends Strategy {
    init() {}
    next() {
      next(this, this.data.bar);
    }
  };
}

const flat = barsOf('A', [100, 100, 100, 100, 100, 100]);
const run = (
  next: (strategy: Strategy, bar: number) => void,
  options: BacktestOptions = {},
  bars: Bars | Bars[] = flat,
) => new Backtest(bars, onBar(next), options).run();

describe('options that cannot be right are refused in words', () => {
  test.each([
    [{ semantics: 'mt5' }, 'There are no semantics "mt5". There are backtesting.py and minitrade.'],
    [{ lotSize: 0.5 }, 'lotSize must be a whole number of units, not 0.5.'],
    [{ fractional: 2 }, 'fractional must be above 0 and at most 1, as 1e-8, not 2.'],
    [{ holding: { A: 1.5 } }, 'holding must be whole units, but of A it has 1.5.'],
    [{ holding: { AA: 1 } }, 'holding names AA, but this backtest has no bars of it.'],
    [{ semantics: 'minitrade', commission: [1, 0] }, 'a commission is a rate, such as 0.001.'],
    [
      { semantics: 'minitrade', commission: 0.2 },
      'commission must be a rate from -0.1 to below 0.1, not 0.2.',
    ],
    [{ spread: 1 }, 'spread must be from 0 to below 1, not 1.'],
    [{ leverage: 3 }, 'A backtest has no option "leverage". Its options are semantics, cash, holding'],
  ])('%j', (options, message) => {
    expect(() => run(() => undefined, options as BacktestOptions)).toThrow(message);
  });
});

describe('the two semantics', () => {
  const both = (
    next: (strategy: Strategy, bar: number) => void,
    options: BacktestOptions = {},
    bars?: Bars,
  ) =>
    (['backtesting.py', 'minitrade'] as const).map((semantics) => run(next, { ...options, semantics }, bars));

  test('the first next() comes on the bar on which the indicators are defined, or one later', () => {
    class Average extends Strategy {
      mean!: Series;
      init() {
        this.mean = this.indicator(sma, this.data.close, 3);
      }
      next() {}
    }
    const firstBar = (semantics: 'backtesting.py' | 'minitrade') =>
      new Backtest(flat, Average, { semantics }).run();
    expect(firstBar('backtesting.py')).toMatchObject({ firstBar: 3, heldFrom: 2 });
    expect(firstBar('minitrade')).toMatchObject({ firstBar: 2, heldFrom: 2 });
  });

  test('commission is cash twice, or a worse entry', () => {
    const [py, mini] = both(
      (strategy, bar) => {
        if (bar === 1) strategy.buy({ size: 10 });
        if (bar === 3) strategy.position.close();
      },
      { commission: 0.01 },
    );
    expect(py?.trades[0]).toMatchObject({ entryPrice: 100, commission: 20, pnl: -20 });
    expect(mini?.trades[0]).toMatchObject({ entryPrice: 101, commission: 0, pnl: -10 });
  });

  test('a price that is only touched fills a limit, or does not', () => {
    const [py, mini] = both((strategy, bar) => {
      if (bar === 1) strategy.buy({ size: 1, limit: 100 });
    });
    expect(py?.fills).toHaveLength(1);
    expect(mini?.fills).toHaveLength(0);
  });

  test('what cannot be paid is dropped, or ends the run with what was lacking', () => {
    const tooMuch = (strategy: Strategy, bar: number) => {
      if (bar === 1) strategy.buy({ size: 200 });
    };
    expect(run(tooMuch).orders[0]?.outcome).toBe('rejected');
    expect(run(tooMuch, { semantics: 'minitrade', failFast: false }).orders[0]?.outcome).toBe('rejected');
    for (const options of [{ semantics: 'minitrade' }, { failFast: true }] as const) {
      expect(() => run(tooMuch, options)).toThrow(
        'To buy 200 A on 2024-01-03 takes 20,000, but there is only 10,000.',
      );
    }
  });

  test('at the end trades stay open, or are closed at the last close; what was held is told in both', () => {
    const [py, mini] = both(
      (strategy, bar) => {
        if (bar === 1) strategy.buy({ size: 3 });
      },
      {},
      barsOf('A', [100, 100, 100, [100, 130, 90, 120]]),
    );
    expect(py?.openTrades).toHaveLength(1);
    expect(mini?.openTrades).toHaveLength(0);
    expect(mini?.trades[0]).toMatchObject({ exitBar: 3, exitPrice: 120, pnl: 60 });
    expect(mini?.fills.at(-1)).toMatchObject({ effect: 'close', units: -3, order: null });
    for (const result of [py, mini]) expect(result?.positions).toEqual([{ symbol: 'A', units: 3 }]);
  });

  test('what the newest bar ordered is told in both, although one of them closes everything', () => {
    for (const result of both((strategy, bar) => {
      if (bar === 2) strategy.buy({ size: 3 });
      if (bar === 5) strategy.sell({ size: 2 });
    })) {
      expect(result.nextOrders).toMatchObject([{ units: -2, purpose: 'exit' }]);
      expect(result.orders.at(-1)?.outcome, 'looking ahead to it did not fill it').toBe('pending');
      expect(result.positions).toEqual([{ symbol: 'A', units: 3 }]);
    }
  });
});

describe('what is held from the start', () => {
  test('costs the close where trading begins, on top of the cash', () => {
    const rising = barsOf('A', [100, 110, 120, 130, 140, 150]);
    const { equity, trades } = run(
      (strategy, bar) => {
        if (bar === 4) strategy.position.close();
      },
      { cash: 1000, holding: { A: 10 }, tradeStart: rising.time[3] ?? 0 },
      rising,
    );
    expect(Array.from(equity)).toEqual([2100, 2100, 2200, 2300, 2400, 2500]);
    expect(trades).toMatchObject([
      { size: 10, entryBar: 0, entryPrice: 130, exitPrice: 150, tag: 'preexisting' },
    ]);
  });

  test('a holding does not ruin the account before trading begins, whatever it was worth then', () => {
    const fallen = barsOf('A', [900, 900, 900, 100, 100, 90]);
    const short = { cash: 2000, holding: { A: -10 }, tradeStart: fallen.time[3] ?? 0 };
    const { equity, positions } = run(() => undefined, short, fallen);
    expect(Array.from(equity).slice(3)).toEqual([1000, 1000, 1100]);
    expect(positions).toEqual([{ symbol: 'A', units: -10 }]);
  });
});

describe('fractions of a unit', () => {
  const coin = barsOf('COIN', [40_000, 40_000, 40_000, 44_000, 44_000, 44_000]);
  const buyOnce = (strategy: Strategy, bar: number) => {
    if (bar === 1) strategy.buy();
    if (bar === 4) strategy.position.close();
  };

  test('a price above the cash can be traded, and the result is in whole units', () => {
    const { trades, fills, orders, statistics } = run(buyOnce, { cash: 1000, fractional: 1e-6 }, coin);
    expect(trades[0]?.size).toBeCloseTo(0.025, 5);
    expect(trades[0]?.entryPrice).toBeCloseTo(40_000, 6);
    expect(fills[1]?.price).toBeCloseTo(44_000, 6);
    expect(fills[1]?.order, 'a fill knows its order').toBe(orders[1]);
    expect(orders[1]?.size).toBeCloseTo(0.025, 5);
    expect(statistics.returnPct).toBeCloseTo(10, 3);
  });

  test('without them nothing is traded, and that is said', () => {
    const { warnings, trades } = run(buyOnce, { cash: 1000 }, coin);
    expect(trades).toEqual([]);
    expect(warnings).toContainEqual(
      'One unit of COIN costs more than the cash of 1000: nothing was traded. More cash, or the option fractional, helps.',
    );
  });
});

describe('symbols that come to an end', () => {
  test('what is still held of one that is delisted stands at its last close, with a warning', () => {
    const { warnings, equity } = run(
      (strategy, bar) => {
        if (bar === 1) strategy.buy({ symbol: 'GONE', size: 10 });
        if (bar === 4) strategy.positionOf('GONE').close();
      },
      {},
      [flat, barsOf('GONE', [50, 50, 50, 60])],
    );
    expect(equity.at(-1)).toBe(10_100);
    expect(warnings).toContainEqual(
      'GONE has no bars after 2024-01-04: what is held of it cannot be sold, and stands at its last close.',
    );
  });
});

describe('storage', () => {
  test('goes in, and comes out as the strategy left it; runs do not share it', () => {
    const storage = { runs: [1] };
    const remember = (strategy: Strategy, bar: number) => {
      if (bar === 1) (strategy.storage['runs'] as number[]).push(2);
    };
    expect(run(remember, { storage }).storage).toEqual({ runs: [1, 2] });
    expect(run(remember, { storage }).storage).toEqual({ runs: [1, 2] });
    expect(storage).toEqual({ runs: [1] });
  });

  test('keeps plain data only', () => {
    expect(() =>
      run((strategy) => {
        strategy.storage['call'] = () => 1;
      }),
    ).toThrow('storage can keep numbers, texts, lists and the like only');
  });
});

describe('what a strategy writes down', () => {
  test('becomes lines, undefined where it wrote nothing', () => {
    const { records } = run((strategy, bar) => {
      if (bar % 2 === 1) strategy.record('odd', bar, { color: 'red' });
      if (bar === 4) strategy.record('pair', { low: 1, high: 2 }, { scatter: true });
    });
    const { NaN: none } = Number;
    expect(records.map(({ name, color, scatter }) => [name, color, scatter])).toEqual([
      ['odd', 'red', false],
      ['pair', null, true],
    ]);
    expect(records.map(({ lines }) => lines.map((line) => Array.from(line)))).toEqual([
      [[none, 1, none, 3, none, 5]],
      [
        [none, none, none, none, 1, none],
        [none, none, none, none, 2, none],
      ],
    ]);
  });
});

describe('startOnDay', () => {
  const started = (day: number) => {
    class Late extends Strategy {
      init() {
        this.startOnDay(day);
      }
      next() {}
    }
    return new Backtest(flat, Late).run().firstBar;
  };
  test('delays the first next(), never hastens it', () => {
    expect(started(4)).toBe(4);
    expect(started(0)).toBe(1);
  });

  test.each([-1, 1.5, 6])('%d is no bar of six', (day) => {
    expect(() => started(day)).toThrow(
      `startOnDay() takes the number of a bar, from 0, that the backtest has; not ${day}`,
    );
  });
});

describe('trades in the hands of a strategy', () => {
  test('their stop loss and take profit can be set, moved and taken away', () => {
    const seen: (number | null | undefined)[][] = [];
    const { orders } = run((strategy, bar) => {
      if (bar === 1) strategy.buy({ size: 4, sl: 90 });
      const [trade] = strategy.trades;
      if (trade === undefined) return;
      if (bar === 2) {
        trade.sl = 95;
        trade.tp = 120;
      }
      if (bar === 3) trade.tp = null;
      seen.push([trade.sl, trade.tp]);
    });
    expect(seen).toEqual([
      [95, 120],
      [95, null],
      [95, null],
      [95, null],
    ]);
    expect(orders.map(({ purpose, outcome, stop, limit }) => [purpose, outcome, stop ?? limit])).toEqual([
      ['entry', 'filled', null],
      ['stopLoss', 'cancelled', 90],
      ['stopLoss', 'pending', 95],
      ['takeProfit', 'cancelled', 120],
    ]);
  });

  test('a portion of a position is closed, trade by trade, and what ended can be read', () => {
    const ended: number[] = [];
    const { trades } = run((strategy, bar) => {
      if (bar === 1) strategy.buy({ size: 5 });
      if (bar === 2) strategy.buy({ size: 10 });
      if (bar === 3) strategy.position.close(0.5);
      ended.push(strategy.closedTrades.length);
    });
    expect(
      trades.map(({ size }) => size).toSorted((a, b) => a - b),
      'halves round to even',
    ).toEqual([2, 5]);
    expect(ended).toEqual([0, 0, 0, 2, 2]);
  });

  test('an order tells what has become of it', () => {
    let order: Order | undefined;
    const outcomes: (string | undefined)[] = [];
    run((strategy, bar) => {
      if (bar === 1) order = strategy.buy({ size: 1 });
      outcomes.push(order?.outcome);
    });
    expect(outcomes.slice(0, 2)).toEqual(['pending', 'filled']);
  });
});
