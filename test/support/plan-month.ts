/** What a month of a plan's sessions is made of, at whichever broker it trades. */
import { expect } from 'vitest';
import MomentumRotation from '../../config.example/demo/strategies/momentum_rotation.ts';
import { Strategy } from '../../engine/backtest/index.ts';
import type { Plans } from '../../engine/plans/plans.ts';

export const inventedStocks = ['AMBR', 'BRKW', 'CLVR', 'DRFT', 'ELMO', 'FJRD', 'GRNT', 'HLYX'];

/** Numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Holds the two that rose most over ten days, by weight: turned over every day. */
export class Strongest extends Strategy {
  init() {}
  next() {
    if (this.data.length < 12) return;
    const risen = this.data.symbols
      .map((symbol) => {
        const { close } = this.data.of(symbol);
        return { symbol, rise: close.last / close.at(-11) - 1 };
      })
      .sort((a, b) => b.rise - a.rise)
      .slice(0, 2)
      .map(({ symbol }) => symbol);
    for (const symbol of this.data.symbols) if (!risen.includes(symbol)) this.positionOf(symbol).close();
    for (const symbol of risen) {
      if (this.positionOf(symbol).size > 0) continue;
      this.buy({ symbol, size: Math.floor((this.equity * 0.4) / this.data.of(symbol).close.last) });
    }
  }
}

/** `demo` is the demo's own plan; `daily` trades nearly every day. */
export const monthStrategies = { demo: MomentumRotation, daily: Strongest } as const;
export type MonthPlan = keyof typeof monthStrategies;

/** Which plan lives through a month, and by which seed. */
export type Seeds = readonly (readonly [MonthPlan, number])[];

/** Those of the suite, or those that `MONTH_SEEDS` names, such as `7` or `1..40`: the demo's plan by odd ones. */
export function seedsOfMonths(own: Seeds): Seeds {
  const text = process.env['MONTH_SEEDS'];
  if (text === undefined || text === '') return own;
  const [first = Number.NaN, last = first] = text.split('..').map(Number);
  if (!(first <= last))
    throw new Error(`MONTH_SEEDS is a seed, such as 7, or a range, such as 1..40, not ${text}`);
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const seed = first + index;
    return [seed % 2 === 1 ? 'demo' : 'daily', seed];
  });
}

/** A plan over the invented stocks, after each session of New York. */
export function monthPlan(name: MonthPlan) {
  return {
    ...{ name, strategy: name, symbols: inventedStocks, calendar: 'XNYS' },
    schedule: { times: '16:30' },
    commission: 0.001,
    backtestStart: '2023-01-03',
  };
}

/**
 * Every session has one run that came to its end; what else was begun was cut off by the stop of its desk.
 * @param sessions the days on which it was due, oldest first
 */
export async function expectOneRunForEach(
  plans: Plans,
  name: MonthPlan,
  sessions: readonly string[],
): Promise<void> {
  const scheduled = (await plans.history(name, 100)).filter(({ kind }) => kind === 'scheduled');
  const made = scheduled.filter(({ state }) => state === 'done');
  expect(made.map(({ session }) => session).reverse(), 'one run for each session').toEqual(sessions);
  const others = scheduled.filter((run) => !made.includes(run));
  expect(others.map(({ state, reason }) => `${state}: ${reason}`)).toEqual(
    others.map(() => 'failed: the desk is stopping'),
  );
}
