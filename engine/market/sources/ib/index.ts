/** Interactive Brokers' bars and prices, over TWS or IB Gateway: `type: ib` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { ibSourceSettings } from './settings.ts';

export const ib = defineSource({
  type: 'ib',
  settings: ibSourceSettings,
  async create(name, settings, surroundings) {
    const { ibSource } = await import('./source.ts');
    return ibSource(name, settings, surroundings);
  },
});
