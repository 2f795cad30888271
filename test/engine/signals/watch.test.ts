import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../engine/log.ts';
import { SignalWatch } from '../../../engine/signals/watch.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';
import { buildTrading, bytesOf, demoBook } from '../../support/trading.ts';

const hour = 3_600_000;

/** A desk whose book expects a signal every hour. */
async function openWatch({ store, clock = new ManualClock() }: { store?: Store; clock?: ManualClock } = {}) {
  const trading = await buildTrading({
    clock,
    store: store ?? (await tempStore()),
    books: [{ ...demoBook, expectSignalEverySeconds: 3600 }],
  });
  const watch = await SignalWatch.open({ ...trading, log: silentLog, everyMs: 86_400_000 });
  await watch.start();
  let sent = 0;
  return {
    clock,
    store: trading.store,
    watch,
    inbox: trading.inbox,
    async send(count = 1) {
      const payloads = Array.from({ length: count }, () => ({
        action: 'sell',
        symbol: 'SP500',
        id: `${clock.now()}-${sent++}`,
      }));
      for (const payload of payloads) {
        await trading.inbox.receive({ book: 'demo', payload, raw: bytesOf(payload), from: 'a test' });
      }
      await watch.idle();
    },
    async told(): Promise<string[]> {
      const events = (await trading.outbox.after(0, 1000)).map(({ event }) => event);
      return events.flatMap((event) =>
        event.type === 'signal.silence' || event.type === 'signal.heard' || event.type === 'signal.storm'
          ? [`${event.type}: ${event.reason}`]
          : [],
      );
    },
  };
}

describe('a book that expects a signal every hour', () => {
  test('is told to be silent once, and to be heard again once', async () => {
    const { send, clock, watch, told } = await openWatch();
    await send();
    clock.advance(hour - 1);
    await watch.check();
    expect(await told()).toEqual([]);
    clock.advance(1);
    for (let look = 0; look < 3; look++) await watch.check();
    expect(await told()).toEqual([
      'signal.silence: The last one came at 2020-04-17 14:30 UTC; one is expected every 60 min.',
    ]);
    clock.advance(2 * hour);
    await watch.check();
    await send();
    await send();
    expect((await told()).slice(1)).toEqual(['signal.heard: It had heard none for 3 h.']);
    clock.advance(hour);
    await watch.check();
    expect((await told()).slice(2), 'the next silence is another one').toHaveLength(1);
  });

  test('that never heard any waits from when it was first there', async () => {
    const { clock, watch, told } = await openWatch();
    clock.advance(hour);
    await watch.check();
    expect(await told()).toEqual([
      'signal.silence: None has come since 2020-04-17 14:30 UTC; one is expected every 60 min.',
    ]);
  });

  test('hears also what it must refuse: its sender is there', async () => {
    const { clock, watch, inbox, told } = await openWatch();
    clock.advance(hour - 1);
    await inbox.refuse({ book: 'demo', payload: {}, raw: bytesOf('x'), from: '', reason: 'no JSON' });
    clock.advance(hour - 1);
    await watch.check();
    expect(await told()).toEqual([]);
  });

  test('is told after a restart of a silence that began before, once, and of its end', async () => {
    const first = await openWatch();
    await first.send();
    await first.watch.stop();
    first.clock.advance(5 * hour);
    const second = await openWatch(first);
    expect(await second.told()).toHaveLength(1);
    await second.watch.stop();
    const third = await openWatch(first);
    expect(await third.told()).toHaveLength(1);
    await third.send();
    expect((await third.told()).slice(1)).toEqual(['signal.heard: It had heard none for 5 h.']);
  });

  test('whose signal came while the desk died is told to be heard by the next desk', async () => {
    const first = await openWatch();
    first.clock.advance(hour);
    await first.watch.check();
    await first.watch.stop(); // deaf from here on
    first.clock.advance(1000);
    await first.send();
    const second = await openWatch(first);
    expect((await second.told()).map((line) => line.split(':')[0])).toEqual([
      'signal.silence',
      'signal.heard',
    ]);
  });
});

describe('alerts that come nearly as fast as TradingView sends them', () => {
  test('are warned of once per burst', async () => {
    const { send, clock, told } = await openWatch();
    const burst = async (count: number) => {
      for (let alert = 0; alert < count; alert++) {
        await send();
        clock.advance(10_000);
      }
    };
    await burst(11);
    expect(await told()).toEqual([]);
    await burst(20);
    expect(await told()).toEqual([expect.stringMatching(/^signal.storm: 12 alerts came within 3 minutes/)]);
    clock.advance(180_000);
    await burst(11);
    expect(await told()).toHaveLength(1);
    await burst(1);
    expect(await told()).toHaveLength(2);
  });

  test('and go on over a restart are one burst', async () => {
    const first = await openWatch();
    for (let alert = 0; alert < 12; alert++) {
      await first.send();
      first.clock.advance(1000);
    }
    await first.watch.stop();
    const second = await openWatch(first);
    await second.send();
    expect(await second.told()).toHaveLength(1);
  });

  test('count a list as one, as their sender does, and a repetition not at all', async () => {
    const { send, clock, told, inbox, watch } = await openWatch();
    for (let alert = 0; alert < 3; alert++) {
      await send(12);
      clock.advance(1000);
    }
    const payload = { action: 'sell', symbol: 'SP500' };
    for (let resend = 0; resend < 20; resend++) {
      await inbox.receive({ book: 'demo', payload, raw: bytesOf(payload), from: '' });
      clock.advance(100);
    }
    await watch.idle();
    expect(await told()).toEqual([]);
  });
});
