/** What `desk.yaml` says of a source of the type `union`. */
import { z } from 'zod';
import { timezone } from '../settings.ts';

const sourceName = z.string().min(1, 'must be the name of a source');

export const unionSettings = z.strictObject({
  type: z.literal('union'),
  /** Symbol -> its source, and how it is called there where that is different. */
  symbols: z
    .record(
      z.string().min(1),
      z.union([
        sourceName.transform((source) => ({ source, symbol: undefined })),
        z.strictObject({ source: sourceName, symbol: z.string().min(1).optional() }),
      ]),
    )
    .default({}),
  /** The source of every other symbol; without it there is none. */
  otherwise: sourceName.optional(),
  /** That of the source for other symbols where it is not given. */
  timezone: timezone.optional(),
});

export type UnionSettings = z.infer<typeof unionSettings>;
