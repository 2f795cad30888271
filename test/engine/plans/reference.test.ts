/** Portfolios of the reference run as plans, day by day: the same orders as the one long backtest, and the peer's. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PerSymbol, roc, Strategy } from '../../../engine/backtest/index.ts';
import {
  firstBarOf,
  type Portfolio,
  portfolioOf,
  type Replay,
  replayAsPlan,
} from '../../reference/as-plans.ts';
import { CaseMarket } from '../../reference/case-market.ts';
import { barsOf, caseFiles, readJson } from '../../reference/cases.ts';
import type { MinitradeCase } from '../../reference/minitrade.ts';
import { strategies } from '../../reference/strategies/index.ts';
import { tempFolder, tempStore } from '../../support/temp-store.ts';

const folder = path.join(import.meta.dirname, '../../reference');
const data = path.join(folder, 'data');
const slow = 300_000;

/** Until each has traded more than once; 15 where not said. */
const days: Readonly<Record<string, number>> = {
  'multi-drift': 31,
  'multi-equal-monthly': 22,
  'multi-fixed-weights': 40,
  'multi-late': 22,
  'multi-lot': 22,
  'multi-orders': 90,
};
/**
 * It keeps no cash, and whether the simulation can pay an order is seen at the open; a plan decides at the close before,
 * and does not want what cannot be paid then.
 */
const leftOut = ['multi-no-cash'];
/** What they do follows from the bars and from what is held; others go by the weights of the cycle before. */
const incremental = [
  'multi-atol',
  'multi-equal-monthly',
  'multi-fixed-weights',
  'multi-late',
  'multi-lot',
  'multi-rotate',
];

const portfolios = caseFiles(path.join(folder, 'cases/portfolios')).map(
  (file): readonly [string, Portfolio] => {
    const reference = readJson(file) as MinitradeCase;
    const Class = strategies[reference.strategy.id];
    if (!Class) throw new Error(`no strategy ${reference.strategy.id}`);
    return [reference.name, portfolioOf(reference, Class, data)];
  },
);

async function replay(
  portfolio: Portfolio,
  how: Pick<Replay, 'mode' | 'days'> & { readonly firstBar?: number },
) {
  const place = { store: await tempStore(), folder: await tempFolder() };
  return replayAsPlan(portfolio, { firstBar: firstBarOf(portfolio), ...how, ...place });
}

describe('a portfolio run as a strict plan wants the orders of the one long backtest, and its book holds the same', () => {
  const judged = portfolios.filter(([name]) => !leftOut.includes(name));
  it.each(judged)(
    '%s',
    async (name, portfolio) => {
      const { orders, differences } = await replay(portfolio, { mode: 'strict', days: days[name] ?? 15 });
      expect(differences).toEqual([]);
      expect(orders, 'it has to trade for this test to say anything').toBeGreaterThan(1);
    },
    slow,
  );

  it(
    'multi-top-roc, when it begins to trade in the middle of its history',
    async () => {
      const [, portfolio] = portfolios.find(([name]) => name === 'multi-top-roc') ?? [];
      if (!portfolio) throw new Error('the case is gone');
      const { orders, differences } = await replay(portfolio, { mode: 'strict', days: 12, firstBar: 300 });
      expect(differences).toEqual([]);
      expect(orders).toBeGreaterThan(5);
    },
    slow,
  );
});

/**
 * Buys what rose most, and leaves all of it for a few days when its money has fallen from its peak: the peak and the days
 * are nowhere but in what it stores.
 */
class PeakGuard extends Strategy {
  roc!: PerSymbol;
  init() {
    this.roc = this.perSymbol(({ close }) => this.indicator(roc, close, 10));
  }
  next() {
    const { storage } = this;
    const now = this.data.now.getTime();
    if (now <= Number(storage['decidedUntil'] ?? 0)) return;
    const peak = Math.max(Number(storage['peak'] ?? 0), this.equity);
    const rest = Number(storage['rest'] ?? 0);
    const isHolding = this.data.symbols.some((symbol) => this.positionOf(symbol).size !== 0);
    const leaves = isHolding && this.equity < peak * 0.997;
    Object.assign(storage, {
      decidedUntil: now,
      peak: leaves ? 0 : peak,
      rest: leaves ? 2 : Math.max(0, rest - 1),
    });
    if (!leaves && (isHolding || rest > 0)) return;
    this.allocation.assumeZero();
    if (!leaves) this.allocation.bucket('top').append(this.roc.highest(2)).weightEqually().apply();
    this.rebalance({ force: true });
  }
}

describe('a portfolio run as an incremental plan wants what the one long backtest ordered', () => {
  it.each(portfolios.filter(([name]) => incremental.includes(name)))(
    '%s',
    async (name, portfolio) => {
      const { orders, differences } = await replay(portfolio, {
        mode: 'incremental',
        days: days[name] ?? 15,
      });
      expect(differences).toEqual([]);
      expect(orders, 'it has to trade for this test to say anything').toBeGreaterThan(1);
    },
    slow,
  );

  it(
    'also where it goes by what its strategy has stored',
    async () => {
      const bars = barsOf({ file: 'MULTI8.csv', to: 120 }, data);
      const { orders, differences } = await replay(
        { market: new CaseMarket(bars, false), Strategy: PeakGuard, params: {}, options: { cash: 100_000 } },
        { mode: 'incremental', days: 25, firstBar: 40 },
      );
      expect(differences).toEqual([]);
      expect(orders, 'it has to leave and come back for this test to say anything').toBeGreaterThan(6);
    },
    slow,
  );
});
