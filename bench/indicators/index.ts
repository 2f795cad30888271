/**
 * What does a value of an indicator cost?
 *
 * Nanoseconds a value over 1,000,000 bars with the usual period, the best of five rounds; beside it the same indicator
 * of trading-signals over 100,000 bars, through our adapter, and how many times as long it takes.
 */
import * as indicators from '../../engine/indicators/index.ts';
import * as tail from '../../engine/indicators/trading-signals.ts';

const bars = 1_000_000;
const tailBars = 100_000;
const rounds = 5;

interface Columns {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly time: Float64Array;
}

/** Name, ours, and the same of trading-signals where it has it. */
type Question = readonly [string, (of: Columns) => unknown, ((of: Columns) => unknown)?];

const ofClose =
  (make: () => tail.StreamingIndicator<number, unknown>) =>
  ({ close }: Columns) =>
    tail.fromTradingSignals(make)(close);
const ofCandles =
  <Input extends object>(make: () => tail.StreamingIndicator<Input, unknown>) =>
  ({ open, high, low, close, volume }: Columns) =>
    (tail.fromTradingSignals(make) as (...columns: Float64Array[]) => unknown)(
      open,
      high,
      low,
      close,
      volume,
    );

const questions: readonly Question[] = [
  ['sma 20', ({ close }) => indicators.sma(close, 20), ofClose(() => new tail.SMA(20))],
  ['ema 20', ({ close }) => indicators.ema(close, 20), ofClose(() => new tail.EMA(20))],
  ['wma 20', ({ close }) => indicators.wma(close, 20), ofClose(() => new tail.WMA(20))],
  ['rsi 14', ({ close }) => indicators.rsi(close, 14), ofClose(() => new tail.RSI(14))],
  [
    'macd 12 26 9',
    ({ close }) => indicators.macd(close),
    ofClose(() => new tail.MACD(new tail.EMA(12), new tail.EMA(26), new tail.EMA(9))),
  ],
  ['atr 14', ({ high, low, close }) => indicators.atr(high, low, close), ofCandles(() => new tail.ATR(14))],
  [
    'adx 14, +DI, -DI',
    ({ high, low, close }) => indicators.adx(high, low, close),
    ofCandles(() => new tail.ADX(14)),
  ],
  ['stddev 20', ({ close }) => indicators.stddev(close, 20)],
  ['stddev 200', ({ close }) => indicators.stddev(close, 200)],
  ['bollinger 20', ({ close }) => indicators.bollinger(close), ofClose(() => new tail.BollingerBands(20))],
  [
    'keltner 20 10',
    ({ high, low, close }) => indicators.keltner(high, low, close),
    ofCandles(() => new tail.KeltnerChannels()),
  ],
  [
    'donchian 20',
    ({ high, low }) => indicators.donchian(high, low),
    ofCandles(() => new tail.DonchianChannels(20)),
  ],
  ['highest 20', ({ high }) => indicators.highest(high, 20)],
  ['lowest 200', ({ low }) => indicators.lowest(low, 200)],
  [
    'stochastic 14 3 3',
    ({ high, low, close }) => indicators.stochastic(high, low, close),
    ofCandles(() => new tail.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 })),
  ],
  ['stochasticFast 14 3', ({ high, low, close }) => indicators.stochasticFast(high, low, close)],
  ['roc 10', ({ close }) => indicators.roc(close), ofClose(() => new tail.ROC(10))],
  ['momentum 10', ({ close }) => indicators.momentum(close), ofClose(() => new tail.MOM(10))],
  ['cci 20', ({ high, low, close }) => indicators.cci(high, low, close), ofCandles(() => new tail.CCI(20))],
  ['obv', ({ close, volume }) => indicators.obv(close, volume), ofCandles(() => new tail.OBV(5))],
  [
    'vwap',
    ({ high, low, close, volume, time }) => indicators.vwap(high, low, close, volume, time),
    // Theirs has no sessions.
    ofCandles(() => new tail.VWAP()),
  ],
  ['rollingVwap 20', ({ high, low, close, volume }) => indicators.rollingVwap(high, low, close, volume)],
  [
    'linearRegression 14',
    ({ close }) => indicators.linearRegression(close),
    ofClose(() => new tail.LinearRegression(14)),
  ],
  [
    'supertrend 10 3',
    ({ high, low, close }) => indicators.supertrend(high, low, close),
    ofCandles(() => new tail.SuperTrend()),
  ],
];

export async function run(print: (line: string) => void): Promise<void> {
  const many = walk(bars);
  const some = walk(tailBars);
  print('indicator              ns a value   trading-signals    times');
  for (const [name, ours, theirs] of questions) {
    const own = (1e6 * fastest(() => ours(many))) / bars;
    const other = theirs === undefined ? undefined : (1e6 * fastest(() => theirs(some))) / tailBars;
    const compared =
      other === undefined ? '' : `${other.toFixed(0).padStart(18)}${(other / own).toFixed(0).padStart(9)}`;
    print(`${name.padEnd(20)}${own.toFixed(1).padStart(13)}${compared}`);
  }
}

/** Milliseconds of the fastest round: the others had company on the machine. */
function fastest(compute: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    compute();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Minutes of prices that walk. */
function walk(length: number): Columns {
  const column = () => new Float64Array(length);
  const of = {
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    time: column(),
  };
  let price = 100;
  for (let i = 0; i < length; i++) {
    const open = price;
    price *= 1 + (((i * 7919) % 2003) - 1001) / 1e6;
    of.open[i] = open;
    of.close[i] = price;
    of.high[i] = Math.max(open, price) * 1.0004;
    of.low[i] = Math.min(open, price) * 0.9997;
    of.volume[i] = 100 + ((i * 31) % 97);
    of.time[i] = i * 60_000;
  }
  return of;
}
