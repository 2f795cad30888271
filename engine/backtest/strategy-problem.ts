/** What went wrong in a strategy's file, as one sentence with the file's name and the line. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf, UserError } from '../errors.ts';

/** A fault of the file itself; its message goes on after the file's name. */
export class StrategyProblem extends Error {}

/** One line for whatever was thrown while a strategy was loaded or run. */
export function describeFailure(thrown: unknown, file: string): string {
  const text = reasonOf(thrown);
  const compile = /^(?:(.+):)?(\d+):\d+: ERROR: (.+)$/m.exec(text);
  if (compile !== null) {
    const [, where = file, line, problem] = compile;
    return `${path.basename(where)} line ${line} does not compile: ${problem}.`;
  }
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND') {
    return missingModule(text, file);
  }
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const where = innermostIn(path.dirname(file), stack) ?? path.basename(file);
  if (thrown instanceof StrategyProblem) return `${where} ${text}.`;
  if (thrown instanceof UserError) return `${where}: ${text}`;
  const name = thrown instanceof Error && thrown.name !== 'Error' ? `${thrown.name}: ` : '';
  return `${where}: ${name}${text.split('\n')[0]}`;
}

/** `file.ts line 12` of the innermost frame of a stack, as an error has it, whose file is in a folder. */
export function innermostIn(folder: string, stack: string): string | null {
  for (const line of stack.split('\n')) {
    const match = /(?:\(|at |^)((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/.exec(line.trim());
    if (match?.[1] === undefined) continue;
    const [where = ''] = (match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1]).split('?');
    if (where.startsWith(folder + path.sep)) return `${path.relative(folder, where)} line ${match[2]}`;
  }
  return null;
}

/** Node names the importing file but not the line; that is the first one that says the module's name. */
function missingModule(text: string, file: string): string {
  const [, missing = '', importer = file] =
    /Cannot find (?:module|package) '([^']+)'(?: imported from (.+))?$/m.exec(text) ?? [];
  const name = path.basename(missing);
  const lines = existsSync(importer) ? readFileSync(importer, 'utf8').split('\n') : [];
  const line = lines.findIndex((source) => source.includes(name));
  const where = `${path.basename(importer)}${line < 0 ? '' : ` line ${line + 1}`}`;
  return `${where} imports ${name}, which is not there.`;
}
