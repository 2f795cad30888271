import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';
import { buildTrading, bytesOf, demoBook } from '../../support/trading.ts';
import { WatchedStore } from '../../support/watched-store.ts';

const alert = { action: 'buy', symbol: 'SP500', quantity: 1 };

/** An inbox whose queue does not run: what it took in stays there. */
async function openInbox(start?: string) {
  const clock = new ManualClock(start);
  const desk = await buildTrading({ clock });
  const receive = (payload: Record<string, unknown>, raw = bytesOf(payload)) =>
    desk.inbox.receive({ book: 'demo', payload, raw, from: 'a test' });
  return { ...desk, clock, receive };
}

describe('an alert that is sent again', () => {
  test('four times within a minute is one signal', async () => {
    const { receive, clock, inbox, outbox } = await openInbox();
    const first = await receive(alert);
    expect(first.duplicate).toBe(false);
    for (let resend = 1; resend <= 3; resend++) {
      clock.advance(5000);
      expect(await receive(alert)).toEqual({ signal: first.signal, duplicate: true });
    }
    expect(await inbox.signals({ limit: 10 })).toHaveLength(1);
    expect(await outbox.after(0, 10), 'chat must hear of it once').toHaveLength(1);
  });

  test('at the same moment, four at once, is one signal', async () => {
    const { receive, inbox } = await openInbox();
    const receipts = await Promise.all([alert, alert, alert, alert].map((payload) => receive(payload)));
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await inbox.signals({ limit: 10 })).toHaveLength(1);
  });

  test('before and after the full minute is one signal all the same', async () => {
    const { receive, clock } = await openInbox('2020-04-17T14:30:59.999Z');
    const first = await receive(alert);
    clock.advance(2);
    expect(await receive(alert)).toEqual({ signal: first.signal, duplicate: true });
    clock.set('2020-04-17T14:31:59.998Z');
    expect(await receive(alert), 'just within the minute').toMatchObject({ duplicate: true });
  });

  test('at once, while the clock passes the full minute, is one signal', async () => {
    const desk = await openInbox('2020-04-17T14:30:59.999Z');
    const now = desk.clock.now.bind(desk.clock);
    desk.clock.now = () => {
      const moment = now();
      desk.clock.advance(1);
      return moment;
    };
    const receipts = await Promise.all([desk.receive(alert), desk.receive(alert)]);
    expect(receipts.map(({ duplicate }) => duplicate).sort()).toEqual([false, true]);
  });

  test('after a minute is a new signal: an alert may say the same thing again', async () => {
    const { receive, clock } = await openInbox('2020-04-17T14:30:10.000Z');
    await receive(alert);
    for (let minute = 1; minute <= 3; minute++) {
      clock.advance(60_000);
      expect(await receive(alert), `${minute} minutes later`).toMatchObject({ duplicate: false });
    }
  });

  test('with an id or a nonce of its sender is known by that, whatever else it says and whenever it comes', async () => {
    for (const name of ['id', 'nonce']) {
      const { receive, clock } = await openInbox();
      await receive({ ...alert, [name]: 'A-1' });
      clock.advance(86_400_000);
      expect(await receive({ ...alert, quantity: 2, [name]: 'A-1' })).toMatchObject({ duplicate: true });
      expect(await receive({ ...alert, [name]: 'A-2' })).toMatchObject({ duplicate: false });
    }
  });

  test('with the ticker and time of its bar is known for good; another action on that bar is another signal', async () => {
    const { receive, clock } = await openInbox();
    const bar = { action: 'buy', ticker: 'SP500', time: '2020-04-17T00:00:00Z', quantity: 1 };
    await receive(bar);
    clock.advance(3_600_000);
    expect(await receive(bar)).toMatchObject({ duplicate: true });
    expect(await receive({ ...bar, action: 'sell' })).toMatchObject({ duplicate: false });
  });

  test('to another book is another signal', async () => {
    const other = bookSettings.parse({ ...demoBook, name: 'other' });
    const { inbox } = await buildTrading({ books: [demoBook, other] });
    const raw = bytesOf(alert);
    const receipts = [];
    for (const book of ['demo', 'other'])
      receipts.push(await inbox.receive({ book, payload: alert, raw, from: '' }));
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false]);
  });
});

describe('an alert that cannot be taken in', () => {
  test('because it makes no sense is refused in words, and leaves no trace', async () => {
    const { receive, inbox, outbox } = await openInbox();
    await expect(receive({ action: 'hold' })).rejects.toThrow(
      'The signal cannot be read: action: must be buy or sell',
    );
    expect(await inbox.signals({ limit: 10 })).toEqual([]);
    expect(await outbox.after(0, 10)).toEqual([]);
  });

  test('because the store is away is not acknowledged; sent again it is taken in once', async () => {
    let away = false;
    const store = new WatchedStore(await tempStore(), async () => {
      if (away) throw new StoreError('the disk is full');
    });
    const { inbox } = await buildTrading({ store });
    const incoming = { book: 'demo', payload: alert, raw: bytesOf(alert), from: 'a test' };
    away = true;
    await expect(inbox.receive(incoming)).rejects.toBeInstanceOf(StoreError);
    away = false;
    expect(await inbox.receive(incoming)).toMatchObject({ duplicate: false });
  });

  test('because its book takes none is refused', async () => {
    const { handler: _, ...withoutHandler } = demoBook;
    const { inbox } = await buildTrading({ books: [withoutHandler] });
    const incoming = { payload: alert, raw: bytesOf(alert), from: 'a test' };
    await expect(inbox.receive({ book: 'demo', ...incoming })).rejects.toThrow('takes no signals');
    await expect(inbox.receive({ book: 'nobody', ...incoming })).rejects.toThrow('There is no book "nobody"');
  });
});

test("a book's wrong handler is named when the desk opens, not when the first alert comes", async () => {
  const unknown = { ...demoBook, handler: { name: 'ordr', settings: {} } };
  await expect(buildTrading({ books: [unknown] })).rejects.toThrow('"ordr", which is not one of: order');
  const wrong = { ...demoBook, handler: { name: 'order', settings: { symbls: ['A'] } } };
  await expect(buildTrading({ books: [wrong] })).rejects.toThrow(/Book "demo": .*symbls/);
});

test("the sender's key is not written down", async () => {
  const { receive, inbox } = await openInbox();
  await receive({ ...alert, key: 'open sesame' });
  expect(JSON.stringify(await inbox.signals({ limit: 1 }))).not.toContain('sesame');
});
