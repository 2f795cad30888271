/** The step that a price must be on: at some exchanges the dearer a share is, the coarser. */
import type { Decimal } from '../money.ts';
import { decimal } from '../money.ts';
import type { InstrumentRules } from './broker.ts';

export function priceTickAt({ priceTick, priceTicks = [] }: InstrumentRules, price: Decimal): Decimal {
  const level = priceTicks.findLast(({ from }) => price.gte(decimal(from))) ?? priceTicks[0];
  return decimal(level?.step ?? priceTick);
}
