/** The page `docs/commands.md`: every command as it is defined, so that the page cannot say something else than the desk. */
import { type Action, actionsOf, type Command, groups, type Option, usageOf } from './command.ts';

/** @returns Markdown */
export function commandsPage(commands: readonly Command[]): string {
  const sections = groups.flatMap((group) => {
    const own = commands.filter((command) => command.group === group);
    return own.length === 0 ? [] : [`## ${group}`, tableOf(own), ...own.map(detailsOf)];
  });
  return `${[head, ...sections].join('\n\n')}\n`;
}

const head = `# Commands

<!-- Written by \`npm run docs\` from the definitions in commands/. Changes made here are lost. -->

The same in Discord, in Telegram and at the terminal. What has to be confirmed is marked with ✔︎: it is described first, with a button. \`viewer\`, \`trader\` and \`admin\` each may do what the one before may.

Typed commands take required values by position, and others as \`name=value\`. A value with spaces stands in quotes. In Discord each is a field of its own.`;

function tableOf(commands: readonly Command[]): string {
  const rows = commands
    .flatMap((command) => actionsOf(command))
    .map(
      ({ words, action }) =>
        `| \`/${words.join(' ')}\` | ${cell(action.description)} | ${action.role} | ${action.confirm ? '✔︎' : ''} |`,
    );
  return ['| command | what it does | role | |', '|---|---|---|---|', ...rows].join('\n');
}

function detailsOf(command: Command): string {
  return [
    `### /${command.name}`,
    `${command.description}.`,
    ...actionsOf(command).map(({ words, action }) => formOf(words, action)),
  ].join('\n\n');
}

function formOf(words: readonly string[], action: Action): string {
  const options = Object.entries(action.options);
  const lines = [`**\`${usageOf(words, action)}\`**`];
  if (options.length > 0) {
    lines.push(options.map(([name, option]) => `- \`${name}\`: ${describe(option)}`).join('\n'));
  }
  if (action.example !== undefined) lines.push(`Example: \`${action.example}\``);
  return lines.join('\n\n');
}

function describe(option: Option): string {
  const choices =
    option.type === 'choice' ? ` (${option.choices.map((choice) => `\`${choice}\``).join(', ')})` : '';
  return `${option.description}${choices}${option.required ? '' : ', optional'}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
