/** What is wrong with the configuration: every line of it at once, so that nobody mends it one start at a time. */
import { UserError } from '../../engine/errors.ts';

/** One thing that is wrong, and where. */
export interface Problem {
  /** As the user would open it: relative to the project's root. */
  readonly file: string;
  /** Counted from 1, where it can be known. */
  readonly line?: number | undefined;
  /** `brokers.paper.fee`; empty when the whole file is meant. */
  readonly key: string;
  /** What was found and what is allowed. Never the value of a secret. */
  readonly text: string;
}

/** The desk does not start: `lines` has one line per problem, in the order of files and lines. */
export class ConfigError extends UserError {
  override readonly name = 'ConfigError';
  readonly lines: readonly string[];

  constructor(problems: readonly Problem[]) {
    const lines = [...problems].sort(byPlace).map(lineOf);
    const [only] = lines;
    super(
      lines.length === 1 && only !== undefined
        ? only
        : `${lines.length} errors in the configuration:\n${lines.join('\n')}`,
    );
    this.lines = lines;
  }
}

/** `['users', 0, 'role']` as people write it: `users[0].role`. */
export function keyText(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

function lineOf({ file, line, key, text }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return oneLine(key === '' ? `${place}: ${text}` : `${place}: ${key}: ${text}`);
}

/** A message of the YAML parser or a value may hold line breaks. */
function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
