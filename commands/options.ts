/** From what was typed or chosen to what a command's `run` receives: checked, typed, with one clear line when it is wrong. */
import { UserError } from '../engine/errors.ts';
import { nearest } from '../engine/nearest.ts';
import { type Action, actionsOf, type Command, type Option, type OptionSet, usageOf } from './command.ts';
import { parseTyped, type TypedWords } from './typed.ts';
import type { UploadedFile } from './uploaded-file.ts';

export type RawValue = string | number | boolean;
/** A file is a text that stands for it until it was fetched. */
export type ParsedValue = string | number | boolean | Date | Readonly<Record<string, string>> | UploadedFile;

export interface Resolved {
  /** Words of the command: `['book', 'show']`. */
  readonly words: readonly string[];
  readonly action: Action;
}

/** A command that lacks something it cannot do without. */
export class MissingOption extends UserError {
  override readonly name = 'MissingOption';
  readonly resolved: Resolved;
  /** What it has. */
  readonly given: Readonly<Record<string, ParsedValue>>;
  readonly option: string;

  constructor({ words, action }: Resolved, given: Readonly<Record<string, ParsedValue>>, option: string) {
    const description = lowerFirst(action.options[option]?.description ?? '');
    super(`${option} is missing: ${description}. ${howTo(words, action)}`);
    this.resolved = { words, action };
    this.given = given;
    this.option = option;
  }
}

/**
 * Finds the command that these words begin with; what is left are its positional options.
 * @throws UserError naming the nearest command
 */
export function resolveCommand(
  words: readonly string[],
  commands: readonly Command[],
): Resolved & { readonly rest: readonly string[] } {
  const [first = '', second] = words.map((word) => word.toLowerCase());
  const command = commands.find(({ name }) => name === first);
  if (!command) throw new UserError(unknownCommand(first, commands));
  if ('action' in command.body) return { words: [first], action: command.body.action, rest: words.slice(1) };
  const action =
    second !== undefined && Object.hasOwn(command.body.subcommands, second)
      ? command.body.subcommands[second]
      : undefined;
  if (second !== undefined && action) return { words: [first, second], action, rest: words.slice(2) };
  throw new UserError(missingSubcommand(command, second));
}

/**
 * Options of a typed command: positions fill the options in their order, names fill any of them, and a `pairs`
 * option takes the names that no other option has. `attached` is the name of a file that came along.
 * @throws UserError for one too many, an unknown name, a missing or an impossible value, and for a file that nobody wants
 */
export function parseTypedOptions(
  { words, action }: Resolved,
  positional: readonly string[],
  named: TypedWords['named'],
  attached?: string,
): Record<string, ParsedValue> {
  return withAllRequired({ words, action }, givenOptions({ words, action }, positional, named, attached));
}

/**
 * The same, whether or not anything is missing.
 * @throws UserError for one too many, an unknown name, an impossible value, and for a file that nobody wants
 */
export function givenOptions(
  { words, action }: Resolved,
  positional: readonly string[],
  named: TypedWords['named'],
  attached?: string,
): Record<string, ParsedValue> {
  const raw: Record<string, RawValue | Record<string, string>> = {};
  const names = Object.keys(action.options);
  if (attached !== undefined) raw[fileOptionOf({ words, action })] = attached;
  const open = Object.entries(action.options).filter(
    ([name, { type }]) => !Object.hasOwn(named, name) && !Object.hasOwn(raw, name) && type !== 'pairs',
  );
  positional.forEach((value, index) => {
    const [name, option] = open[Math.min(index, open.length - 1)] ?? [];
    if (name === undefined || !option)
      throw new UserError(`"${value}" is one word too many. ${howTo(words, action)}`);
    if (index < open.length) raw[name] = value;
    else if (option.type === 'string' && option.rest) raw[name] = `${raw[name]} ${value}`;
    else throw new UserError(`"${value}" is one word too many. ${howTo(words, action)}`);
  });
  const pairsName = Object.entries(action.options).find(([, { type }]) => type === 'pairs')?.[0];
  for (const [name, value] of Object.entries(named)) {
    if (names.includes(name)) raw[name] = value;
    else if (pairsName !== undefined) raw[pairsName] = { ...asPairs(raw[pairsName]), [name]: value };
    else throw new UserError(`${unknownOption(name, names)} ${howTo(words, action)}`);
  }
  return parseGiven({ words, action }, raw);
}

