import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import * as indicators from '../../../engine/indicators/index.ts';
import { loadTaLib, type TaLib } from './talib.ts';

let talib: TaLib;
beforeAll(async () => {
  talib = await loadTaLib();
});

interface Candles {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** Prices that walk in steps of up to 3 %, sometimes not at all; from no bars to some hundred. */
const candles: fc.Arbitrary<Candles> = fc
  .array(fc.tuple(fc.integer({ min: -30, max: 30 }), fc.nat(20), fc.nat(20), fc.nat(1000), fc.boolean()), {
    maxLength: 300,
    size: 'max',
  })
  .map((bars) => {
    let price = 100;
    const rows = bars.map(([change, above, below, volume, isFlat]) => {
      const open = price;
      if (!isFlat) price *= 1 + change / 1000;
      return {
        high: Math.max(open, price) * (isFlat ? 1 : 1 + above / 1000),
        low: Math.min(open, price) * (isFlat ? 1 : 1 - below / 1000),
        close: price,
        volume,
      };
    });
    const column = (name: keyof Candles) => Float64Array.from(rows, (row) => row[name]);
    return { high: column('high'), low: column('low'), close: column('close'), volume: column('volume') };
  });
const period = fc.integer({ min: 2, max: 40 });

/** The same lines from us and from TA-Lib, in one order. */
interface Case {
  readonly name: string;
  readonly ours: (bars: Candles, a: number, b: number, c: number) => readonly Float64Array[];
  readonly theirs: (bars: Candles, a: number, b: number, c: number) => readonly Float64Array[];
  /** Part of a value (below 1 of 1) by which it may differ; 1e-10 unless said. */
  readonly tolerance?: number;
}

const cases: readonly Case[] = [
  {
    name: 'sma',
    ours: ({ close }, n) => [indicators.sma(close, n)],
    theirs: ({ close }, n) => talib('SMA', [close], [n]),
  },
  {
    name: 'ema',
    ours: ({ close }, n) => [indicators.ema(close, n)],
    theirs: ({ close }, n) => talib('EMA', [close], [n]),
  },
  {
    name: 'wma',
    ours: ({ close }, n) => [indicators.wma(close, n)],
    theirs: ({ close }, n) => talib('WMA', [close], [n]),
  },
  {
    name: 'rsi',
    ours: ({ close }, n) => [indicators.rsi(close, n)],
    theirs: ({ close }, n) => talib('RSI', [close], [n]),
  },
  {
    name: 'macd',
    ours: ({ close }, a, b, c) => {
      const { macd, signal, histogram } = indicators.macd(close, a, a + b, c);
      return [macd, signal, histogram];
    },
    theirs: ({ close }, a, b, c) => talib('MACD', [close], [a, a + b, c], 3),
  },
  {
    name: 'atr',
    ours: ({ high, low, close }, n) => [indicators.atr(high, low, close, n)],
    theirs: ({ high, low, close }, n) => talib('ATR', [high, low, close], [n]),
  },
  {
    name: 'adx with +DI and -DI',
    ours: ({ high, low, close }, n) => {
      const { adx, plusDi, minusDi } = indicators.adx(high, low, close, n);
      return [adx, plusDi, minusDi];
    },
    theirs: ({ high, low, close }, n) =>
      ['ADX', 'PLUS_DI', 'MINUS_DI'].flatMap((name) => talib(name, [high, low, close], [n])),
  },
  {
    name: 'stddev',
    ours: ({ close }, n) => [indicators.stddev(close, n)],
    theirs: ({ close }, n) => talib('STDDEV', [close], [n, 1]),
    // TA-Lib's one-pass formula loses half of the digits.
    tolerance: 1e-4,
  },
  {
    name: 'bollinger',
    ours: ({ close }, n, deviations) => {
      const { upper, middle, lower } = indicators.bollinger(close, n, deviations / 4);
      return [upper, middle, lower];
    },
    theirs: ({ close }, n, deviations) => talib('BBANDS', [close], [n, deviations / 4, deviations / 4, 0], 3),
    tolerance: 1e-4,
  },
  {
    name: 'donchian, with highest and lowest',
    ours: ({ high, low }, n) => {
      const { upper, lower } = indicators.donchian(high, low, n);
      return [upper, lower];
    },
    theirs: ({ high, low }, n) => [...talib('MAX', [high], [n]), ...talib('MIN', [low], [n])],
  },
  {
    name: 'the middle of donchian',
    ours: ({ high, low }, n) => [indicators.donchian(high, low, n).middle],
    theirs: ({ high, low }, n) => talib('MIDPRICE', [high, low], [n]),
  },
  {
    name: 'the slow stochastic',
    ours: ({ high, low, close }, a, b, c) => {
      const { k, d } = indicators.stochastic(high, low, close, a, b, c);
      return [k, d];
    },
    theirs: ({ high, low, close }, a, b, c) => talib('STOCH', [high, low, close], [a, b, 0, c, 0], 2),
  },
  {
    name: 'the fast stochastic',
    ours: ({ high, low, close }, a, b) => {
      const { k, d } = indicators.stochasticFast(high, low, close, a, b);
      return [k, d];
    },
    theirs: ({ high, low, close }, a, b) => talib('STOCHF', [high, low, close], [a, b, 0], 2),
  },
  {
    name: 'roc',
    ours: ({ close }, n) => [indicators.roc(close, n)],
    theirs: ({ close }, n) => talib('ROC', [close], [n]),
  },
  {
    name: 'momentum',
    ours: ({ close }, n) => [indicators.momentum(close, n)],
    theirs: ({ close }, n) => talib('MOM', [close], [n]),
  },
  {
    name: 'obv',
    ours: ({ close, volume }) => [indicators.obv(close, volume)],
    theirs: ({ close, volume }) => talib('OBV', [close, volume], []),
  },
  {
    name: 'linearRegression',
    ours: ({ close }, n) => {
      const { value, slope, forecast } = indicators.linearRegression(close, n);
      return [value, slope, forecast];
    },
    theirs: ({ close }, n) =>
      ['LINEARREG', 'LINEARREG_SLOPE', 'TSF'].flatMap((name) => talib(name, [close], [n])),
  },
  {
    name: 'cci, where the price moves,',
    ours: ({ high, low, close }, n) => [moving({ high, low, close }, n, indicators.cci(high, low, close, n))],
    theirs: ({ high, low, close }, n) =>
      talib('CCI', [high, low, close], [n]).map((out) => moving({ high, low, close }, n, out)),
    tolerance: 1e-8,
  },
];

/** Without the bars on which the typical price has not moved: there TA-Lib divides one rounding error by another. */
function moving(
  { high, low, close }: Omit<Candles, 'volume'>,
  n: number,
  column: Float64Array,
): Float64Array {
  const typical = close.map((value, i) => (value + (high[i] ?? 0) + (low[i] ?? 0)) / 3);
  const moves = indicators.stddev(typical, n);
  return column.map((value, i) => ((moves[i] ?? 0) < 1e-4 ? 0 : value));
}

test.each(cases)('$name is what TA-Lib says, whatever the prices and periods', (same) => {
  const { name, ours, theirs, tolerance = 1e-10 } = same;
  fc.assert(
    fc.property(candles, period, period, period, (bars, a, b, c) => {
      const found = ours(bars, a, b, c);
      const expected = theirs(bars, a, b, c);
      expect(found.length).toBe(expected.length);
      expected.forEach((column, line) => {
        expectSame(`${name} line ${line}`, found[line], column, tolerance);
      });
    }),
    { numRuns: 60 },
  );
});

function expectSame(name: string, found: Float64Array | undefined, expected: Float64Array, part: number) {
  expect(found?.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    const ours = found?.[i] ?? Number.NaN;
    const isSame = Number.isNaN(value)
      ? Number.isNaN(ours)
      : Math.abs(ours - value) <= part * Math.max(1, Math.abs(value));
    if (!isSame) expect.fail(`${name} is ${ours} at ${i} of ${expected.length}, TA-Lib says ${value}`);
  }
}
