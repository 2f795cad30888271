import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { actionsOf } from '../../commands/command.ts';
import { commands } from '../../commands/index.ts';
import { parseTypedOptions, resolveCommand } from '../../commands/options.ts';
import { commandsPage } from '../../commands/page.ts';
import { parseTyped } from '../../commands/typed.ts';

it('docs/commands.md says what the commands are: after a change of them, run npm run docs', () => {
  const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  expect(page).toBe(commandsPage(commands));
});

it('every command has an example that can be typed', () => {
  for (const { words, action } of commands.flatMap((command) => actionsOf(command))) {
    const { example = '' } = action;
    expect(example, words.join(' ')).toMatch(/^\//);
    const { rest, ...resolved } = resolveCommand(parseTyped(example).positional, commands);
    const takesFile = Object.values(action.options).some(({ type }) => type === 'file');
    const attached = takesFile ? 'file.ts' : undefined;
    expect(
      () => parseTypedOptions(resolved, rest, parseTyped(example).named, attached),
      example,
    ).not.toThrow();
  }
});
