import { action, defineCommand } from './command.ts';
import { bold, rich } from './reply.ts';

export const restart = defineCommand({
  name: 'restart',
  description: 'Stop the desk in order, and start it anew: with changed files, settings and secrets',
  group: 'Running',
  body: {
    action: action({
      description: 'Stop the desk in order, and start it anew: with changed files, settings and secrets',
      role: 'admin',
      acts: true,
      example: '/restart',
      options: {},
      confirm: async ({ desk, host }) => {
        const { signalsInHand } = await desk.status();
        return {
          title: `Restart the desk ${host.environment}?`,
          text: rich`What is in hand is finished or goes on afterwards; signals in hand: ${bold(String(signalsInHand))}. Alerts that come meanwhile are refused, and their senders told to try again. The chats hear when it stops and when it is up. When its files have a mistake, it does not come up until somebody at the machine mends them.`,
        };
      },
      run: async ({ host, caller }) => {
        host.restart(caller.name);
        return { tone: 'warning', text: ['The desk is restarting.'] };
      },
    }),
  },
});
