import { describe, expect, test } from 'vitest';
import type { BookFill, NewPosting } from '../../../engine/bank/ledger.ts';
import { depositPosting, fillPosting, movementPosting, settlePosting } from '../../../engine/bank/ledger.ts';
import { newBook, withTrades } from '../../../engine/bank/trades.ts';

const place = { book: 'pair', broker: 'binance', wallet: 'cross' } as const;

const next = () => crypto.randomUUID();

const deposit = depositPosting({ ...place, cause: 'seed', amount: '100', currency: 'USDT' });
const fill = (
  asset: string,
  side: 'buy' | 'sell',
  quantity: string,
  price: string,
  more: Partial<BookFill> = {},
) =>
  fillPosting({
    ...place,
    cause: next(),
    symbol: `${asset}/USDT`,
    asset,
    side,
    quantity,
    price,
    currency: 'USDT',
    fee: '0',
    feeCurrency: 'USDT',
    ...more,
  });
const movement = (kind: 'borrow' | 'repay' | 'interest', asset: string, amount: string) =>
  movementPosting({ ...place, cause: next(), kind, asset, amount, to: null });
const settle = () => settlePosting({ ...place, cause: next(), amount: '0', currency: 'USDT' });

/** The book after a deposit of 100 USDT and these postings, one a minute. */
function bookAfter(postings: readonly NewPosting[]) {
  return [deposit, ...postings]
    .map((posting, index) => ({
      ...posting,
      sequence: index + 1,
      at: new Date(Date.UTC(2024, 0, 1, 0, index)).toISOString(),
    }))
    .reduce(withTrades('pair'), newBook);
}

describe('a trade', () => {
  test('is what was bought until all of it is sold, with partial sales, fees and percent', () => {
    const { closed, open } = bookAfter([
      fill('BTC', 'buy', '2', '20', { fee: '0.1' }),
      fill('BTC', 'sell', '1', '25', { fee: '0.1' }),
      fill('BTC', 'sell', '1', '35', { fee: '0.2' }),
    ]);
    expect(open).toEqual([]);
    expect(closed).toMatchObject([
      {
        book: 'pair',
        symbols: ['BTC/USDT'],
        side: 'long',
        opened: '2024-01-01T00:01:00.000Z',
        closed: '2024-01-01T00:03:00.000Z',
        entryValue: '40',
        exitValue: '60',
        grossProfit: '20',
        fees: '0.4',
        interest: '0',
        netProfit: '19.6',
        capitalInUse: '40',
        percent: '49',
        capitalBefore: '100',
      },
    ]);
  });

  test('of a pair is one, with the loan, its interest and what is owed until it is repaid', () => {
    const operation = { operation: 'signal:1' };
    const entry = [
      movement('borrow', 'ADA', '120'),
      fill('ADA', 'sell', '120', '0.5', operation),
      fill('NEO', 'buy', '10', '10', operation),
      settle(),
      movement('interest', 'ADA', '0.02'),
    ];
    const exit = [fill('NEO', 'sell', '10', '10.4'), fill('ADA', 'buy', '120.02', '0.5')];
    expect(bookAfter([...entry, ...exit]).open, 'still owed').toHaveLength(1);
    const { closed } = bookAfter([...entry, ...exit, movement('repay', 'ADA', '120.02')]);
    expect(closed).toMatchObject([
      {
        symbols: ['ADA/USDT', 'NEO/USDT'],
        side: 'both',
        entryValue: '160',
        exitValue: '164.01',
        grossProfit: '4',
        interest: '0.01',
        netProfit: '3.99',
        capitalInUse: '100',
        percent: '3.99',
      },
    ]);
  });

  test('of two assets that no operation joins are two', () => {
    const { closed } = bookAfter([
      fill('BTC', 'buy', '1', '20'),
      fill('ETH', 'buy', '1', '10'),
      fill('BTC', 'sell', '1', '21'),
      fill('ETH', 'sell', '1', '9'),
    ]);
    expect(closed.map(({ symbols, netProfit }) => [...symbols, netProfit])).toEqual([
      ['BTC/USDT', '1'],
      ['ETH/USDT', '-1'],
    ]);
  });

  test('that turns from long to short ends one and begins another, and shares its fee between them', () => {
    const { closed, open } = bookAfter([
      fill('BTC', 'buy', '1', '20'),
      fill('BTC', 'sell', '3', '22', { fee: '0.3' }),
      fill('BTC', 'buy', '2', '21'),
    ]);
    expect(open).toEqual([]);
    expect(closed).toMatchObject([
      { side: 'long', grossProfit: '2', fees: '0.1', netProfit: '1.9' },
      { side: 'short', entryValue: '44', exitValue: '42', grossProfit: '2', fees: '0.2', netProfit: '1.8' },
    ]);
  });

  test('ends with its settlement when only crumbs are left, which stay in the book for the next one', () => {
    const bought = fill('BTC', 'buy', '1', '20', { fee: '0.001', feeCurrency: 'BTC' });
    const sold = fill('BTC', 'sell', '0.998', '22');
    expect(bookAfter([bought, sold]).closed, 'more of it may be sold').toEqual([]);
    const { closed, holdings } = bookAfter([
      bought,
      sold,
      settle(),
      fill('BTC', 'buy', '1', '20'),
      fill('BTC', 'sell', '1.001', '20'),
    ]);
    expect(holdings.positions.size).toBe(0);
    expect(closed.map(({ grossProfit, entryValue }) => [entryValue, grossProfit])).toEqual([
      ['20', '1.996'],
      ['20.02', '0'],
    ]);
  });

  test('does not end with a settlement while a part of it is held', () => {
    expect(
      bookAfter([fill('BTC', 'buy', '1', '20'), fill('BTC', 'sell', '0.9', '22'), settle()]).closed,
    ).toEqual([]);
  });

  test('tells what fees in other currencies it paid, which are not in its net profit', () => {
    const { closed } = bookAfter([
      fill('BTC', 'buy', '1', '20', { fee: '0.01', feeCurrency: 'BNB' }),
      fill('BTC', 'sell', '1', '22', { fee: '0.02', feeCurrency: 'BNB' }),
    ]);
    expect(closed).toMatchObject([{ fees: '0', netProfit: '2', otherCosts: { BNB: '0.03' } }]);
  });

  test('takes over interest that was charged between the loan and the sale', () => {
    const { closed } = bookAfter([
      movement('borrow', 'ADA', '100'),
      movement('interest', 'ADA', '0.1'),
      fill('ADA', 'sell', '100', '0.5'),
      fill('ADA', 'buy', '100.1', '0.5'),
      movement('repay', 'ADA', '100.1'),
    ]);
    expect(closed).toMatchObject([{ side: 'short', grossProfit: '-0.05', netProfit: '-0.05' }]);
  });
});
