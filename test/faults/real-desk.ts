/** The desk of the simulation in real time, on a real store, before a local exchange that outlives its process. */
import { bookSettings } from '../../engine/bank/book.ts';
import { CcxtBroker } from '../../engine/brokers/ccxt/ccxt.ts';
import { ccxtSettings } from '../../engine/brokers/ccxt/settings.ts';
import { systemClock } from '../../engine/clock.ts';
import { silentLog } from '../../engine/log.ts';
import { openStore } from '../../engine/store/index.ts';
import type { Store } from '../../engine/store/store.ts';
import type { OnCall } from '../support/watched-store.ts';
import { WatchedStore } from '../support/watched-store.ts';
import type { Desk } from './desk.ts';
import { openDesk } from './desk.ts';
import { Random } from './random.ts';
import { Sky } from './weather.ts';
import { Life, World } from './world.ts';

const common = { currency: 'USDT', capital: '4000', broker: 'account', home: 'spot', staleAfterSeconds: 600 };

export const books = [
  bookSettings.parse({ ...common, name: 'plain', handler: { name: 'order' } }),
  bookSettings.parse({
    ...{ ...common, name: 'short', wallet: 'cross', maximumLossPercent: 2 },
    handler: { name: 'position', settings: { short: 'borrow', rest: 'none' } },
  }),
];

export interface RealAlert {
  readonly id: string;
  readonly book: string;
  readonly body: string;
}

/** Purchases, sales, and shorts that are borrowed, sold, bought back and repaid. */
export const alerts: readonly RealAlert[] = [
  { book: 'plain', action: 'buy', symbol: 'BTCUSDT', cost: 500 },
  { book: 'short', action: 'entry', side: 'short', symbol: 'ETHUSDT', stop: '2700' },
  { book: 'plain', action: 'sell', symbol: 'BTCUSDT', percent: 50 },
  { book: 'plain', action: 'buy', symbol: 'ADAUSDT', cost: 300 },
  { book: 'short', action: 'exit', symbol: 'ETHUSDT' },
  { book: 'plain', action: 'sell', symbol: 'BTCUSDT' },
  { book: 'plain', action: 'sell', symbol: 'ADAUSDT' },
].map(({ book, ...fields }, index) => ({
  ...{ id: `${book}-${index}`, book },
  body: JSON.stringify({ id: `${book}-${index}`, ...fields }),
}));

export interface RealExchange {
  readonly url: string;
  readonly apiKey: string;
  readonly secret: string;
}

/** @param store a folder, or the address of a MongoDB with a database behind it */
export async function openRealDesk(
  store: string,
  { url, apiKey, secret }: RealExchange,
  onCall: OnCall = async () => undefined,
): Promise<{ readonly desk: Desk; readonly store: Store }> {
  const inner = store.startsWith('mongodb')
    ? await openStore({
        store: {
          kind: 'mongo',
          uri: store.slice(0, store.lastIndexOf('/')),
          database: store.slice(store.lastIndexOf('/') + 1),
        },
        folder: '',
      })
    : await openStore({ store: { kind: 'sqlite' }, folder: store });
  const sky = new Sky(new Random(0), () => undefined);
  sky.clearUp();
  const settings = ccxtSettings.parse({
    ...{ type: 'ccxt', exchange: 'binance', apiKey, secret, gateway: url },
    ...{ wallets: ['spot', 'cross'], requestMs: 1 },
  });
  const desk = await openDesk(new Life('a process', new World()), new WatchedStore(inner, onCall), {
    ...{ sky, clock: systemClock, log: silentLog, settings: books },
    openBroker: (parts) => CcxtBroker.open({ name: 'account', settings, ...parts }),
  });
  await desk.start();
  return { desk, store: inner };
}
