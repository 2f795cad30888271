import {
  action,
  actionsOf,
  type Caller,
  type Command,
  defineCommand,
  groups,
  mayAct,
  usageOf,
} from './command.ts';
import { resolveCommand } from './options.ts';
import { bold, code, type Reply, type RichText } from './reply.ts';

export const help = defineCommand({
  name: 'help',
  description: 'What you can do here, how to use one command, or which commands speak of a word',
  group: 'Overview',
  body: {
    action: action({
      description: 'What you can do here, how to use one command, or which commands speak of a word',
      role: 'viewer',
      visibility: 'only-you',
      example: '/help backtest',
      options: {
        command: {
          type: 'string',
          description: 'Command to explain, or a word to look for',
          rest: true,
          suggest: ({ host, caller }) =>
            host.commands.filter((command) => mayUse(command, caller)).map(({ name }) => name),
        },
      },
      run: async ({ host, caller }, { command }) =>
        command === undefined ? overview(host.commands, caller) : answerTo(command, host.commands, caller),
    }),
  },
});

/** Commands by group, those that the caller's role may use; of one with subcommands, their words. */
function overview(commands: readonly Command[], caller: Caller): Reply {
  const text = groups.flatMap((group): RichText => {
    const lines = commands
      .filter((command) => command.group === group && mayUse(command, caller))
      .flatMap((command): RichText => ['\n', code(`/${command.name}`), `  ${summaryOf(command, caller)}`]);
    return lines.length === 0 ? [] : [bold(group), ...lines, '\n\n'];
  });
  return {
    title: 'What you can do',
    text: [...text, 'One of them: ', code('/help backtest'), '. By a word: ', code('/help money'), '.'],
  };
}

function summaryOf(command: Command, caller: Caller): string {
  const words = usable(command, caller).flatMap((form) => form.words.slice(1));
  return words.length === 0 ? command.description : `${command.description} (${words.join(', ')})`;
}

/** A command, or one of its subcommands, with its options; for any other word whatever speaks of it. */
function answerTo(asked: string, commands: readonly Command[], caller: Caller): Reply {
  const words = asked.trim().replace(/^\//, '').toLowerCase().split(/\s+/);
  const command = commands.find(({ name }) => name === words[0]);
  if (!command) return searched(asked.trim(), commands, caller);
  const forms = words.length === 1 ? actionsOf(command) : [resolveCommand(words, commands)];
  return { title: `/${words.length === 1 ? command.name : words.join(' ')}`, text: forms.flatMap(explained) };
}

/** @throws UserError when nothing speaks of it, naming the nearest command */
function searched(asked: string, commands: readonly Command[], caller: Caller): Reply {
  const wanted = asked.toLowerCase();
  const found = commands
    .flatMap((command) => usable(command, caller))
    .filter(({ words, action: { description, options } }) =>
      [words.join(' '), description, ...Object.values(options).map((option) => option.description)].some(
        (text) => text.toLowerCase().includes(wanted),
      ),
    );
  if (found.length === 0) resolveCommand([asked], commands);
  return {
    title: `Commands that speak of "${asked}"`,
    text: found.flatMap(({ words, action: { description } }, index) => [
      index === 0 ? '' : '\n',
      code(`/${words.join(' ')}`),
      `  ${description}`,
    ]),
  };
}

/** One form of a command, with its options. */
function explained(form: Form): RichText {
  const { description, role, options, example, confirm, wizard } = form.action;
  const lines = Object.entries(options).flatMap(([name, option]): RichText => {
    const kind = option.type === 'choice' ? option.choices.join(' | ') : kindOf[option.type];
    return ['\n', code(name), ` (${kind}${option.required ? '' : ', optional'})  ${option.description}`];
  });
  return [
    bold(usageOf(form.words, form.action)),
    `\n${description}. For the role ${role} and above.${wizard ? ' What is not given is asked for.' : ''}${confirm ? ' It is confirmed before it is done.' : ''}`,
    ...lines,
    ...(example === undefined ? [] : ['\nExample: ', code(example)]),
    '\n\n',
  ];
}

type Form = ReturnType<typeof actionsOf>[number];

function usable(command: Command, { role }: Caller): readonly Form[] {
  return actionsOf(command).filter(({ action }) => mayAct(role, action.role));
}

const kindOf = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'yes or no',
  date: 'date such as 2020-01-31',
  pairs: 'name=value, any number of them',
  file: 'a file, sent along',
} as const;

function mayUse(command: Command, caller: Caller): boolean {
  return usable(command, caller).length > 0;
}
