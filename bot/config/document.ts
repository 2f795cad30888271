/** One YAML file: its value with the variables put in, and for each key the line on which it stands. */
import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import { reasonOf } from '../../engine/errors.ts';
import { decimal, decimalOfNumber } from '../../engine/money.ts';
import { applyChange, exportText, type ValueChange } from './changes.ts';
import { keyText, type Problem } from './problems.ts';
import { isSecretKey, isSecretVariable, passwordsIn } from './secrets.ts';
import { substitute, type Variables } from './variables.ts';

export type Path = readonly PropertyKey[];

export interface ConfigDocument {
  /** As problems name it: relative to the project's root. */
  readonly file: string;
  /** Plain data, still unchecked; undefined when the file could not be read as YAML. */
  readonly value: unknown;
  /** The line of the key, or of the nearest one around it that is there. */
  lineOf(path: Path): number | undefined;
  /** What stands at a key, for a message: `"abc"`, `12`, `a list`, or `a hidden value` where it may be a secret. */
  describe(path: Path): string;
  /** Keys that were already complained about. */
  readonly faulty: ReadonlySet<string>;
  readonly secrets: readonly string[];
  readonly problems: readonly Problem[];
  /** What stands at a key as text for people, with its secrets hidden; undefined where nothing does. */
  show(path: Path): string | undefined;
  /** Its YAML as it would have to be written, without secrets and comments. */
  exported(): string;
}

/** What stands in place of a secret. */
const hiddenText = '(hidden)';

/**
 * Reads a file; whatever is wrong with it is in `problems`.
 * @param changesOf what was changed in chat about the document with this `name:`
 */
export function readDocument(
  path: string,
  file: string,
  variables: Variables,
  changesOf: (name: unknown) => readonly ValueChange[] = () => [],
): ConfigDocument {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const what = missing ? 'is missing' : `cannot be read: ${reasonOf(error)}`;
    return unreadable(file, [{ file, key: '', text: what }]);
  }
  return documentOf(text, file, variables, changesOf);
}

/** The same of a text, wherever it comes from. */
export function documentOf(
  text: string,
  file: string,
  variables: Variables,
  changesOf: (name: unknown) => readonly ValueChange[],
): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  // A warning is a tag that nobody knows: `key: !abc` would be read as an empty text.
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return unreadable(
      file,
      faults.map(({ message, pos }) => {
        const { line } = lines.linePos(pos[0]);
        // In { flow: ${NAME} } the brace of the variable ends up as YAML's own.
        const hint = /[^"']\$\{/.test(text.split('\n')[line - 1] ?? '') ? `; put \${…} in quotes` : '';
        return { file, line, key: '', text: `is not YAML: ${withoutSource(message)}${hint}` };
      }),
    );
  }
  const changes = changesOf(document.get('name'));
  const unfit = changes.flatMap((change) => {
    try {
      applyChange(document, change);
      return [];
    } catch (error) {
      return [
        {
          file,
          key: change.key,
          text: `cannot be changed in chat as the file is written: ${reasonOf(error)}`,
        },
      ];
    }
  });
  // As it is before variables are put in.
  const written = document.clone();
  return {
    ...readValues(document, file, lines, variables, unfit),
    exported: () => exportText(written),
  };
}

