/** The real ccxt client of a local Binance, REST and streams, for the tests that prove the exchange. */
import ccxt from 'ccxt';
import type { TestBinance } from './binance/index.ts';
import { pointCcxt } from './point-ccxt.ts';

export type CcxtBinance = InstanceType<typeof ccxt.pro.binance>;

/** Spot markets only, and no waiting between requests. */
export async function pointedBinance(
  binance: TestBinance,
  keys: { readonly apiKey: string; readonly secret: string } = binance.keys,
): Promise<CcxtBinance> {
  const exchange = new ccxt.pro.binance({ ...keys, enableRateLimit: false });
  exchange.options['fetchMarkets'] = { types: ['spot'] };
  // Else a margin stream asks for futures positions, and its promise is rejected unheard when the client closes.
  exchange.options['watchPositions'] = { fetchPositionsSnapshot: false };
  await pointCcxt(exchange, binance);
  return exchange;
}
