/** The paper broker as an adapter: `type: paper` in `desk.yaml`. */
import { defineAdapter } from '../adapter.ts';
import { paperSettings } from './settings.ts';

export const paper = defineAdapter({
  type: 'paper',
  settings: paperSettings,
  async create(name, settings, { store, clock, log, prices }) {
    const { PaperBroker } = await import('./paper.ts');
    return PaperBroker.open({ name, settings, store, clock, log, prices: prices(settings.source) });
  },
});
