/** How a backtest trades: cash, costs and the rules of the simulated broker. */
import { UserError } from '../errors.ts';
import { type Semantics, type SemanticsName, semantics, semanticsNames } from './semantics.ts';
import type { StrategyStorage } from './storage.ts';

/** Rate of the traded value; or a fixed sum and a rate; or the sum for so many (signed) units at a price. */
export type Commission =
  | number
  | readonly [fixed: number, rate: number]
  | ((size: number, price: number) => number);

export interface BacktestOptions {
  /** Whose rules decide how orders fill: `docs/fills.md` has the differences. `backtesting.py` unless said. */
  readonly semantics?: SemanticsName;
  /** Starting cash, 10,000 unless said. */
  readonly cash?: number;
  /**
   * Units by symbol that are held from the start, negative for a short. What they cost at the close of the bar on which
   * trading begins comes on top of the cash.
   */
  readonly holding?: Readonly<Record<string, number>>;
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
  /** Each new order cancels those that wait and closes what is open in its symbol. */
  readonly exclusiveOrders?: boolean;
  /** Close what is open at the last bar, so that it counts as trades. */
  readonly finalizeTrades?: boolean;
  /** `rebalance()` trades multiples of so many units, 1 unless said. */
  readonly lotSize?: number;
  /** An order that cannot be paid ends the run with an error, instead of being dropped with a warning. */
  readonly failFast?: boolean;
  /** Milliseconds UTC: orders placed on earlier bars are ignored, so trading begins with nothing but the cash. */
  readonly tradeStart?: number;
  /**
   * Trade in fractions: one unit of an order is this part of a whole one, as 1e-8 for the satoshi of a bitcoin. The
   * strategy sees the prices of such a unit; the result is in whole ones again.
   */
  readonly fractional?: number;
  /** What `storage` of the strategy holds at the start: what an earlier run left in its result. */
  readonly storage?: StrategyStorage;
}

export interface BrokerRules {
  readonly semantics: Semantics;
  readonly cash: number;
  readonly holding: Readonly<Record<string, number>>;
  readonly commission: (size: number, price: number) => number;
  readonly spread: number;
  readonly leverage: number;
  readonly tradeOnClose: boolean;
  readonly hedging: boolean;
  readonly exclusiveOrders: boolean;
  readonly finalizeTrades: boolean;
  readonly lotSize: number;
  readonly failFast: boolean;
  readonly tradeStart: number;
}

const names = [
  'semantics',
  'cash',
  'holding',
  'commission',
  'spread',
  'margin',
  'tradeOnClose',
  'hedging',
  'exclusiveOrders',
  'finalizeTrades',
  'lotSize',
  'failFast',
  'tradeStart',
  'fractional',
  'storage',
] as const satisfies readonly (keyof BacktestOptions)[];

/** @throws UserError for a value that makes no sense, or an option that does not exist */
export function brokerRules(options: BacktestOptions): BrokerRules {
  for (const name of Object.keys(options)) {
    if (!names.some((known) => known === name)) {
      throw new UserError(`A backtest has no option "${name}". Its options are ${names.join(', ')}.`);
    }
  }
  const { cash = 10_000, commission = 0, spread = 0, margin = 1, lotSize = 1, fractional = 1 } = options;
  const rules = semanticsOf(options.semantics ?? 'backtesting.py');
  if (!(cash > 0 && Number.isFinite(cash))) throw new UserError(`cash must be above zero, not ${cash}.`);
  if (!(spread >= 0 && spread < 1)) throw new UserError(`spread must be from 0 to below 1, not ${spread}.`);
  if (!(margin > 0 && margin <= 1))
    throw new UserError(`margin must be above 0 and at most 1, not ${margin}.`);
  if (!(Number.isInteger(lotSize) && lotSize >= 1))
    throw new UserError(`lotSize must be a whole number of units, not ${lotSize}.`);
  if (!(fractional > 0 && fractional <= 1))
    throw new UserError(`fractional must be above 0 and at most 1, as 1e-8, not ${fractional}.`);
  return {
    semantics: rules,
    cash,
    holding: checkedHolding(options.holding ?? {}),
    ...costs(commission, spread, rules),
    leverage: 1 / margin,
    tradeOnClose: options.tradeOnClose ?? false,
    hedging: options.hedging ?? false,
    exclusiveOrders: options.exclusiveOrders ?? false,
    finalizeTrades: options.finalizeTrades ?? false,
    lotSize,
    failFast: options.failFast ?? rules.failFast,
    tradeStart: options.tradeStart ?? Number.NEGATIVE_INFINITY,
  };
}

function semanticsOf(name: SemanticsName): Semantics {
  if (semanticsNames.includes(name)) return semantics[name];
  throw new UserError(`There are no semantics "${name}". There are ${semanticsNames.join(' and ')}.`);
}

function checkedHolding(holding: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  for (const [symbol, units] of Object.entries(holding)) {
    if (!Number.isInteger(units))
      throw new UserError(`holding must be whole units, but of ${symbol} it has ${units}.`);
  }
  return holding;
}

function costs(
  commission: Commission,
  spread: number,
  { commissionWorsensEntry }: Semantics,
): Pick<BrokerRules, 'commission' | 'spread'> {
  if (!commissionWorsensEntry) return { commission: commissionFunction(commission), spread };
  if (typeof commission !== 'number')
    throw new UserError('With the semantics of minitrade a commission is a rate, such as 0.001.');
  checkRate(commission);
  return { commission: () => 0, spread: spread + commission };
}

function commissionFunction(commission: Commission): (size: number, price: number) => number {
  if (typeof commission === 'function') return commission;
  const [fixed, rate] = typeof commission === 'number' ? [0, commission] : commission;
  checkRate(rate);
  if (!(fixed >= 0 && Number.isFinite(fixed))) {
    throw new UserError(`the fixed part of a commission must be zero or more, not ${fixed}.`);
  }
  return (size, price) => fixed + Math.abs(size) * price * rate;
}

function checkRate(rate: number): void {
  if (!(rate >= -0.1 && rate < 0.1))
    throw new UserError(`commission must be a rate from -0.1 to below 0.1, not ${rate}.`);
}
