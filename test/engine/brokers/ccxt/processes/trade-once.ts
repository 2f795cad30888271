/** A process that buys once at the exchange of its first argument, disconnects, and has nothing more to do. */
import { brokerSettings, createBroker } from '../../../../../engine/brokers/index.ts';
import { systemClock } from '../../../../../engine/clock.ts';
import { silentLog } from '../../../../../engine/log.ts';
import { openSqliteStore } from '../../../../../engine/store/sqlite/store.ts';

const [settings = '', folder = ''] = process.argv.slice(2);
const store = await openSqliteStore({ folder });
const broker = await createBroker('exchange', brokerSettings.parse(JSON.parse(settings)), {
  store,
  clock: systemClock,
  log: silentLog,
  prices: () => {
    throw new Error('prices are not asked for');
  },
});
await broker.connect();
const terms = { type: 'market' } as const;
const outcome = await broker.submit({
  clientOrderId: 'process',
  symbol: 'BTC/USDT',
  side: 'buy',
  quantity: '0.01',
  terms,
});
await broker.disconnect();
await store.close();
process.stdout.write(`${outcome.outcome}\n`);
