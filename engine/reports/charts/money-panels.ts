/** Panels of the desk's money: returns by month, and what became of the money that was put in. */
import { monthNames, numberText } from '../format.ts';
import type { MonthlyReturns } from '../ledger-equity.ts';
import { colorScale } from './color-scale.ts';
import { type MonthsLayer, type Panel, valueAxis, type WaterfallLayer } from './figure.ts';
import type { FlowPart } from './request.ts';
import { colors, limits } from './theme.ts';
import { compactText, minus, signedCompactText } from './ticks.ts';

/** A row for each year, at most `limits.years`, the newest above. Null without any. */
export function monthsPanel(years: readonly MonthlyReturns[]): Panel | null {
  const shown = years.slice(0, limits.years);
  if (shown.length === 0) return null;
  const values = shown.flatMap(({ months }) => months.filter((value) => value !== null));
  // Zero stays in the middle of the colours, also where there are only gains.
  const reach = Math.max(...values.map(Math.abs), 1e-9);
  const monthColor = colorScale([...values, -reach, reach]).color;
  const yearReach = Math.max(...shown.map(({ total }) => Math.abs(total)), 1e-9);
  const yearColor = colorScale([-yearReach, yearReach]).color;
  const layer: MonthsLayer = {
    kind: 'months',
    columns: [...monthNames, 'Year'].map((name) => ({ name })),
    rows: shown.map(({ year, months, total }) => ({
      name: String(year),
      cells: [
        ...months.map((value) =>
          value === null ? null : { text: returnText(value), color: monthColor(value) },
        ),
        { text: returnText(total), color: yearColor(total) },
      ],
    })),
  };
  return {
    title: 'Return by month, %',
    legend: [],
    note: shown.length < years.length ? `the newest ${shown.length} of ${years.length} years` : '',
    weight: 0.5 + 0.42 * shown.length,
    axis: { kind: 'linear', unit: 'value', min: 0, max: shown.length },
    layers: [layer],
  };
}

/** With its sign, which says without any colour what it was. */
function returnText(fraction: number): string {
  const percent = 100 * fraction;
  const text = numberText(percent, Math.abs(percent) >= 100 ? 0 : 1);
  return minus(percent > 0 && /[1-9]/.test(text) ? `+${text}` : text);
}

/** From what was there to what is there. Changes of nothing are left out. */
export function flowPanel(title: string, parts: readonly FlowPart[]): Panel {
  let level = 0;
  const columns: WaterfallLayer['columns'][number][] = [];
  for (const { name, value, is } of parts) {
    const total = is === 'total';
    if (!total && value === 0) continue;
    const from = total ? 0 : level;
    level = total ? value : level + value;
    const text = total ? compactText(Number(value.toPrecision(4))) : signedCompactText(value);
    columns.push({ name, from, to: level, is, text });
  }
  const ends = columns.flatMap(({ from, to }) => [from, to]);
  return {
    title,
    legend: [
      { label: 'gain', color: colors.gain, swatch: 'filled' },
      { label: 'loss or cost', color: colors.loss, swatch: 'hollow' },
      ...(parts.some(({ is, value }) => is === 'payment' && value !== 0)
        ? [{ label: 'paid in or out', color: colors.benchmark, swatch: 'area' } as const]
        : []),
    ],
    note: isCut(ends) ? 'does not begin at zero' : '',
    weight: 2.2,
    axis: flowAxis(ends),
    layers: [{ kind: 'waterfall', columns }],
  };
}

/** Where the changes are small against the totals, the axis begins above zero: a change that cannot be seen says nothing. */
function isCut(ends: readonly number[]): boolean {
  const levels = ends.filter((end) => end !== 0);
  return levels.length > 0 && Math.min(...levels) > 0.8 * Math.max(...levels);
}

function flowAxis(ends: readonly number[]): Panel['axis'] {
  const highest = Math.max(...ends, 0);
  const options = { unit: 'compact', logarithmic: false, above: 0.16 } as const;
  if (!isCut(ends)) {
    const lowest = Math.min(...ends, 0);
    return valueAxis({ min: lowest, max: highest }, { ...options, below: lowest < 0 ? 0.16 : 0 });
  }
  const lowest = Math.min(...ends.filter((end) => end !== 0));
  const room = Math.max(highest - lowest, 0.02 * highest);
  return valueAxis({ min: Math.max(0, lowest - room), max: highest }, { ...options, below: 0 });
}
