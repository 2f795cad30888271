/** Which symbols a run's money was in, and how much of it was moved. */
import type { SymbolTotals } from './ledger.ts';
import type { Allocation, PortfolioFigures, SymbolFigures } from './result.ts';

const yearMs = 365.25 * 86_400_000;

interface PortfolioInput {
  readonly symbols: readonly string[];
  readonly time: Float64Array;
  readonly equity: Float64Array;
  readonly allocation: Allocation;
  /** In the order of the symbols. */
  readonly totals: readonly SymbolTotals[];
}

/**
 * Weights are |value| / equity at each close, 0 where the equity is; their means are over all bars. Turnover is half
 * of the sum of |units| * price of all fills, over the mean equity, by year of 365.25 days.
 */
export function portfolioFigures(input: PortfolioInput): PortfolioFigures {
  const { symbols, time, equity, allocation, totals } = input;
  const meanEquity = meanOf(equity);
  const years = ((time.at(-1) ?? 0) - (time[0] ?? 0)) / yearMs;
  const turnover = (traded: number) => (years > 0 ? (traded / 2 / meanEquity / years) * 100 : Number.NaN);
  // How many symbols were held at each close; of a single one that need not be counted.
  const held = new Uint32Array(symbols.length > 1 ? time.length : 0);
  const figures = symbols.map((symbol, index): SymbolFigures => {
    const values = allocation.values[index] as Float64Array;
    const { trades, wins, pnl, traded } = totals[index] as SymbolTotals;
    const bars = countHeld(values, held);
    const weight = sumOfWeights(values, equity);
    return {
      symbol,
      trades,
      pnl,
      winRatePct: (wins / trades) * 100,
      value: values.at(-1) ?? Number.NaN,
      exposureTimePct: (bars / time.length) * 100,
      averageWeightPct: (weight / time.length) * 100,
      turnoverAnnualPct: turnover(traded),
    };
  });
  return {
    symbols: figures,
    turnoverAnnualPct: turnover(totals.reduce((sum, { traded }) => sum + traded, 0)),
    averageExposurePct: figures.reduce((sum, { averageWeightPct }) => sum + averageWeightPct, 0),
    mostSymbols: symbols.length > 1 ? greatest(held) : Math.sign(figures[0]?.exposureTimePct ?? 0),
  };
}

/** On how many bars a symbol was held; counts them in `held`, where that is wanted. */
function countHeld(values: Float64Array, held: Uint32Array): number {
  let bars = 0;
  for (let bar = 0; bar < values.length; bar++) {
    if (values[bar] === 0) continue;
    bars++;
    if (bar < held.length) held[bar] = (held[bar] as number) + 1;
  }
  return bars;
}

function sumOfWeights(values: Float64Array, equity: Float64Array): number {
  let weight = 0;
  for (let bar = 0; bar < values.length; bar++) {
    const value = values[bar] as number;
    if (value !== 0) weight += Math.abs(value) / (equity[bar] as number);
  }
  return weight;
}

function greatest(counts: Uint32Array): number {
  let most = 0;
  for (let i = 0; i < counts.length; i++) most = Math.max(most, counts[i] as number);
  return most;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}
