/** Alpaca's market data: `type: alpaca` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { alpacaSettings } from './settings.ts';

export const alpaca = defineSource({
  type: 'alpaca',
  settings: alpacaSettings,
  async create(name, settings, surroundings) {
    const { alpacaSource } = await import('./source.ts');
    return alpacaSource(name, settings, surroundings);
  },
});
