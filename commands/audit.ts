import { csvFile } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, type Reply, rich } from './reply.ts';
import type { AuditEntry } from './running.ts';
import type { Times } from './times.ts';

const usualCount = 15;
const mostInFile = 20_000;
const dayMs = 86_400_000;

export const audit = defineCommand({
  name: 'audit',
  description: 'Who asked what, and what became of it: the newest first',
  group: 'Running',
  body: {
    action: action({
      description: 'What you asked, for admins what anybody asked, and what became of it',
      role: 'viewer',
      visibility: 'only-you',
      example: '/audit tom 50',
      options: {
        person: {
          type: 'string',
          description: 'Only of this user, by name, or of a stranger by their number',
          suggest: ({ host, caller }) =>
            caller.role === 'admin' ? host.people.list().map(({ name }) => name) : [caller.name],
        },
        count: {
          type: 'integer',
          description: `How many; ${usualCount} where not given, in a file all of them`,
          min: 1,
          max: mostInFile,
        },
        from: { type: 'date', description: 'First day, in UTC' },
        to: { type: 'date', description: 'Last day, in UTC' },
        csv: { type: 'boolean', description: 'As a CSV file with everything that is kept' },
      },
      run: async (context, asked) => {
        const { host, times } = context;
        const person = personIn(context, asked.person);
        const { from, to, csv = false, count = csv ? mostInFile : usualCount } = asked;
        const entries = await host.audit.latest({
          limit: count,
          ...(person !== undefined && { person }),
          ...(from && { from }),
          ...(to && { before: new Date(to.getTime() + dayMs) }),
        });
        if (entries.length === 0) {
          return {
            text: [person === undefined ? 'Nothing was asked then.' : `${person} asked nothing then.`],
          };
        }
        return csv ? fileReply(entries, person, count) : tableReply(entries, person, times, asked);
      },
    }),
  },
});

/** What others ask is for admins: it may be about books and accounts that not everybody may see. */
function personIn({ caller, host }: CommandContext, asked: string | undefined): string | undefined {
  if (caller.role === 'admin') return asked;
  if (asked === undefined || asked === caller.name) return caller.name;
  const admins = host.people.list().filter(({ role }) => role === 'admin');
  throw new UserError(
    `What others asked is for admins: ask ${admins.map(({ name }) => name).join(' or ')}. Without a name it is what you asked yourself.`,
  );
}

function titleOf(person: string | undefined): string {
  return person === undefined ? 'Audit' : `Audit of ${person}`;
}

function tableReply(
  entries: readonly AuditEntry[],
  person: string | undefined,
  times: Times,
  { from, to }: { readonly from?: Date; readonly to?: Date },
): Reply {
  return {
    title: titleOf(person),
    table: {
      columns: [times.head('When'), 'Who', 'Asked', 'Outcome', 'Why'].map((name) => ({ name })),
      rows: entries.map((entry) => [
        times.exactCell(entry.at),
        whoOf(entry),
        entry.command,
        entry.outcome,
        entry.reason ?? '',
      ]),
    },
    buttons: [
      {
        label: 'All as CSV',
        command: ['audit'],
        options: {
          ...(person !== undefined && { person }),
          ...(from && { from: dayOf(from) }),
          ...(to && { to: dayOf(to) }),
          csv: true,
        },
      },
    ],
  };
}

function fileReply(entries: readonly AuditEntry[], person: string | undefined, count: number): Reply {
  const rows = entries.length.toLocaleString('en-US');
  return {
    title: titleOf(person),
    text: [
      ...rich`${bold(rows)} ${entries.length === 1 ? 'row' : 'rows'}, the newest first. Times are in UTC.`,
      ...(entries.length === count
        ? [' There may be more, which are older: ask for them by their days.']
        : []),
    ],
    attachments: [
      csvFile(
        ['audit', ...(person === undefined ? [] : [person])],
        ['At', 'Who', 'Platform', 'User id', 'Chat', 'Asked', 'Outcome', 'Why', 'Milliseconds'],
        entries.map(({ at, caller, platform, user, chat, command, outcome, reason, durationMs }) => [
          at,
          caller ?? '',
          platform,
          user,
          chat,
          command,
          outcome,
          reason,
          durationMs,
        ]),
      ),
    ],
  };
}

function whoOf({ caller, platform, user }: AuditEntry): string {
  return caller ?? `${platform} ${user}`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
