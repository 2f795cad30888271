import { bookOption } from './book-option.ts';
import { action, defineCommand } from './command.ts';
import { bold, rich } from './reply.ts';

export const suspend = defineCommand({
  name: 'suspend',
  description: 'Stop trading: new entries, or everything; one book, or the whole desk',
  group: 'Running',
  body: {
    action: action({
      description: 'Stop trading: new entries, or everything; one book, or the whole desk',
      role: 'trader',
      acts: true,
      example: '/suspend entries demo reason="earnings tonight"',
      options: {
        scope: {
          type: 'choice',
          description: 'entries: exits go on; all: nothing is traded',
          choices: ['entries', 'all'],
          required: true,
        },
        book: { ...bookOption, description: 'Book; without it the whole desk' },
        reason: { type: 'string', description: 'Why, for those who read it later' },
      },
      run: async ({ desk, caller }, { scope, book, reason = '' }) => {
        await desk.books.suspend({ scope, book, by: caller.name, reason });
        const what = scope === 'all' ? 'Neither entries nor exits are traded' : 'No new entries; exits go on';
        return {
          tone: 'warning',
          text: rich`${bold(book ?? 'The whole desk')} is suspended. ${what}. It stays so over restarts, until ${bold('/resume')}.`,
        };
      },
    }),
  },
});
