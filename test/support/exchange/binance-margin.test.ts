/** The Binance of our tests, through the real ccxt: cross and isolated margin, loans, interest, transfers. */
import ccxt from 'ccxt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../clock.ts';
import { startBinance, type TestBinance } from './binance/index.ts';
import { type CcxtBinance, pointedBinance } from './pointed-binance.ts';

let clock: ManualClock;
let binance: TestBinance;
let exchange: CcxtBinance;

const cross = { marginMode: 'cross' };
const isolated = { marginMode: 'isolated' };
const hourMs = 3_600_000;

beforeEach(async () => {
  clock = new ManualClock('2024-11-29T09:48:26.000Z');
  binance = await startBinance({ clock });
  exchange = await pointedBinance(binance);
  binance.deposit('funding', 'USDT', '1000');
  binance.book('BTC/USDT').price('50000');
  binance.book('NEO/USDT').price('10', { spread: '0' });
  binance.book('ADA/USDT').price('0.5', { spread: '0' });
});
afterEach(() => binance.close());

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof ccxt.BaseError) return String(exchange.last_http_response);
  }
  throw new Error('it was not refused');
}

describe('a pair trade in cross margin', () => {
  test('borrows, sells short, buys long, and comes back with its profit less the interest', async () => {
    await exchange.transfer('USDT', 99.998, 'funding', 'cross');
    const loan = await exchange.borrowCrossMargin('ADA', 119.9);
    expect(loan.id).toBeDefined();
    await exchange.createOrder('ADA/USDT', 'market', 'sell', 119.9, undefined, cross);
    const long = await exchange.createMarketBuyOrderWithCost('NEO/USDT', 99.9, cross);
    expect(long).toMatchObject({ filled: 9.99, cost: 99.9 });
    expect((long.info as { isIsolated: boolean }).isIsolated).toBe(false);
    const balance = await exchange.fetchBalance({ type: 'margin' });
    // 119.9 of principal and 0.001199 for the first hour.
    expect(balance['ADA']).toEqual({ free: 0, used: 0, total: 0, debt: 119.901199 });

    clock.advance(hourMs);
    binance.book('NEO/USDT').price('10.4', { spread: '0' });
    await exchange.createOrder('NEO/USDT', 'market', 'sell', 9.98, undefined, cross);
    await exchange.createOrder('ADA/USDT', 'market', 'buy', 120.1, undefined, cross);
    expect(binance.loans()).toEqual([
      { wallet: 'cross', asset: 'ADA', borrowed: '119.9', interest: '0.002398' },
    ]);
    await exchange.repayCrossMargin('ADA', 119.902398);
    expect(binance.loans()).toEqual([]);

    const free = Number(binance.balances('cross')['USDT']?.free);
    await exchange.transfer('USDT', free, 'cross', 'funding');
    // 99.998 + 59.95 - 0.05995 - 99.9 + 103.792 - 0.103792 - 60.05
    expect(binance.balances('funding')['USDT']?.free).toBe('1003.628258');
    const trades = await exchange.fetchMyTrades('NEO/USDT', undefined, undefined, cross);
    expect(trades.map(({ side, amount }) => [side, amount])).toEqual([
      ['buy', 9.99],
      ['sell', 9.98],
    ]);
  });

  test('is told from spot and isolated: each wallet has its own orders', async () => {
    binance.deposit('spot', 'USDT', '100');
    binance.deposit('cross', 'USDT', '100');
    binance.deposit('isolated:NEOUSDT', 'USDT', '100');
    for (const [wallet, params] of Object.entries({ spot: {}, cross, isolated })) {
      await exchange.createOrder('NEO/USDT', 'limit', 'buy', 2, 9, {
        ...params,
        clientOrderId: `in-${wallet}`,
      });
    }

    for (const [wallet, params] of Object.entries({ spot: {}, cross, isolated })) {
      const orders = await exchange.fetchOpenOrders('NEO/USDT', undefined, undefined, params);
      expect(orders.map(({ clientOrderId }) => clientOrderId)).toEqual([`in-${wallet}`]);
      const found = await exchange.fetchOrder(undefined as never, 'NEO/USDT', {
        ...params,
        clientOrderId: `in-${wallet}`,
      });
      expect(found.status).toBe('open');
      await exchange.cancelOrder(String(found.id), 'NEO/USDT', params);
      const all = await exchange.fetchOrders('NEO/USDT', undefined, undefined, params);
      expect(all.map(({ status }) => status)).toEqual(['canceled']);
    }
    expect(await refusal(exchange.fetchOrder('1', 'ADA/USDT', cross))).toContain('-2013');
  });
});

