/** The brokers there are. A new one is a folder beside `paper`, and its name in `adapters`. */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { BrokerAdapter, BrokerSurroundings } from './adapter.ts';
import type { Broker } from './broker.ts';
import { ccxt } from './ccxt/index.ts';
import { ib } from './ib/index.ts';
import { manual } from './manual/index.ts';
import { paper } from './paper/index.ts';

const adapters: readonly BrokerAdapter[] = [paper, manual, ccxt, ib];

// Each adapter's settings are an object with its own literal `type`; their common type cannot say so.
const [firstSchema, ...otherSchemas] = adapters.map(({ settings }) => settings as AdapterSchema);
type AdapterSchema = z.ZodObject<{ type: z.ZodLiteral<string> }, z.core.$loose>;

/** One broker of `desk.yaml`: its `type`, and what that type needs. */
export const brokerSettings = firstSchema
  ? z.discriminatedUnion('type', [firstSchema, ...otherSchemas])
  : z.never();

export interface BrokerSettings {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/**
 * Builds a broker; it is not connected yet.
 * @throws UserError for a type that does not exist
 */
export async function createBroker(
  name: string,
  settings: BrokerSettings,
  surroundings: BrokerSurroundings,
): Promise<Broker> {
  const adapter = adapters.find(({ type }) => type === settings.type);
  if (!adapter) {
    const known = adapters.map(({ type }) => type).join(', ');
    throw new UserError(`Broker "${name}" has the type "${settings.type}", which is not one of: ${known}.`);
  }
  return adapter.create(name, settings, surroundings);
}
