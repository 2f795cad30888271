/** Two runs on one picture, and a market with indicators over and below its price. */
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { chartIndicators } from '../../../../engine/reports/chart-indicators.ts';
import { comparisonFigure } from '../../../../engine/reports/charts/comparison-chart.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import { colors, layout, paletteColor } from '../../../../engine/reports/charts/theme.ts';
import { sampleBars } from '../sample-run.ts';
import { countColor, decodePng } from './picture.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

const dayMs = 86_400_000;
const below = { top: layout.headline };

function runOf(label: string, values: readonly number[], from = 0) {
  const time = Float64Array.from(values, (_, index) => Date.UTC(2024, 0, 1) + (from + index) * dayMs);
  return { label, time, equity: Float64Array.from(values) };
}

describe('the picture of two runs', () => {
  it('lets each begin with 100, whatever its cash, and where it began', () => {
    const one = runOf('one', [1000, 1100, 1200, 600]);
    const other = runOf('other', [10, 20, 30], 2);
    const { headline, axis, panels } = comparisonFigure({ title: 'two', runs: [one, other] });
    expect(headline.tiles.map(({ name, value }) => [name, value])).toEqual([
      ['one', '−40.00%'],
      ['Max. Drawdown', '−50.00%'],
      ['other', '+200.00%'],
      ['Max. Drawdown', '0.00%'],
    ]);
    expect(axis.kind === 'time' && [...axis.time]).toEqual(
      [0, 1, 2, 3, 4].map((day) => Date.UTC(2024, 0, 1) + day * dayMs),
    );
    const lines = panels[0]?.layers.flatMap((layer) => (layer.kind === 'line' ? [layer.points] : []));
    expect(lines?.[0]?.filter(({ y }) => Number.isFinite(y)).map(({ y }) => Math.round(y))).toEqual([
      100, 110, 120, 60,
    ]);
    expect(lines?.[1]?.filter(({ y }) => Number.isFinite(y)).map(({ x }) => x)).toEqual([2, 3, 4]);
  });

  it('has both in colours of their own', async () => {
    const wave = (phase: number) =>
      Array.from({ length: 300 }, (_, day) => 100 + 10 * Math.sin(day / 20 + phase));
    const file = await renderer.comparisonChart({
      title: 'two',
      runs: [runOf('one', wave(0)), runOf('other', wave(2), 50)],
    });
    const drawn = decodePng(file.data);
    expect(drawn).toMatchObject({ width: 1200, height: 900 });
    for (const color of [colors.equity, paletteColor(0)])
      expect(countColor(drawn, color, below)).toBeGreaterThan(500);
  });

  it('is made of runs of one bar, too', () => {
    const { axis } = comparisonFigure({ title: 'short', runs: [runOf('one', [1]), runOf('other', [2])] });
    expect(axis.kind === 'time' && axis.time.every(Number.isFinite)).toBe(true);
  });
});

describe('the picture of a market with indicators', () => {
  it('has averages over the candles and an oscillator below', async () => {
    const bars = sampleBars({ count: 120 });
    const plain = decodePng((await renderer.priceChart([bars])).data);
    const plots = chartIndicators(bars, { sma: '10,30', rsi: '14' });
    const drawn = decodePng((await renderer.priceChart([bars], plots)).data);
    expect(countColor(drawn, colors.candleUp, below)).toBeGreaterThan(100);
    for (const color of [paletteColor(0), paletteColor(1)]) {
      expect(countColor(plain, color, below)).toBe(0);
      expect(countColor(drawn, color, below)).toBeGreaterThan(300);
    }
  });
});
