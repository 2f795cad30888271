/** A folder of CSV files: `type: csv` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { currency, folder, timezone } from '../settings.ts';

export const csv = defineSource({
  type: 'csv',
  isLocal: true,
  settings: z.strictObject({
    type: z.literal('csv'),
    /** One `<SYMBOL>.csv` each. */
    folder,
    timezone,
    currency,
  }),
  async create(name, settings, { log }) {
    const { csvSource } = await import('./source.ts');
    return csvSource({ ...settings, name, log });
  },
});
