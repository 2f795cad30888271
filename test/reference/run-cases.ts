/**
 * Runs the engine over folders of reference cases (outcomes of Backtesting.py 0.6.6 and Minitrade 0.1.40), and says case
 * by case what differs.
 *
 *     npm run reference -- CASES_FOLDER DATA_FOLDER
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BacktestingPyCase, differencesOf as backtestingPyDifferences } from './backtesting-py.ts';
import { caseFiles, type ReferenceCase, readJson } from './cases.ts';
import { type FunctionsCase, functionDifferences } from './functions.ts';
import { type MinitradeCase, differencesOf as minitradeDifferences } from './minitrade.ts';
import { type MicroCases, microDifferences } from './minitrade-micro.ts';
import { type Scenario, scenarioDifferences } from './minitrade-scenarios.ts';
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

async function main([folder, dataFolder]: readonly string[]): Promise<void> {
  if (folder === undefined || dataFolder === undefined) {
    console.error('Say the folder of the cases and the folder of their data.');
    process.exitCode = 1;
    return;
  }
  let equal = 0;
  let different = 0;
  const leftOut: string[] = [];
  for (const file of caseFiles(folder)) {
    for (const outcome of await runFile(file, dataFolder)) {
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