describe('isolated margin', () => {
  test('keeps each pair apart: money, loan, order, repayment', async () => {
    await exchange.transfer('USDT', 200, 'funding', 'spot');
    await exchange.transfer('USDT', 100, 'spot', 'isolated', { symbol: 'NEO/USDT' });
    await exchange.borrowIsolatedMargin('NEO/USDT', 'USDT', 50);
    const order = await exchange.createOrder('NEO/USDT', 'market', 'buy', 15, undefined, isolated);
    expect(order.filled).toBe(15);

    const balance = await exchange.fetchBalance({ marginMode: 'isolated', symbols: ['NEO/USDT'] });
    expect(balance['NEO']).toMatchObject({ free: 14.985, debt: 0 });
    expect(balance['USDT']).toMatchObject({ free: 0, debt: 50.0005 });
    await exchange.createOrder('NEO/USDT', 'market', 'sell', 14.98, undefined, isolated);
    await exchange.repayIsolatedMargin('NEO/USDT', 'USDT', 50.0005);
    await exchange.transfer('USDT', 90, 'isolated', 'spot', { symbol: 'NEO/USDT' });

    expect(binance.balances('isolated:NEOUSDT')).toMatchObject({ USDT: { free: '9.6497', borrowed: '0' } });
    expect(binance.balances('isolated:ADAUSDT')).toEqual({});
    expect(binance.balances('cross')).toEqual({});
  });

  test('holds the two currencies of its pair and no other', async () => {
    binance.deposit('spot', 'ADA', '5');
    const foreign = exchange.transfer('ADA', 5, 'spot', 'isolated', { symbol: 'NEO/USDT' });
    expect(await refusal(foreign)).toContain('-3027');
  });

  test('lends five times what is there, and says so', async () => {
    binance.deposit('isolated:NEOUSDT', 'USDT', '100');
    const request = { asset: 'NEO', isolatedSymbol: 'NEOUSDT' };
    expect(await exchange['sapiGetMarginMaxBorrowable'](request)).toMatchObject({ amount: '40.00000000' });
    expect(await refusal(exchange.borrowIsolatedMargin('NEO/USDT', 'NEO', 40.1))).toContain('-11008');
    await exchange.borrowIsolatedMargin('NEO/USDT', 'NEO', 40);
  });
});

