/** The brokers there are. A new one is a folder beside `paper`, and its name in `adapters`. */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { BrokerAdapter, BrokerSurroundings } from './adapter.ts';
import type { Broker } from './broker.ts';
import { paper } from './paper/index.ts';

export const adapters: readonly BrokerAdapter[] = [paper];

/** One broker of `desk.yaml`: its `type`, and what that type needs. */
export const brokerSettings = z
  .looseObject({ type: z.string() })
  .transform((input, context): BrokerSettings => {
    const adapter = adapters.find(({ type }) => type === input.type);
    if (!adapter) {
      context.issues.push({
        code: 'custom',
        message: `must be one of: ${adapters.map(({ type }) => type).join(', ')}`,
        path: ['type'],
        input: input.type,
      });
      return z.NEVER;
    }
    const read = adapter.settings.safeParse(input);
    if (!read.success) {
      for (const { message, path } of read.error.issues) {
        context.issues.push({ code: 'custom', message, path: [...path], input });
      }
      return z.NEVER;
    }
    return { ...input, type: adapter.type };
  });

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
