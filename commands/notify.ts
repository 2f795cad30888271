import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, type Reply, rich } from './reply.ts';
import { type Notice, noticeLevels } from './running.ts';

const chatOption = {
  type: 'string',
  description: 'Which chat, as /notify list names it; this one where not given',
  example: 'discord:chat:123456789',
  suggest: ({ host }: CommandContext) => host.notices.chats(),
} as const;

export const notify = defineCommand({
  name: 'notify',
  description: 'Of what the chats are told: with a sound, silently, or not at all',
  group: 'Running',
  body: {
    subcommands: {
      list: action({
        description: 'Of what a chat is told, and which other chats are told something',
        role: 'viewer',
        visibility: 'only-you',
        example: '/notify list',
        options: { chat: chatOption },
        run: async (context, { chat }) => {
          const which = chatIn(context, chat);
          return listReply(which, context.host.notices.list(which), context.host.notices.chats());
        },
      }),
      set: action({
        description: 'Tells a chat of a kind of event with a sound, silently, or not at all',
        role: 'viewer',
        visibility: 'only-you',
        example: '/notify set signal silent',
        options: {
          kind: {
            type: 'string',
            description: 'Kind of event, such as signal or run',
            required: true,
            example: 'signal',
            suggest: ({ host }) => host.notices.kinds,
          },
          level: { type: 'choice', description: 'How it is told', choices: noticeLevels, required: true },
          chat: chatOption,
        },
        run: async (context, { kind, level, chat }) => {
          const which = chatIn(context, chat);
          await context.host.notices.set({ chat: which, kind, level });
          return {
            tone: 'success',
            text: rich`${bold(kind)} is ${levelText[level]} in ${which} from now on.`,
          };
        },
      }),
    },
  },
});

const levelText = { on: 'told with a sound', silent: 'told without a sound', off: 'not told' } as const;

/** Everybody decides about their private chat with the desk; about the others admins do. */
function chatIn({ host, caller, asker }: CommandContext, chat: string | undefined): string {
  const here = host.notices.chatOf(asker);
  const which = chat ?? here;
  const isOwn = asker.chat.private && which === here;
  if (caller.role !== 'admin' && !isOwn) {
    throw new UserError(
      `What ${which} is told is up to the admins. Ask in your private chat with the desk about that one.`,
    );
  }
  return which;
}

function listReply(chat: string, notices: readonly Notice[], chats: readonly string[]): Reply {
  const others = chats.filter((each) => each !== chat);
  return {
    title: `What ${chat} is told`,
    table: {
      columns: [{ name: 'Event' }, { name: 'Told' }, { name: 'Set' }],
      rows: notices.map(({ kind, level, origin }) => [kind, level, origin === 'chat' ? 'in chat' : '']),
    },
    text: others.length === 0 ? [] : [`Other chats that are told something: ${others.join(', ')}`],
  };
}
