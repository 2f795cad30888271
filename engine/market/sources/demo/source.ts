/**
 * A source that needs no network: the S&P 500 from 2000 to 2020 (real, from a file), and eight invented stocks
 * that go on to this day.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../clock.ts';
import { reasonOf, UserError } from '../../../errors.ts';
import { silentLog } from '../../../log.ts';
import { decimalOfNumber, decimalText } from '../../../money.ts';
import type { Bars } from '../../bars.ts';
import { wallClockOf } from '../../wall-clock.ts';
import { readCsv } from '../csv/file.ts';
import { canonicalSymbol, inInterval, inRange, searchSymbols } from '../lookup.ts';
import type { Source, SymbolInfo } from '../source.ts';
import { inventedBars, universe } from './universe.ts';

export interface DemoSettings {
  /** Folder with `SP500.csv`. */
  readonly folder: string;
  readonly clock: Clock;
}

const name = 'demo';
const timezone = 'America/New_York';
const dayMs = 86_400_000;
const closingHour = 16;
const index: SymbolInfo = { symbol: 'SP500', name: 'S&P 500, 2000 to 2020', currency: 'USD' };
const all: readonly SymbolInfo[] = [index, ...universe];
const known = all.map(({ symbol }) => symbol);

/** A session is finished, and has its bar, from 16:00 in New York on. */
export function demoSource({ folder, clock }: DemoSettings): Source {
  let indexBars: Bars | undefined;

  async function barsOf(symbol: string): Promise<Bars> {
    if (symbol !== index.symbol) return inventedBars(symbol, lastFinishedSession(clock.now()));
    indexBars ??= await readIndex(folder);
    return indexBars;
  }

  return {
    name,
    timezone,
    async bars(request) {
      const found: Bars[] = [];
      for (const wanted of request.symbols) {
        const bars = await barsOf(canonicalSymbol(wanted, known, name));
        found.push(inRange(inInterval(bars, request.interval, name), request, name));
      }
      return found;
    },
    async symbols(query, limit) {
      return searchSymbols(all, query, limit);
    },
    async lastPrice(wanted) {
      const symbol = canonicalSymbol(wanted, known, name);
      const bars = await barsOf(symbol);
      return {
        symbol,
        price: decimalText(decimalOfNumber(bars.close.at(-1) ?? Number.NaN)),
        currency: 'USD',
        at: new Date(bars.time.at(-1) ?? Number.NaN),
      };
    },
  };
}

async function readIndex(folder: string): Promise<Bars> {
  const file = path.join(folder, 'SP500.csv');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`Source demo cannot read ${file}: ${reasonOf(error)}.`, { cause: error });
  }
  const [bars] = readCsv(text, { label: 'SP500.csv', timezone, symbol: index.symbol, log: silentLog });
  if (bars === undefined) throw new UserError(`Source demo found no bars in ${file}.`);
  const { adjustedClose: _, ...plain } = bars;
  return plain;
}

/** Midnight UTC of the date of the newest session whose close is past. The invented market has no holidays. */
function lastFinishedSession(now: Date): number {
  const newYork = wallClockOf(now.getTime(), timezone);
  const today = Math.floor(newYork / dayMs) * dayMs;
  let day = newYork - today >= closingHour * 3_600_000 ? today : today - dayMs;
  while ([0, 6].includes(new Date(day).getUTCDay())) day -= dayMs;
  return day;
}
