/** The kinds of sources that a configuration may name. A new kind is a file beside this one and a line here. */
import type { Clock } from '../../clock.ts';
import type { Logger } from '../../log.ts';
import { csvSource } from './csv/source.ts';
import { demoSource } from './demo/source.ts';
import type { Source } from './source.ts';

export type SourceSettings =
  | {
      readonly type: 'csv';
      readonly name: string;
      readonly folder: string;
      readonly timezone: string;
      readonly currency: string;
    }
  | { readonly type: 'demo'; readonly folder: string };

export function createSource(settings: SourceSettings, effects: { clock: Clock; log: Logger }): Source {
  switch (settings.type) {
    case 'csv':
      return csvSource({ ...settings, log: effects.log });
    case 'demo':
      return demoSource({ ...settings, clock: effects.clock });
    default:
      return settings satisfies never;
  }
}
