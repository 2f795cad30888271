import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, type Reply, rich } from './reply.ts';
import type { ZoneOwner } from './running.ts';
import { zoneNamed, zonesLike } from './times.ts';

/** In place of a zone: whatever holds where nothing is set. */
const unset = 'default';

export const timezone = defineCommand({
  name: 'timezone',
  description: 'By which clock the desk tells you, or a chat, when things happened',
  group: 'Running',
  body: {
    subcommands: {
      show: action({
        description: 'Your time zone, that of this chat, and that of the desk',
        role: 'viewer',
        visibility: 'only-you',
        example: '/timezone show',
        options: {},
        run: async (context) => showReply(context),
      }),
      set: action({
        description: 'Writes the times in answers to you, or in what a chat is told, in a zone',
        role: 'viewer',
        visibility: 'only-you',
        example: '/timezone set Europe/Berlin',
        options: {
          zone: {
            type: 'string',
            description: `Such as Europe/Berlin or UTC; ${unset}: as where nothing was ever set`,
            required: true,
            example: 'Europe/Berlin',
            suggest: (_, typed) => [
              ...(typed === '' || unset.startsWith(typed.toLowerCase()) ? [unset] : []),
              ...zonesLike(typed),
            ],
          },
          chat: {
            type: 'string',
            description: 'For a chat instead of for you: here, or as /notify list names it',
            example: 'here',
            suggest: ({ host }) => ['here', ...host.notices.chats()],
          },
        },
        run: async (context, { zone, chat }) => {
          const { host, caller } = context;
          const owner = chat === undefined ? { person: caller.name } : { chat: chatIn(context, chat) };
          const known = zone.toLowerCase() === unset ? null : zoneNamed(zone);
          if (known === undefined) throw new UserError(unknownZone(zone));
          await host.zones.set(owner, known);
          return {
            tone: 'success',
            text: rich`Times ${'chat' in owner ? `in ${owner.chat}` : 'in answers to you'} are ${bold(zoneAfter(context, owner))} from now on.`,
          };
        },
      }),
    },
  },
});

function showReply({ host, caller, asker, times }: CommandContext): Reply {
  const { zones } = host;
  const chat = host.notices.chatOf(asker);
  const shown = (zone: string | undefined) =>
    zone === undefined ? 'not set' : `${zone}, there it is ${times.in(zone).clock(times.now)}`;
  return {
    title: `It is ${times.minute(times.now)}`,
    fields: [
      { name: 'Yours', value: shown(zones.of({ person: caller.name })) },
      ...(asker.chat.private ? [] : [{ name: 'This chat', value: shown(zones.of({ chat })) }]),
      { name: 'The desk', value: shown(zones.desk) },
    ],
    text: [
      '/timezone set changes yours. Days of account, such as in /profit day, are those of UTC for everybody.',
    ],
  };
}

/** Which clock holds once nothing, or something, is set for the owner. */
function zoneAfter({ host, asker }: CommandContext, owner: ZoneOwner): string {
  if ('chat' in owner) return host.zones.of(owner) ?? host.zones.desk;
  return host.zones.forReader({ person: owner.person, chat: host.notices.chatOf(asker) });
}

/** @throws UserError for somebody who may not decide about a chat of others */
function chatIn({ host, caller, asker }: CommandContext, typed: string): string {
  if (caller.role !== 'admin') {
    throw new UserError(
      'What a chat is told is up to the admins. Without chat it is your own clock that you set.',
    );
  }
  const chat = typed.toLowerCase() === 'here' ? host.notices.chatOf(asker) : typed;
  host.notices.list(chat); // throws for a chat that there is not
  if (/^[a-z]+:user:/.test(chat)) {
    throw new UserError(
      `${chat} is somebody's private chat: there their own clock counts, which only they set.`,
    );
  }
  return chat;
}

function unknownZone(typed: string): string {
  const like = zonesLike(typed).slice(0, 3);
  const hint =
    like.length > 0
      ? `Did you mean ${like.join(' or ')}?`
      : 'Write it as Europe/Berlin, America/New_York or UTC.';
  return `There is no time zone "${typed}". ${hint}`;
}
