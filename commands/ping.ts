import { action, defineCommand } from './command.ts';
import { rich } from './reply.ts';

export const ping = defineCommand({
  name: 'ping',
  description: 'Is the desk there? Answers with how fast its store does',
  group: 'Overview',
  body: {
    action: action({
      description: 'Is the desk there? Answers with how fast its store does',
      role: 'viewer',
      options: {},
      example: '/ping',
      run: async ({ desk }) => {
        const startedAt = performance.now();
        await desk.pingStore();
        return {
          tone: 'success',
          text: rich`Here. The store answered in ${(performance.now() - startedAt).toFixed(1)} ms.`,
        };
      },
    }),
  },
});
