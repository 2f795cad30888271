/** Crypto exchanges through ccxt as an adapter: `type: ccxt` in `desk.yaml`. Nothing of ccxt is loaded without one. */
import { defineAdapter } from '../adapter.ts';
import { ccxtSettings } from './settings.ts';

export const ccxt = defineAdapter({
  type: 'ccxt',
  settings: ccxtSettings,
  async create(name, settings, { store, clock, log }) {
    const { CcxtBroker } = await import('./ccxt.ts');
    return CcxtBroker.open({ name, settings, store, clock, log });
  },
});
