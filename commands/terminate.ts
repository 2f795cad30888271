import { action, defineCommand } from './command.ts';
import { bold, rich } from './reply.ts';

export const terminate = defineCommand({
  name: 'terminate',
  description: 'Stop the desk: what is in hand is finished, then the process ends',
  group: 'Running',
  body: {
    action: action({
      description: 'Stop the desk: what is in hand is finished, then the process ends',
      role: 'admin',
      acts: true,
      example: '/terminate',
      options: {},
      confirm: async ({ desk, host }) => {
        const { signalsInHand } = await desk.status();
        return {
          title: `Stop the desk ${host.environment}?`,
          text: rich`Alerts are refused from then on, and the senders told to try again. Plans do not run. Signals in hand: ${bold(String(signalsInHand))}. Only somebody at the machine can start it again.`,
        };
      },
      run: async ({ host, caller }) => {
        host.terminate(caller.name);
        return { tone: 'warning', text: ['The desk is stopping.'] };
      },
    }),
  },
});
