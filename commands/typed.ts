/**
 * Typed commands, as people type them on a phone or in a terminal: `/backtest sma_cross SP500 fast=10 "name=my run"`.
 *
 * Words are separated by spaces; quotes hold a word together; `name=value` names an option, everything else is taken
 * by position. Phones turn quotes into curly ones and `--` into a dash: both are understood. JSON is one word, as it is.
 */
import { UserError } from '../engine/errors.ts';

export interface TypedWords {
  /** Words without a name, in order; the command itself comes first, without its slash. */
  readonly positional: readonly string[];
  readonly named: Readonly<Record<string, string>>;
}

/** Opening quote -> the characters that may close it. */
const quotes: Readonly<Record<string, string>> = {
  '"': '"“”„',
  "'": "'‘’‚",
  '“': '"“”',
  '”': '"“”',
  '„': '"“”',
  '‘': "'‘’",
  '’': "'‘’",
  '‚': "'‘’",
  '«': '»',
};
const dashes = /[‐‑‒–—―−]/g;
const namedWord = /^-*([a-z_][a-z0-9_]*)=(.*)$/is;

/**
 * Takes a typed command apart.
 * @throws UserError for a quote that is never closed or an option that is named twice
 */
export function parseTyped(text: string): TypedWords {
  const positional: string[] = [];
  const named: Record<string, string> = {};
  for (const word of splitWords(text.trim().replace(/^\//, ''))) {
    const match = namedWord.exec(word);
    if (!match) {
      positional.push(word);
      continue;
    }
    const [, name = '', value = ''] = match;
    const key = name.toLowerCase();
    if (Object.hasOwn(named, key)) throw new UserError(`${key} is given twice. Give it once.`);
    named[key] = value;
  }
  return { positional, named };
}

function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let started = false;
  let closers: string | undefined;
  let at = 0;
  for (const character of text) {
    const mayBegin = closers === undefined && (!started || word.endsWith('='));
    const jsonEnd = mayBegin ? endOfJson(text, at) : undefined;
    at += character.length;
    if (jsonEnd !== undefined) {
      const after = splitWords(text.slice(jsonEnd));
      return [...words, word + text.slice(at - character.length, jsonEnd), ...after];
    }
    if (closers !== undefined) {
      if (closers.includes(character)) closers = undefined;
      else word += character;
    } else if (opensQuote(character, word)) {
      closers = quotes[character];
      started = true;
    } else if (/\s/.test(character)) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += character.replace(dashes, '-');
      started = true;
    }
  }
  if (closers !== undefined)
    throw new UserError('A quote is opened and never closed. Close it, or leave it out.');
  if (started) words.push(word);
  return words;
}

/** Where the JSON object or list ends that begins here; undefined where none begins, or it is never closed. */
function endOfJson(text: string, begin: number): number | undefined {
  if (!/[{[]/.test(text.charAt(begin))) return undefined;
  let depth = 0;
  for (const { 0: part, index } of text.slice(begin).matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (/^[{[]/.test(part)) depth++;
    else if (/^[}\]]/.test(part)) depth--;
    if (depth === 0) return begin + index + part.length;
  }
  return undefined;
}

/** A quote counts at the beginning of a word or of a value; inside a word (`o'clock`) it is a letter. */
function opensQuote(character: string, word: string): boolean {
  return Object.hasOwn(quotes, character) && (word === '' || word.endsWith('='));
}
