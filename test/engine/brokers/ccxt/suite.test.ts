/** The acceptance cards, on the real ccxt: Binance with spot and cross margin, and Kraken, which shares nothing with it. */
import { onTestFinished } from 'vitest';
import { decimal, decimalText } from '../../../../engine/money.ts';
import type { TestBook, TestExchange } from '../../../support/exchange/controls.ts';
import { loseReply } from '../../../support/exchange/faults.ts';
import { startKraken } from '../../../support/exchange/kraken/index.ts';
import { brokerSuite } from '../../../support/suites/broker-suite.ts';
import { account, binanceAccount } from './ccxt-account.ts';

brokerSuite('ccxt at Binance', async () => {
  let passedMs = 0;
  const clock = { now: () => new Date(Date.now() + passedMs) };
  const { binance, broker, restart } = await binanceAccount({
    exchange: { clock },
    clock,
    settings: { wallets: ['spot', 'cross'] },
  });
  binance.deposit('spot', 'USDT', '100000');
  binance.book('BTC/USDT').price('50000');
  binance.setLending('ETH', { supply: '0' });
  binance.book('ETH/USDT').price('2000');
  return {
    broker,
    symbol: 'BTC/USDT',
    lot: '0.01',
    spellings: ['BTCUSDT', 'BINANCE:BTCUSDT', 'BTC/USDT', 'btcusdt'],
    restart,
    movePrice: async (price) => binance.book('BTC/USDT').price(price),
    tradePart: async (price, quantity) => tradePart(binance.book('BTC/USDT'), price, quantity),
    loseNextReply: () => binance.faults.next('POST /api/v3/order', loseReply),
    outage: { begin: () => binance.goesAway(), end: () => binance.comesBack() },
    margin: {
      wallet: 'cross',
      collateral: { asset: 'USDT', amount: '20000' },
      loan: { asset: 'BTC', amount: '0.02' },
      withoutLender: 'ETH',
      passHours: async (hours) => {
        passedMs += hours * 3_600_000;
      },
    },
  };
});

brokerSuite('ccxt at Kraken', async () => {
  const kraken = await startKraken();
  onTestFinished(() => kraken.close());
  kraken.deposit('spot', 'USD', '100000');
  kraken.book('BTC/USD').price('50000');
  const { broker, restart } = await account({
    exchange: 'kraken',
    ...kraken.keys,
    gateway: kraken.url,
    requestMs: 1,
  });
  return {
    broker,
    symbol: 'BTC/USD',
    lot: '0.01',
    spellings: ['BTCUSD', 'KRAKEN:BTCUSD', 'XBTUSD', 'XXBTZUSD'],
    restart,
    movePrice: async (price) => kraken.book('BTC/USD').price(price),
    tradePart: async (price, quantity) => tradePart(kraken.book('BTC/USD'), price, quantity),
    loseNextReply: () => kraken.faults.next('AddOrder', loseReply),
    outage: outageOf(kraken),
  };
});

/** Somebody sells to the order that rests at this price, with nobody else's bid above it. */
async function tradePart(book: TestBook, price: string, quantity: string): Promise<void> {
  const { asks } = book;
  book.set({ bids: [], asks });
  book.sells(quantity, price);
  const below = decimalText(decimal(price).minus(decimal('1')));
  book.set({ bids: [[below, '1000']], asks });
}

function outageOf(exchange: TestExchange) {
  return { begin: () => exchange.goesAway(), end: () => exchange.comesBack() };
}
