/** Yahoo Finance: `type: yahoo` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { yahooSettings } from './settings.ts';

export const yahoo = defineSource({
  type: 'yahoo',
  settings: yahooSettings,
  async create(name, settings, surroundings) {
    const { yahooSource } = await import('./source.ts');
    return yahooSource(name, settings, surroundings);
  },
});
