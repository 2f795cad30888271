/**
 * The desk on which the scripts are played: the demo, and beside it a book that wants approval, an account that is
 * traded by hand, a folder of CSV files, and an account in which somebody else has traded too.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PaperBroker } from '../../../engine/brokers/paper/paper.ts';
import { paperSettings } from '../../../engine/brokers/paper/settings.ts';
import type { Clock } from '../../../engine/clock.ts';
import { silentLog } from '../../../engine/log.ts';
import { openStore } from '../../../engine/store/index.ts';
import { type DeskSettings, openDesk, type TestDesk, writeDemo } from '../../support/desk.ts';
import { FixedPrices } from '../../support/prices.ts';

const paper = { type: 'paper', source: 'demo', slippage: '0.0005', fee: '0.001' };
const shared = { type: 'paper', source: 'demo', balances: { USD: '50000' } };
const book = { currency: 'USD', capital: '10000', handler: { name: 'order' } };

function settingsIn(folder: string) {
  return {
    desk: {
      sources: {
        demo: { type: 'demo' },
        csv: { type: 'csv', folder: barsIn(folder), timezone: 'America/New_York', currency: 'USD' },
      },
      brokers: {
        paper: { ...paper, balances: { USD: '100000' } },
        shared,
        depot: { type: 'manual', source: 'demo', balances: { USD: '25000' } },
      },
    },
    books: {
      careful: { ...book, broker: 'paper', key: 'careful-key-1234', approveAbove: 0 },
      guest: { ...book, broker: 'shared', key: 'guest-key-12345' },
      hand: { ...book, broker: 'depot', key: 'hand-key-123456' },
    },
  };
}

function barsIn(folder: string): string {
  return join(folder, 'bars');
}

/** What a desk has beside that. */
export interface Besides {
  readonly brokers?: Readonly<Record<string, object>>;
  readonly books?: NonNullable<DeskSettings['books']>;
}

/** Such a desk with these people and platforms; it was there before, and meanwhile somebody traded in its account. */
export async function openSetting(
  folder: string,
  {
    brokers,
    books: more,
    ...settings
  }: Besides & { readonly users: readonly object[]; readonly platforms: object },
  { clock, endpoints }: Required<Pick<DeskSettings, 'clock'>> & Pick<DeskSettings, 'endpoints'>,
): Promise<TestDesk> {
  await mkdir(barsIn(folder), { recursive: true });
  const { desk, books } = settingsIn(folder);
  await writeDemo(folder, { desk: { ...desk, platforms: { console: {} } }, books });
  const before = await openDesk(folder, { clock });
  await before.stop();
  await somebodyElseTrades(before.config.dataFolder, clock);
  await writeDemo(folder, {
    desk: { ...desk, brokers: { ...desk.brokers, ...brokers }, ...settings },
    books: { ...books, ...more },
  });
  return openDesk(folder, { clock, ...(endpoints && { endpoints }) });
}

/** In the account `shared`: three shares bought, and an order left open that is far from its price. */
async function somebodyElseTrades(dataFolder: string, clock: Clock): Promise<void> {
  const store = await openStore({ store: { kind: 'sqlite' }, folder: dataFolder });
  try {
    const account = await PaperBroker.open({
      name: 'shared',
      settings: paperSettings.parse(shared),
      store,
      prices: new FixedPrices({ AMBR: '50', BRKW: '50' }),
      clock,
      log: silentLog,
    });
    await account.connect();
    await account.submit({
      clientOrderId: 'somebody-1',
      symbol: 'AMBR',
      side: 'buy',
      quantity: '3',
      terms: { type: 'market' },
    });
    await account.submit({
      clientOrderId: 'somebody-2',
      symbol: 'BRKW',
      side: 'buy',
      quantity: '2',
      terms: { type: 'limit', limitPrice: '0.5' },
    });
    await account.disconnect();
  } finally {
    await store.close();
  }
}
