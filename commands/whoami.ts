import { action, defineCommand } from './command.ts';
import { reachText } from './reach.ts';
import { bold, rich } from './reply.ts';

export const whoami = defineCommand({
  name: 'whoami',
  description: 'Who the desk thinks you are, and what you may do',
  group: 'Overview',
  body: {
    action: action({
      description: 'Who the desk thinks you are, and what you may do',
      role: 'viewer',
      visibility: 'only-you',
      example: '/whoami',
      options: {},
      run: async ({ host, caller, asker }) => {
        const known = host.people.list().find(({ name }) => name === caller.name);
        const ids = Object.entries(known?.ids ?? {}).map(([platform, id]) => `${platform} ${id}`);
        return {
          title: caller.name,
          text: rich`You are ${bold(caller.name)}, and your role is ${bold(caller.role)}: you ${roleText[caller.role]}.`,
          fields: [
            { name: 'Limited to', value: caller.reach ? reachText(caller.reach) : 'nothing' },
            { name: 'Your id here', value: `${asker.platform} ${asker.id}` },
            { name: 'Your ids', value: ids.join(', ') || 'none' },
            { name: 'This chat', value: `${asker.chat.id}${asker.chat.private ? ', private' : ''}` },
            { name: 'From', value: known?.origin ?? 'nowhere' },
          ],
        };
      },
    }),
  },
});

const roleText = {
  viewer: 'look, and run backtests',
  trader: 'look, and trade',
  admin: 'look, trade, and run the desk',
} as const;
