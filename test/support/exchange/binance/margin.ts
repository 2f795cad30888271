/**
 * Cross and isolated margin, transfers, the funding wallet, listen tokens.
 * https://developers.binance.com/docs/margin_trading
 * https://developers.binance.com/docs/wallet/asset/user-universal-transfer
 */
import { decimal, decimalText, zero } from '../../../../engine/money.ts';
import { type MarginWallet, noDebtLevel } from '../margin.ts';
import type { Venue } from '../venue.ts';
import type { TradingWallet, Wallet } from '../wallets.ts';
import { type Endpoints, sapi } from './endpoint.ts';
import { BinanceError } from './errors.ts';
import { allOrders, cancelAll, cancelOrder, myTrades, openOrders, placeOrder, queryOrder } from './orders.ts';
import { mandatory, type Parameters } from './parameters.ts';
import { eight } from './wire.ts';

export const margin: Endpoints = {
  'GET /sapi/v1/system/status': { ...sapi(1, () => ({ status: 0, msg: 'normal' })), security: 'none' },
  'POST /sapi/v1/margin/order': sapi(
    6,
    (parameters, { venue }) => placeOrder(parameters, venue, marginWallet(parameters)),
    'place',
  ),
  'GET /sapi/v1/margin/order': sapi(
    10,
    (parameters, { venue }) => queryOrder(parameters, venue, marginWallet(parameters)),
    'query',
  ),
  'DELETE /sapi/v1/margin/order': sapi(
    10,
    (parameters, { venue }) => cancelOrder(parameters, venue, marginWallet(parameters)),
    'cancel',
  ),
  'DELETE /sapi/v1/margin/openOrders': sapi(
    1,
    (parameters, { venue }) => cancelAll(parameters, venue, marginWallet(parameters)),
    'cancel',
  ),
  'GET /sapi/v1/margin/openOrders': sapi(10, (parameters, { venue }) =>
    openOrders(parameters, venue, marginWallet(parameters)),
  ),
  'GET /sapi/v1/margin/allOrders': sapi(200, (parameters, { venue }) =>
    allOrders(parameters, venue, marginWallet(parameters)),
  ),
  'GET /sapi/v1/margin/myTrades': sapi(10, (parameters, { venue }) =>
    myTrades(parameters, venue, marginWallet(parameters)),
  ),
  'GET /sapi/v1/margin/account': sapi(10, (_, { venue }) => crossAccount(venue)),
  'GET /sapi/v1/margin/isolated/account': sapi(10, (parameters, { venue }) => {
    const symbols = parameters.optional('symbols')?.split(',');
    if (symbols !== undefined && symbols.length > 5) throw mandatory('symbols');
    const listed =
      symbols?.map((symbol) => venue.listed(symbol)) ??
      venue.symbols().filter(({ id }) => venue.wallets.of(`isolated:${id}`).size > 0);
    return { assets: listed.map(({ id }) => isolatedAccount(venue, id)) };
  }),
  'GET /sapi/v1/margin/allPairs': sapi(1, (_, { venue }) =>
    venue.symbols().flatMap((listed) => (listed.crossMargin ? [pair(listed)] : [])),
  ),
  'GET /sapi/v1/margin/isolated/allPairs': sapi(1, (_, { venue }) =>
    venue.symbols().flatMap((listed) => (listed.isolatedMargin ? [pair(listed)] : [])),
  ),
  'GET /sapi/v1/margin/allAssets': sapi(1, (_, { venue }) =>
    venue.assets().map((asset) => ({
      assetName: asset,
      assetFullName: asset,
      isBorrowable: true,
      isMortgageable: true,
      userMinBorrow: '0.00000000',
      userMinRepay: '0.00000000',
    })),
  ),
  'POST /sapi/v1/margin/borrow-repay': sapi(1500, (parameters, { venue }) => {
    const wallet = marginWallet(parameters);
    const asset = parameters.text('asset');
    const amount = parameters.amount('amount');
    const type = parameters.oneOf('type', ['BORROW', 'REPAY']);
    if (type === 'BORROW') return { tranId: venue.borrow(wallet, asset, amount) };
    if (type === 'REPAY') return { tranId: venue.repay(wallet, asset, amount) };
    throw mandatory('type');
  }),
  'GET /sapi/v1/margin/borrow-repay': sapi(10, (parameters, { venue }) => {
    const type = parameters.oneOf('type', ['BORROW', 'REPAY']);
    if (type === undefined || type === null) throw mandatory('type');
    const txId = parameters.integer('txId');
    return rows(
      parameters,
      venue.margin.history.filter(
        (entry) =>
          entry.type === type && isAsked(parameters, entry) && (txId === undefined || entry.id === txId),
      ),
      (entry) => ({
        ...isolatedSymbol(entry.wallet),
        txId: entry.id,
        asset: entry.asset,
        amount: eight(entry.amount),
        principal: eight(entry.principal),
        interest: eight(entry.interest),
        type: 'MANUAL',
        status: 'CONFIRMED',
        timestamp: entry.at,
      }),
    );
  }),
  'GET /sapi/v1/margin/interestHistory': sapi(1, (parameters, { venue }) =>
    rows(
      parameters,
      venue.margin.interest.filter((entry) => isAsked(parameters, entry)),
      (entry) => ({
        ...isolatedSymbol(entry.wallet),
        txId: entry.id,
        interestAccuredTime: entry.at,
        asset: entry.asset,
        rawAsset: entry.asset,
        principal: eight(entry.principal),
        interest: eight(entry.interest),
        interestRate: eight(entry.rate.times(decimal('24'))),
        type: entry.type,
      }),
    ),
  ),
  'GET /sapi/v1/margin/interestRateHistory': sapi(1, (parameters, { venue }) => {
    const asset = parameters.text('asset');
    const dailyInterestRate = eight(venue.margin.hourlyRate(asset).times(decimal('24')));
    return [{ asset, dailyInterestRate, timestamp: venue.now(), vipLevel: 0 }];
  }),
  'GET /sapi/v1/margin/maxBorrowable': sapi(50, (parameters, { venue }) => {
    const amount = venue.margin.maximumToBorrow(limitWallet(parameters), parameters.text('asset'));
    return { amount: eight(amount), borrowLimit: eight(amount) };
  }),
  'GET /sapi/v1/margin/maxTransferable': sapi(50, (parameters, { venue }) => ({
    amount: eight(venue.margin.maximumToTransfer(limitWallet(parameters), parameters.text('asset'))),
  })),
  'POST /sapi/v1/asset/transfer': sapi(900, (parameters, { venue }) => {
    const [from, to] = transferWallets(parameters, venue);
    const asset = parameters.text('asset');
    return { tranId: venue.transfer(asset, parameters.amount('amount'), from, to) };
  }),
  'POST /sapi/v1/margin/isolated/transfer': sapi(600, (parameters, { venue }) => {
    const isolated: Wallet = `isolated:${venue.listed(parameters.text('symbol')).id}`;
    const wallets: Readonly<Record<string, Wallet>> = { SPOT: 'spot', ISOLATED_MARGIN: isolated };
    const from = wallets[parameters.text('transFrom')];
    const to = wallets[parameters.text('transTo')];
    if (from === undefined) throw mandatory('transFrom');
    if (to === undefined) throw mandatory('transTo');
    return { tranId: venue.transfer(parameters.text('asset'), parameters.amount('amount'), from, to) };
  }),
  'POST /sapi/v1/asset/get-funding-asset': sapi(1, (parameters, { venue }) => {
    const only = parameters.optional('asset');
    const btc = venue.worth('BTC');
    return [...venue.wallets.of('funding')]
      .filter(([asset, { free }]) => (only === undefined || asset === only) && free.gt(zero))
      .map(([asset, { free, locked }]) => ({
        asset,
        free: eight(free),
        locked: eight(locked),
        freeze: '0',
        withdrawing: '0',
        btcValuation: eight(btc.eq(zero) ? zero : free.times(venue.worth(asset)).div(btc)),
      }));
  }),
  'GET /sapi/v1/capital/config/getall': sapi(10, (_, { venue }) => venue.assets().map(coin)),
  'POST /sapi/v1/userListenToken': {
    ...sapi(1, (parameters, { venue, tokens }) => {
      const validity = parameters.integer('validity');
      const { token, expiresAt } = tokens.issue(
        parameters.flag('isIsolated') ? `isolated:${venue.listed(parameters.text('symbol')).id}` : 'cross',
        venue.now(),
        validity,
      );
      return { token, expirationTime: expiresAt };
    }),
    security: 'key',
  },
};

