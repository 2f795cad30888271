/** EODHD (EOD Historical Data): `type: eodhd` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { eodhdSettings } from './settings.ts';

export const eodhd = defineSource({
  type: 'eodhd',
  settings: eodhdSettings,
  async create(name, settings, surroundings) {
    const { eodhdSource } = await import('./source.ts');
    return eodhdSource(name, settings, surroundings);
  },
});
