/** The handlers there are. A new one is a file beside this one, and its name in this list. */
import type { BookSettings } from '../../bank/book.ts';
import { UserError } from '../../errors.ts';
import type { BookHandler, Handler } from '../handler.ts';
import { order } from './order.ts';
import { pair } from './pair.ts';
import { position } from './position.ts';

const handlers: readonly Handler[] = [order, position, pair];

export const handlerNames: readonly string[] = handlers.map(({ name }) => name);

/**
 * The handler of a book with the book's settings, or `undefined` for a book that takes no signals.
 * @throws UserError when there is no such handler, or its settings are wrong
 */
export function handlerOf({ name, handler }: BookSettings): BookHandler | undefined {
  if (!handler) return undefined;
  const found = handlers.find((candidate) => candidate.name === handler.name);
  if (found) return found.withSettings(handler.settings);
  throw new UserError(
    `The book "${name}" has the handler "${handler.name}", which is not one of: ${handlerNames.join(', ')}.`,
  );
}
