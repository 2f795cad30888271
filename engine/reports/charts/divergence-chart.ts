/** The picture of a plan beside its book: both equities, what lies between them, and what that is made of. */
import { type Figure, type Panel, valueAxis } from './figure.ts';
import { flowPanel } from './money-panels.ts';
import { line } from './price-panels.ts';
import { at, extent } from './reduce.ts';
import type { ChartedDivergence } from './request.ts';
import { colors, palette } from './theme.ts';
import { valueText } from './ticks.ts';

export function divergenceFigure(chart: ChartedDivergence): Figure {
  const { headline, time, parts } = chart;
  const explained = parts.length > 0 ? [{ ...flowPanel('Why they differ', parts), weight: 1.6 }] : [];
  return {
    headline,
    axis: { kind: 'time', time },
    panels: [curvesPanel(chart), differencePanel(chart), ...explained],
  };
}

/** Far apart in lightness as well as in hue, as in a comparison. */
const simulatedColor = palette[0] ?? colors.text;

function curvesPanel({ book, simulated }: ChartedDivergence): Panel {
  const axis = valueAxis(extent([book, simulated]), {
    unit: 'value',
    logarithmic: false,
    above: 0.08,
    below: 0.06,
  });
  const last = book.length - 1;
  const badge = (values: Float64Array, color: string) =>
    ({ kind: 'badge', x: last, y: at(values, last), text: valueText(at(values, last)), color }) as const;
  return {
    title: 'Equity',
    legend: [
      { label: 'Book', color: colors.equity, swatch: 'line' },
      { label: 'Backtest', color: simulatedColor, swatch: 'line' },
    ],
    note: '',
    weight: 2.6,
    axis,
    layers: [
      { ...line(simulated, simulatedColor), width: 2 },
      { ...line(book, colors.equity), width: 2.5 },
      badge(simulated, simulatedColor),
      badge(book, colors.equity),
    ],
  };
}

function differencePanel({ difference }: ChartedDivergence): Panel {
  const { min, max } = extent([difference]) ?? { min: 0, max: 0 };
  const isFlat = min === 0 && max === 0;
  return {
    title: 'Book less backtest',
    legend: [],
    note: '',
    weight: 1.3,
    axis: valueAxis(
      { min: isFlat ? -1 : Math.min(0, min), max: isFlat ? 1 : Math.max(0, max) },
      { unit: 'value', logarithmic: false, above: 0.12, below: 0.12 },
    ),
    layers: [
      {
        ...line(difference, colors.drawdown),
        width: 1.5,
        fill: { to: 'zero', color: colors.drawdownArea },
      },
    ],
  };
}
