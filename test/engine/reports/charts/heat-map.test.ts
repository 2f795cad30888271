import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { colorScale } from '../../../../engine/reports/charts/color-scale.ts';
import { heatMapOf, sweepFigure } from '../../../../engine/reports/charts/heat-map.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import type { ChartedHeatMap } from '../../../../engine/reports/charts/request.ts';
import { colors } from '../../../../engine/reports/charts/theme.ts';
import { countColor, decodePng, type Picture, sameRegion } from './picture.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

/** A grid of so many columns and rows; `value` of a cell by its indices. */
function grid(
  columns: number,
  rows: number,
  value: (x: number, y: number) => number | null,
  overrides: Partial<ChartedHeatMap> = {},
): ChartedHeatMap & { readonly y: NonNullable<ChartedHeatMap['y']> } {
  const steps = (count: number) => Array.from({ length: count }, (_, index) => 5 * (index + 1));
  return {
    title: 'SmaCross on ACME',
    detail: '',
    objective: 'sqn',
    x: { name: 'fast', values: steps(columns) },
    cells: steps(rows).map((_, y) => steps(columns).map((_, x) => value(x, y))),
    best: null,
    ...overrides,
    y: { name: 'slow', values: steps(rows) },
  };
}

async function picture(map: ChartedHeatMap): Promise<Picture> {
  return decodePng((await renderer.heatMapChart(map)).data);
}

/** The rectangle that holds all pixels of a colour. */
function bounds(drawn: Picture, color: string) {
  const wanted = Number.parseInt(color.slice(1), 16);
  let [left, right, top, bottom] = [drawn.width, -1, drawn.height, -1];
  for (let y = 200; y < drawn.height; y++) {
    for (let x = 0; x < 1000; x++) {
      if (drawn.color(x, y) !== wanted) continue;
      [left, right, top, bottom] = [
        Math.min(left, x),
        Math.max(right, x),
        Math.min(top, y),
        Math.max(bottom, y),
      ];
    }
  }
  return { left, right, top, bottom, width: right - left + 1, height: bottom - top + 1 };
}

describe('the picture of an optimisation', () => {
  const hill = grid(12, 12, (x, y) => (x > y ? null : 2 - Math.hypot(x - 3, y - 8) / 2), {
    best: { x: 3, y: 8 },
  });

  it('is a PNG of 1200 x 900 named after the strategy and the objective, the same every time', async () => {
    const [one, other] = [await renderer.heatMapChart(hill), await renderer.heatMapChart(hill)];
    expect(one).toMatchObject({ name: 'SmaCross-on-ACME-sqn.png', type: 'image/png' });
    expect(decodePng(one.data)).toMatchObject({ width: 1200, height: 900 });
    expect(Buffer.from(other.data).equals(one.data)).toBe(true);
  });

  it('every cell has the colour of its value, in its place, with sharp edges', async () => {
    const places = [
      { x: 2, y: 1, value: 2 },
      { x: 15, y: 1, value: 3 },
      { x: 27, y: 1, value: 4 },
      { x: 2, y: 20, value: 5 },
    ];
    const map = grid(30, 40, (x, y) => places.find((place) => place.x === x && place.y === y)?.value ?? 1);
    const drawn = await picture(map);
    const scale = colorScale([1, 2, 3, 4, 5]);
    const found = places.map(({ value }) => bounds(drawn, scale.color(value)));
    const sizes = new Set(found.map(({ width, height }) => `${width} x ${height}`));
    expect([...sizes], 'cells are not of one size').toHaveLength(1);
    const lefts = found.map(({ left }) => left);
    const [a = 0, b = 0, c = 0, d = 0] = lefts;
    expect((b - a) / 13).toBe((c - b) / 12);
    expect(d, 'a column is not straight').toBe(a);
  });

  it('larger values of y are farther up', async () => {
    const drawn = await picture(grid(20, 20, (_, y) => y + 1));
    const scale = colorScale(Array.from({ length: 400 }, (_, index) => Math.floor(index / 20) + 1));
    expect(bounds(drawn, scale.color(15)).bottom).toBeLessThan(bounds(drawn, scale.color(5)).top);
  });

  it('the best cell has a frame, and its parameters are marked on the axes', async () => {
    const without = await picture({ ...hill, best: null });
    const drawn = await picture(hill);
    const below = { top: 180 };
    expect(countColor(without, colors.best, below)).toBe(0);
    expect(countColor(drawn, colors.best, { ...below, right: 95 }), 'beside the rows').toBeGreaterThan(200);
    expect(countColor(drawn, colors.best, { top: 826 }), 'below the columns').toBeGreaterThan(200);
    const upon = { top: 200, bottom: 820, left: 100, right: 1040 };
    expect(countColor(drawn, colors.best, upon), 'around the cell').toBeGreaterThan(500);
  });

  it('a cell without a result is hatched, and NaN is no result', async () => {
    const full = await picture(grid(5, 5, (x, y) => x + y));
    const inside = { top: 200, bottom: 800, left: 120, right: 1000 };
    expect(countColor(full, colors.hatch, inside)).toBe(0);
    for (const nothing of [null, Number.NaN]) {
      const holes = await picture(grid(5, 5, (x, y) => (x === 2 ? nothing : x + y)));
      expect(countColor(holes, colors.panel, inside)).toBeGreaterThan(1000);
    }
  });

  it('figures are written while there is room for them', async () => {
    const written = async (count: number) => {
      // All of one value: what has another colour is a figure.
      const drawn = await picture(grid(count, count, () => 1.25));
      const ground = colorScale([1.25]).color(1.25);
      const inside = { top: 182, bottom: 760, left: 110, right: 900 };
      const area = (inside.right - inside.left) * (inside.bottom - inside.top);
      return 1 - countColor(drawn, ground, inside) / area;
    };
    expect(await written(100), 'nothing but cells').toBe(0);
    expect(await written(10)).toBeGreaterThan(0.04);
  });
});

