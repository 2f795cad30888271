/** The sources there are. A new one is a folder beside `csv`, and its name in `adapters`. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import type { SourceAdapter, SourceSurroundings } from './adapter.ts';
import { alpaca } from './alpaca/index.ts';
import { ccxtPrices } from './ccxt/index.ts';
import { csv } from './csv/index.ts';
import { demo } from './demo/index.ts';
import { eodhd } from './eodhd/index.ts';
import { ib } from './ib/index.ts';
import type { Source } from './source.ts';
import { tiingo } from './tiingo/index.ts';
import { twelvedata } from './twelvedata/index.ts';
import { union } from './union/index.ts';
import { yahoo } from './yahoo/index.ts';

const adapters: readonly SourceAdapter[] = [
  ...[demo, csv, union],
  ...[yahoo, ccxtPrices, ib, alpaca, tiingo, eodhd, twelvedata],
];

// Each adapter's settings are an object with its own literal `type`; their common type cannot say so.
const [firstSchema, ...otherSchemas] = adapters.map(({ settings, isLocal }) =>
  isLocal ? (settings as AdapterSchema) : withLibrarySetting(settings as AdapterSchema),
);
type AdapterSchema = z.ZodObject<{ type: z.ZodLiteral<string> }, z.core.$loose>;

/** One source of `desk.yaml`: its `type`, and what that type needs. */
export const sourceSettings = firstSchema
  ? z.discriminatedUnion('type', [firstSchema, ...otherSchemas])
  : z.never();

export interface SourceSettings {
  readonly type: string;
  /** Its bars are kept in the store, so that only new ones are fetched. */
  readonly library?: boolean;
  readonly [setting: string]: unknown;
}

/**
 * Builds a source. Nothing is asked of the outside before bars or prices are.
 * @throws UserError for a type that does not exist
 */
export async function createSource(
  name: string,
  settings: SourceSettings,
  surroundings: SourceSurroundings,
): Promise<Source> {
  const adapter = adapters.find(({ type }) => type === settings.type);
  if (!adapter) {
    const known = adapters.map(({ type }) => type).join(', ');
    throw new UserError(`Source "${name}" has the type "${settings.type}", which is not one of: ${known}.`);
  }
  const { library: _, ...own } = settings;
  return adapter.create(name, own, surroundings);
}

function withLibrarySetting(settings: AdapterSchema): AdapterSchema {
  return settings.extend({ library: z.boolean().optional() });
}
