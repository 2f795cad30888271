/** What a strategy keeps from one run to the next: plain data under names of its own. */
import { reasonOf, UserError } from '../errors.ts';

export type StrategyStorage = Record<string, unknown>;

/**
 * A copy that shares nothing with the original, so that runs cannot disturb each other.
 * @throws UserError for what cannot be kept, such as a function
 */
export function copyStorage(storage: StrategyStorage): StrategyStorage {
  // Most strategies keep nothing, and to clone that takes longer than a bar.
  if (Object.keys(storage).length === 0) return {};
  try {
    return structuredClone(storage);
  } catch (error) {
    throw new UserError(`storage can keep numbers, texts, lists and the like only: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
