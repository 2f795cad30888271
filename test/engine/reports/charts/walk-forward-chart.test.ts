import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { runsOfEqual } from '../../../../engine/reports/charts/paint.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import type { ChartedWalkForward } from '../../../../engine/reports/charts/request.ts';
import { colors } from '../../../../engine/reports/charts/theme.ts';
import { walkForwardFigure } from '../../../../engine/reports/charts/walk-forward-chart.ts';
import { sampleBars } from '../sample-run.ts';
import { countColor, decodePng } from './picture.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

/** So many windows of ten bars each; the parameters of each by its number. */
function walkForward(
  windows: number,
  params: (window: number) => ChartedWalkForward['windows'][number]['params'] = (window) => ({
    fast: window,
  }),
): ChartedWalkForward {
  const bars = sampleBars({ count: windows * 10 });
  return {
    title: 'SmaCross on ACME',
    detail: 'train 40 bars',
    time: bars.time,
    equity: bars.close.map((close) => close * 100),
    benchmark: bars.open.map((open) => open * 90),
    windows: Array.from({ length: windows }, (_, window) => ({
      from: window * 10,
      to: window * 10 + 9,
      params: params(window),
    })),
    headline: [
      { name: 'Return', value: '-1.00%' },
      { name: 'Efficiency', value: '0.61' },
    ],
  };
}

const table = (run: ChartedWalkForward) => {
  const panel = walkForwardFigure(run).panels.find(({ title }) => title === 'Parameters by window');
  const layer = panel?.layers.find((each) => each.kind === 'table');
  return { rows: layer?.rows, note: panel?.note };
};

describe('the picture of a walk-forward', () => {
  it('is a PNG with equity, benchmark and drawdown, the same every time', async () => {
    const [one, other] = [
      await renderer.walkForwardChart(walkForward(6)),
      await renderer.walkForwardChart(walkForward(6)),
    ];
    expect(one).toMatchObject({ name: 'SmaCross-on-ACME-walk-forward.png', type: 'image/png' });
    expect(Buffer.from(other.data).equals(one.data)).toBe(true);
    const drawn = decodePng(one.data);
    for (const color of [colors.equity, colors.benchmark, colors.drawdown]) {
      expect(countColor(drawn, color, { top: 178 }), color).toBeGreaterThan(100);
    }
  });

  it('every second window stands on a lighter ground', async () => {
    const ground = async (windows: number) => {
      const drawn = decodePng((await renderer.walkForwardChart(walkForward(windows))).data);
      // Above the lines, where there is nothing but ground and a few grid lines.
      const top = { left: 30, right: 1060, top: 180, bottom: 190 };
      return countColor(drawn, colors.panel, top) / (1030 * 10);
    };
    expect(await ground(1)).toBeGreaterThan(0.8);
    expect(await ground(2)).toBeLessThan(0.6);
    expect(await ground(8)).toBeLessThan(0.6);
  });

  it('drawdown is counted from the peak of all windows together', () => {
    const run = walkForward(1);
    const equity = Float64Array.of(100, 200, 150, 180, 50, 210, 210, 210, 210, 210);
    const drawdown = walkForwardFigure({ ...run, equity }).panels.at(-1);
    expect(drawdown?.layers.find(({ kind }) => kind === 'mark')).toMatchObject({ x: 4, y: -75 });
  });

  it('the first figure is coloured by what the equity did', () => {
    const falling = { ...walkForward(1), equity: Float64Array.from({ length: 10 }, (_, bar) => 100 - bar) };
    expect(walkForwardFigure(falling).headline.tiles.map(({ tone }) => tone)).toEqual(['loss', 'plain']);
  });

  it('parameters that change come first, four have a row, the others are named', () => {
    const { rows, note } = table(walkForward(3, (window) => ({ a: 1, b: 2, c: 3, fast: window, exit: 'x' })));
    expect(rows?.map(({ name }) => name)).toEqual(['fast', 'a', 'b', 'c']);
    expect(rows?.[0]?.cells).toEqual(['0', '1', '2']);
    expect(note).toBe('not shown: exit');
  });

  it('a strategy without parameters has no table', () => {
    expect(table(walkForward(3, () => ({}))).rows).toBeUndefined();
  });

  it('neighbours that are equal are written once, and none is lost', () => {
    expect(runsOfEqual(['a', 'a', 'b'])).toEqual([
      { text: 'a', first: 0, last: 1 },
      { text: 'b', first: 2, last: 2 },
    ]);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', '')), (cells) => {
        const runs = runsOfEqual(cells);
        expect(runs.flatMap(({ text, first, last }) => new Array(last - first + 1).fill(text))).toEqual(
          cells,
        );
        for (const [index, { text }] of runs.entries()) expect(text).not.toBe(runs[index + 1]?.text);
      }),
    );
  });
});

describe('any walk-forward makes a picture', () => {
  it.each([
    ['a hundred windows', walkForward(100, (window) => ({ slow: window * 1000 }))],
    ['no benchmark', { ...walkForward(3), benchmark: null }],
    [
      'windows that reach beyond the bars',
      { ...walkForward(1), windows: [{ from: -5, to: 500, params: {} }] },
    ],
    ['no windows', { ...walkForward(2), windows: [] }],
    ['equity of nothing', { ...walkForward(2), equity: new Float64Array(20).fill(Number.NaN) }],
    ['bankruptcy', { ...walkForward(2), equity: new Float64Array(20) }],
  ])('%s', async (_, run) => {
    const drawn = decodePng((await renderer.walkForwardChart(run)).data);
    expect(countColor(drawn, colors.panel)).toBeGreaterThan(1000);
  });

  it('without a bar there is a reason instead', async () => {
    await expect(renderer.walkForwardChart(walkForward(0))).rejects.toThrow('no test window');
  });
});
