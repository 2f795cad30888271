import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { decimal, zero } from '../../../../engine/money.ts';
import { equityFigure, profitFigure, tradeFigure } from '../../../../engine/reports/charts/desk-charts.ts';
import { flowPanel, monthsPanel } from '../../../../engine/reports/charts/money-panels.ts';
import { chartRenderer } from '../../../../engine/reports/charts/renderer.ts';
import type {
  ChartedEquity,
  ChartedProfit,
  ChartedTrade,
  FlowPart,
} from '../../../../engine/reports/charts/request.ts';
import { chartedBars } from '../../../../engine/reports/charts/request.ts';
import { colors, limits } from '../../../../engine/reports/charts/theme.ts';
import { monthlyReturns } from '../../../../engine/reports/ledger-equity.ts';
import { sampleBars } from '../sample-run.ts';
import { countColor, decodePng } from './picture.ts';

const renderer = chartRenderer({ log: silentLog });
afterAll(() => renderer.close());

const dayMs = 86_400_000;
const start = Date.UTC(2024, 2, 11);
const headline = {
  title: 'Book demo',
  detail: 'PAPER, USD',
  period: '2024-03-11 – 2026-02-08',
  tiles: [{ name: 'Profit', value: '+400.12 USD', tone: 'gain' }],
} as const;

/** Every day a little more or less, in waves. */
function equityOf(days: number): ChartedEquity {
  const time = Float64Array.from({ length: days }, (_, day) => start + day * dayMs);
  const returns = Float64Array.from({ length: days }, (_, day) => 0.004 * Math.sin(day / 17) + 0.0006);
  let level = 10_000;
  const equity = returns.map((value) => {
    level *= 1 + value;
    return level;
  });
  let peak = 0;
  const drawdown = equity.map((value) => {
    peak = Math.max(peak, value);
    return 1 - value / peak;
  });
  const known = Array.from(time, (day) => ({
    ...{ day, deposited: zero, capital: decimal('1'), equity: decimal('1'), priced: 'all' as const },
  }));
  const capital = equity.map((value) => Math.floor(value / 200) * 200);
  return { headline, time, equity, capital, drawdown, months: monthlyReturns(known, returns) };
}

const flow: readonly FlowPart[] = [
  { name: 'Before', value: 20_000, is: 'total' },
  { name: 'Paid in', value: 500, is: 'payment' },
  { name: 'Gains', value: 612.3, is: 'result' },
  { name: 'Losses', value: -190.5, is: 'result' },
  { name: 'Interest', value: 0, is: 'result' },
  { name: 'Now', value: 20_921.8, is: 'total' },
];
const profit: ChartedProfit = {
  headline,
  byBook: [
    { name: 'demo', value: 412.3 },
    { name: 'rotation', value: -90.8 },
  ],
  bySymbol: [
    { name: 'ACME', value: -120.5 },
    { name: 'SP500', value: 512 },
  ],
  flow,
};

describe('the picture of equity', () => {
  it('shows equity, what of it is realised, drawdown and the months; the same every time', async () => {
    const [one, other] = [
      await renderer.equityChart(equityOf(700)),
      await renderer.equityChart(equityOf(700)),
    ];
    expect(one).toMatchObject({ name: 'Book-demo-equity.png', type: 'image/png' });
    expect(Buffer.from(other.data).equals(one.data)).toBe(true);
    const drawn = decodePng(one.data);
    expect(drawn).toMatchObject({ width: 1200, height: 900 });
    for (const color of [colors.equity, colors.benchmark, colors.drawdown, colors.hatch])
      expect(countColor(drawn, color, { top: 178 }), color).toBeGreaterThan(60);
  });

  it('says in words what the colours of the months say', () => {
    const panel = monthsPanel([
      { year: 2026, months: [0.0123, -0.05, 0, ...new Array(9).fill(null)], total: -0.0383 },
    ]);
    const layer = panel?.layers[0];
    if (layer?.kind !== 'months') throw new Error('there are no months');
    expect(layer.rows[0]?.cells.map((cell) => cell?.text ?? '')).toEqual([
      ...['+1.2', '−5.0', '0.0', ...new Array(9).fill('')],
      '−3.8',
    ]);
    expect(layer.columns.map(({ name }) => name).at(-1)).toBe('Year');
  });

  it('of many years, shows the newest, and says how many there are', () => {
    const years = Array.from({ length: 12 }, (_, index) => ({
      ...{ year: 2030 - index, months: new Array(12).fill(0.01), total: 0.12 },
    }));
    const panel = monthsPanel(years);
    const layer = panel?.layers[0];
    expect(layer?.kind === 'months' && layer.rows.map(({ name }) => name)).toEqual(
      years.slice(0, limits.years).map(({ year }) => String(year)),
    );
    expect(panel?.note).toBe('the newest 8 of 12 years');
  });

  it('is drawn for a single day, and without any return', async () => {
    const drawn = decodePng((await renderer.equityChart(equityOf(1))).data);
    expect(countColor(drawn, colors.panel)).toBeGreaterThan(1000);
    expect(equityFigure({ ...equityOf(5), months: [] }).panels).toHaveLength(2);
  });
});

