/** What the Tab key offers, from the command definitions: command words, option names, and values of options. */
import { type Action, actionsOf, type Command } from '../../../commands/command.ts';

/** Candidates that are known at once, or the option whose values the desk must be asked for. */
export type Completion =
  | { readonly kind: 'words'; readonly typed: string; readonly candidates: readonly string[] }
  | { readonly kind: 'path'; readonly typed: string }
  | {
      readonly kind: 'value';
      readonly command: readonly string[];
      readonly option: string;
      /** What of the value is typed. */
      readonly typed: string;
      /** What stands before it, by option. */
      readonly given: Readonly<Record<string, string>>;
      /** Further candidates that fit this place: the names of options. */
      readonly names: readonly string[];
    };

/** `line` is what stands before the cursor. */
export function completionOf(line: string, commands: readonly Command[]): Completion {
  const words = line.trimStart().split(/\s+/);
  const typed = words.pop() ?? '';
  const [first, ...rest] = words;
  if (first === undefined) {
    return { kind: 'words', typed, candidates: commands.map(({ name }) => `/${name} `) };
  }
  const command = commands.find(({ name }) => `/${name}` === first.toLowerCase());
  if (!command) return { kind: 'words', typed, candidates: [] };
  if ('action' in command.body) return optionCompletion([command.name], command.body.action, rest, typed);
  const [second, ...options] = rest;
  if (second === undefined) {
    const candidates = actionsOf(command).map(({ words: [, name] }) => `${name} `);
    return { kind: 'words', typed, candidates };
  }
  const action = command.body.subcommands[second];
  if (!action) return { kind: 'words', typed, candidates: [] };
  return optionCompletion([command.name, second], action, options, typed);
}

function optionCompletion(
  command: readonly string[],
  action: Action,
  before: readonly string[],
  typed: string,
): Completion {
  const names = Object.keys(action.options);
  const named = before.filter((word) => word.includes('=')).map(pairOf);
  const placed = before.filter((word) => !word.includes('='));
  const open = names.filter((name) => !named.some(([given]) => given === name));
  const given = {
    ...Object.fromEntries(placed.flatMap((word, index) => (open[index] ? [[open[index], word]] : []))),
    ...Object.fromEntries(named),
  };
  const split = typed.indexOf('=');
  if (split > 0) {
    const option = typed.slice(0, split);
    if (action.options[option]?.type === 'file') return { kind: 'path', typed: typed.slice(split + 1) };
    return { kind: 'value', command, option, typed: typed.slice(split + 1), given, names: [] };
  }
  const option = open[placed.length];
  const candidates = open.slice(placed.length).map((name) => `${name}=`);
  if (option === undefined) return { kind: 'words', typed, candidates };
  if (action.options[option]?.type === 'file') return { kind: 'path', typed };
  return { kind: 'value', command, option, typed, given, names: candidates };
}

function pairOf(word: string): readonly [name: string, value: string] {
  const split = word.indexOf('=');
  return [word.slice(0, split), word.slice(split + 1)];
}
