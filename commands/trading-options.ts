/** What a simulated broker can be told, the same in every command that runs a strategy over history. */
import type { BacktestRequest } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import type { OptionSet, OptionValues } from './command.ts';

type TradingOptions = NonNullable<BacktestRequest['options']>;

/** For every command: which bars, and what trading costs. */
export const tradingOptions = {
  interval: {
    type: 'choice',
    description: 'Length of a bar; 1d without it',
    choices: ['1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w', '1mo'],
  },
  cash: { type: 'number', description: 'Cash to begin with; 100,000 without it', min: 1 },
  commission: {
    type: 'number',
    description: 'Rate of the traded value, such as 0.001; 0 without it, below 0 for a rebate',
    min: -0.1,
    max: 0.0999,
  },
  commission_fixed: { type: 'number', description: 'Sum for each order, beside the rate', min: 0 },
  spread: {
    type: 'number',
    description: 'By how much an entry is worse than the price, such as 0.0005',
    min: 0,
    max: 0.999,
  },
  margin: {
    type: 'number',
    description: 'Share of a position that must be covered: 0.1 is a leverage of 10',
    min: 0.001,
    max: 1,
  },
  trade_on_close: {
    type: 'boolean',
    description: 'Market orders fill at the close the strategy saw, not at the next open',
  },
  hedging: {
    type: 'boolean',
    description: 'Long and short trades of a symbol side by side, instead of netting',
  },
  exclusive_orders: { type: 'boolean', description: 'Each new order cancels and closes what was before it' },
  finalize_trades: { type: 'boolean', description: 'Close what is open at the end, so that it counts' },
  semantics: {
    type: 'choice',
    description: 'Whose rules for fills and statistics; backtesting.py without it',
    choices: ['backtesting.py', 'minitrade'],
  },
} as const satisfies OptionSet;

/** For a single run, where more of it is of interest than its place among others. */
export const singleRunOptions = {
  holding: {
    type: 'string',
    description: 'What is held at the start, in units',
    example: 'SP500=10,ACME=-5',
  },
  lot_size: { type: 'integer', description: 'rebalance() trades multiples of so many units', min: 1 },
  fractional: {
    type: 'number',
    description: 'Part of a unit that can be traded, such as 0.00000001 of a bitcoin',
    min: 1e-12,
    max: 1,
  },
  fail_fast: { type: 'boolean', description: 'An order that cannot be paid ends the run' },
  trade_start: { type: 'date', description: 'Orders of earlier days are ignored' },
} as const satisfies OptionSet;

type Chosen = OptionValues<typeof tradingOptions> & Partial<OptionValues<typeof singleRunOptions>>;

/**
 * As the desk takes them; what was not chosen is left to the engine.
 * @throws UserError for a holding that cannot be read
 */
export function tradingRequest(
  chosen: Chosen,
): Pick<BacktestRequest, 'cash' | 'commission' | 'interval' | 'options'> {
  const { interval, cash = 100_000, commission = 0, commission_fixed: fixed, holding, trade_start } = chosen;
  const options: TradingOptions = withoutUndefined({
    semantics: chosen.semantics,
    spread: chosen.spread,
    margin: chosen.margin,
    tradeOnClose: chosen.trade_on_close,
    hedging: chosen.hedging,
    exclusiveOrders: chosen.exclusive_orders,
    finalizeTrades: chosen.finalize_trades,
    lotSize: chosen.lot_size,
    fractional: chosen.fractional,
    failFast: chosen.fail_fast,
    tradeStart: trade_start?.getTime(),
    holding: holding === undefined ? undefined : holdingOf(holding),
  });
  return {
    cash,
    commission: fixed === undefined ? commission : [fixed, commission],
    options,
    ...(interval && { interval }),
  };
}

function holdingOf(text: string): Record<string, number> {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '');
  return Object.fromEntries(
    parts.map((part) => {
      const [, symbol = '', units = ''] = /^([^=:]+)[=:]([+-]?\d+)$/.exec(part) ?? [];
      if (symbol === '') {
        throw new UserError(
          `holding must be written as SYMBOL=units, such as SP500=10,ACME=-5, not "${part}".`,
        );
      }
      return [symbol.toUpperCase(), Number(units)];
    }),
  );
}

type Defined<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> };

function withoutUndefined<Values extends object>(values: Values): Defined<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Values>;
}
