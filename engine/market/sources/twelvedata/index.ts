/** Twelve Data: `type: twelvedata` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { twelveDataSettings } from './settings.ts';

export const twelvedata = defineSource({
  type: 'twelvedata',
  settings: twelveDataSettings,
  async create(name, settings, surroundings) {
    const { twelveDataSource } = await import('./source.ts');
    return twelveDataSource(name, settings, surroundings);
  },
});
