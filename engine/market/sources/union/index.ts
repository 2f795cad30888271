/** Several sources as one: `type: union` in `desk.yaml`. */
import { defineSource } from '../adapter.ts';
import { unionSettings } from './settings.ts';

export const union = defineSource({
  type: 'union',
  isLocal: true,
  settings: unionSettings,
  async create(name, settings, surroundings) {
    const { unionSource } = await import('./source.ts');
    return unionSource(name, settings, surroundings);
  },
});
