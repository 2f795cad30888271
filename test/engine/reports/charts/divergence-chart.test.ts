/** The picture of a divergence: what it shows, and that it is drawn. */
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { divergenceFigure } from '../../../../engine/reports/charts/divergence-chart.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import type { ChartedDivergence } from '../../../../engine/reports/charts/request.ts';
import { colors } from '../../../../engine/reports/charts/theme.ts';
import { countColor, decodePng } from './picture.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

const days = 60;
const simulated = Float64Array.from({ length: days }, (_, day) => 10_000 + 12 * day + 90 * Math.sin(day / 5));
const book = simulated.map((value, day) => value - 2.1 * day);

const chart: ChartedDivergence = {
  headline: {
    title: 'demo',
    detail: 'PAPER, USD',
    period: '2024-03-04 – 2024-05-02',
    tiles: [{ name: 'Book less backtest', value: '-123.90 USD', tone: 'loss' }],
  },
  time: Float64Array.from({ length: days }, (_, day) => Date.UTC(2024, 2, 4 + day)),
  ...{ book, simulated },
  difference: book.map((value, day) => value - (simulated[day] ?? 0)),
  parts: [
    { name: 'Slippage', value: -80.4, is: 'result' },
    { name: 'Fees', value: -50.5, is: 'result' },
    { name: 'Missed', value: 7, is: 'result' },
    { name: 'Difference', value: -123.9, is: 'total' },
  ],
};

describe('the chart of a divergence', () => {
  it('shows both curves, what lies between them, and why', () => {
    const { panels, headline } = divergenceFigure(chart);
    expect(panels.map(({ title }) => title)).toEqual(['Equity', 'Book less backtest', 'Why they differ']);
    expect(headline.detail, 'whether money is at stake').toContain('PAPER');
  });

  it('has a flat line and no reasons where book and backtest are the same', () => {
    const same = { ...chart, book: simulated, difference: new Float64Array(days), parts: [] };
    const { panels } = divergenceFigure(same);
    expect(panels).toHaveLength(2);
    expect(panels[1]?.axis.min).toBeLessThan(0);
    expect(panels[1]?.axis.max).toBeGreaterThan(0);
  });

  it('is drawn at the size of a phone, with the book in its colour', async () => {
    const { name, data } = await renderer.divergenceChart(chart);
    expect(name).toBe('demo-divergence.png');
    const picture = decodePng(data);
    expect([picture.width, picture.height]).toEqual([1200, 900]);
    expect(countColor(picture, colors.equity)).toBeGreaterThan(500);
  }, 120_000);
});
