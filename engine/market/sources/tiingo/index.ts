/** Tiingo: `type: tiingo` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { tiingoSettings } from './settings.ts';

export const tiingo = defineSource({
  type: 'tiingo',
  settings: tiingoSettings,
  async create(name, settings, surroundings) {
    const { tiingoSource } = await import('./source.ts');
    return tiingoSource(name, settings, surroundings);
  },
});