function marginWallet(parameters: Parameters): MarginWallet {
  return parameters.flag('isIsolated') ? `isolated:${parameters.text('symbol')}` : 'cross';
}

function limitWallet(parameters: Parameters): MarginWallet {
  const symbol = parameters.optional('isolatedSymbol');
  return symbol === undefined ? 'cross' : `isolated:${symbol}`;
}

function isAsked(
  parameters: Parameters,
  entry: { readonly wallet: MarginWallet; readonly asset: string; readonly at: number },
): boolean {
  const asset = parameters.optional('asset');
  const startTime = parameters.integer('startTime') ?? 0;
  const endTime = parameters.integer('endTime') ?? Number.POSITIVE_INFINITY;
  return (
    entry.wallet === limitWallet(parameters) &&
    (asset === undefined || entry.asset === asset) &&
    entry.at >= startTime &&
    entry.at <= endTime
  );
}

/** The latest first, ten a page unless told. */
export function rows<T>(parameters: Parameters, entries: readonly T[], show: (entry: T) => unknown): unknown {
  const size = Math.min(parameters.integer('size') ?? 10, 100);
  const from = ((parameters.integer('current') ?? 1) - 1) * size;
  return {
    rows: entries
      .toReversed()
      .slice(from, from + size)
      .map(show),
    total: entries.length,
  };
}

