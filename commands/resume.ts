import { UserError } from '../engine/errors.ts';
import { bookOption } from './book-option.ts';
import { action, type CommandContext, defineCommand } from './command.ts';
import { bold, type Content, rich } from './reply.ts';
import { suspensionText } from './suspension-text.ts';

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
      confirm: question,
      run: async ({ desk, caller }, { book }) => {
        const ended = await desk.books.resume({ book, by: caller.name });
        const who = bold(book ?? 'The whole desk');
        if (!ended) return { text: rich`${who} was not suspended.` };
        return { tone: 'success', text: rich`${who} trades again.` };
      },
    }),
  },
});

/** @throws UserError when there is no such book, or nothing to end */
async function question(
  { desk, times }: CommandContext,
  { book }: { readonly book?: string },
): Promise<Content> {
  const suspension = await desk.books.suspension(book);
  const ofDesk = book === undefined ? null : await desk.books.suspension(undefined);
  if (!suspension) {
    const who = book === undefined ? 'The whole desk' : `The book "${book}"`;
    const but = ofDesk ? ' by itself, but with the whole desk: /resume without a book ends that' : '';
    throw new UserError(`${who} is not suspended${but}.`);
  }
  const stay = book === undefined ? await suspendedBooks(desk) : [];
  const who =
    book === undefined ? 'the whole desk' : `${book}, ${desk.accountText(desk.books.accountOf(book))}`;
  return {
    title: `End the suspension of ${who}?`,
    text: [
      `${suspensionText(suspension, times)}.`,
      ...(ofDesk ? [`\n⚠️ With the whole desk it stays suspended. ${suspensionText(ofDesk, times)}.`] : []),
      ...(stay.length > 0 ? [`\n⚠️ By themselves these books stay suspended: ${stay.join(', ')}.`] : []),
    ],
  };
}

async function suspendedBooks({ books }: CommandContext['desk']): Promise<readonly string[]> {
  const found = await Promise.all(
    books.names().map(async (name) => ((await books.suspension(name)) ? [name] : [])),
  );
  return found.flat();
}
