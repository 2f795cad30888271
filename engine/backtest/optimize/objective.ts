/** What an optimisation looks for: a statistic, a formula of statistics, or a function. */
import { UserError } from '../../errors.ts';
import type { BacktestResult, Params } from '../result.ts';
import { parseExpression } from './expression.ts';
import type { Constraint, SearchSpace } from './space.ts';

/** What is known of a run where only its statistics came back from another thread. */
export type RunSummary = Pick<BacktestResult, 'params' | 'statistics'>;

/** Which outcome is best; the more the better unless `minimize` says it. Without either `sqn` is maximized. */
export interface Aim<Subject extends RunSummary = BacktestResult> {
  /** A statistic such as `sharpeRatio`, a formula such as `returnPct / -maxDrawdownPct`, or a function. */
  readonly maximize?: string | ((run: Subject) => number);
  readonly minimize?: string | ((run: Subject) => number);
}

export interface Objective<Subject extends RunSummary = BacktestResult> {
  /** As it was asked for, for headings. */
  readonly name: string;
  /** Null for a run without a closed trade, or where it is undefined. */
  valueOf(run: Subject): number | null;
  /** The same so that more is better. */
  score(value: number | null): number | null;
}

/**
 * @throws UserError for both aims at once, or a formula that cannot be read. One that names an unknown statistic is
 *   found out by its first value.
 */
export function objectiveOf<Subject extends RunSummary>(aim: Aim<Subject>): Objective<Subject> {
  const { maximize, minimize } = aim;
  if (maximize !== undefined && minimize !== undefined) {
    throw new UserError('Say either what to maximize or what to minimize, not both.');
  }
  const wanted = maximize ?? minimize ?? 'sqn';
  const compute = typeof wanted === 'string' ? formulaOf(wanted) : wanted;
  const sign = minimize === undefined ? 1 : -1;
  return {
    name: typeof wanted === 'string' ? wanted : wanted.name || 'a function',
    valueOf(run) {
      // A formula is computed even then: that it cannot be is to be known from the first run on.
      const value = typeof wanted === 'string' || run.statistics.trades > 0 ? compute(run) : null;
      return run.statistics.trades === 0 || value === null || Number.isNaN(value) ? null : value;
    },
    score: (value) => (value === null ? null : sign * value),
  };
}

/** @throws UserError for a formula that cannot be read, or names a parameter that is not varied */
export function constraintOf(
  constraint: string | Constraint | undefined,
  { dimensions }: SearchSpace,
): Constraint {
  if (constraint === undefined) return () => true;
  if (typeof constraint === 'function') return constraint;
  const formula = parseExpression(constraint);
  formula.check(dimensions.map(({ name }) => name));
  return (params: Params) => {
    const admits = formula.evaluate(params);
    if (typeof admits === 'boolean') return admits;
    throw new UserError(`The constraint "${constraint}" must compare something, as in "fast < slow".`);
  };
}

function formulaOf(source: string): (run: RunSummary) => number {
  const formula = parseExpression(source);
  return ({ statistics }) => {
    const value = formula.evaluate({ ...statistics });
    if (typeof value === 'number') return value;
    throw new UserError(`"${source}" is no number that could be made as large or small as possible.`);
  };
}
