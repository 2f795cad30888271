import { action, type CommandContext, defineCommand, roles } from './command.ts';
import { reachText } from './reach.ts';
import { bold, type Content, type Reply, rich } from './reply.ts';
import type { Person, PersonChange } from './running.ts';

const userOption = {
  type: 'string',
  description: 'Name of the user on this desk',
  required: true,
  suggest: ({ host }: CommandContext) => host.people.list().map(({ name }) => name),
} as const;

const limits = {
  books: {
    type: 'string',
    description: 'Books to which they are limited, such as demo,rotation; all: every book',
    example: 'demo',
    suggest: ({ desk }: CommandContext) => desk.books.names(),
  },
  accounts: {
    type: 'string',
    description: 'Brokers to which they are limited, such as paper; all: every broker',
    example: 'paper',
    suggest: ({ desk }: CommandContext) => desk.brokers.names(),
  },
} as const;

export const user = defineCommand({
  name: 'user',
  description: 'Who may speak to the desk, in which role, and about which books',
  group: 'Running',
  body: {
    subcommands: {
      list: action({
        description: 'Everybody on the list',
        role: 'admin',
        visibility: 'only-you',
        example: '/user list',
        options: {},
        run: async ({ host }) => listReply(host.people.list()),
      }),
      add: action({
        description: 'Lets somebody in, by the number that Discord or Telegram has for them',
        role: 'admin',
        acts: true,
        visibility: 'only-you',
        example: '/user add tom trader telegram=987654321 books=demo',
        options: {
          name: { type: 'string', description: 'What the desk calls them', required: true, example: 'tom' },
          role: { type: 'choice', description: 'What they may do', choices: roles, required: true },
          discord: { type: 'string', description: 'Their number on Discord', example: '123456789012345678' },
          telegram: { type: 'string', description: 'Their number on Telegram', example: '987654321' },
          ...limits,
        },
        confirm: (context, options) => question(context, added(options)),
        run: (context, options) => changed(context, added(options)),
      }),
      remove: action({
        description: 'The desk does not answer somebody any more',
        role: 'admin',
        acts: true,
        visibility: 'only-you',
        example: '/user remove tom',
        options: { name: userOption },
        confirm: (context, { name }) => question(context, { type: 'remove', name }),
        run: (context, { name }) => changed(context, { type: 'remove', name }),
      }),
      role: action({
        description: 'Gives somebody another role',
        role: 'admin',
        acts: true,
        visibility: 'only-you',
        example: '/user role tom viewer',
        options: {
          name: userOption,
          role: {
            type: 'choice',
            description: 'What they may do from now on',
            choices: roles,
            required: true,
          },
        },
        confirm: (context, { name, role }) => question(context, { type: 'role', name, role }),
        run: (context, { name, role }) => changed(context, { type: 'role', name, role }),
      }),
      limit: action({
        description: 'Limits somebody to books or brokers; what is left out stays',
        role: 'admin',
        acts: true,
        visibility: 'only-you',
        example: '/user limit tom books=demo',
        options: { name: userOption, ...limits },
        confirm: (context, options) => question(context, limited(context, options)),
        run: (context, options) => changed(context, limited(context, options)),
      }),
    },
  },
});

interface Limits {
  readonly books?: string;
  readonly accounts?: string;
}

function added(
  options: {
    readonly name: string;
    readonly role: (typeof roles)[number];
    readonly discord?: string;
    readonly telegram?: string;
  } & Limits,
): PersonChange {
  const { name, role, discord, telegram, books, accounts } = options;
  const ids = { ...(discord !== undefined && { discord }), ...(telegram !== undefined && { telegram }) };
  return { type: 'add', name, role, ids, books: listOf(books, null), accounts: listOf(accounts, null) };
}

function limited({ host }: CommandContext, options: { readonly name: string } & Limits): PersonChange {
  const { name, books, accounts } = options;
  const now = host.people.list().find((person) => person.name === name);
  return {
    type: 'limit',
    name,
    books: listOf(books, now?.books ?? null),
    accounts: listOf(accounts, now?.accounts ?? null),
  };
}

/** `all` lifts the limit; what is not given stays as it is. */
function listOf(text: string | undefined, now: readonly string[] | null): readonly string[] | null {
  if (text === undefined) return now;
  if (text.toLowerCase() === 'all') return null;
  return text.split(/[\s,]+/).filter((name) => name !== '');
}

function question({ host }: CommandContext, change: PersonChange): Content {
  const { before, after } = host.people.check(change);
  return {
    title: after ? `${before ? 'Change' : 'Let in'} ${change.name}?` : `Remove ${change.name}?`,
    fields: [
      { name: 'Now', value: before ? described(before) : 'not on the list' },
      { name: 'Then', value: after ? described(after) : 'not on the list' },
    ],
    text: ['All admins are told. Buttons that they were given before count by their new role.'],
  };
}

async function changed({ host, caller }: CommandContext, change: PersonChange): Promise<Reply> {
  await host.people.change(change, caller.name);
  const after = host.people.list().find(({ name }) => name === change.name);
  return {
    tone: 'success',
    text: rich`${bold(change.name)} is ${after ? described(after) : 'not on the list any more'}.`,
  };
}

function described({ role, ids, books, accounts }: Person): string {
  const where = Object.entries(ids).map(([platform, id]) => `${platform} ${id}`);
  const reach = books || accounts ? `limited to ${reachText({ books, accounts })}` : undefined;
  return [role, ...where, ...(reach ? [reach] : [])].join(', ');
}

function listReply(people: readonly Person[]): Reply {
  return {
    title: 'Users',
    table: {
      columns: ['Name', 'Role', 'Discord', 'Telegram', 'Limited to', 'From'].map((name) => ({ name })),
      rows: people.map(({ name, role, ids, books, accounts, origin }) => [
        name,
        role,
        ids['discord'] ?? '',
        ids['telegram'] ?? '',
        books || accounts ? reachText({ books, accounts }) : '',
        origin,
      ]),
    },
  };
}
