import { action, defineCommand } from './command.ts';
import type { Reply } from './reply.ts';
import type { AuditEntry } from './running.ts';

const usualCount = 15;

export const audit = defineCommand({
  name: 'audit',
  description: 'Who asked what, and what became of it: the newest first',
  group: 'Running',
  body: {
    action: action({
      description: 'Who asked what, and what became of it: the newest first',
      role: 'admin',
      visibility: 'only-you',
      example: '/audit tom 50',
      options: {
        person: {
          type: 'string',
          description: 'Only of this user, by name, or of a stranger by their number',
          suggest: ({ host }) => host.people.list().map(({ name }) => name),
        },
        count: { type: 'integer', description: `How many; ${usualCount} where not given`, min: 1, max: 1000 },
      },
      run: async ({ host }, { person, count = usualCount }) =>
        auditReply(await host.audit.latest(count, person), person),
    }),
  },
});

function auditReply(entries: readonly AuditEntry[], person: string | undefined): Reply {
  if (entries.length === 0) {
    return { text: [person === undefined ? 'Nothing was asked yet.' : `${person} has asked nothing.`] };
  }
  return {
    title: person === undefined ? 'Audit' : `Audit of ${person}`,
    table: {
      columns: ['When (UTC)', 'Who', 'Asked', 'Outcome', 'Why'].map((name) => ({ name })),
      rows: entries.map(({ at, platform, user, caller, command, outcome, reason }) => [
        at.slice(0, 19).replace('T', ' '),
        caller ?? `${platform} ${user}`,
        command,
        outcome,
        reason ?? '',
      ]),
    },
  };
}
