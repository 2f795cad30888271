/** Prices of a crypto exchange against the acceptance cards, with the Binance on this machine. */
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../../engine/log.ts';
import { createSource } from '../../../../engine/market/sources/index.ts';
import { ManualClock } from '../../../support/clock.ts';
import type { Bar } from '../../../support/exchange/binance/bars.ts';
import { startBinance } from '../../../support/exchange/binance/index.ts';
import { sourceSuite } from '../../../support/suites/source-suite.ts';
import { surroundings } from '../../../support/vendors/vendor.ts';

const dayMs = 86_400_000;
const firstDay = Date.UTC(2026, 1, 1);
const now = '2026-03-13T15:00:00.000Z';
/** Since 1 February, with the bar of 13 March still being made. */
const bars: readonly Bar[] = Array.from({ length: 41 }, (_, index) => {
  const price = 50_000 + 100 * index;
  return [
    firstDay + index * dayMs,
    `${price}.10`,
    `${price + 90}`,
    `${price - 90}`,
    `${price + 50}.25`,
    '12.5',
  ];
});
const days = bars.slice(0, -1).map(([at, , , , close]) => ({
  date: new Date(at).toISOString().slice(0, 10),
  close: Number(close),
  adjusted: Number(close),
}));

async function openBinance() {
  const clock = new ManualClock(now);
  const binance = await startBinance({ clock });
  const pauses: number[] = [];
  for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
    binance.setBars(symbol, '1d', bars);
    binance.book(symbol).price('54050.50');
  }
  const source = (settings: object = {}) =>
    createSource(
      'binance',
      { type: 'ccxt', exchange: 'binance', gateway: binance.url, ...settings },
      { clock, log: silentLog, ...surroundings(pauses) },
    );
  return { binance, source, pauses };
}

sourceSuite('ccxt', async () => {
  const { binance, source, pauses } = await openBinance();
  return {
    ...{ days, symbols: ['ETH/USDT', 'BTC/USDT'], misspelt: { symbol: 'BTC/USTD', meant: 'BTC/USDT' } },
    unfinished: '2026-03-13',
    source: await source(),
    hurried: await source({ timeoutSeconds: 0.1 }),
    vendor: {
      faults: binance.faults,
      pauses,
      get requests() {
        return binance.requests();
      },
    },
    spoilt: {
      body: [[firstDay, '50000', {}, '49000', '50010', '1', 0, '0', 1, '0', '0', '0']],
      names: /sent bars that cannot be read/,
    },
    tooOften: { status: 429, body: { code: -1003, msg: 'Too many requests' } },
    close: binance.close,
  };
});

describe('a source of the type ccxt', () => {
  test('reads a history that is longer than an answer page by page, without keys', {
    timeout: 60_000,
  }, async () => {
    const { binance, source } = await openBinance();
    const minutes = Array.from(
      { length: 2500 },
      (_, index): Bar => [Date.UTC(2026, 2, 10) + index * 60_000, '50', '51', '49', '50.5', '1'],
    );
    binance.setBars('BTC/USDT', '1m', minutes);
    const btc = await source();
    const [found] = await btc.bars({
      symbols: ['btcusdt'],
      interval: '1m',
      adjusted: false,
      from: new Date(Date.UTC(2026, 2, 10)),
    });
    expect(found?.symbol).toBe('BTC/USDT');
    expect(found?.time.length).toBe(2500);
    expect(binance.requests().filter(({ path }) => path === '/api/v3/klines').length).toBeGreaterThan(2);
    expect(binance.requests().filter(({ headers }) => headers['x-mbx-apikey'] !== undefined)).toEqual([]);
    await binance.close();
  });

  test('names an exchange that there is not', async () => {
    const { binance, source } = await openBinance();
    const nowhere = await source({ exchange: 'binanze' });
    await expect(nowhere.symbols('BTC', 5)).rejects.toThrow('There is no exchange "binanze"');
    await binance.close();
  });
});
