/** Figures of a divergence, by hand: what an order cost, and what the difference of two equities is made of. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal } from '../../../../engine/money.ts';
import { curvesOf, explain, trackingErrorPercent } from '../../../../engine/plans/divergence/explain.ts';
import type { BookedTrade, WantedTrade } from '../../../../engine/plans/divergence/legs.ts';
import { legsOf } from '../../../../engine/plans/divergence/legs.ts';
import { compareOrder, type OrderView, totalsOf } from '../../../../engine/plans/divergence/orders.ts';
import type { SimulatedFill } from '../../../../engine/plans/run-records.ts';

const dayMs = 86_400_000;
const monday = Date.UTC(2024, 2, 4);
const day = (index: number) => new Date(monday + index * dayMs).toISOString();

function simulated(changes: Partial<SimulatedFill> = {}): SimulatedFill {
  return {
    ...{ symbol: 'ACME', signalAt: day(0), sequence: 0, filledAt: day(1), effect: 'open' },
    ...{ units: 10, price: 100, commission: 1 },
    ...changes,
  };
}

function booked(
  changes: Partial<Record<'at' | 'side' | 'quantity' | 'price' | 'fee', string>> = {},
): BookedTrade {
  const { at = day(1), side = 'buy', quantity = '10', price = '100.5', fee = '1.5' } = changes;
  return {
    at,
    side: side === 'sell' ? 'sell' : 'buy',
    quantity: decimal(quantity),
    price: decimal(price),
    fee: decimal(fee),
  };
}

function wanted(changes: Partial<WantedTrade> = {}): WantedTrade {
  return {
    ...{ symbol: 'ACME', side: 'buy', purpose: 'entry', signalAt: day(0), sequence: 0 },
    ...{ quantity: '10', signalPrice: '99', wantedAt: day(1), isOver: true, reason: null, fills: [booked()] },
    ...changes,
  };
}

const view: OrderView = {
  lastClose: () => 110,
  adjustment: () => 1,
  reasonUnwanted: () => 'no run',
  measuredBySignal: false,
};

function compared(given: { sim?: SimulatedFill[]; order?: WantedTrade[]; view?: OrderView }) {
  const legs = legsOf({ simulated: given.sim ?? [], wanted: given.order ?? [], resting: [] });
  return legs.map((leg) => compareOrder(leg, given.view ?? view));
}

describe('slippage of an order', () => {
  it('is positive where a purchase cost more than the simulation expected', () => {
    const [order] = compared({ sim: [simulated()], order: [wanted()] });
    expect(order).toMatchObject({
      outcome: 'filled',
      expectedPrice: 100,
      averagePrice: '100.5',
      fees: '1.5',
    });
    expect(order?.slippageBps).toBeCloseTo(50, 9);
    expect(order?.slippage).toBeCloseTo(5, 9);
  });

  it('is positive where a sale brought less', () => {
    const fills = [booked({ side: 'sell', price: '99' })];
    const [order] = compared({
      sim: [simulated({ units: -10, effect: 'close' })],
      order: [wanted({ side: 'sell', purpose: 'exit', fills })],
    });
    expect(order?.slippageBps).toBeCloseTo(100, 9);
    expect(order?.slippage).toBeCloseTo(10, 9);
  });

  it('is negative, a gain, where a purchase was cheaper', () => {
    const [order] = compared({ sim: [simulated()], order: [wanted({ fills: [booked({ price: '99.9' })] })] });
    expect(order?.slippageBps).toBeCloseTo(-10, 9);
  });

  it('goes by the average of all fills, and the delay by the first of them', () => {
    const fills = [
      booked({ quantity: '4', price: '100', at: '2024-03-05T00:00:02.000Z' }),
      booked({ quantity: '6', price: '101', at: '2024-03-05T00:00:09.000Z' }),
    ];
    const [order] = compared({ sim: [simulated()], order: [wanted({ fills })] });
    expect(order).toMatchObject({ averagePrice: '100.6', filled: '10', delayMs: 2000 });
  });

  it('is measured in the prices of its time where a split has changed the history since', () => {
    const sim = [simulated({ price: 25, units: 40 })];
    const [order] = compared({ sim, order: [wanted()], view: { ...view, adjustment: () => 4 } });
    expect(order).toMatchObject({ expectedPrice: 100, simulatedUnits: 10 });
    expect(order?.slippageBps).toBeCloseTo(50, 9);
  });

  it('is measured by the close of its signal where no simulation is in step', () => {
    const [order] = compared({ order: [wanted()], view: { ...view, measuredBySignal: true } });
    expect(order).toMatchObject({ outcome: 'filled', expectedPrice: 99 });
    expect(order?.slippage).toBeCloseTo(15, 9);
  });

  it('is weighted by notional in the sum: the large order counts for more', () => {
    const second = { signalAt: day(1), sequence: 0 };
    const orders = compared({
      sim: [simulated(), simulated({ ...second, filledAt: day(2), units: 90 })],
      order: [
        wanted(),
        wanted({ ...second, quantity: '90', fills: [booked({ quantity: '90', price: '100' })] }),
      ],
    });
    expect(totalsOf(orders).slippageBps, '5 of 10,000').toBeCloseTo(5, 9);
  });
});

describe('an order that was not filled as it was wanted', () => {
  it('is missed with its reason, and with what it would have earned', () => {
    const [order] = compared({
      sim: [simulated()],
      order: [wanted({ fills: [], reason: 'it was for the open of 2024-03-05, which is past' })],
    });
    expect(order).toMatchObject({
      outcome: 'missed',
      reason: 'it was for the open of 2024-03-05, which is past',
      missedProfit: 99,
      filled: '0',
    });
  });

  it('is missed with the reason of its run where no run wanted it', () => {
    expect(compared({ sim: [simulated()] })).toMatchObject([
      { outcome: 'missed', reason: 'no run', wanted: null },
    ]);
  });

  it('is open as long as something may become of it', () => {
    const [order] = compared({
      sim: [simulated()],
      order: [wanted({ fills: [], isOver: false, reason: 'the broker needs a login' })],
    });
    expect(order).toMatchObject({ outcome: 'open', missedProfit: null, reason: 'the broker needs a login' });
  });

  it('is partly filled, and says of what', () => {
    const fills = [booked({ quantity: '4' })];
    const reason = 'cut down from 10 to 4 units';
    const [order] = compared({ sim: [simulated()], order: [wanted({ fills, reason })] });
    expect(order).toMatchObject({ outcome: 'partly filled', filled: '4', reason });
  });

  it('is nobody’s loss where its limit was met by neither', () => {
    const [order] = compared({ order: [wanted({ fills: [] })] });
    expect(order).toMatchObject({ outcome: 'filled by neither', missedProfit: null });
  });
});

describe('a stop loss that rested at the broker', () => {
  const exit = simulated({ signalAt: day(2), filledAt: day(4), units: -10, effect: 'close', price: 95 });
  const stop = (at: string) => ({
    symbol: 'ACME',
    fills: [booked({ side: 'sell', price: '94.9', at })],
  });

  it('belongs to the exit of the simulation', () => {
    const legs = legsOf({ simulated: [exit], wanted: [], resting: [stop(day(4.6))] });
    expect(legs).toHaveLength(1);
    expect(legs.map((leg) => compareOrder(leg, view))).toMatchObject([
      { outcome: 'filled', averagePrice: '94.9' },
    ]);
  });

  it('stands alone where the simulation made no such exit', () => {
    const legs = legsOf({ simulated: [], wanted: [], resting: [stop(day(4))] });
    expect(legs.map((leg) => compareOrder(leg, view))).toMatchObject([
      { outcome: 'not simulated', reason: 'a stop loss or take profit that only the broker met' },
    ]);
  });

  it('is not taken for an exit of weeks ago', () => {
    const legs = legsOf({ simulated: [exit], wanted: [], resting: [stop(day(30))] });
    expect(legs.map((leg) => compareOrder(leg, view).outcome).sort()).toEqual(['missed', 'not simulated']);
  });
});

describe('the curves', () => {
  const time = Float64Array.from([0, 1, 2, 3], (index) => monday + index * dayMs);
  const equity = Float64Array.from([1000, 1000, 1010, 1020]);
  const earned = [70, 70, 75, 95];
  const earnedBy = (at: number) => earned[(at - monday) / dayMs] ?? 0;

  it('begin on the day before the first, with what the simulation had', () => {
    const curves = curvesOf({ time, equity }, { from: monday + 2 * dayMs, to: monday + 3 * dayMs, earnedBy });
    expect([...curves.book]).toEqual([1000, 1005, 1025]);
    expect([...curves.simulated]).toEqual([1000, 1010, 1020]);
    expect([...curves.difference]).toEqual([0, -5, 5]);
  });

  it('have the tracking error of their daily returns, for a year of 252 days', () => {
    const curves = curvesOf({ time, equity }, { from: monday + 2 * dayMs, to: monday + 3 * dayMs, earnedBy });
    const [one, other] = [1005 / 1000 - 1010 / 1000, 1025 / 1005 - 1020 / 1010];
    const deviation = Math.abs(one - other) / Math.SQRT2;
    expect(trackingErrorPercent(curves)).toBeCloseTo(100 * deviation * Math.sqrt(252), 9);
  });

  it('have no tracking error with a single return', () => {
    const curves = curvesOf({ time, equity }, { from: monday + 3 * dayMs, to: monday + 3 * dayMs, earnedBy });
    expect(trackingErrorPercent(curves)).toBeNull();
  });
});

describe('why they differ', () => {
  const flat = (difference: number) => ({
    day: Float64Array.from([monday, monday + 2 * dayMs]),
    simulated: Float64Array.from([1000, 1000]),
    book: Float64Array.from([1000, 1000 + difference]),
    difference: Float64Array.from([0, difference]),
  });
  const prices = { closeOn: () => 110, adjustment: () => 1 };

  it('is slippage, fees and size of an order that both traded', () => {
    const fills = [booked({ quantity: '8' })];
    const legs = legsOf({ simulated: [simulated()], wanted: [wanted({ fills })], resting: [] });
    // The book: 8 x (110 - 100.5) - 1.5 = 74.5; the simulation: 10 x (110 - 100) - 1 = 99.
    const because = explain(flat(74.5 - 99), legs, prices);
    expect(because).toMatchObject({ slippage: -4, fees: -0.5, size: -20, missed: 0, notSimulated: 0 });
    expect(because.rest).toBeCloseTo(0, 9);
  });

  it('is a missed order with what it would have brought', () => {
    const legs = legsOf({ simulated: [simulated()], wanted: [wanted({ fills: [] })], resting: [] });
    expect(explain(flat(-99), legs, prices)).toMatchObject({ missed: -99, rest: 0, slippage: 0 });
  });

  it('is what only the book traded', () => {
    const legs = legsOf({ simulated: [], wanted: [wanted()], resting: [] });
    expect(explain(flat(93.5), legs, prices)).toMatchObject({ notSimulated: 93.5, rest: 0 });
  });

  it('leaves what no order explains to the rest', () => {
    expect(explain(flat(-12), [], prices)).toMatchObject({ rest: -12, slippage: 0, missed: 0 });
  });

  it('has no rest, whatever the two traded, where both are valued by the same prices', () => {
    const price = fc.integer({ min: 50, max: 200 });
    const units = fc.integer({ min: -20, max: 20 });
    const pair = fc.record({
      sim: units,
      real: units,
      simPrice: price,
      realPrice: price,
      fee: fc.nat(5),
      paid: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), price, (pairs, close) => {
        let difference = 0;
        const sim: SimulatedFill[] = [];
        const orders: WantedTrade[] = [];
        pairs.forEach(({ sim: q, real, simPrice, realPrice, fee, paid }, sequence) => {
          if (q !== 0) sim.push(simulated({ sequence, units: q, price: simPrice, commission: paid }));
          const amounts = { quantity: String(Math.abs(real)), price: String(realPrice), fee: String(fee) };
          const fills = real === 0 ? [] : [booked({ side: real > 0 ? 'buy' : 'sell', ...amounts })];
          orders.push(wanted({ sequence, fills }));
          if (real !== 0) difference += real * (close - realPrice) - fee;
          if (q !== 0) difference -= q * (close - simPrice) - paid;
        });
        const legs = legsOf({ simulated: sim, wanted: orders, resting: [] });
        const { rest } = explain(flat(difference), legs, { ...prices, closeOn: () => close });
        expect(rest).toBeCloseTo(0, 6);
      }),
    );
  });
});
