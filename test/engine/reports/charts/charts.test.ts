import { afterAll, describe, expect, it } from 'vitest';
import type { BacktestResult, IndicatorPlot } from '../../../../engine/backtest/result.ts';
import { silentLog } from '../../../../engine/log.ts';
import type { Bars } from '../../../../engine/market/bars.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import { colors, layout, paletteColor } from '../../../../engine/reports/charts/theme.ts';
import { sampleBars, sampleRun, sampleStatistics, sampleTrade } from '../sample-run.ts';
import { countColor, decodePng, type Picture, pngSignature, sameRegion } from './picture.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

async function picture(run: BacktestResult, bars: readonly Bars[]): Promise<Picture> {
  return decodePng((await renderer.backtestChart(run, bars)).data);
}

const belowHeadline = { top: layout.headline };
const headline = { left: 0, right: 1200, top: 0, bottom: layout.headline };

function indicator(overrides: Partial<IndicatorPlot>): IndicatorPlot {
  return {
    name: 'RSI 14',
    symbol: null,
    lines: [],
    overlay: false,
    scatter: false,
    color: null,
    ...overrides,
  };
}

describe('the picture of a backtest', () => {
  const bars = sampleBars({ count: 60 });
  const run = sampleRun([bars]);

  it('is a PNG of 1200 x 900 with the run in its name', async () => {
    const file = await renderer.backtestChart(run, [bars]);
    expect(file).toMatchObject({ name: 'SmaCross-ACME.png', type: 'image/png' });
    expect([...file.data.subarray(0, 8)]).toEqual(pngSignature);
    expect(decodePng(file.data)).toMatchObject({ width: 1200, height: 900 });
  });

  it('shows equity, buy and hold, drawdown, candles, trades and volume', async () => {
    const drawn = await picture(run, [bars]);
    const expected = {
      equity: colors.equity,
      'buy and hold': colors.benchmark,
      drawdown: colors.drawdown,
      'rising candles': colors.candleUp,
      'falling candles': colors.candleDown,
      'winning trades': colors.gain,
      'rising volume': colors.volumeUp,
      'falling volume': colors.volumeDown,
    };
    for (const [what, color] of Object.entries(expected)) {
      expect(countColor(drawn, color, belowHeadline), `no ${what} in the picture`).toBeGreaterThan(40);
    }
  });

  it('is the same to the last byte for the same run, also from another worker', async () => {
    const [one, other] = [
      await renderer.backtestChart(run, [bars]),
      await renderer.backtestChart(run, [bars]),
    ];
    expect(Buffer.from(other.data).equals(one.data)).toBe(true);
    const another = chartRenderer({ log: silentLog });
    try {
      const third = await another.backtestChart(run, [bars]);
      expect(Buffer.from(third.data).equals(one.data)).toBe(true);
    } finally {
      await another.close();
    }
  });

  it('has all panels on one time axis: the same left and right edge', async () => {
    const drawn = await picture(run, [bars]);
    const edges = new Set<string>();
    const ground = Number.parseInt(colors.panel.slice(1), 16);
    for (let y = 0; y < drawn.height; y++) {
      const row = Array.from({ length: drawn.width }, (_, x) => drawn.color(x, y));
      if (row.filter((color) => color === ground).length < 600) continue;
      edges.add(`${row.indexOf(ground)} to ${row.lastIndexOf(ground)}`);
    }
    expect([...edges]).toHaveLength(1);
  });

  it('without system fonts, words are still words', async () => {
    const named = (strategy: string) =>
      picture(sampleRun([bars], { overrides: { strategy, params: {} } }), [bars]);
    const [short, long] = [await named('Aa'), await named('Momentum')];
    expect(countColor(short, colors.text, headline)).toBeGreaterThan(500);
    expect(countColor(long, colors.text, headline)).toBeGreaterThan(countColor(short, colors.text, headline));
    expect(sameRegion(short, long, headline)).toBe(false);
  });

  it('letters and signs beyond Latin have shapes of their own', async () => {
    const titles = ['Ж', 'Ω', '→', '▲'].map((strategy) => sampleRun([bars], { overrides: { strategy } }));
    const drawn = await Promise.all(titles.map((titled) => picture(titled, [bars])));
    for (const [index, one] of drawn.entries()) {
      for (const other of drawn.slice(index + 1)) {
        expect(sameRegion(one, other, headline), 'two signs look the same: a font is missing').toBe(false);
      }
    }
  });

  it('gain and loss differ in shape, not only in colour: a gain is filled, a loss hollow', async () => {
    const trade = sampleTrade({ entryBar: 20, exitBar: 40, entryPrice: 100, exitPrice: 100 });
    const marks = async (pnl: number, color: string) => {
      const overrides = { trades: [{ ...trade, pnl }], drawdown: new Float64Array(60) };
      return countColor(await picture(sampleRun([bars], { overrides }), [bars]), color, belowHeadline);
    };
    const [filled, hollow] = [await marks(5, colors.gain), await marks(-5, colors.loss)];
    expect(filled).toBeGreaterThan(1.5 * hollow);
    expect(hollow).toBeGreaterThan(0);
  });
});

