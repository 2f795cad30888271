/** How a backtest trades: cash, costs and the rules of the simulated broker. */
import { UserError } from '../errors.ts';

/** Rate of the traded value; or a fixed sum and a rate; or the sum for so many (signed) units at a price. */
export type Commission =
  | number
  | readonly [fixed: number, rate: number]
  | ((size: number, price: number) => number);

export interface BacktestOptions {
  /** Starting cash, 10,000 unless said. */
  readonly cash?: number;
  /** Paid at entry and again at exit. A negative rate is a rebate. */
  readonly commission?: Commission;
  /** Relative distance by which an entry is worse than the market's price; exits are at the price. */
  readonly spread?: number;
  /** Share of a position's value that must be covered: 0.1 allows a leverage of 10. */
  readonly margin?: number;
  /** Market orders fill at the close of the bar that the strategy saw, instead of the next open. */
  readonly tradeOnClose?: boolean;
  /** Long and short trades of one symbol stand side by side, instead of netting first in, first out. */
  readonly hedging?: boolean;
  /** Each new order cancels those that wait and closes what is open. */
  readonly exclusiveOrders?: boolean;
  /** Close what is open at the last bar, so that it counts as trades. */
  readonly finalizeTrades?: boolean;
  /** Milliseconds UTC: orders placed on earlier bars are ignored, so trading begins with nothing but the cash. */
  readonly tradeStart?: number;
}

export interface BrokerRules {
  readonly cash: number;
  readonly commission: (size: number, price: number) => number;
  readonly spread: number;
  readonly leverage: number;
  readonly tradeOnClose: boolean;
  readonly hedging: boolean;
  readonly exclusiveOrders: boolean;
  readonly finalizeTrades: boolean;
  readonly tradeStart: number;
}

const names = [
  'cash',
  'commission',
  'spread',
  'margin',
  'tradeOnClose',
  'hedging',
  'exclusiveOrders',
  'finalizeTrades',
  'tradeStart',
] as const satisfies readonly (keyof BacktestOptions)[];

/** @throws UserError for a value that makes no sense, or an option that does not exist */
export function brokerRules(options: BacktestOptions): BrokerRules {
  for (const name of Object.keys(options)) {
    if (!names.some((known) => known === name)) {
      throw new UserError(`A backtest has no option "${name}". Its options are ${names.join(', ')}.`);
    }
  }
  const { cash = 10_000, commission = 0, spread = 0, margin = 1 } = options;
  if (!(cash > 0 && Number.isFinite(cash))) throw new UserError(`cash must be above zero, not ${cash}.`);
  if (!(spread >= 0 && spread < 1)) throw new UserError(`spread must be from 0 to below 1, not ${spread}.`);
  if (!(margin > 0 && margin <= 1))
    throw new UserError(`margin must be above 0 and at most 1, not ${margin}.`);
  return {
    cash,
    commission: commissionFunction(commission),
    spread,
    leverage: 1 / margin,
    tradeOnClose: options.tradeOnClose ?? false,
    hedging: options.hedging ?? false,
    exclusiveOrders: options.exclusiveOrders ?? false,
    finalizeTrades: options.finalizeTrades ?? false,
    tradeStart: options.tradeStart ?? Number.NEGATIVE_INFINITY,
  };
}

function commissionFunction(commission: Commission): (size: number, price: number) => number {
  if (typeof commission === 'function') return commission;
  const [fixed, rate] = typeof commission === 'number' ? [0, commission] : commission;
  if (!(rate >= -0.1 && rate < 0.1)) {
    throw new UserError(`commission must be a rate from -0.1 to below 0.1, not ${rate}.`);
  }
  if (!(fixed >= 0 && Number.isFinite(fixed))) {
    throw new UserError(`the fixed part of a commission must be zero or more, not ${fixed}.`);
  }
  return (size, price) => fixed + Math.abs(size) * price * rate;
}
