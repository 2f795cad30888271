/**
 * The spot account.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/account-endpoints
 */
import { zero } from '../../../../engine/money.ts';
import { type Endpoints, signed } from './endpoint.ts';
import { allOrders, cancelAll, cancelOrder, myTrades, openOrders, placeOrder, queryOrder } from './orders.ts';
import { eight } from './wire.ts';

const find = ['symbol', 'orderId', 'origClientOrderId'];
const list = ['symbol', 'startTime', 'endTime', 'limit'];

export const spot: Endpoints = {
  'POST /api/v3/order': signed(
    1,
    [
      'symbol',
      'side',
      'type',
      'timeInForce',
      'quantity',
      'quoteOrderQty',
      'price',
      'newClientOrderId',
      'strategyId',
      'strategyType',
      'stopPrice',
      'icebergQty',
      'newOrderRespType',
      'selfTradePreventionMode',
    ],
    (parameters, { venue }) => placeOrder(parameters, venue, 'spot'),
    'place',
  ),
  'GET /api/v3/order': signed(
    4,
    find,
    (parameters, { venue }) => queryOrder(parameters, venue, 'spot'),
    'query',
  ),
  'DELETE /api/v3/order': signed(
    1,
    [...find, 'newClientOrderId', 'cancelRestrictions'],
    (parameters, { venue }) => cancelOrder(parameters, venue, 'spot'),
    'cancel',
  ),
  'DELETE /api/v3/openOrders': signed(
    1,
    ['symbol'],
    (parameters, { venue }) => cancelAll(parameters, venue, 'spot'),
    'cancel',
  ),
  'GET /api/v3/openOrders': signed(6, ['symbol'], (parameters, { venue }) =>
    openOrders(parameters, venue, 'spot'),
  ),
  'GET /api/v3/allOrders': signed(20, [...list, 'orderId'], (parameters, { venue }) =>
    allOrders(parameters, venue, 'spot'),
  ),
  'GET /api/v3/myTrades': signed(20, [...list, 'orderId', 'fromId'], (parameters, { venue }) =>
    myTrades(parameters, venue, 'spot'),
  ),
  'GET /api/v3/account': signed(20, ['omitZeroBalances'], (parameters, { venue }) => {
    const omitZero = parameters.flag('omitZeroBalances');
    const { maker, taker } = venue.fees;
    const balances = venue.assets().map((asset) => ({ asset, ...venue.wallets.holding('spot', asset) }));
    return {
      makerCommission: 10,
      takerCommission: 10,
      buyerCommission: 0,
      sellerCommission: 0,
      commissionRates: { maker: eight(maker), taker: eight(taker), buyer: eight(zero), seller: eight(zero) },
      canTrade: true,
      canWithdraw: true,
      canDeposit: true,
      brokered: false,
      requireSelfTradePrevention: false,
      preventSor: false,
      updateTime: venue.now(),
      accountType: 'SPOT',
      balances: balances
        .filter(({ free, locked }) => !omitZero || free.plus(locked).gt(zero))
        .map(({ asset, free, locked }) => ({ asset, free: eight(free), locked: eight(locked) })),
      permissions: ['SPOT'],
      uid: 4711,
    };
  }),
};
