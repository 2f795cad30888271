/** From weights to orders: what must be bought and sold so that the money is where the allocation says. */
import { UserError } from '../errors.ts';
import type { Allocation } from './allocation.ts';
import type { SimulatedBroker } from './broker.ts';

export interface RebalanceOptions {
  /** Rebalance though the weights are the last cycle's: prices may have moved what is held away from them. */
  readonly force?: boolean;
  /** Nothing is traded when all differences together are at most this share of the equity, 0.01 unless said ... */
  readonly rtol?: number;
  /** ... and, where it is above 0, at most this much money. */
  readonly atol?: number;
  /** Share of the equity that stays cash, 0.1 unless said: prices move until the orders fill. */
  readonly cashReserve?: number;
}

/**
 * Places the orders that lead from what is held to what the weights say, and ends the allocation's cycle. Sells come
 * before buys, since they pay for them. A weight of 0 closes every trade of the symbol. Sizes are rounded down to lots:
 * of a sale that means away from zero.
 * @throws UserError for options or weights that cannot be right
 */
export function rebalance(broker: SimulatedBroker, allocation: Allocation, options: RebalanceOptions): void {
  const { force = false, rtol = 0.01, atol = 0, cashReserve = 0.1 } = options;
  if (!(cashReserve >= 0 && cashReserve < 1))
    throw new UserError(`cashReserve must be from 0 to below 1, not ${cashReserve}.`);
  if (!(rtol >= 0 && rtol < 1)) throw new UserError(`rtol must be from 0 to below 1, not ${rtol}.`);
  if (!(atol >= 0)) throw new UserError(`atol must be 0 or more, not ${atol}.`);
  if (broker.isBeforeStart) {
    allocation.forget();
    return;
  }
  const weights = allocation.checkedWeights();
  if (force || allocation.modified) trade(broker, weights, { rtol, atol, cashReserve });
  allocation.endCycle();
}

function trade(
  broker: SimulatedBroker,
  weights: Float64Array,
  { rtol, atol, cashReserve }: Required<Omit<RebalanceOptions, 'force'>>,
): void {
  const { account, equity, rules } = broker;
  const differences = weights.map((weight, index) => {
    const units = account.unitsOf(index);
    const held = units === 0 ? 0 : units * broker.lastClose(index);
    return weight * equity * (1 - cashReserve) - held;
  });
  let total = 0;
  for (const difference of differences) total += Math.abs(difference);
  const isWorthIt = (atol > 0 && total > atol) || total / equity > rtol;
  const symbols = Array.from(weights.keys()).sort(
    (a, b) => (differences[a] as number) - (differences[b] as number),
  );
  for (const symbolIndex of symbols) {
    const difference = differences[symbolIndex] as number;
    if (weights[symbolIndex] === 0) {
      for (const open of account.trades) if (open.symbolIndex === symbolIndex) open.close();
    } else if (difference !== 0 && isWorthIt) {
      const units = Math.floor(difference / broker.lastClose(symbolIndex));
      const size = Math.floor(units / rules.lotSize) * rules.lotSize;
      if (size === 0) continue;
      broker.placeEntry({ symbolIndex, size, limit: null, stop: null, sl: null, tp: null, tag: null });
    }
  }
}
