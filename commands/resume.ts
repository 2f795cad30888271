import { bookOption } from './book-option.ts';
import { action, defineCommand } from './command.ts';
import { bold, rich } from './reply.ts';

export const resume = defineCommand({
  name: 'resume',
  description: 'End a suspension',
  group: 'Running',
  body: {
    action: action({
      description: 'End a suspension',
      role: 'trader',
      acts: true,
      example: '/resume demo',
      options: { book: { ...bookOption, description: 'Book; without it the whole desk' } },
      run: async ({ desk, caller }, { book }) => {
        const ended = await desk.books.resume({ book, by: caller.name });
        const who = bold(book ?? 'The whole desk');
        if (!ended) return { text: rich`${who} was not suspended.` };
        return { tone: 'success', text: rich`${who} trades again.` };
      },
    }),
  },
});
