import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Trade } from '../../../engine/bank/trades.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import { costsOf, figuresOf } from '../../../engine/reports/performance.ts';
import { performanceCsv } from '../../../engine/reports/performance-csv.ts';

/** A closed trade that cost 2 in fees, on 1,000 of the book's 10,000, a day after the one before. */
function tradeOf(gross: string, index: number, changes: Partial<Trade> = {}): Trade {
  const net = decimalText(decimal(gross).minus(decimal('2')));
  const day = (offset: number) => new Date(Date.UTC(2026, 0, 1 + index, offset)).toISOString();
  return {
    _id: `trade-${index}`,
    book: 'demo',
    sequence: index,
    symbols: ['ACME'],
    side: 'long',
    opened: day(9),
    closed: day(17),
    currency: 'USD',
    entryValue: '1000',
    exitValue: '1000',
    grossProfit: gross,
    fees: '2',
    interest: '0',
    otherCosts: {},
    netProfit: net,
    capitalInUse: '1000',
    percent: '0',
    capitalBefore: '10000',
    ...changes,
  };
}

const tradesOf = (...gross: readonly string[]) => gross.map((each, index) => tradeOf(each, index));
const cents = fc
  .array(fc.integer({ min: -50_000, max: 50_000 }), { minLength: 1, maxLength: 40 })
  .map((all) => all.map((each) => decimalText(decimal(String(each)).div(decimal('100')))));

describe('the performance of closed trades', () => {
  it('averages wins over the wins and losses over the losses, and a break-even trade is neither', () => {
    const figures = figuresOf(tradesOf('100', '50', '-30', '0'), 'gross');
    expect(figures).toMatchObject({ trades: 4, wins: 2, losses: 1, winRatePercent: 50 });
    expect(figures.averageWin?.toFixed()).toBe('75');
    expect(figures.averageLoss?.toFixed()).toBe('-30');
    expect(figures.payoffRatio).toBe(2.5);
    expect(figures.profitFactor).toBe(5);
    expect(figures.averageLossPercent).toBe(-3);
    expect([figures.largestWin?.toFixed(), figures.largestLoss?.toFixed()]).toEqual(['100', '-30']);
  });

  it('says nothing where there is nothing to say, rather than 0', () => {
    const figures = figuresOf(tradesOf('5'), 'gross');
    expect(figures).toMatchObject({
      ...{ averageLoss: null, payoffRatio: null, profitFactor: null, largestLoss: null },
      ...{ deviationPercent: null, sharpeRatio: null },
    });
    expect(figuresOf([], 'net')).toMatchObject({ trades: 0, winRatePercent: null, averageProfit: null });
    expect(costsOf([])).toMatchObject({ averageFee: null, largestFeePercent: null });
  });

  it('a win before costs may be a loss after them', () => {
    expect(figuresOf(tradesOf('1.5'), 'gross').wins).toBe(1);
    expect(figuresOf(tradesOf('1.5'), 'net')).toMatchObject({ wins: 0, losses: 1 });
  });

  it('counts the Sharpe ratio by days, those without a trade too, and not by trades', () => {
    // Daily returns of 1 %, 0 and -0.4 %: mean 0.2 %, deviation of the sample 0.7211 %.
    const trades = [tradeOf('100', 0), tradeOf('-25', 2), tradeOf('-15', 2)];
    const returns = [0.01, 0, -0.004];
    const mean = 0.002;
    const deviation = Math.sqrt(returns.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 2);
    expect(figuresOf(trades, 'gross').sharpeRatio).toBeCloseTo((mean / deviation) * Math.sqrt(365), 10);
  });

  it('measures the deepest fall from the peak before it', () => {
    const figures = figuresOf(tradesOf('100', '-60', '20', '-80', '300'), 'gross');
    expect(figures.drawdown.toFixed()).toBe('120');
    expect(figures.drawdownPercent).toBeCloseTo(100 * (1 - 0.994 * 1.002 * 0.992), 10);
  });

  it('whatever was traded, sums are exact and the figures fit together', () => {
    fc.assert(
      fc.property(cents, (gross) => {
        const trades = tradesOf(...gross);
        const figures = figuresOf(trades, 'gross');
        const net = figuresOf(trades, 'net');
        const sum = gross.reduce((total, each) => total.plus(decimal(each)), zero);
        expect(figures.profit.eq(sum)).toBe(true);
        expect(net.profit.plus(costsOf(trades).fees).eq(sum)).toBe(true);
        expect(figures.wins + figures.losses).toBeLessThanOrEqual(figures.trades);
        expect(figures.drawdown.gte(zero)).toBe(true);
        expect(figures.drawdownPercent).toBeLessThanOrEqual(100);
        const reversed = figuresOf(trades.toReversed(), 'gross');
        expect(reversed.profitFactor).toEqual(figures.profitFactor);
        const { averageWin, averageLoss, wins, losses } = figures;
        const together = (averageWin ?? zero)
          .times(decimal(String(wins)))
          .plus((averageLoss ?? zero).times(decimal(String(losses))));
        expect(together.minus(sum).abs().lt(decimal('0.000000000001'))).toBe(true);
      }),
    );
  });
});

describe('the performance summary', () => {
  const book = { book: 'demo', account: 'paper', currency: 'USD', strategy: 'order', instance: 'demo' };
  const cellsOf = (trades: readonly Trade[]) => {
    const { name, data } = performanceCsv([{ ...book, trades }], { from: '2026-01-01' });
    const [header = '', row = ''] = new TextDecoder().decode(data).split('\r\n');
    const cells = row.split(',');
    return { name, header, cell: (column: string) => cells[header.split(',').indexOf(column)] };
  };

  it("begins with Mirage's columns in their order, and ends with what they lack", () => {
    const { name, header } = cellsOf(tradesOf('10'));
    expect(name).toBe('performance-summary.csv');
    expect(header).toMatch(
      /^Strategy,Instance,Date From,Date To,Records Count,PnL,Avg PnL,Batting Avg,Win\/Loss Ratio,Sharpe Ratio,Standard Deviation,Avg ROI,Avg Capital,Avg Win,Avg Win Percent,Avg Loss,Avg Loss Percent,Max Loss,Max Profit,Max Loss Percent,Max Profit Percent,Avg Fee,Total Fees,Max Fee,Avg Trading Capital Fee Percent,Max Trading Capital Fee Percent,/,
    );
    expect(header).toMatch(/,Net PnL,.*,Book,Account,Currency$/);
  });

  it('is gross in front and net behind', () => {
    const { cell } = cellsOf(tradesOf('100', '50', '-30', '0'));
    expect(cell('PnL')).toBe('120');
    expect(cell('Net PnL')).toBe('112');
    expect(cell('Batting Avg')).toBe('50%');
    expect(cell('Win/Loss Ratio')).toBe('2.5');
    expect(cell('Avg ROI')).toBe('3%');
    expect(cell('Avg Loss Percent')).toBe('-3%');
    expect(cell('Net Avg Loss')).toBe('-17');
    expect(cell('Total Fees')).toBe('8');
    expect(cell('Avg Trading Capital Fee Percent')).toBe('0.2%');
    expect([cell('Date From'), cell('Date To')]).toEqual(['2026-01-01', '']);
  });

  it('leaves a cell empty that has no meaning, and a book without trades out', () => {
    expect(cellsOf(tradesOf('10')).cell('Avg Loss')).toBe('');
    expect(cellsOf([]).cell('PnL')).toBeUndefined();
  });
});
