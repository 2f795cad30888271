/** The divergence of a plan that really ran: through the paper broker, over sessions of a market. */
import { describe, expect, it } from 'vitest';
import { Strategy } from '../../../engine/backtest/index.ts';
import type { BrokerStatus } from '../../../engine/brokers/broker.ts';
import { silentLog } from '../../../engine/log.ts';
import { PlanDivergence } from '../../../engine/plans/divergence.ts';
import type { ChartRenderer } from '../../../engine/reports/charts/renderer.ts';
import type { ChartedDivergence } from '../../../engine/reports/charts/request.ts';
import { ManualClock } from '../../support/clock.ts';
import { openPlans, type PlanDeskOptions } from '../../support/plans.ts';
import { brokerWith } from '../../support/trading.ts';

/** Trades every day: in when it is out, out when it is in. */
class Busy extends Strategy {
  init() {}
  next() {
    if (this.position.size === 0) this.buy({ size: 20 });
    else this.position.close();
  }
}

const slow = 120_000;
const market = { calendar: 'XNYS', schedule: { times: '16:30' }, commission: 0.001 };

async function open(plan: Record<string, unknown> = {}, options: Partial<PlanDeskOptions> = {}) {
  const desk = await openPlans({
    strategies: { busy: Busy },
    plan: { ...market, ...plan },
    clock: new ManualClock('2024-03-04T20:00:00.000Z'),
    ...options,
  });
  const drawn: ChartedDivergence[] = [];
  const charts = {
    divergenceChart: async (chart: ChartedDivergence) => {
      drawn.push(chart);
      return { name: 'busy-divergence.png', type: 'image/png', data: new Uint8Array() };
    },
  } as unknown as ChartRenderer;
  const { store, clock, books, source } = desk;
  const divergence = new PlanDivergence({
    ...{ store, clock, books, charts },
    log: silentLog,
    sources: new Map([['demo', source]]),
    accountText: () => 'PAPER',
  });
  const session = async () => {
    const next = desk.schedule.next('busy');
    if (!next) throw new Error('nothing is on the schedule');
    clock.set(next.toISOString());
    await desk.schedule.fire(clock.now());
  };
  const report = async (range = {}) => divergence.report(await desk.plans.show('busy'), range);
  return { ...desk, drawn, session, report };
}

describe('the divergence of a plan', () => {
  it(
    'says of every order what it cost, and explains the whole difference',
    async () => {
      const desk = await open();
      for (let day = 0; day < 7; day++) await desk.session();
      const { orders, totals, equity, files, from, to } = await desk.report();
      expect([from, to]).toEqual(['2024-03-04', '2024-03-12']);
      expect(orders.map(({ outcome }) => outcome)).toEqual([
        ...Array.from({ length: 6 }, () => 'filled'),
        'not simulated',
      ]);
      // The paper account fills at the evening's close, the simulation at the next open: that is the slippage.
      for (const { side, expectedPrice, averagePrice, slippageBps } of orders.slice(0, 6)) {
        const [expected, average] = [Number(expectedPrice), Number(averagePrice)];
        const sign = side === 'buy' ? 1 : -1;
        expect(slippageBps).toBeCloseTo((sign * 10_000 * (average - expected)) / expected, 6);
      }
      expect(totals.filled).toBe(6);
      if (!equity) throw new Error('a strict plan has a curve');
      const { difference, because } = equity;
      expect(because.rest, 'all of it is explained by its orders').toBeCloseTo(0, 4);
      expect(because.slippage).toBeCloseTo(-totals.slippage, 6);
      expect(because.missed + because.size).toBeCloseTo(0, 6);
      const { slippage, fees, notSimulated } = because;
      expect(slippage + fees + notSimulated).toBeCloseTo(difference, 4);
      const { equity: worth } = await desk.books.show('trend');
      expect(desk.drawn[0]?.book.at(-1), 'the curve ends with what the book is worth').toBeCloseTo(
        Number(worth),
        4,
      );
      expect(desk.drawn[0]?.headline.detail, 'whether money is at stake stands in the picture').toBe(
        'PAPER, USD',
      );
      const csv = new TextDecoder().decode(files[1]?.data);
      expect(csv.trim().split('\r\n')).toHaveLength(8);
    },
    slow,
  );

  it(
    'names what was missed with its reason, and what that cost',
    async () => {
      let status: BrokerStatus | undefined;
      const line: PlanDeskOptions['line'] = (paper) =>
        brokerWith(paper, { status: () => status ?? paper.status() });
      const desk = await open({}, { line });
      await desk.session();
      await desk.session();
      status = { state: 'needs-login', since: new Date(0), why: 'log in at the gateway' };
      await desk.session(); // its purchase waits
      await desk.session(); // and is too old by now
      await desk.plans.watch();
      status = undefined;
      await desk.session();
      const report = await desk.report();
      const missed = report.orders.filter(({ outcome }) => outcome === 'missed');
      expect(missed.length).toBeGreaterThan(0);
      for (const { reason } of missed) expect(reason).toMatch(/open of|held nothing/);
      expect(report.equity?.because.missed).toBeCloseTo(-report.totals.missedProfit, 4);
      expect(report.equity?.because.rest).toBeCloseTo(0, 4);
    },
    slow,
  );

  it(
    'counts only what arose in the days that were asked for',
    async () => {
      const desk = await open();
      for (let day = 0; day < 7; day++) await desk.session();
      const whole = await desk.report();
      const until = await desk.report({ to: new Date('2024-03-07') });
      const since = await desk.report({ from: new Date('2024-03-08') });
      expect(until.orders.length + since.orders.length).toBe(whole.orders.length);
      expect((until.equity?.difference ?? 0) + (since.equity?.difference ?? 0)).toBeCloseTo(
        whole.equity?.difference ?? Number.NaN,
        6,
      );
      expect(since.equity?.because.rest).toBeCloseTo(0, 4);
      await expect(desk.report({ from: new Date('2025-01-01') })).rejects.toThrow('nothing to compare');
    },
    slow,
  );

  it(
    'measures the orders of an incremental plan by the close of their signal',
    async () => {
      const desk = await open({ mode: 'incremental' });
      for (let day = 0; day < 3; day++) await desk.session();
      const { orders, equity, files, notes } = await desk.report();
      expect(equity).toBeNull();
      expect(orders.map(({ outcome }) => outcome)).toEqual(['filled', 'filled', 'filled']);
      expect(orders[0]?.slippageBps).toBeCloseTo(0, 6);
      expect(files.map(({ name }) => name)).toEqual(['busy-divergence.csv']);
      expect(notes[0]).toContain('incremental');
    },
    slow,
  );

  it(
    'is refused where the plan has not run yet',
    async () => {
      const desk = await open();
      await expect(desk.report()).rejects.toThrow('/plan run busy');
    },
    slow,
  );
});
