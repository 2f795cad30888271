/**
 * Rows as a CSV file for people who open it in a spreadsheet.
 *
 * Numbers keep full precision (the shortest text that names the double). What is not known is an empty cell. A text
 * that a spreadsheet would run as a formula gets a quote mark in front
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
import Papa from 'papaparse';
import { areDates } from './format.ts';
import { type ReportFile, reportFileName } from './report-file.ts';

export type Cell = string | number | boolean | null | undefined;

/** `nameParts` become the file's name. */
export function csvFile(
  nameParts: readonly string[],
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): ReportFile {
  const text = Papa.unparse(
    { fields: [...columns], data: rows.map((cells) => cells.map(emptyWithoutValue)) },
    { escapeFormulae: formula, newline: '\r\n' },
  );
  return {
    name: reportFileName(nameParts, 'csv'),
    type: 'text/csv',
    data: new TextEncoder().encode(marked(text)),
  };
}

/** ISO 8601 in UTC, dates alone where all of `times` are midnight; empty for what is no time. */
export function timeCell(times: ArrayLike<number>): (timeMs: number | null | undefined) => string {
  const dates = areDates(times);
  return (timeMs) => {
    if (timeMs === null || timeMs === undefined || Number.isNaN(timeMs)) return '';
    const iso = new Date(timeMs).toISOString();
    return dates ? iso.slice(0, 10) : iso.replace('.000Z', 'Z');
  };
}

/**
 * Papa's own `escapeFormulae: true` overlooks a text with a line break in it (its pattern ends in `.*$`), and the
 * full-width signs that a spreadsheet in an East Asian locale takes for their ASCII twins. Money is decimal text, and a loss in it is a
 * number and no formula: `-12.5`, `-3%`.
 */
const formula = /^(?!-\d+(?:\.\d+)?%?$)(?:\s*[=+\-@＝＋－＠]|[\t\r\n])/;

function emptyWithoutValue(cell: Cell): string | number | boolean {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'number' && Number.isNaN(cell) ? '' : cell;
}

/** Excel reads UTF-8 as such only behind a byte order mark; plain ASCII needs none, and some scripts stumble over it. */
function marked(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the question is whether all of it is ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text : `${Papa.BYTE_ORDER_MARK}${text}`;
}
