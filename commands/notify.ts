import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { digestReply } from './digest-text.ts';
import { isWithin } from './reach.ts';
import { bold, code, type Reply, rich } from './reply.ts';
import {
  type DigestChoice,
  type NoticesOfDesk,
  noticeLevels,
  type ThreadsPer,
  type TimeOfDay,
  threadsPer,
} from './running.ts';
import type { Times } from './times.ts';

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
          return listReply(which, context.host.notices);
        },
      }),
      set: action({
        description: 'Tells a chat of a kind of event with a sound, silently, or not at all',
        role: 'viewer',
        visibility: 'only-you',
        example: '/notify set run off of=plan:demo',
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
          of: {
            type: 'string',
            description: 'Only what concerns this book, or this plan',
            example: 'plan:demo',
            suggest: ({ desk }) => [
              ...desk.books.names().map((name) => `book:${name}`),
              ...desk.plans.names().map((name) => `plan:${name}`),
            ],
          },
        },
        run: async (context, { kind, level, chat, of }) => {
          const which = chatIn(context, chat);
          const book = of === undefined ? null : bookMeant(context, of);
          await context.host.notices.set({ chat: which, kind, book, level });
          const part = book === null ? '' : `, as far as the book ${book} is concerned,`;
          return {
            tone: 'success',
            text: rich`${bold(kind)}${part} is ${levelText[level]} in ${which} from now on.`,
          };
        },
      }),
      digest: action({
        description: 'What happened and how the desk stands, told once a day at a time, or now',
        role: 'viewer',
        visibility: 'only-you',
        example: '/notify digest 08:00',
        options: {
          when: {
            type: 'string',
            description: 'A time of day such as 08:00, by your clock; off; or now. Without it: what is set',
            example: '08:00',
            suggest: (_, typed) => ['now', 'off', ...hours].filter((each) => each.startsWith(typed.trim())),
          },
          chat: chatOption,
        },
        run: async (context, { when, chat }) => {
          const { host, caller, desk, times, asker } = context;
          const word = when?.trim().toLowerCase();
          if (word === 'now') {
            const since = await host.digests.since(chat ?? host.notices.chatOf(asker));
            return digestReply({ desk, reach: caller.reach, times }, since);
          }
          const which = chatIn(context, chat);
          if (word !== undefined) await host.digests.set(which, word === 'off' ? null : timeOfDay(word));
          return digestSetReply(which, await host.digests.of(which), times);
        },
      }),
      threads: action({
        description: 'Tells a chat what concerns a book, or a plan, in a thread of its own',
        role: 'admin',
        visibility: 'only-you',
        example: '/notify threads book',
        options: {
          per: { type: 'choice', description: 'For what a thread each', choices: threadsPer, required: true },
          chat: chatOption,
        },
        run: async (context, { per, chat }) => {
          const which = chatIn(context, chat);
          await context.host.notices.setThreads(which, per);
          return { tone: 'success', text: [`${which}: ${threadsText[per]}`] };
        },
      }),
    },
  },
});

/** @throws UserError when there is no such book or plan, both are called so, or it is beyond the caller's reach */
function bookMeant({ desk, caller }: CommandContext, of: string): string {
  const [, prefix, name = ''] = /^(?:(book|plan):)?(.*)$/.exec(of.trim().toLowerCase()) ?? [];
  const isBook = prefix !== 'plan' && desk.books.names().includes(name);
  const isPlan = prefix !== 'book' && desk.plans.names().includes(name);
  if (isBook && isPlan && desk.plans.bookOf(name) !== name)
    throw new UserError(`There are a book and a plan "${name}". Write of=book:${name} or of=plan:${name}.`);
  if (!isBook && !isPlan) throw new UserError(`There is no book and no plan "${of}".`);
  const book = isBook ? name : desk.plans.bookOf(name);
  if (isWithin(caller.reach, { book, account: desk.books.accountOf(book) })) return book;
  throw new UserError(`You do not see the book ${book}. An admin can change that: /user limit.`);
}

const threadsText: Readonly<Record<ThreadsPer, string>> = {
  book: 'what concerns a book is told in a thread of that book, the rest in the chat itself.',
  plan: 'what concerns a plan is told in a thread of that plan, the rest in the chat itself.',
  off: 'everything is told in the chat itself.',
};

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

const hours = Array.from({ length: 24 }, (_, hour) => clockText({ hour, minute: 0 }));

function clockText({ hour, minute }: TimeOfDay): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** @throws UserError for what is no quarter of an hour */
function timeOfDay(typed: string): TimeOfDay {
  const [, hourText, minuteText = '0'] = /^(\d{1,2})(?::(\d\d))?$/.exec(typed) ?? [];
  const [hour, minute] = [Number(hourText), Number(minuteText)];
  if (hourText === undefined || hour > 23 || minute > 59) {
    throw new UserError(`"${typed}" is no time of day. Write it as 08:00 or 17:30; or now, or off.`);
  }
  if (minute % 15 !== 0) {
    const before = clockText({ hour, minute: minute - (minute % 15) });
    throw new UserError(
      `The digest comes on the quarters of an hour, so not at ${typed}. Choose ${before}, for example.`,
    );
  }
  return { hour, minute };
}

function digestSetReply(chat: string, choice: DigestChoice | undefined, times: Times): Reply {
  if (!choice) {
    return {
      text: rich`No digest is told in ${chat}. ${code('/notify digest 08:00')} has one told every day.`,
    };
  }
  return {
    tone: 'success',
    text: rich`The digest is told in ${chat} every day at ${bold(clockText(choice.at))} by the clock of ${choice.zone}; next ${times.in(choice.zone).near(choice.next)}. ${code('/timezone set')} changes the clock.`,
  };
}

function listReply(chat: string, notices: NoticesOfDesk): Reply {
  const others = notices.chats().filter((each) => each !== chat);
  const per = notices.threads(chat);
  return {
    title: `What ${chat} is told`,
    table: {
      columns: [{ name: 'Event' }, { name: 'Told' }, { name: 'Set' }],
      rows: notices
        .list(chat)
        .map(({ kind, book, level, origin }) => [
          book === null ? kind : `${kind} of ${book}`,
          level,
          origin === 'chat' ? 'in chat' : '',
        ]),
    },
    text: [
      ...(per === 'off' ? [] : [`In threads: ${threadsText[per]}\n`]),
      ...(others.length === 0 ? [] : [`Other chats that are told something: ${others.join(', ')}`]),
    ],
  };
}