describe('any data makes a picture', () => {
  it('one bar', async () => {
    const bars = sampleBars({ count: 1 });
    const drawn = await picture(sampleRun([bars]), [bars]);
    expect(countColor(drawn, colors.equity, belowHeadline)).toBeGreaterThan(40);
    expect(countColor(drawn, colors.candleUp) + countColor(drawn, colors.candleDown)).toBeGreaterThan(10);
  });

  it('a million bars', async () => {
    const bars = sampleBars({ count: 1_000_000, stepMs: 60_000 });
    const drawn = await picture(sampleRun([bars], { tradeEvery: 5000 }), [bars]);
    expect(countColor(drawn, colors.close, belowHeadline), 'a line of closes').toBeGreaterThan(500);
    expect(countColor(drawn, colors.candleUp, belowHeadline), 'no candles').toBe(0);
  });

  it('no trades: no marks, and no key to them', async () => {
    const bars = sampleBars({ count: 60 });
    const drawn = await picture(sampleRun([bars], { tradeEvery: 0 }), [bars]);
    expect(countColor(drawn, colors.gain, belowHeadline)).toBe(0);
  });

  it('no prices: equity and drawdown alone', async () => {
    const drawn = await picture(sampleRun([sampleBars()]), []);
    expect(countColor(drawn, colors.equity, belowHeadline)).toBeGreaterThan(40);
    expect(countColor(drawn, colors.candleUp, belowHeadline)).toBe(0);
  });

  it('no volume: no panel for it', async () => {
    const bars = { ...sampleBars(), volume: new Float64Array(60).fill(Number.NaN) };
    const drawn = await picture(sampleRun([bars]), [bars]);
    expect(countColor(drawn, colors.volumeUp) + countColor(drawn, colors.volumeDown)).toBe(0);
  });

  it('a bankrupt run, statistics that are not numbers, prices of nothing', async () => {
    const bars = sampleBars();
    const nan = new Float64Array(60).fill(Number.NaN);
    const statistics = sampleStatistics({ returnPct: Number.NaN, sharpeRatio: Number.POSITIVE_INFINITY });
    const broken = { equity: bars.close.map(() => 0), buyAndHold: nan, drawdown: nan, statistics };
    const empty = { ...bars, open: nan, high: nan, low: nan, close: nan };
    const drawn = await picture(sampleRun([bars], { overrides: broken }), [empty]);
    expect(countColor(drawn, colors.equity, belowHeadline)).toBeGreaterThan(40);
  });

  it('values that no market has', async () => {
    const bars = sampleBars();
    for (const value of [5e-324, 1e-300, 1e300, -1.7e308, Number.POSITIVE_INFINITY, -0]) {
      const column = bars.close.map((close, bar) => (bar % 7 === 0 ? close : value));
      const same = bars.close.map(() => value);
      for (const odd of [column, same]) {
        const indicators = [
          indicator({ lines: [odd] }),
          indicator({ lines: [odd], overlay: true }),
          indicator({ lines: [odd], scatter: true }),
        ];
        const run = sampleRun([bars], {
          overrides: { equity: odd, buyAndHold: odd, drawdown: odd, indicators },
        });
        const drawn = await picture(run, [{ ...bars, high: odd, close: odd, volume: odd }]);
        expect(countColor(drawn, colors.panel)).toBeGreaterThan(1000);
      }
    }
  });

  it('times that are not ascending, not numbers, or all the same', async () => {
    for (const time of [Number.NaN, 0, 8.64e15, 1e300]) {
      const bars = { ...sampleBars(), time: new Float64Array(60).fill(time) };
      const drawn = renderer.backtestChart(sampleRun([bars]), [bars]);
      await expect(drawn).resolves.toMatchObject({ type: 'image/png' });
    }
  });

  it('views on a larger memory, and shared memory', async () => {
    const bars = sampleBars({ count: 60 });
    const run = sampleRun([bars]);
    const plain = await renderer.backtestChart(run, [bars]);
    const view = (column: Float64Array) => {
      const large = new Float64Array(500);
      large.set(column, 100);
      return large.subarray(100, 160);
    };
    const shared = (column: Float64Array) => {
      const memory = new Float64Array(new SharedArrayBuffer(column.byteLength));
      memory.set(column);
      return memory;
    };
    for (const held of [view, shared]) {
      const moved = { ...bars, time: held(bars.time), close: held(bars.close), high: held(bars.high) };
      const file = await renderer.backtestChart({ ...run, time: moved.time, equity: held(run.equity) }, [
        moved,
      ]);
      expect(Buffer.from(file.data).equals(plain.data)).toBe(true);
      expect(moved.close.length, 'the caller keeps its columns').toBe(60);
    }
  });
});

