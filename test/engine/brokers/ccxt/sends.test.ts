/** What a ccxt broker remembers of the orders that it sent, and for how long. */
import { expect, test } from 'vitest';
import { CcxtBroker } from '../../../../engine/brokers/ccxt/ccxt.ts';
import { Sends } from '../../../../engine/brokers/ccxt/sends.ts';
import { ccxtSettings } from '../../../../engine/brokers/ccxt/settings.ts';
import { silentLog } from '../../../../engine/log.ts';
import { ManualClock } from '../../../support/clock.ts';
import { tempStore } from '../../../support/temp-store.ts';

const dayMs = 86_400_000;

/** An account that has sent these, at the beginning. */
async function remembering(account: string, ...orders: readonly string[]) {
  const store = await tempStore();
  const clock = new ManualClock();
  const opened = async (name: string) => {
    const sends = await Sends.open(store, name);
    for (const clientOrderId of orders) {
      const sentAt = clock.now().toISOString();
      await sends.begin({
        ...{ clientOrderId, symbol: 'BTC/USDT', wallet: 'spot', side: 'buy', quantity: '1', type: 'limit' },
        sentAt,
      });
    }
    return sends;
  };
  const settings = ccxtSettings.parse({ type: 'ccxt', exchange: 'binance', apiKey: 'key', secret: 'secret' });
  const broker = await CcxtBroker.open({ name: account, settings, store, clock, log: silentLog });
  return { store, clock, broker, sends: await opened(account), opened };
}

test('an order that is open is remembered for as long as it is open', async () => {
  const { broker, sends, clock } = await remembering('exchange', 'oc-open');
  clock.advance(400 * dayMs);
  await broker.tidy();
  expect(await sends.get('oc-open')).toMatchObject({ open: true });
});

test('an order is forgotten a month after its end, and not a month after it was sent', async () => {
  const { broker, sends, clock } = await remembering('exchange', 'oc-filled', 'oc-refused');
  await sends.end('oc-refused', clock.now(), { state: 'refused', reason: 'no money' });
  clock.advance(40 * dayMs);
  await sends.end('oc-filled', clock.now());
  await broker.tidy();
  expect(await sends.get('oc-refused'), 'it ended 40 days ago').toBeUndefined();
  expect(await sends.get('oc-filled'), 'it ended just now').toMatchObject({ open: false });
  clock.advance(31 * dayMs);
  await broker.tidy();
  expect(await sends.get('oc-filled')).toBeUndefined();
});

test('one that ended under an earlier version, which did not say when, is forgotten by when it was sent', async () => {
  const { broker, sends, clock } = await remembering('exchange', 'oc-old');
  await sends.change('oc-old', { open: false });
  await broker.tidy();
  expect(await sends.get('oc-old')).toBeDefined();
  clock.advance(31 * dayMs);
  await broker.tidy();
  expect(await sends.get('oc-old')).toBeUndefined();
});

test('another account on the same store forgets by itself', async () => {
  const { broker, clock, opened } = await remembering('exchange', 'oc-mine');
  const others = await opened('other');
  await others.end('oc-mine', clock.now());
  clock.advance(31 * dayMs);
  await broker.tidy();
  expect(await others.get('oc-mine')).toBeDefined();
});
