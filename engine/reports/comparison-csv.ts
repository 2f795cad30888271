/** Two sources side by side as a CSV file: every bar that differs, or that only one of them has. */
import type { Bars } from '../market/bars.ts';
import { type BarFigures, type BarsComparison, comparedColumns } from '../market/compare.ts';
import { type Cell, csvFile, timeCell } from './csv-file.ts';
import type { ReportFile } from './report-file.ts';

/** In order of time; a bar that a source lacks has empty cells. Undefined where nothing differs. */
export function comparisonCsv(
  symbol: string,
  sources: readonly [string, string],
  bars: readonly [Bars, Bars],
  { differences, onlyOne, onlyOther }: BarsComparison,
): ReportFile | undefined {
  const [one, other] = sources;
  const rows: Row[] = [
    ...differences.map(({ time, one: ours, other: theirs, percent }) => ({ time, ours, theirs, percent })),
    ...onlyOne.map((time) => ({ time, ours: figuresAt(bars[0], time) })),
    ...onlyOther.map((time) => ({ time, theirs: figuresAt(bars[1], time) })),
  ].sort((a, b) => a.time - b.time);
  if (rows.length === 0) return undefined;
  const cellOf = timeCell(rows.map(({ time }) => time));
  return csvFile(
    [symbol, one, other, 'comparison'],
    [
      'time',
      ...comparedColumns.flatMap((column) => [`${column} ${one}`, `${column} ${other}`, `${column} %`]),
    ],
    rows.map(({ time, ours, theirs, percent }): Cell[] => [
      cellOf(time),
      ...comparedColumns.flatMap((column) => [ours?.[column], theirs?.[column], percent?.[column]]),
    ]),
  );
}

interface Row {
  readonly time: number;
  readonly ours?: BarFigures;
  readonly theirs?: BarFigures;
  readonly percent?: BarFigures;
}

function figuresAt(bars: Bars, time: number): BarFigures {
  const index = bars.time.indexOf(time);
  const figure = (column: Float64Array) => column[index] ?? Number.NaN;
  return {
    open: figure(bars.open),
    high: figure(bars.high),
    low: figure(bars.low),
    close: figure(bars.close),
    volume: figure(bars.volume),
  };
}
