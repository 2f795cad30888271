/** A finished report as a file: what a command attaches to its reply, or an e-mail carries. */
export interface ReportFile {
  /** File name with ending, of letters, digits, `-`, `_` and `.` only. */
  readonly name: string;
  readonly type: 'image/png' | 'text/csv';
  readonly data: Uint8Array;
}

/** `['SmaCross', 'BTC/USDT', 'trades']` becomes `SmaCross-BTC-USDT-trades.csv`: safe on every file system. */
export function reportFileName(parts: readonly string[], ending: 'png' | 'csv'): string {
  const words = parts
    .map((part) => part.replace(/[^A-Za-z0-9_]+/g, '-').replace(/^-+|-+$/g, ''))
    .filter((part) => part !== '');
  const stem = words.join('-').slice(0, longestStem).replace(/-+$/, '');
  return `${stem === '' ? 'report' : stem}.${ending}`;
}

/** Of a run on many symbols the first one names the file, and how many there are beside it. */
export function symbolsInName(symbols: readonly string[]): string {
  const [first = '', ...others] = symbols;
  return others.length === 0 ? first : `${first}-and-${others.length}-more`;
}

/** Chat apps shorten longer names on a phone, and some file systems end at 255 bytes. */
const longestStem = 80;
