/** Prices of crypto exchanges through ccxt: `type: ccxt` in `desk.yaml`. No keys are needed. */
import { defineSource } from '../adapter.ts';
import { ccxtSourceSettings } from './settings.ts';

export const ccxtPrices = defineSource({
  type: 'ccxt',
  settings: ccxtSourceSettings,
  async create(name, settings, surroundings) {
    const { ccxtSource } = await import('./source.ts');
    return ccxtSource(name, settings, surroundings);
  },
});
