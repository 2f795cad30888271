/** A folder of CSV files as a source: `AAPL.csv` is AAPL, a file with a symbol column holds several. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf, UserError } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import { decimalOfNumber, decimalText } from '../../../money.ts';
import type { Bars } from '../../bars.ts';
import { canonicalSymbol, inInterval, inRange, searchSymbols } from '../lookup.ts';
import type { LastPrice, Source } from '../source.ts';
import { type CsvBars, hasSymbolColumn, readCsv } from './file.ts';
import { csvIntake } from './intake.ts';

export interface CsvSettings {
  readonly name: string;
  /** Folder with the files; only names that end in `.csv` count. */
  readonly folder: string;
  /** IANA zone of the sessions, and of times that say no offset. */
  readonly timezone: string;
  readonly currency: string;
  readonly log: Logger;
}

/** Files are read when they are asked for, and again when they have changed. */
export function csvSource({ name, folder, timezone, currency, log }: CsvSettings): Source {
  const cache = new Map<string, { stamp: string; bars: CsvBars[] }>();

  async function fileBars(file: string): Promise<CsvBars[]> {
    const full = path.join(folder, file);
    const { mtimeMs, size } = await stat(full);
    const stamp = `${mtimeMs} ${size}`;
    const known = cache.get(file);
    if (known?.stamp === stamp) return known.bars;
    const label = path.join(path.basename(folder), file);
    const bars = readCsv(await readFile(full, 'utf8'), {
      label,
      timezone,
      symbol: path.parse(file).name,
      log,
    });
    cache.set(file, { stamp, bars });
    return bars;
  }

  /** Every symbol with the file that has it. A symbol in two files belongs to the first, in order of names. */
  async function directory(): Promise<Map<string, string>> {
    const files = await csvFiles(folder, name);
    const symbols = new Map<string, string>();
    for (const file of files) {
      const isLong = hasSymbolColumn(await readFile(path.join(folder, file), 'utf8'));
      const own = isLong ? (await fileBars(file)).map(({ symbol }) => symbol) : [path.parse(file).name];
      for (const symbol of own) if (!symbols.has(symbol)) symbols.set(symbol, file);
    }
    return symbols;
  }

  async function barsOf(wanted: string, symbols: ReadonlyMap<string, string>): Promise<CsvBars> {
    const symbol = canonicalSymbol(wanted, [...symbols.keys()], name);
    const found = (await fileBars(symbols.get(symbol) ?? '')).find((bars) => bars.symbol === symbol);
    if (found === undefined) throw new UserError(`Source ${name} lost ${symbol} while its file was read.`);
    return found;
  }

  return {
    name,
    timezone,
    intake: csvIntake({ name, folder, timezone, directory }),
    async bars(request) {
      const symbols = await directory();
      const found: Bars[] = [];
      for (const wanted of request.symbols) {
        const { adjustedClose, ...raw } = await barsOf(wanted, symbols);
        const bars = request.adjusted && adjustedClose !== null ? adjusted(raw, adjustedClose) : raw;
        found.push(inRange(inInterval(bars, request.interval, name), request, name));
      }
      return found;
    },
    async symbols(query, limit) {
      const symbols = await directory();
      const all = [...symbols].map(([symbol, file]) => ({ symbol, name: file, currency }));
      return searchSymbols(all, query, limit);
    },
    async lastPrice(wanted): Promise<LastPrice> {
      const bars = await barsOf(wanted, await directory());
      return {
        symbol: bars.symbol,
        price: decimalText(decimalOfNumber(bars.close.at(-1) ?? Number.NaN)),
        currency,
        at: new Date(bars.time.at(-1) ?? Number.NaN),
      };
    },
  };
}

async function csvFiles(folder: string, source: string): Promise<string[]> {
  try {
    const entries = await readdir(folder);
    return entries.filter((entry) => entry.toLowerCase().endsWith('.csv')).sort();
  } catch (error) {
    throw new UserError(`Source ${source} cannot read its folder ${folder}: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/** Every price of a bar in the proportion in which its close was adjusted. A close that was not stays. */
function adjusted(bars: Bars, adjustedClose: Float64Array): Bars {
  const scaled = (prices: Float64Array) =>
    prices.map((price, index) => {
      const close = bars.close[index] ?? Number.NaN;
      const target = adjustedClose[index] ?? Number.NaN;
      return target > 0 ? (price * target) / close : price;
    });
  return {
    ...bars,
    open: scaled(bars.open),
    high: scaled(bars.high),
    low: scaled(bars.low),
    close: scaled(bars.close),
  };
}