describe('indicators', () => {
  const bars = sampleBars({ count: 60 });
  const half = bars.close.map((close, bar) => (bar < 30 ? Number.NaN : close));

  it('warm-up is not drawn', async () => {
    const drawn = await picture(
      sampleRun([bars], { overrides: { indicators: [indicator({ lines: [half] })] } }),
      [bars],
    );
    const color = paletteColor(0);
    expect(countColor(drawn, color, { ...belowHeadline, right: 500 }), 'a line through the warm-up').toBe(0);
    expect(countColor(drawn, color, { ...belowHeadline, left: 560 })).toBeGreaterThan(20);
  });

  it('an overlay lies over the price, with its name; its own colour is used', async () => {
    const overlay = indicator({ name: 'SMA 3', overlay: true, lines: [bars.close], color: '#ff00ff' });
    const drawn = await picture(sampleRun([bars], { overrides: { indicators: [overlay] } }), [bars]);
    expect(countColor(drawn, '#ff00ff', belowHeadline)).toBeGreaterThan(100);
  });

  it('a colour that is none does no harm', async () => {
    const odd = indicator({ overlay: true, lines: [bars.close], color: 'url(javascript:1)' });
    const drawn = await picture(sampleRun([bars], { overrides: { indicators: [odd] } }), [bars]);
    expect(countColor(drawn, paletteColor(0), belowHeadline)).toBeGreaterThan(100);
  });

  it('of many, three have panels and the rest is named', async () => {
    const shown = async (count: number) => {
      const indicators = Array.from({ length: count }, (_, index) =>
        indicator({ name: `I${index}`, lines: [half], color: `#0000f${index}` }),
      );
      return picture(sampleRun([bars], { overrides: { indicators } }), [bars]);
    };
    const [three, five] = [await shown(3), await shown(5)];
    for (const color of ['#0000f0', '#0000f1', '#0000f2'])
      expect(countColor(five, color)).toBeGreaterThan(10);
    for (const color of ['#0000f3', '#0000f4']) expect(countColor(five, color)).toBe(0);
    const everywhere = { left: 0, right: 1200, top: 0, bottom: 900 };
    expect(sameRegion(three, five, everywhere), 'the names of the others are missing').toBe(false);
  });

  it('scattered values are dots', async () => {
    const few = bars.close.map((close, bar) => (bar % 20 === 0 ? close : Number.NaN));
    const dots = indicator({ scatter: true, lines: [few], color: '#ff00ff' });
    const drawn = await picture(sampleRun([bars], { overrides: { indicators: [dots] } }), [bars]);
    expect(countColor(drawn, '#ff00ff', belowHeadline)).toBeGreaterThanOrEqual(3 * 9);
  });
});

