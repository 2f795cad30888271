/** Interactive Brokers as an adapter: `type: ib` in `desk.yaml`. Nothing of its library is loaded without one. */
import { defineAdapter } from '../adapter.ts';
import { ibSettings } from './settings.ts';

export const ib = defineAdapter({
  type: 'ib',
  settings: ibSettings,
  async create(name, settings, { store, clock, log, outbox }) {
    const { IbBroker } = await import('./ib.ts');
    return IbBroker.open({ name, settings, store, clock, log, outbox });
  },
});
