/** Files of bars that are sent in, into the folder of a CSV source: read as strictly as those that lie there. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../../errors.ts';
import type { Logger } from '../../../log.ts';
import type { Bars } from '../../bars.ts';
import type { BarsFile, Intake, IntakePreview, TakenSymbol } from '../source.ts';
import { readCsv } from './file.ts';

export interface CsvIntakeParts {
  readonly name: string;
  readonly folder: string;
  readonly timezone: string;
  /** Every symbol that is there, with the file that has it. */
  readonly directory: () => Promise<ReadonlyMap<string, string>>;
}

export function csvIntake(parts: CsvIntakeParts): Intake {
  return {
    check: (file) => preview(parts, file),
    async take(file) {
      const taken = await preview(parts, file);
      const target = path.join(parts.folder, taken.fileName);
      // A name that the source does not read, so that nobody meets half a file.
      const unfinished = `${target}.${crypto.randomUUID()}`;
      await writeFile(unfinished, file.text);
      await rename(unfinished, target);
      return taken;
    },
  };
}

async function preview(parts: CsvIntakeParts, { name, text }: BarsFile): Promise<IntakePreview> {
  const fileName = `${path.parse(name).name}.csv`;
  // A slash is no part of a name: BTC/USDT is not USDT, and needs a column of symbols.
  if (/[\\/]/.test(name) || !fileForm.test(fileName)) {
    throw new UserError(`"${name}" cannot be a file of bars: its name must be the symbol, such as AAPL.csv.`);
  }
  const warnings: string[] = [];
  const bars = read(text, { ...parts, fileName, warnings });
  const symbols = bars.map(taken);
  for (const [symbol, file] of await parts.directory()) {
    if (file === fileName) continue;
    const same = symbols.find((own) => own.symbol.toLowerCase() === symbol.toLowerCase());
    if (same) {
      throw new UserError(
        `Source ${parts.name} has ${symbol} in ${file} already. Send the file under that name to replace it.`,
      );
    }
  }
  return { fileName, symbols, replaces: await there(parts, fileName), warnings };
}

/** What the file holds that would be replaced; empty where there is none, or it cannot be read any more. */
async function there(parts: CsvIntakeParts, fileName: string): Promise<readonly TakenSymbol[]> {
  try {
    const text = await readFile(path.join(parts.folder, fileName), 'utf8');
    return read(text, { ...parts, fileName, warnings: [] }).map(taken);
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function read(
  text: string,
  { timezone, fileName, warnings }: { timezone: string; fileName: string; warnings: string[] },
): Bars[] {
  const told = (_: object, message: string) => void warnings.push(message);
  const log: Logger = { debug: () => undefined, info: () => undefined, warn: told, error: told };
  return readCsv(text, { label: fileName, timezone, symbol: path.parse(fileName).name, log });
}

function taken({ symbol, interval, time }: Bars): TakenSymbol {
  return {
    symbol,
    interval,
    bars: time.length,
    first: time[0] ?? Number.NaN,
    last: time.at(-1) ?? Number.NaN,
  };
}

const fileForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.csv$/;
