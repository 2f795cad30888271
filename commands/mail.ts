import { UserError } from '../engine/errors.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, rich } from './reply.ts';

export const mail = defineCommand({
  name: 'mail',
  description: 'E-mail: whether it works',
  group: 'Running',
  body: {
    subcommands: {
      test: action({
        description: 'Sends a test mail now, and says what the mail server says',
        role: 'admin',
        acts: true,
        example: '/mail test ann@example.com',
        options: {
          address: {
            type: 'string',
            description: 'One of the addresses that are told something; all without it',
            example: 'ann@example.com',
            suggest: ({ host }: CommandContext) => host.mail.addresses(),
          },
        },
        run: async ({ host }, { address }) => {
          const known = host.mail.addresses();
          const wanted = known.filter((each) => address === undefined || each === address.toLowerCase());
          if (wanted.length === 0) {
            throw new UserError(
              known.length > 0
                ? `Nothing is told to "${address}". There is: ${known.join(', ')}.`
                : 'Nobody is told anything by e-mail: it needs platforms.mail with addresses in desk.yaml.',
            );
          }
          for (const each of wanted) await host.mail.test(each);
          return {
            tone: 'success',
            text: rich`The mail server has taken a test mail to ${bold(wanted.join(', '))}.`,
          };
        },
      }),
    },
  },
});
