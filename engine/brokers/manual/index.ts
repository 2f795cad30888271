/** The broker at which a person trades, as an adapter: `type: manual` in `desk.yaml`. */
import { defineAdapter } from '../adapter.ts';
import { manualSettings } from './settings.ts';

export const manual = defineAdapter({
  type: 'manual',
  settings: manualSettings,
  async create(name, settings, { store, clock, log, outbox, prices }) {
    const { ManualBroker } = await import('./manual.ts');
    return ManualBroker.open({ name, settings, store, clock, log, outbox, prices: prices(settings.source) });
  },
});