/** Whether a typed text is a command that takes a file: one may follow it. */
export function takesFile(text: string, commands: readonly Command[]): boolean {
  try {
    const { action } = resolveCommand(parseTyped(text).positional, commands);
    return Object.values(action.options).some(({ type }) => type === 'file');
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

function fileOptionOf({ words, action }: Resolved): string {
  const name = Object.entries(action.options).find(([, { type }]) => type === 'file')?.[0];
  if (name !== undefined) return name;
  throw new UserError(`/${words.join(' ')} takes no file. ${howTo(words, action)}`);
}

/**
 * Options by name, as a platform or a stored button gives them.
 * @throws UserError for an unknown name, a missing or an impossible value
 */
export function checkOptions(
  resolved: Resolved,
  raw: Readonly<Record<string, RawValue | Readonly<Record<string, string>>>>,
): Record<string, ParsedValue> {
  return withAllRequired(resolved, parseGiven(resolved, raw));
}

/**
 * The same, whether or not anything is missing.
 * @throws UserError for an unknown name or an impossible value
 */
export function parseGiven(
  { words, action }: Resolved,
  raw: Readonly<Record<string, RawValue | Readonly<Record<string, string>>>>,
): Record<string, ParsedValue> {
  const options: OptionSet = action.options;
  const parsed: Record<string, ParsedValue> = {};
  for (const [name, value] of Object.entries(raw)) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (!option) throw new UserError(`${unknownOption(name, Object.keys(options))} ${howTo(words, action)}`);
    parsed[name] = parseOption(name, option, value);
  }
  return parsed;
}

/** Whether everything is there that the command cannot do without. */
export function isComplete({ options }: Action, parsed: Readonly<Record<string, ParsedValue>>): boolean {
  return Object.entries(options).every(([name, { required }]) => !required || parsed[name] !== undefined);
}

function withAllRequired(
  { words, action }: Resolved,
  parsed: Record<string, ParsedValue>,
): Record<string, ParsedValue> {
  for (const [name, option] of Object.entries(action.options)) {
    if (!option.required || parsed[name] !== undefined) continue;
    if (option.type === 'file') throw new UserError(missingFile(name, option));
    throw new MissingOption({ words, action }, parsed, name);
  }
  return parsed;
}

/** One value of an option. @throws UserError when it is impossible */
export function parseOption(
  name: string,
  option: Option,
  raw: RawValue | Readonly<Record<string, string>>,
): ParsedValue {
  if (option.type === 'pairs') return typeof raw === 'object' ? raw : parsePairs(name, String(raw));
  const text = String(raw).trim();
  switch (option.type) {
    case 'string':
    case 'file':
      return text;
    case 'number':
    case 'integer':
      return parseNumber(name, option, text);
    case 'boolean':
      return parseBoolean(name, text);
    case 'choice':
      return parseChoice(name, option.choices, text);
    case 'date':
      return parseDate(name, text);
  }
}

function parseNumber(
  name: string,
  { type, min, max }: { type: 'number' | 'integer'; min?: number; max?: number },
  text: string,
): number {
  const value = /^[+-]?(\d[\d_]*(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)
    ? Number(text.replaceAll('_', ''))
    : Number.NaN;
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  if (!Number.isFinite(value) || (type === 'integer' && !Number.isSafeInteger(value))) {
    throw new UserError(`${name} must be ${kind}, not "${text}".`);
  }
  if (min !== undefined && value < min) throw new UserError(`${name} must be at least ${min}, not ${text}.`);
  if (max !== undefined && value > max) throw new UserError(`${name} must be at most ${max}, not ${text}.`);
  return value;
}

function parseBoolean(name: string, text: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw new UserError(`${name} must be yes or no, not "${text}".`);
}

function parseChoice(name: string, choices: readonly string[], text: string): string {
  const choice = choices.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (choice === undefined)
    throw new UserError(`${name} must be one of ${choices.join(', ')}, not "${text}".`);
  return choice;
}

function parseDate(name: string, text: string): Date {
  const date = new Date(`${text}T00:00:00.000Z`);
  const real =
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  if (!real) throw new UserError(`${name} must be a date such as 2020-01-31, not "${text}".`);
  return date;
}

function parsePairs(name: string, text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  // A comma inside a word belongs to its value, as in fast=5,10,20; after a word it only parts it from the next.
  const words = text.split(/[\s;]+/).map((part) => part.replace(/,+$/, ''));
  for (const word of words.filter((part) => part !== '')) {
    const split = word.indexOf('=');
    if (split < 1)
      throw new UserError(`${name} must be written as name=value, such as fast=10, not "${word}".`);
    pairs[word.slice(0, split)] = word.slice(split + 1);
  }
  return pairs;
}

function asPairs(value: RawValue | Record<string, string> | undefined): Record<string, string> {
  return typeof value === 'object' ? value : {};
}

function unknownCommand(word: string, commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  const [near] = nearest(word, names, 1);
  return `There is no command /${word}.${near === undefined ? '' : ` Did you mean /${near}?`} Type /help to see them all.`;
}

function missingSubcommand(command: Command, word: string | undefined): string {
  const actions = actionsOf(command);
  const names = actions.map(({ words }) => words[1] ?? '');
  const usages = actions.map(({ words, action }) => usageOf(words, action)).join(', ');
  if (word === undefined) return `/${command.name} needs one more word: ${usages}.`;
  const [near] = nearest(word, names, 1);
  const hint = near === undefined ? '' : ` Did you mean /${command.name} ${near}?`;
  return `/${command.name} has no "${word}".${hint} It has: ${usages}.`;
}

function unknownOption(name: string, known: readonly string[]): string {
  const [near] = nearest(name, known, 1);
  return `There is no option "${name}".${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

function missingFile(name: string, { description }: Option): string {
  return `${name} is missing: ${lowerFirst(description)}. Send the file along with the command or right after it; at the terminal give its path.`;
}

function howTo(words: readonly string[], action: Action): string {
  return `Usage: ${usageOf(words, action)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}