describe('a loan', () => {
  beforeEach(() => binance.deposit('cross', 'USDT', '100'));

  test('is refused when no one lends', async () => {
    binance.setLending('ADA', { supply: '10' });
    const body = await refusal(exchange.borrowCrossMargin('ADA', 10.5));
    expect(body).toBe('{"code":-3045,"msg":"The system does not have enough asset now."}');
    await exchange.borrowCrossMargin('ADA', 10);
    expect(await refusal(exchange.borrowCrossMargin('ADA', 1))).toContain('-3045');
    await exchange.repayCrossMargin('ADA', 5);
    await exchange.borrowCrossMargin('ADA', 1);
  });

  test('is refused with too many decimals, beyond the maximum, and of what is not lent', async () => {
    binance.setLending('ADA', { decimals: 1 });
    expect(await refusal(exchange.borrowCrossMargin('ADA', 1.25))).toBe(
      '{"code":51077,"msg":"Precision is over the maximum defined for this asset."}',
    );
    // Three times 100 USDT, of which 100 are there.
    expect(await refusal(exchange.borrowCrossMargin('ADA', 400.1))).toContain('-3006');
    await exchange.borrowCrossMargin('ADA', 400);
    const unknown = exchange['sapiPostMarginBorrowRepay']({ asset: 'DOGE', amount: '1', type: 'BORROW' });
    expect(await refusal(unknown)).toContain('-3027');
  });

  test('cannot be repaid beyond the debt, nor with what is not there', async () => {
    await exchange.borrowCrossMargin('ADA', 100);
    binance.deposit('cross', 'ADA', '1');
    expect(await refusal(exchange.repayCrossMargin('ADA', 100.0011))).toContain('-3015');
    await exchange.createOrder('ADA/USDT', 'market', 'sell', 50, undefined, cross);
    expect(await refusal(exchange.repayCrossMargin('ADA', 60))).toContain('-3041');
  });

  test('is charged by the hour; a repayment pays the interest first', async () => {
    binance.setLending('ADA', { hourlyRate: '0.001' });
    await exchange.borrowCrossMargin('ADA', 100);
    clock.advance(3 * hourMs);
    expect(binance.loans()).toMatchObject([{ borrowed: '100', interest: '0.4' }]);

    await exchange.repayCrossMargin('ADA', 0.5);

    expect(binance.loans()).toMatchObject([{ borrowed: '99.9', interest: '0' }]);
    const charged = await exchange.fetchBorrowInterest('ADA');
    expect(charged.map(({ interest }) => interest)).toEqual([0.1, 0.1, 0.1, 0.1]);
    const history = await exchange['sapiGetMarginBorrowRepay']({ asset: 'ADA', type: 'REPAY' });
    expect(history).toMatchObject({ total: 1, rows: [{ amount: '0.50000000', interest: '0.40000000' }] });
    expect(await exchange.fetchCrossBorrowRate('ADA')).toMatchObject({ rate: 0.024 });
  });

  test('comes and goes with the order when its side effect says so', async () => {
    const borrows = { ...cross, sideEffectType: 'MARGIN_BUY' };
    await exchange.createOrder('NEO/USDT', 'market', 'buy', 15, undefined, borrows);
    expect(binance.loans()).toMatchObject([{ asset: 'USDT', borrowed: '50' }]);

    const repays = { ...cross, reduceOnly: true };
    await exchange.createOrder('NEO/USDT', 'market', 'sell', 14.98, undefined, repays);

    expect(binance.loans()).toEqual([]);
    expect(binance.balances('cross')['USDT']?.free).toBe('99.6497');
  });

  test('for an order that is cancelled is repaid', async () => {
    const borrows = { ...cross, sideEffectType: 'MARGIN_BUY' };
    const order = await exchange.createOrder('NEO/USDT', 'limit', 'buy', 15, 9, borrows);
    expect(binance.loans()).toMatchObject([{ borrowed: '35' }]);

    await exchange.cancelOrder(String(order.id), 'NEO/USDT', cross);

    expect(binance.loans()).toEqual([]);
  });
});

describe('a transfer', () => {
  test('out of a wallet that owes leaves its level at two', async () => {
    await exchange.transfer('USDT', 300, 'funding', 'cross');
    await exchange.borrowCrossMargin('ADA', 200);
    // Assets of 400, debts of 100.001.
    const account = await exchange['sapiGetMarginAccount']();
    expect(account.marginLevel).toBe('3.99996000');
    const most = await exchange['sapiGetMarginMaxTransferable']({ asset: 'USDT' });
    expect(most).toEqual({ amount: '199.99800000' });

    const beyond = await refusal(exchange.transfer('USDT', 199.999, 'cross', 'funding'));
    expect(beyond).toBe('{"code":-3020,"msg":"Transfer out amount exceeds max amount."}');
    await exchange.transfer('USDT', 199.998, 'cross', 'funding');
    expect((await exchange['sapiGetMarginAccount']()).marginLevel).toBe('2.00000000');
  });

  test('beyond what is there is refused', async () => {
    const beyond = exchange.transfer('USDT', 1000.01, 'funding', 'spot');
    await expect(beyond).rejects.toBeInstanceOf(ccxt.InsufficientFunds);
    expect(exchange.last_http_response).toContain('-5013');
  });

  test('between wallets that have no way to each other is refused', async () => {
    const request = { asset: 'USDT', amount: '1', type: 'FUNDING_ISOLATED_MARGIN', toSymbol: 'NEOUSDT' };
    expect(await refusal(exchange['sapiPostAssetTransfer'](request))).toContain('-1102');
  });

  test('shows in the funding wallet', async () => {
    await exchange.transfer('USDT', 400, 'funding', 'spot');
    expect((await exchange.fetchBalance({ type: 'funding' }))['USDT']).toMatchObject({ free: 600 });
    expect((await exchange.fetchBalance())['USDT']).toMatchObject({ free: 400 });
  });
});
