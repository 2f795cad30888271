/**
 * Runs the engine over folders of reference cases (outcomes of Backtesting.py 0.6.6 and Minitrade 0.1.40), and says case
 * by case what differs.
 *
 *     npm run reference -- CASES_FOLDER DATA_FOLDER [--as-plans [--days N]]
 *
 * `--as-plans` runs the portfolios among them as plans instead, day by day, N days of each (60 unless said).
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openSqliteStore } from '../../engine/store/sqlite/store.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { firstBarOf, type Portfolio, portfolioOf, replayAsPlan } from './as-plans.ts';
import { type BacktestingPyCase, differencesOf as backtestingPyDifferences } from './backtesting-py.ts';
import { caseFiles, type ReferenceCase, readJson } from './cases.ts';
import { type FunctionsCase, functionDifferences } from './functions.ts';
import { type MinitradeCase, differencesOf as minitradeDifferences } from './minitrade.ts';
import { type MicroCases, microDifferences } from './minitrade-micro.ts';
import { type Scenario, scenarioDifferences, scenarioPortfolio } from './minitrade-scenarios.ts';
import { type OptimizeCase, optimizeDifferences } from './optimize-case.ts';
import { strategies } from './strategies/index.ts';

export interface CaseOutcome {
  readonly name: string;
  /** Why the case was not judged; null where it was. */
  readonly leftOut: string | null;
  readonly differences: readonly string[];
}

const quirks: Readonly<Record<string, string>> = {
  'exclusive-cancels-every-other': 'rests on the peer cancelling only every other order',
  'bankrupt-leaves-every-other-trade-open':
    'rests on the peer closing only every other trade of a bankrupt account',
};

/** Runs the cases of one file: most have one. */
export async function runFile(file: string, dataFolder: string): Promise<CaseOutcome[]> {
  const content = readJson(file) as object;
  const name = path.basename(file).replace(/\.json(\.gz)?$/, '');
  const judged = (differences: readonly string[], of = name) => ({ name: of, leftOut: null, differences });
  if ('cases' in content) {
    return microDifferences(content as MicroCases).map(({ name: micro, differences }) =>
      judged(differences, `${name} ${micro}`),
    );
  }
  if ('calls' in content) return [judged(functionDifferences(content as FunctionsCase))];
  if (!('peer' in content)) return [judged(scenarioDifferences(name, content as Scenario, dataFolder))];

  const reference = content as ReferenceCase;
  const [quirk] = reference.quirks ?? [];
  if (quirk !== undefined) return [{ name, leftOut: quirks[quirk] ?? `rests on ${quirk}`, differences: [] }];
  const Strategy = strategies[reference.strategy.id];
  if (Strategy === undefined) throw new Error(`${name}: no strategy ${reference.strategy.id}`);
  if (reference.peer === 'minitrade') {
    return [judged(minitradeDifferences(reference as MinitradeCase, Strategy, dataFolder))];
  }
  if ('optimize' in reference) {
    return [judged(await optimizeDifferences(reference as OptimizeCase, Strategy, dataFolder))];
  }
  return [judged(backtestingPyDifferences(reference as BacktestingPyCase, Strategy, dataFolder))];
}

/** The portfolio of a file as a plan; nothing for a file without one. */
async function runFileAsPlan(file: string, dataFolder: string, days: number): Promise<CaseOutcome[]> {
  const name = path.basename(file).replace(/\.json(\.gz)?$/, '');
  const portfolio = portfolioIn(name, readJson(file) as object, dataFolder);
  if (!portfolio) return [];
  const folder = await memoryFolder('outcry-reference-');
  const store = await openSqliteStore({ folder });
  try {
    const replay = { mode: 'strict', firstBar: firstBarOf(portfolio), days, store, folder } as const;
    const { orders, differences } = await replayAsPlan(portfolio, replay);
    return [{ name: `${name}, ${orders} orders`, leftOut: null, differences }];
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

function portfolioIn(name: string, content: object, dataFolder: string): Portfolio | undefined {
  if ('cases' in content || 'calls' in content) return undefined;
  if (!('peer' in content)) return scenarioPortfolio(name, dataFolder);
  const reference = content as MinitradeCase;
  const Strategy = strategies[reference.strategy.id];
  if (reference.peer !== 'minitrade' || !Strategy) return undefined;
  return portfolioOf(reference, Strategy, dataFolder);
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'as-plans': { type: 'boolean' }, days: { type: 'string', default: '60' } },
  });
  const [folder, dataFolder] = positionals;
  if (folder === undefined || dataFolder === undefined) {
    console.error('Say the folder of the cases and the folder of their data.');
    process.exitCode = 1;
    return;
  }
  let equal = 0;
  let different = 0;
  const leftOut: string[] = [];
  for (const file of caseFiles(folder)) {
    const outcomes = values['as-plans']
      ? await runFileAsPlan(file, dataFolder, Number(values.days))
      : await runFile(file, dataFolder);
    for (const outcome of outcomes) {
      const { name, leftOut: reason, differences } = outcome;
      if (reason !== null) leftOut.push(`${name}: ${reason}`);
      else if (differences.length === 0) equal++;
      else {
        different++;
        console.log(`${name}: ${differences.length} differences`);
        for (const line of differences.slice(0, 5)) console.log(`    ${line}`);
      }
    }
  }
  for (const line of leftOut) console.log(`left out: ${line}`);
  console.log(`${equal} equal, ${different} different, ${leftOut.length} left out`);
  process.exitCode = different > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2));
