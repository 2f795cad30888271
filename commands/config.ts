import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, type Content, code, type Reply, type RichText, rich } from './reply.ts';
import type { ChangedSetting, CheckedSetting, Setting, SettingChange } from './running.ts';
import type { Times } from './times.ts';

const documentOption = {
  type: 'string',
  description: 'What is set: desk, books/NAME or plans/NAME',
  required: true,
  example: 'books/demo',
  suggest: ({ host }: CommandContext) => host.settings.documents(),
} as const;

const keyOption = {
  type: 'string',
  description: 'Its key, such as limits.order',
  required: true,
  example: 'limits.order',
  suggest: ({ host }: CommandContext) => [
    ...new Set(host.settings.documents().flatMap((document) => host.settings.keys(document))),
  ],
} as const;

export const config = defineCommand({
  name: 'config',
  description: 'Settings of books, plans and limits: see them, change them, compare them with the files',
  group: 'Running',
  body: {
    subcommands: {
      show: action({
        description: 'What is set for the desk, a book or a plan; secrets are hidden',
        role: 'admin',
        visibility: 'only-you',
        example: '/config show books/demo limits',
        options: {
          document: { ...documentOption, required: false },
          key: { ...keyOption, required: false },
        },
        run: async ({ host }, { document, key }) =>
          document === undefined
            ? listReply(host.settings.documents(), host.settings.differences())
            : showReply(document, host.settings.show(document, key)),
      }),
      set: action({
        description: 'Changes a setting; it is kept over restarts and goes before the file',
        role: 'admin',
        acts: true,
        visibility: 'only-you',
        example: '/config set books/demo limits.order 500',
        options: {
          document: documentOption,
          key: keyOption,
          value: {
            type: 'string',
            description: 'The new value: text, a number, yes/no as true/false, [A, B], {a: 1}',
            required: true,
            rest: true,
            example: '500',
          },
        },
        secrets: ({ host }, { document, key }) =>
          host.settings.isSecret({ document, key }) ? ['value'] : [],
        confirm: ({ host }, change) => question(change, host.settings.check(change)),
        run: async (context, change) => setReply(context, change),
      }),
      reset: action({
        description: 'Goes back to what the file says',
        role: 'admin',
        acts: true,
        visibility: 'only-you',
        example: '/config reset books/demo limits.order',
        options: { document: documentOption, key: keyOption },
        confirm: ({ host }, at) => {
          const change = { ...at, value: null };
          return question(change, host.settings.check(change));
        },
        run: async (context, at) => setReply(context, { ...at, value: null }),
      }),
      diff: action({
        description: 'What was changed in chat, and what the files say about it',
        role: 'admin',
        visibility: 'only-you',
        example: '/config diff',
        options: {},
        run: async ({ host, times }) => diffReply(host.settings.differences(), times),
      }),
      export: action({
        description: 'The configuration as files, with what was changed in chat and without secrets',
        role: 'admin',
        visibility: 'only-you',
        example: '/config export',
        options: {},
        run: async ({ host }) => ({
          title: 'Configuration',
          text: ['What is secret is left out, and so are comments. Names of variables stay.'],
          attachments: host.settings.files().map(({ name, text }) => ({
            name: name.replace('/', '-'),
            type: 'text/plain',
            data: new TextEncoder().encode(text),
          })),
        }),
      }),
    },
  },
});

function question({ document, key }: SettingChange, { before, after, takesEffect }: CheckedSetting): Content {
  return {
    title: `Change ${key} of ${document}?`,
    fields: [
      { name: 'Now', value: before },
      { name: 'Then', value: after },
      { name: 'Takes effect', value: takesEffect },
    ],
    text: ['All admins are told.'],
  };
}

async function setReply({ host, caller }: CommandContext, change: SettingChange): Promise<Reply> {
  const { before, after, takesEffect } = await host.settings.set(change, caller.name);
  const when: RichText =
    takesEffect === 'at once'
      ? ['It holds from now on.']
      : rich`It holds after a restart: ${code('/restart')}.`;
  return {
    tone: 'success',
    text: [...rich`${bold(`${change.document} ${change.key}`)}: ${before} → ${bold(after)}. `, ...when],
    ...(takesEffect === 'after a restart' && {
      buttons: [{ label: 'Restart', style: 'danger', command: ['restart'], options: {} }],
    }),
  };
}

function listReply(documents: readonly string[], changed: readonly ChangedSetting[]): Reply {
  return {
    title: 'Settings',
    table: {
      columns: [{ name: 'What' }, { name: 'Changed in chat' }],
      rows: documents.map((document) => [
        document,
        changed.flatMap((each) => (each.document === document ? [each.key] : [])).join(', '),
      ]),
    },
    text: rich`${code('/config show books/demo')} shows one of them.`,
  };
}

function showReply(document: string, settings: readonly Setting[]): Reply {
  if (settings.length === 0) return { text: [`Nothing is set there for ${document}.`] };
  return {
    title: document,
    table: {
      columns: [{ name: 'Key' }, { name: 'Value' }, { name: 'From' }],
      rows: settings.map(({ key, value, origin }) => [key, value, origin]),
    },
  };
}

function diffReply(changed: readonly ChangedSetting[], times: Times): Reply {
  if (changed.length === 0)
    return { text: ['Nothing was changed in chat: the desk is set as its files say.'] };
  return {
    title: 'Changed in chat',
    table: {
      columns: ['What', 'Key', 'File', 'Chat', 'By', times.head('When')].map((name) => ({ name })),
      rows: changed.map(({ document, key, inFile, inChat, by, at, applies }) => [
        document,
        key,
        applies ? inFile : 'no such file',
        applies ? inChat : 'means nothing',
        by,
        times.cell(at),
      ]),
    },
  };
}
