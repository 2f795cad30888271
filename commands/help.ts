import { UserError } from '../engine/errors.ts';
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
  description: 'What you can do here, or how to use one command',
  group: 'Overview',
  body: {
    action: action({
      description: 'What you can do here, or how to use one command',
      role: 'viewer',
      visibility: 'only-you',
      example: '/help backtest',
      options: {
        command: {
          type: 'string',
          description: 'Command to explain',
          rest: true,
          suggest: ({ host, caller }) =>
            host.commands.filter((command) => mayUse(command, caller)).map(({ name }) => name),
        },
      },
      run: async ({ host, caller }, { command }) =>
        command === undefined ? overview(host.commands, caller) : explanation(command, host.commands),
    }),
  },
});

/** Commands by group, those that the caller's role may use. */
function overview(commands: readonly Command[], caller: Caller): Reply {
  const text = groups.flatMap((group): RichText => {
    const lines = commands
      .filter((command) => command.group === group && mayUse(command, caller))
      .flatMap((command) => actionsOf(command))
      .filter(({ action: { role } }) => mayAct(caller.role, role))
      .flatMap(
        ({ words, action: { description } }): RichText => [
          '\n',
          code(`/${words.join(' ')}`),
          `  ${description}`,
        ],
      );
    return lines.length === 0 ? [] : [bold(group), ...lines, '\n\n'];
  });
  return {
    title: 'What you can do',
    text: [...text, 'How to use one of them: ', code('/help backtest')],
  };
}

/** Every form of one command, with its options. */
function explanation(asked: string, commands: readonly Command[]): Reply {
  const words = asked.replace(/^\//, '').split(/\s+/);
  const command = commands.find(({ name }) => name === words[0]?.toLowerCase());
  const forms = command && words.length === 1 ? actionsOf(command) : [resolveCommand(words, commands)];
  const [first] = forms;
  if (!first) throw new UserError(`/${asked} does nothing yet.`);
  const text = forms.flatMap((form): RichText => {
    const { description, role, options, example } = form.action;
    const lines = Object.entries(options).flatMap(([name, option]): RichText => {
      const kind = option.type === 'choice' ? option.choices.join(' | ') : kindOf[option.type];
      return ['\n', code(name), ` (${kind}${option.required ? '' : ', optional'})  ${option.description}`];
    });
    return [
      bold(usageOf(form.words, form.action)),
      `\n${description}. For the role ${role} and above.`,
      ...lines,
      ...(example === undefined ? [] : ['\nExample: ', code(example)]),
      '\n\n',
    ];
  });
  return { title: `/${command?.name ?? words.join(' ')}`, text };
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
  return actionsOf(command).some(({ action: { role } }) => mayAct(caller.role, role));
}