describe('any optimisation makes a picture', () => {
  it.each([
    ['one cell', grid(1, 1, () => 3, { best: { x: 0, y: 0 } })],
    ['a single row', grid(40, 1, (x) => x)],
    ['a single column', grid(1, 40, (_, y) => y)],
    ['a hundred by a hundred', grid(100, 100, (x, y) => x - y, { best: { x: 99, y: 0 } })],
    ['as many as there may be', grid(200, 200, (x, y) => x * y)],
    ['all the same', grid(9, 9, () => 0)],
    ['infinite ones', grid(9, 9, (x) => (x === 3 ? Number.POSITIVE_INFINITY : x), { best: { x: 3, y: 0 } })],
    ['nothing but infinite ones', grid(3, 3, () => Number.NEGATIVE_INFINITY, { best: { x: 0, y: 0 } })],
    ['values that no market has', grid(9, 9, (x, y) => (x % 2 === 0 ? 1 : -1) * 10 ** (y * 70 - 300))],
    ['a best that is not there', grid(3, 3, (x) => x, { best: { x: -1, y: 77 } })],
  ])('%s', async (_, map) => {
    const drawn = await picture(map);
    expect(countColor(drawn, colors.background)).toBeGreaterThan(10_000);
  });

  it('names as long as a sentence stay inside', async () => {
    const name = 'a parameter whose name is longer than any axis of any picture could be '.repeat(3);
    const words = Array.from({ length: 30 }, (_, index) => `${name}${index}`);
    const map = grid(30, 30, (x, y) => x * y);
    const drawn = await picture({ ...map, x: { name, values: words }, y: { name, values: words } });
    expect(countColor(drawn, colors.background, { left: 1180 })).toBe(20 * 900);
  });
});

describe('what cannot be a picture is said in a line', () => {
  it('no run has a result', async () => {
    await expect(renderer.heatMapChart(grid(3, 3, () => null))).rejects.toThrow(/no run has a value for sqn/);
  });

  it('more values than can be told apart', async () => {
    await expect(renderer.heatMapChart(grid(201, 2, () => 1))).rejects.toThrow(/fast has 201 values/);
  });
});

describe('the headline', () => {
  it('says the best, where it is, what an ordinary run brought, and how many there are', () => {
    const map = grid(3, 2, (x, y) => (x === 2 ? null : x + y * 2), { best: { x: 1, y: 1 } });
    const { headline, empty, cells } = heatMapOf(map, map.y);
    expect(headline.tiles.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'Best sqn: 3.00',
      'Best fast: 10',
      'Best slow: 10',
      'Median: 1.50',
      'Results: 4 of 6',
    ]);
    expect(empty).toEqual([
      { x: 2, y: 0 },
      { x: 2, y: 1 },
    ]);
    expect(cells.map(({ text }) => text)).toEqual(['0.00', '1.00', '2.00', '3.00']);
  });

  it('one freak run does not take the decimals from all others', () => {
    const map = grid(5, 5, (x, y) => (x === 4 && y === 4 ? 90_000 : 1 + (x + y) / 16));
    expect(heatMapOf(map, map.y).headline.tiles).toContainEqual({
      name: 'Median',
      value: '1.25',
      tone: 'plain',
    });
  });

  it('a step of a grid reads as it was meant', () => {
    const map = grid(1, 1, () => 1, { x: { name: 'stop', values: [0.1 + 0.2] } });
    expect(heatMapOf(map, map.y).x.labels).toEqual(['0.3']);
  });
});

describe('one parameter', () => {
  const one = (values: ChartedHeatMap['x']['values'], cells: readonly (number | null)[]): ChartedHeatMap => ({
    title: 'SmaCross on ACME',
    detail: '',
    objective: 'sqn',
    x: { name: 'fast', values },
    y: null,
    cells: [cells],
    best: { x: 1, y: 0 },
  });

  it('numbers are joined by a line with a gap where there is no result, and the best is marked', async () => {
    const map = one([5, 10, 15, 20], [1, 3, null, 2]);
    const [panel] = sweepFigure(map).panels;
    expect(panel?.title).toBe('sqn by fast');
    expect(panel?.layers.map(({ kind }) => kind)).toEqual(['line', 'dots', 'mark', 'badge']);
    const drawn = await picture(map);
    expect(countColor(drawn, colors.equity)).toBeGreaterThan(300);
    expect(countColor(drawn, colors.best, { top: 180 })).toBeGreaterThan(500);
  });

  it('words have columns: gains filled, losses hollow', async () => {
    const map = one(['trailing', 'fixed', true], [1, 0.5, -0.5]);
    expect(sweepFigure(map).panels[0]?.layers.map(({ kind }) => kind)).toEqual(['columns']);
    const drawn = await picture(map);
    expect(countColor(drawn, colors.gain)).toBeGreaterThan(5000);
    expect(countColor(drawn, colors.loss)).toBeGreaterThan(100);
  });

  it('another parameter is another picture', async () => {
    const values = [1, 3, 2, 2];
    const [a, b] = [await picture(one([5, 10, 15, 20], values)), await picture(one([6, 12, 18, 24], values))];
    expect(sameRegion(a, b, { left: 0, right: 1200, top: 860, bottom: 900 }), 'no labels').toBe(false);
  });
});
