/** What `desk.yaml` may say of a crypto exchange, and which exchanges there are. */
import { describe, expect, test } from 'vitest';
import { ccxtSettings } from '../../../../engine/brokers/ccxt/settings.ts';
import { UserError } from '../../../../engine/errors.ts';
import { account } from './ccxt-account.ts';

const keys = { apiKey: 'someTestKey', secret: 'c29tZVRlc3RTZWNyZXQ=' };

test.each([
  'binance',
  'binanceus',
  'kraken',
  'bybit',
  'okx',
  'coinbase',
  'bitfinex',
])('%s can be configured, takes market and limit orders, and is not ready before it is connected', async (exchange) => {
  const { broker } = await account({ exchange, ...keys });
  expect(broker.capabilities.orderTypes).toEqual(expect.arrayContaining(['market', 'limit']));
  expect(broker.status()).toMatchObject({ state: 'down', why: 'not connected yet' });
  expect(broker.margin === undefined, 'only Binance lends').toBe(exchange !== 'binance');
});

test('an exchange that nobody knows, or knows no such wallet, is said so in one line', async () => {
  await expect(account({ exchange: 'binanse', ...keys })).rejects.toThrow(/no exchange "binanse"/);
  await expect(account({ exchange: 'kraken', ...keys, wallets: ['spot', 'cross'] })).rejects.toThrow(
    /"cross" at kraken/,
  );
  await expect(
    account({ exchange: 'binance', ...keys, wallets: ['funding', 'spot'] }),
  ).rejects.toBeInstanceOf(UserError);
});

describe('a mistake is named with its place', () => {
  test.each([
    [{ exchange: '../binance' }, 'exchange'],
    [{ wallets: [] }, 'wallets'],
    [{ wallets: ['margin'] }, 'wallets.0'],
    [{ wallets: ['isolated:BTCUSDT'] }, 'wallets.0'],
    [{ fee: '10%' }, 'fee'],
    [{ proxy: 'ftp://x' }, 'proxy'],
    [{ gateway: 'localhost:80' }, 'gateway'],
    [{ timeoutSeconds: 0 }, 'timeoutSeconds'],
    [{ apikey: 'x' }, ''],
  ])('%j', (mistake, place) => {
    const read = ccxtSettings.safeParse({ type: 'ccxt', exchange: 'binance', ...keys, ...mistake });
    expect(read.error?.issues.map(({ path }) => path.join('.'))).toContain(place);
  });
});
