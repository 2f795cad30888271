/** What went wrong in a strategy's file, as one sentence with the file's name and the line. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf, UserError } from '../errors.ts';

/** A fault of the file itself; its message goes on after the file's name. */
export class StrategyProblem extends Error {}

/** One line for whatever was thrown while a strategy was loaded or run. */
export function describeFailure(thrown: unknown, file: string): string {
  const compile = compileError(thrown);
  if (compile !== undefined) {
    return `${path.basename(compile.file ?? file)} line ${compile.line} does not compile: ${compile.text}.`;
  }
  const where = strategyFrame(thrown, file) ?? path.basename(file);
  if (thrown instanceof StrategyProblem) return `${where} ${thrown.message}.`;
  if (thrown instanceof UserError) return `${where}: ${thrown.message}`;
  const name = thrown instanceof Error && thrown.name !== 'Error' ? `${thrown.name}: ` : '';
  return `${where}: ${name}${reasonOf(thrown).split('\n')[0]}`;
}

/** `file.ts line 12` of the innermost stack frame in the strategy's own folder. */
function strategyFrame(thrown: unknown, file: string): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const folder = path.dirname(file) + path.sep;
  for (const line of (thrown.stack ?? '').split('\n')) {
    const match = /(?:\(|at |^)((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/.exec(line.trim());
    if (match?.[1] === undefined) continue;
    const where = match[1].startsWith('file://') ? fileURLToPath(match[1]) : match[1];
    if (where.startsWith(folder)) return `${path.relative(folder, where)} line ${match[2]}`;
  }
  return undefined;
}

/** esbuild's report inside the error that tsx throws. */
function compileError(thrown: unknown): { file: string | undefined; line: number; text: string } | undefined {
  const errors = thrown instanceof Error && 'errors' in thrown ? thrown.errors : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null || !('text' in first)) return undefined;
  const location = 'location' in first ? (first.location as { file?: string; line?: number } | null) : null;
  return { file: location?.file, line: location?.line ?? 1, text: String(first.text) };
}