describe('the picture of profit', () => {
  it('has a column for each book and symbol, the largest first, and leads from then to now', async () => {
    const [books, symbols, last] = profitFigure(profit).panels;
    const names = (panel: typeof books) =>
      panel?.layers.flatMap((layer) => ('columns' in layer ? layer.columns.map(({ name }) => name) : []));
    expect(names(books)).toEqual(['demo', 'rotation']);
    expect(names(symbols)).toEqual(['SP500', 'ACME']);
    expect(names(last), 'what changed nothing is left out').toEqual([
      ...['Before', 'Paid in', 'Gains', 'Losses', 'Now'],
    ]);
    const drawn = decodePng((await renderer.profitChart(profit)).data);
    for (const color of [colors.gain, colors.loss, colors.benchmark, colors.equity])
      expect(countColor(drawn, color, { top: 178 }), color).toBeGreaterThan(100);
  });

  it('a single book is not compared with itself', () => {
    const alone = profitFigure({ ...profit, byBook: profit.byBook.slice(0, 1) });
    expect(alone.panels.map(({ title }) => title)).toEqual(['Profit by symbol', 'From then to now']);
  });

  it('says so where the columns do not begin at zero, and never draws below its panel', async () => {
    expect(flowPanel('Flow', flow).note).toBe('does not begin at zero');
    expect(flowPanel('Flow', [{ name: 'Now', value: 5, is: 'total' }, ...flow.slice(1)]).note).toBe('');
    const drawn = decodePng((await renderer.profitChart({ ...profit, byBook: [], bySymbol: [] })).data);
    expect(countColor(drawn, colors.equity, { top: 862 }), 'below the last panel are words').toBe(0);
  });

  it('refuses to draw nothing', async () => {
    await expect(renderer.profitChart({ ...profit, bySymbol: [], flow: [] })).rejects.toThrow(
      'nothing was traded in this period',
    );
  });

  it('each column begins where the one before it ended, whatever flowed', () => {
    const part = fc.record({
      name: fc.constant('x'),
      value: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
      is: fc.constantFrom('payment' as const, 'result' as const),
    });
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const { layers, axis } = flowPanel('Flow', parts);
        const columns = layers.flatMap((layer) => (layer.kind === 'waterfall' ? layer.columns : []));
        let level = 0;
        for (const { from, to } of columns) {
          expect(from).toBe(level);
          level = to;
        }
        expect(axis.max).toBeGreaterThan(axis.min);
      }),
    );
  });
});

describe('the picture of a trade', () => {
  it('has lines where its stop and take profit rested, told apart without colour, and all four prices in words', () => {
    const level = { fromBar: 20, toBar: 44 };
    const [panel] = tradeFigure({
      ...trade(true),
      levels: [
        { ...level, is: 'stop', price: 101 },
        { ...level, is: 'take profit', price: 112 },
        { ...level, fromBar: 30, is: 'stop', price: 103 },
      ],
    }).panels;
    expect(panel?.legend.map(({ label }) => label)).toEqual([
      ...['stop (SL) 103.00', 'take profit (TP) 112.00', 'entry 105.00', 'exit 108.00'],
    ]);
    const lines = panel?.layers.flatMap((layer) => (layer.kind === 'line' ? [layer] : []));
    expect(lines?.map(({ stroke }) => stroke)).toEqual(['dashed', 'dash-dot', 'dashed']);
    expect(lines?.[2]?.points).toEqual([
      { x: 29.5, y: 103 },
      { x: 44.5, y: 103 },
    ]);
    const labels = panel?.layers.flatMap((layer) => (layer.kind === 'label' ? [layer] : []));
    expect(labels, 'the newest of each, at the beginning of its line').toMatchObject([
      { text: 'SL', x: 29.5, y: 103 },
      { text: 'TP', x: 19.5, y: 112 },
    ]);
  });

  const bars = sampleBars({ count: 60 });
  const mark = { long: true, entryBar: 20, entryPrice: 105, exitBar: 44, exitPrice: 108, open: false };
  const trade = (gain: boolean): ChartedTrade => ({
    headline,
    bars: chartedBars(bars),
    trades: [{ ...mark, gain }],
    levels: [],
  });

  it('shows prices, and entry and exit in the colour of what it brought', async () => {
    const file = await renderer.tradeChart(trade(true));
    expect(file.name).toBe('ACME-trade.png');
    const [gain, loss] = [decodePng(file.data), decodePng((await renderer.tradeChart(trade(false))).data)];
    expect(countColor(gain, colors.candleUp, { top: 178 })).toBeGreaterThan(100);
    expect(countColor(gain, colors.gain, { top: 178 })).toBeGreaterThan(20);
    expect(countColor(loss, colors.loss, { top: 178 })).toBeGreaterThan(20);
    expect(countColor(loss, colors.gain, { top: 178 })).toBe(0);
  });
});
