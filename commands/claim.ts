import { action, defineCommand } from './command.ts';
import { bold, rich } from './reply.ts';

export const claim = defineCommand({
  name: 'claim',
  description: 'Become the first admin, with the code that the desk shows when it starts',
  group: 'Running',
  body: {
    action: action({
      description: 'Become the first admin, with the code that the desk shows when it starts',
      role: 'viewer',
      strangers: true,
      visibility: 'only-you',
      example: '/claim ABCD-EFGH-JKMN',
      options: {
        code: {
          type: 'string',
          description: 'The code from the terminal or the log',
          required: true,
        },
      },
      run: async ({ host, asker }, { code }) => {
        const { name } = await host.people.claim(asker, code);
        return {
          tone: 'success',
          title: 'The desk is yours',
          text: rich`You are its first admin, under the name ${bold(name)}. ${bold('/help')} shows what you can do, ${bold('/user add')} lets others in.`,
        };
      },
    }),
  },
});
