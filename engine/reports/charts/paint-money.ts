/** Shapes for money over time: columns that lead from one amount to another, and a table of months. */
import type { Context } from './canvas.ts';
import { textColorOn } from './color-scale.ts';
import type { MonthsLayer, WaterfallLayer } from './figure.ts';
import { hatch } from './hatch.ts';
import type { PlotArea } from './plot-area.ts';
import { colors, fonts } from './theme.ts';

const widestColumn = 96;

const flowColor = { total: colors.equity, payment: colors.benchmark, result: colors.gain } as const;

/** A gain is filled and a loss is hollow, as everywhere; a total has the colour of equity, a payment is neither. Thin lines join the columns. */
export function paintWaterfall(context: Context, plot: PlotArea, { columns }: WaterfallLayer): void {
  const { left, right, top, bottom } = plot.area;
  const slot = (right - left) / columns.length;
  const width = Math.round(Math.min(widestColumn, slot * 0.66));
  context.save();
  context.font = fonts.small;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  columns.forEach(({ from, to, is, text }, index) => {
    const middle = left + (index + 0.5) * slot;
    const x = Math.round(middle - width / 2);
    // Of an axis that begins above zero, a column shows the part that is on it.
    const start = Math.round(Math.min(bottom, plot.y(from)));
    const end = Math.round(Math.min(bottom, plot.y(to)));
    const upper = Math.min(start, end);
    const height = Math.max(2, Math.abs(end - start));
    if (index < columns.length - 1) {
      context.fillStyle = colors.others;
      context.fillRect(x + width, end, slot - width, 1);
    }
    if (is === 'result' && to < from) {
      context.strokeStyle = colors.loss;
      context.lineWidth = 2;
      context.strokeRect(x + 1, upper + 1, width - 2, Math.max(1, height - 2));
    } else {
      context.fillStyle = flowColor[is];
      context.fillRect(x, upper, width, height);
    }
    const above = to >= from || is === 'total';
    const baseline = above ? upper - 6 : upper + height + 19;
    const isInside = baseline - 15 >= top && baseline + 3 <= bottom;
    if (!isInside || context.measureText(text).width > slot - 6) return;
    context.fillStyle = colors.text;
    context.fillText(text, middle, baseline);
  });
  context.restore();
}

const gap = 2;
/** One year does not fill the panel. */
const highestRow = 64;

/** Months without a figure are hatched; the words stand upon the colours, so that these only repeat them. */
export function paintMonths(context: Context, plot: PlotArea, { columns, rows }: MonthsLayer): void {
  const { left, right } = plot.area;
  const slot = (right - left) / columns.length;
  context.save();
  context.font = fonts.small;
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  rows.forEach(({ cells }, row) => {
    const middle = Math.round(plot.y(rows.length - row - 0.5));
    const room = plot.y(rows.length - row - 1) - plot.y(rows.length - row);
    const half = Math.floor(Math.min(room, highestRow) / 2) - gap / 2;
    cells.forEach((cell, column) => {
      // The last one is the year's, and stands a little apart.
      const apart = column === cells.length - 1 ? 3 * gap : 0;
      const from = Math.round(left + column * slot) + gap / 2 + apart;
      const to = Math.round(left + (column + 1) * slot) - gap / 2;
      if (cell === null) {
        hatch(context, [{ left: from, right: to, top: middle - half, bottom: middle + half }]);
        return;
      }
      context.fillStyle = cell.color;
      context.fillRect(from, middle - half, to - from, 2 * half);
      if (context.measureText(cell.text).width > to - from - 4) return;
      context.fillStyle = textColorOn(cell.color);
      context.fillText(cell.text, (from + to) / 2, middle + 7);
    });
  });
  context.restore();
}
