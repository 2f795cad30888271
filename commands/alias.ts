import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, code, rich } from './reply.ts';

const aliasOption = {
  type: 'string',
  description: 'Name of the alias',
  required: true,
  suggest: ({ host }: CommandContext) => host.aliases.list().map(({ name }) => name),
} as const;

export const alias = defineCommand({
  name: 'alias',
  description: 'Names of your own for long commands: one word is typed, the whole line is done',
  group: 'Running',
  body: {
    subcommands: {
      list: action({
        description: 'Every alias, and what it stands for',
        role: 'viewer',
        example: '/alias list',
        options: {},
        run: async ({ host }) => {
          const all = host.aliases.list();
          if (all.length === 0) {
            return { text: rich`There are none. ${code('/alias add morning /book list')} makes one.` };
          }
          return {
            title: 'Aliases',
            table: {
              columns: ['Alias', 'Stands for', 'By'].map((name) => ({ name })),
              rows: all.map(({ name, line, by }) => [`/${name}`, line, by]),
            },
          };
        },
      }),
      run: action({
        description: 'Does what an alias stands for; where you type, the alias alone is enough',
        role: 'viewer',
        example: '/alias run morning',
        options: {
          name: aliasOption,
          more: { type: 'string', description: 'Words to put after it', rest: true },
        },
        standsFor: ({ host }, { name, more }) =>
          host.aliases.expand(more === undefined ? name : `${name} ${more}`),
        run: async ({ host }, { name }) => {
          const names = host.aliases.list().map((each) => each.name);
          throw new UserError(`There is no alias "${name}". There is: ${names.join(', ') || 'none'}.`);
        },
      }),
      add: action({
        description: 'Lets one word stand for a command line; a word that is taken gets the new line',
        role: 'trader',
        acts: true,
        example: '/alias add stop /suspend entries',
        options: {
          name: { type: 'string', description: 'The word', required: true, example: 'stop' },
          line: {
            type: 'string',
            description: 'The command line for which it stands',
            required: true,
            rest: true,
            example: '/suspend entries',
          },
        },
        confirm: ({ host }, { name, line }) => {
          host.aliases.check({ name, line });
          const now = host.aliases.list().find((each) => each.name === name);
          return {
            title: `Let /${name} stand for this?`,
            text: [
              code(line),
              ...(now ? rich`\nUntil now it stands for ${code(now.line)}.` : []),
              '\nWhoever types it does so with their own role, and confirms what must be confirmed.',
            ],
          };
        },
        run: async ({ host, caller }, { name, line }) => {
          await host.aliases.add({ name, line }, caller.name);
          return { tone: 'success', text: rich`${bold(`/${name}`)} stands for ${code(line)} from now on.` };
        },
      }),
      remove: action({
        description: 'Forgets an alias',
        role: 'trader',
        acts: true,
        example: '/alias remove stop',
        options: { name: aliasOption },
        run: async ({ host }, { name }) => {
          await host.aliases.remove(name);
          return { tone: 'success', text: rich`${bold(`/${name}`)} stands for nothing any more.` };
        },
      }),
    },
  },
});
