/** What `books/<name>.yaml` holds: the book, and who may send it alerts. The engine knows nothing of senders. */
import type { z } from 'zod';
import { bookSettings } from '../../engine/bank/book.ts';
import { senders } from './senders.ts';

export const bookFile = bookSettings.safeExtend({
  /** Its own senders. Without them, and without a `key`, it takes alerts from those of the desk. */
  senders: senders.optional(),
});

export type BookFile = z.infer<typeof bookFile>;