describe('several symbols', () => {
  const several = (count: number) =>
    Array.from({ length: count }, (_, seed) => sampleBars({ symbol: `S${seed}`, seed, count: 200 }));

  it('each has its close and its share', async () => {
    const bars = several(3);
    const drawn = await picture(sampleRun(bars), bars);
    for (let index = 0; index < 3; index++) {
      expect(countColor(drawn, paletteColor(index), belowHeadline), `S${index} is missing`).toBeGreaterThan(
        100,
      );
    }
  });

  it('one that was listed later begins later', async () => {
    const [first, second] = several(2);
    if (first === undefined || second === undefined) throw new Error('no bars');
    const late = { ...sampleBars({ symbol: 'S1', count: 80 }), time: first.time.slice(120) };
    const drawn = await picture(sampleRun([first, second], { tradeEvery: 0 }), [first, late]);
    const color = paletteColor(1);
    // The closes are the lowest panel.
    const closes = { top: 690, bottom: 860 };
    expect(countColor(drawn, color, { ...closes, right: 620 })).toBe(0);
    expect(countColor(drawn, color, { ...closes, left: 680 })).toBeGreaterThan(50);
  });

  it('twenty are drawn, ten of them by name', async () => {
    const bars = several(20);
    const drawn = await picture(sampleRun(bars), bars);
    expect(countColor(drawn, paletteColor(9), belowHeadline)).toBeGreaterThan(50);
  });
});

describe('the picture of a market', () => {
  /** The same bars, with a fall for each rise. */
  const turned = (bars: Bars): Bars => ({ ...bars, open: bars.close, close: bars.open });
  const inked = async (bars: Bars, color: string) =>
    countColor(decodePng((await renderer.priceChart([bars])).data), color, { top: 178 });

  it('shows candles that rose hollow and those that fell filled', async () => {
    const bars = sampleBars({ count: 30 });
    const rising = { ...bars, open: bars.low, close: bars.high };
    const rose = await inked(rising, colors.candleUp);
    const fell = await inked(turned(rising), colors.candleDown);
    expect(rose).toBeGreaterThan(0);
    expect(fell, 'the same bodies, filled').toBeGreaterThan(2 * rose);
  });

  it('shows candles too narrow for that lighter where they rose, also in grey', () => {
    expect(greyOf(colors.candleUp) - greyOf(colors.candleDown)).toBeGreaterThan(50);
    expect(greyOf(colors.volumeUp) - greyOf(colors.volumeDown)).toBeGreaterThan(30);
  });

  it('shows candles and volume of one symbol', async () => {
    const file = await renderer.priceChart([sampleBars({ symbol: 'BTC/USDT' })]);
    expect(file).toMatchObject({ name: 'BTC-USDT-price.png', type: 'image/png' });
    const drawn = decodePng(file.data);
    expect(countColor(drawn, colors.candleUp)).toBeGreaterThan(40);
    expect(countColor(drawn, colors.volumeUp)).toBeGreaterThan(40);
  });

  it('shows several symbols from a common start', async () => {
    const bars = [sampleBars({ symbol: 'A', seed: 1 }), sampleBars({ symbol: 'B', seed: 2, count: 40 })];
    const drawn = decodePng((await renderer.priceChart(bars)).data);
    expect(countColor(drawn, paletteColor(0))).toBeGreaterThan(50);
    expect(countColor(drawn, paletteColor(1))).toBeGreaterThan(50);
  });
});

/** Lightness from 0 to 255 by ITU-R BT.709. */
function greyOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
