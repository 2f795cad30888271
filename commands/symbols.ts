/** Symbols and days as people type them: `SP500, ACME`, from and to. */
import { UserError } from '../engine/errors.ts';
import type { CommandContext, DateOption, StringOption } from './command.ts';

/** @throws UserError for a list without a symbol */
export function symbolList(text: string): string[] {
  const symbols = text.split(/[\s,;]+/).filter((symbol) => symbol !== '');
  if (symbols.length === 0) throw new UserError('symbols is empty. Name at least one, such as SP500.');
  return [...new Set(symbols.map((symbol) => symbol.toUpperCase()))];
}

/** Completes the symbol that is being typed and keeps those before it. */
export async function suggestSymbols({ desk }: CommandContext, typed: string): Promise<readonly string[]> {
  const begin = Math.max(typed.lastIndexOf(','), typed.lastIndexOf(';')) + 1;
  const before = typed.slice(0, begin);
  return (await desk.suggestSymbols(typed.slice(begin).trim())).map((symbol) => `${before}${symbol}`);
}

export const symbolsOption = {
  type: 'string',
  description: 'Symbols, separated by commas',
  required: true,
  example: 'SP500',
  suggest: suggestSymbols,
} as const satisfies StringOption;

/** Which of the bars of a source are meant. */
export const dayOptions = {
  from: { type: 'date', description: 'First day; without it from the beginning' },
  to: { type: 'date', description: 'Last day; without it to the newest' },
} as const satisfies Record<string, DateOption>;
