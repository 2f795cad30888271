/** What somebody typed or chose, read as a command with its options: aliases expanded, nothing of it done. */
import type { Command, CommandContext, Host } from '../../commands/command.ts';
import {
  checkOptions,
  givenOptions,
  type ParsedValue,
  parseGiven,
  parseTypedOptions,
  type Resolved,
  resolveCommand,
} from '../../commands/options.ts';
import { parseTyped } from '../../commands/typed.ts';
import { UserError } from '../../engine/errors.ts';
import type { IncomingCommand } from './platform.ts';

export interface Understood {
  readonly resolved: Resolved;
  /** Of a command with a wizard those that are given; else all that it needs. */
  readonly options: Record<string, ParsedValue>;
}

export interface ReadingParts {
  readonly commands: readonly Command[];
  readonly host: Pick<Host, 'aliases'>;
}

/** @throws UserError for what is no command, and for options that it cannot have */
export function readCommand(
  { input, files }: IncomingCommand,
  context: CommandContext,
  { commands, host }: ReadingParts,
): Understood {
  if (input.kind === 'structured') {
    const resolved = resolveCommand(input.command, commands);
    return stoodFor({ resolved, options: optionsOf(resolved, input.options) }, context, commands);
  }
  const attached = files?.attached?.name;
  if (!input.text.trim().startsWith('/')) {
    if (attached !== undefined)
      throw new UserError(
        'A file alone says nothing: send it along with its command, such as /strategy add.',
      );
    throw new UserError('A command begins with a slash. Type /help to see them all.');
  }
  const line = host.aliases.expand(input.text) ?? input.text;
  return stoodFor(readLine(line, attached, commands), context, commands);
}

/** Options by their names, as a platform or a stored button gives them. @throws UserError for those that cannot be */
export function optionsOf(
  { words, action }: Resolved,
  raw: Parameters<typeof parseGiven>[1],
): Record<string, ParsedValue> {
  return (action.wizard ? parseGiven : checkOptions)({ words, action }, raw);
}

/** Whether these words are for somebody whom a desk without people does not know yet. */
export function isForStrangers({ input }: IncomingCommand, commands: readonly Command[]): boolean {
  const words =
    input.kind === 'structured' ? input.command : input.text.trim().replace(/^\//, '').split(/\s+/, 2);
  try {
    return resolveCommand(words, commands).action.strangers === true;
  } catch (error) {
    if (error instanceof UserError) return false; // no such command, which is not told to strangers
    throw error;
  }
}

/** What is performed in place of a command that stands for another one. */
function stoodFor(understood: Understood, context: CommandContext, commands: readonly Command[]): Understood {
  const { resolved, options } = understood;
  const line = resolved.action.standsFor?.(context, options as never);
  return line === undefined ? understood : readLine(line, undefined, commands);
}

/** A command as it is typed, and no alias. */
function readLine(text: string, attached: string | undefined, commands: readonly Command[]): Understood {
  const { positional, named } = parseTyped(text);
  const { words, action, rest } = resolveCommand(positional, commands);
  const parse = action.wizard ? givenOptions : parseTypedOptions;
  return { resolved: { words, action }, options: parse({ words, action }, rest, named, attached) };
}
