/** Which symbols a run's money was in, and how much of it was moved. */
import type { Allocation, Fill, PortfolioFigures, SymbolFigures, Trade } from './result.ts';

const yearMs = 365.25 * 86_400_000;

interface PortfolioInput {
  readonly symbols: readonly string[];
  readonly time: Float64Array;
  readonly equity: Float64Array;
  readonly allocation: Allocation;
  readonly trades: readonly Trade[];
  readonly fills: readonly Fill[];
}

/**
 * Weights are |value| / equity at each close, 0 where the equity is; their means are over all bars. Turnover is half
 * of the sum of |units| * price of all fills, over the mean equity, by year of 365.25 days.
 */
export function portfolioFigures(input: PortfolioInput): PortfolioFigures {
  const { symbols, time, equity, allocation, trades, fills } = input;
  const indexOf = new Map(symbols.map((symbol, index) => [symbol, index]));
  const meanEquity = meanOf(equity);
  const years = ((time.at(-1) ?? 0) - (time[0] ?? 0)) / yearMs;
  const turnover = (traded: number) => (years > 0 ? (traded / 2 / meanEquity / years) * 100 : Number.NaN);

  const traded = symbols.map(() => 0);
  for (const { symbol, units, price } of fills) {
    const index = indexOf.get(symbol) as number;
    traded[index] = (traded[index] as number) + Math.abs(units) * price;
  }
  const results = symbols.map(() => ({ trades: 0, wins: 0, pnl: 0 }));
  for (const { symbol, pnl } of trades) {
    const result = results[indexOf.get(symbol) as number] as (typeof results)[number];
    result.trades++;
    result.pnl += pnl;
    if (pnl > 0) result.wins++;
  }
  const held = new Uint32Array(time.length);
  const figures = symbols.map((symbol, index): SymbolFigures => {
    const values = allocation.values[index] as Float64Array;
    const { wins, ...result } = results[index] as (typeof results)[number];
    const { bars, weight } = presence(values, equity, held);
    return {
      symbol,
      ...result,
      winRatePct: (wins / result.trades) * 100,
      value: values.at(-1) ?? Number.NaN,
      exposureTimePct: (bars / time.length) * 100,
      averageWeightPct: (weight / time.length) * 100,
      turnoverAnnualPct: turnover(traded[index] as number),
    };
  });
  return {
    symbols: figures,
    turnoverAnnualPct: turnover(traded.reduce((a, b) => a + b, 0)),
    averageExposurePct: figures.reduce((sum, { averageWeightPct }) => sum + averageWeightPct, 0),
    mostSymbols: held.reduce((a, b) => Math.max(a, b), 0),
  };
}

/** On how many bars a symbol was held, and the sum of its weights; counts it in `held`. */
function presence(values: Float64Array, equity: Float64Array, held: Uint32Array) {
  let bars = 0;
  let weight = 0;
  for (let bar = 0; bar < values.length; bar++) {
    const value = values[bar] as number;
    if (value === 0) continue;
    bars++;
    held[bar] = (held[bar] as number) + 1;
    weight += Math.abs(value) / (equity[bar] as number);
  }
  return { bars, weight };
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}
