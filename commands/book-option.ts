import type { StringOption } from './command.ts';

/** A book by its name, offered from those that there are. */
export const bookOption = {
  type: 'string',
  description: 'Book',
  example: 'demo',
  suggest: ({ desk }) => desk.books.names(),
  concerns: 'book',
} as const satisfies StringOption;