/** Some messages of the parser end with the text at which it stumbled; that may be a secret. */
function withoutSource(message: string): string {
  return message.replace(/(: "|: !|(?<=extra characters): ).*$/s, '');
}

function unreadable(file: string, problems: readonly Problem[]): ConfigDocument {
  return {
    file,
    value: undefined,
    lineOf: () => undefined,
    describe: () => 'nothing',
    show: () => undefined,
    exported: () => '',
    faulty: new Set(),
    secrets: [],
    problems,
  };
}

function readValues(
  document: Document.Parsed,
  file: string,
  lines: LineCounter,
  variables: Variables,
  unfit: readonly Problem[],
): Omit<ConfigDocument, 'exported'> {
  const problems: Problem[] = [...unfit];
  const secrets: string[] = [];
  const faulty = new Set<string>();
  // By text and not by place: an alias brings a text to other places.
  const hidden = new Set<string>();
  const lineAt = (node: Node): number | undefined =>
    node.range ? lines.linePos(node.range[0]).line : undefined;

  visit(document, {
    Scalar(place, scalar, ancestors) {
      if (place === 'key') return;
      const path = pathOf(scalar, ancestors);
      const key = keyText(path);
      const complain = (text: string) => {
        problems.push({ file, line: lineAt(scalar), key, text });
        faulty.add(key);
      };
      if (typeof scalar.value === 'number' && losesDigits(scalar)) {
        complain('this number has more digits than a number can hold: write it in quotes');
      }
      if (typeof scalar.value !== 'string') return;
      const { text, used, problems: wrong } = substitute(scalar.value, variables);
      for (const problem of wrong) complain(problem);
      scalar.value = text;
      if (used.length > 0 || isSecretKey(path)) hidden.add(text);
      if (isSecretKey(path)) secrets.push(text);
      for (const name of used.filter(isSecretVariable)) secrets.push(variables[name] ?? '');
      secrets.push(...passwordsIn(text));
    },
  });

  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    // The error's text would repeat what stands behind the `*`.
    const text = 'has a *name without its &name, or too many of them: a text that begins with * needs quotes';
    return unreadable(file, [...unfit, { file, key: '', text }]);
  }
  return {
    file,
    value,
    lineOf: (path) => {
      const node = keyNodeAt(document, path);
      return node && lineAt(node);
    },
    describe: (path) => {
      const found = valueAt(value, path);
      return describeValue(found, isSecretKey(path) || (typeof found === 'string' && hidden.has(found)));
    },
    show: (path) => shownValue(valueAt(value, path), path, hidden),
    faulty,
    secrets,
    problems,
  };
}

/** A value with what is secret in it hidden, at any depth. */
function shownValue(value: unknown, path: Path, hidden: ReadonlySet<string>): string | undefined {
  if (value === undefined || value === null) return undefined;
  const masked = (part: unknown, at: Path): unknown => {
    if (Array.isArray(part)) return part.map((each, index) => masked(each, [...at, index]));
    if (typeof part === 'object' && part !== null) {
      return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, masked(each, [...at, key])]));
    }
    const isHidden =
      isSecretKey(at) || (typeof part === 'string' && (hidden.has(part) || passwordsIn(part).length > 0));
    return isHidden ? hiddenText : part;
  };
  const shown = masked(value, path);
  return typeof shown === 'string' ? shown : JSON.stringify(shown);
}

/** What stands at a path of plain data; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** Nanoseconds, ids and prices can have more digits than a double: YAML would round them without a word. */
function losesDigits({ value, source }: Scalar): boolean {
  if (typeof value !== 'number' || source === undefined) return false;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return true;
  try {
    return !decimal(source).eq(decimalOfNumber(value));
  } catch {
    return false; // 0x1f, .inf: no decimal text to compare with; the schema judges the value
  }
}

function pathOf(node: Node, ancestors: readonly unknown[]): PropertyKey[] {
  const chain = [...ancestors, node];
  const path: PropertyKey[] = [];
  chain.forEach((ancestor, index) => {
    const child = chain[index + 1];
    if (isPair(ancestor)) path.push(keyName(ancestor));
    else if (isSeq(ancestor)) path.push(ancestor.items.indexOf(child));
  });
  return path;
}

function keyName(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function keyNodeAt(document: Document.Parsed, path: Path): Node | undefined {
  let node: unknown = document.contents;
  let nearestKey: Node | undefined;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => keyName(item) === String(step));
      if (!pair) break;
      if (isScalar(pair.key)) nearestKey = pair.key;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (isScalar(node) || isMap(node) || isSeq(node)) nearestKey = node;
    } else break;
  }
  return nearestKey;
}

function describeValue(value: unknown, isHidden: boolean): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section with keys';
  if (isHidden) return 'a hidden value';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