function isolatedSymbol(wallet: MarginWallet): Record<string, string> {
  return wallet === 'cross' ? {} : { isolatedSymbol: wallet.slice('isolated:'.length) };
}

export function transferWallets(parameters: Parameters, venue: Venue): readonly [Wallet, Wallet] {
  const type = parameters.text('type');
  const names = /^(MAIN|FUNDING|MARGIN|ISOLATED_?MARGIN)_(MAIN|FUNDING|MARGIN|ISOLATED_?MARGIN)$/.exec(type);
  const wallet = (name: string | undefined, symbolName: string): Wallet => {
    if (name === 'MAIN') return 'spot';
    if (name === 'FUNDING') return 'funding';
    if (name === 'MARGIN') return 'cross';
    return `isolated:${venue.listed(parameters.text(symbolName)).id}`;
  };
  if (names === null) throw mandatory('type');
  const from = wallet(names[1], 'fromSymbol');
  const to = wallet(names[2], 'toSymbol');
  const funding = from === 'funding' || to === 'funding';
  if (from === to || (funding && (from.startsWith('isolated:') || to.startsWith('isolated:')))) {
    throw new BinanceError(-1102, mandatory('type').message);
  }
  return [from, to];
}

function assetFigures(venue: Venue, wallet: TradingWallet, asset: string) {
  const { free, locked, borrowed, interest } = venue.wallets.holding(wallet, asset);
  return {
    asset,
    free: eight(free),
    locked: eight(locked),
    borrowed: eight(borrowed),
    interest: eight(interest),
    netAsset: eight(free.plus(locked).minus(borrowed).minus(interest)),
  };
}

function level(venue: Venue, wallet: MarginWallet): string {
  const figure = venue.margin.level(wallet);
  return eight(figure.gt(noDebtLevel) ? noDebtLevel : figure);
}

function crossAccount(venue: Venue): unknown {
  const { assets, debts } = venue.margin.value('cross');
  const worth = venue.worth('BTC');
  const inBtc = (value: typeof worth) => eight(worth.eq(zero) ? zero : value.div(worth));
  return {
    created: true,
    borrowEnabled: true,
    tradeEnabled: true,
    transferInEnabled: true,
    transferOutEnabled: true,
    transferEnabled: true,
    marginLevel: level(venue, 'cross'),
    collateralMarginLevel: level(venue, 'cross'),
    totalAssetOfBtc: inBtc(assets),
    totalLiabilityOfBtc: inBtc(debts),
    totalNetAssetOfBtc: inBtc(assets.minus(debts)),
    totalCollateralValueInUSDT: eight(assets),
    totalOpenOrderLossInUSDT: eight(zero),
    accountType: 'MARGIN_1',
    userAssets: venue.assets().map((asset) => assetFigures(venue, 'cross', asset)),
  };
}

function isolatedAccount(venue: Venue, symbol: string): unknown {
  const { base, quote } = venue.listed(symbol);
  const wallet: MarginWallet = `isolated:${symbol}`;
  const side = (asset: string) => {
    const { free, locked } = venue.wallets.holding(wallet, asset);
    return {
      ...assetFigures(venue, wallet, asset),
      borrowEnabled: true,
      repayEnabled: true,
      netAssetOfBtc: eight(zero),
      totalAsset: eight(free.plus(locked)),
    };
  };
  return {
    symbol,
    baseAsset: side(base),
    quoteAsset: side(quote),
    isolatedCreated: true,
    enabled: true,
    marginLevel: level(venue, wallet),
    marginLevelStatus: 'EXCESSIVE',
    marginRatio: '5.00000000',
    indexPrice: eight(venue.last(symbol)),
    liquidatePrice: eight(zero),
    liquidateRate: eight(zero),
    tradeEnabled: true,
  };
}

function pair(listed: { readonly id: string; readonly base: string; readonly quote: string }): unknown {
  return {
    id: listed.id,
    symbol: listed.id,
    base: listed.base,
    quote: listed.quote,
    isMarginTrade: true,
    isBuyAllowed: true,
    isSellAllowed: true,
    status: 'TRADING',
  };
}

function coin(asset: string): unknown {
  const step = decimalText(decimal('0.00000001'));
  return {
    coin: asset,
    name: asset,
    depositAllEnable: true,
    withdrawAllEnable: true,
    trading: true,
    isLegalMoney: false,
    free: '0',
    freeze: '0',
    locked: '0',
    ipoable: '0',
    ipoing: '0',
    storage: '0',
    withdrawing: '0',
    networkList: [
      {
        network: 'ETH',
        name: 'Ethereum (ERC20)',
        coin: asset,
        isDefault: true,
        depositEnable: true,
        withdrawEnable: true,
        withdrawIntegerMultiple: step,
        withdrawFee: '1',
        withdrawMin: '2',
        withdrawMax: '9999999',
        minConfirm: 6,
        depositDust: '0',
      },
    ],
  };
}
