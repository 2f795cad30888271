/** Compares an answer with a case: integers, bars and times exactly, money and statistics to 1e-9 (1e-6 absolute near 0). */
import type { BacktestResult, Statistics } from '../../engine/backtest/index.ts';
import type { Cell, EquityCase, Table } from './cases.ts';

const dayMs = 86_400_000;

export class Comparison {
  readonly differences: string[] = [];
  readonly #result: BacktestResult;
  readonly #hasTimes: boolean;

  constructor(result: BacktestResult, hasTimes: boolean) {
    this.#result = result;
    this.#hasTimes = hasTimes;
  }

  /** The time of a bar as the cases write it. */
  readonly time = (bar: number | null): Cell => {
    const time = bar === null ? undefined : this.#result.time[bar];
    if (time === undefined) return null;
    return this.#hasTimes ? new Date(time).toISOString().slice(0, 19) : time;
  };

  /** A duration as the cases write it. */
  readonly days = (durationMs: number): number => (this.#hasTimes ? durationMs / dayMs : durationMs);

  statistics(where: string, expected: Readonly<Record<string, Cell>>, own: Statistics): void {
    const rows = statisticRows(own, this.#hasTimes, this.days);
    for (const [name, value] of Object.entries(expected)) {
      if (!rows.has(name)) this.differences.push(`${where}: ${name} is missing`);
      else this.compare(`${where}: ${name}`, value, rows.get(name) ?? null);
    }
  }

  equity(expected: EquityCase): void {
    const { equity: own, drawdown } = this.#result;
    this.compare('equity: bars', expected.n, own.length);
    this.compare(
      'equity: sum',
      expected.sum,
      own.reduce((a, b) => a + b, 0),
    );
    this.compare(
      'equity: min',
      expected.min,
      own.reduce((a, b) => Math.min(a, b)),
    );
    this.compare(
      'equity: max',
      expected.max,
      own.reduce((a, b) => Math.max(a, b)),
    );
    for (const [bar, time, value, depth] of expected.rows) {
      const at = Number(bar);
      this.compare(`equity: time of bar ${bar}`, time ?? null, this.time(at));
      this.compare(`equity: bar ${bar}`, value ?? null, own[at] ?? null);
      this.compare(`equity: drawdown at bar ${bar}`, depth ?? null, drawdown[at] ?? null);
    }
  }

  /** Row by row, in the columns of the case. */
  table(where: string, expected: Table, own: Table): void {
    if (expected.rows.length !== own.rows.length) {
      this.differences.push(`${where}: expected ${expected.rows.length} rows, got ${own.rows.length}`);
    }
    for (const [index, row] of expected.rows.entries()) {
      const ownRow = own.rows[index];
      if (ownRow === undefined) break;
      for (const [column, name] of expected.columns.entries()) {
        const cell = ownRow[own.columns.indexOf(name)] ?? null;
        this.compare(`${where}[${index}].${name}`, row[column] ?? null, cell);
      }
    }
  }

  compare(where: string, expected: Cell, own: Cell): void {
    const [a, b] = [asNumber(expected), asNumber(own)];
    const same = typeof a === 'number' && typeof b === 'number' ? isClose(a, b) : a === b;
    if (!same) this.differences.push(`${where}: expected ${expected}, got ${own}`);
  }
}

/** The table with its rows in an order of their own: for what the peer has in no certain order. */
export function sorted({ columns, rows }: Table): Table {
  const key = (row: readonly Cell[]) => JSON.stringify(row);
  return { columns, rows: rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

function asNumber(cell: Cell): Cell {
  if (cell === 'Infinity') return Number.POSITIVE_INFINITY;
  if (cell === '-Infinity') return Number.NEGATIVE_INFINITY;
  return typeof cell === 'number' && Number.isNaN(cell) ? null : cell;
}

function isClose(expected: number, own: number): boolean {
  if (expected === own) return true;
  if (Number.isSafeInteger(expected) && Number.isSafeInteger(own)) return false;
  const distance = Math.abs(expected - own);
  return distance <= 1e-9 * Math.abs(expected) || (Math.abs(expected) < 1e-3 && distance <= 1e-6 * 1e-3);
}

function statisticRows(
  own: Statistics,
  hasTimes: boolean,
  days: (durationMs: number) => number,
): ReadonlyMap<string, Cell> {
  const time = (at: number): Cell => (hasTimes ? new Date(at).toISOString().slice(0, 19) : at);
  return new Map<string, Cell>([
    ['Start', time(own.start)],
    ['End', time(own.end)],
    ['Duration', days(own.durationMs)],
    ['Exposure Time [%]', own.exposureTimePct],
    ['Equity Final [$]', own.equityFinal],
    ['Equity Peak [$]', own.equityPeak],
    ['Commissions [$]', own.commissions],
    ['Return [%]', own.returnPct],
    ['Buy & Hold Return [%]', own.buyAndHoldReturnPct],
    ['Return (Ann.) [%]', own.returnAnnualPct],
    ['Volatility (Ann.) [%]', own.volatilityAnnualPct],
    ['CAGR [%]', own.cagrPct],
    ['Sharpe Ratio', own.sharpeRatio],
    ['Sortino Ratio', own.sortinoRatio],
    ['Calmar Ratio', own.calmarRatio],
    ['Alpha [%]', own.alphaPct],
    ['Beta', own.beta],
    ['Max. Drawdown [%]', own.maxDrawdownPct],
    ['Avg. Drawdown [%]', own.avgDrawdownPct],
    ['Max. Drawdown Duration', days(own.maxDrawdownDurationMs)],
    ['Avg. Drawdown Duration', days(own.avgDrawdownDurationMs)],
    ['# Trades', own.trades],
    ['Win Rate [%]', own.winRatePct],
    ['Best Trade [%]', own.bestTradePct],
    ['Worst Trade [%]', own.worstTradePct],
    ['Avg. Trade [%]', own.avgTradePct],
    ['Max. Trade Duration', days(own.maxTradeDurationMs)],
    ['Avg. Trade Duration', days(own.avgTradeDurationMs)],
    ['Profit Factor', own.profitFactor],
    ['Expectancy [%]', own.expectancyPct],
    ['SQN', own.sqn],
    ['Kelly Criterion', own.kellyCriterion],
  ]);
}
