/** A process that buys once at the exchange of its first argument, disconnects, and has nothing more to do. */
import { CcxtBroker } from '../../../../../engine/brokers/ccxt/ccxt.ts';
import { ccxtSettings } from '../../../../../engine/brokers/ccxt/settings.ts';
import { systemClock } from '../../../../../engine/clock.ts';
import { silentLog } from '../../../../../engine/log.ts';
import { openSqliteStore } from '../../../../../engine/store/sqlite/store.ts';

const [given = '', folder = ''] = process.argv.slice(2);
const settings = ccxtSettings.parse(JSON.parse(given));
const store = await openSqliteStore({ folder });
const broker = await CcxtBroker.open({
  name: 'exchange',
  settings,
  store,
  clock: systemClock,
  log: silentLog,
});
await broker.connect();
const { outcome } = await broker.submit({
  clientOrderId: 'process',
  symbol: 'BTC/USDT',
  side: 'buy',
  quantity: '0.01',
  terms: { type: 'market' },
});
await broker.disconnect();
await store.close();
process.stdout.write(`${outcome}\n`);
