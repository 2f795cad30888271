/** Prices without a network: `type: demo` in `desk.yaml`. */
import { z } from 'zod';
import { defineSource } from '../adapter.ts';
import { folder } from '../settings.ts';

export const demo = defineSource({
  type: 'demo',
  isLocal: true,
  settings: z.strictObject({
    type: z.literal('demo'),
    /** Where `SP500.csv` is. */
    folder,
  }),
  async create(_name, settings, { clock }) {
    const { demoSource } = await import('./source.ts');
    return demoSource({ ...settings, clock });
  },
});
