import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { Entry, SentEntry } from '../../../engine/execution/limits.ts';
import { EntryLimits } from '../../../engine/execution/limits.ts';
import { decimal } from '../../../engine/money.ts';
import { ManualClock } from '../../support/clock.ts';
import { FixedPrices } from '../../support/prices.ts';
import { buildTrading, demoBook } from '../../support/trading.ts';

type Limits = Record<string, number | string>;

/** A desk with a book and its neighbour, on which entries were made already. */
async function limited({
  own = {},
  desk = {},
  sent = [],
  entering = {},
}: {
  own?: Limits;
  desk?: Limits;
  sent?: readonly SentEntry[];
  /** By book. */
  entering?: Readonly<Record<string, readonly string[]>>;
}) {
  const clock = new ManualClock('2026-05-05T12:00:00.000Z');
  const prices = new FixedPrices({ ACME: '10', SP500: '100' });
  const neighbour = bookSettings.parse({ ...demoBook, name: 'neighbour' });
  const books = [bookSettings.parse({ ...demoBook, limits: own }), neighbour];
  const trading = await buildTrading({ clock, prices, books });
  const limits = await EntryLimits.open({
    ...trading,
    desk: bookSettings.shape.limits.parse(desk),
    entriesSince: async (book, since) =>
      sent.filter((entry) => entry.book === book && Date.parse(entry.sentAt) >= since.getTime()),
    openEntries: async (book) => entering[book] ?? [],
  });
  const hits = async () =>
    (await trading.outbox.after(0, 100)).flatMap(({ event }) => (event.type === 'limit.hit' ? [event] : []));
  return { ...trading, clock, prices, limits, hits };
}

const entry = (more: Partial<Entry> = {}): Entry => ({
  book: 'demo',
  asset: 'ACME',
  notional: decimal('500'),
  ...more,
});

const purchase = (book: string, asset: string, quantity: string, price: string) => ({
  ...{ cause: `fill:${book}:${asset}`, book, broker: 'paper', wallet: 'account' },
  ...{ symbol: asset, asset, side: 'buy' as const, quantity, price },
  ...{ currency: 'USD', fee: '0', feeCurrency: 'USD' },
});

describe('an entry', () => {
  test('without any limit is let through', async () => {
    const { limits } = await limited({});
    expect(await limits.refusal(entry({ notional: decimal('999999') }))).toBeUndefined();
  });

  test('that is worth more than an order may be is not sent, and chat hears once a day', async () => {
    const { limits, hits, clock } = await limited({ own: { order: 500 } });
    expect(await limits.refusal(entry())).toBeUndefined();
    const tooMuch = entry({ notional: decimal('500.01') });
    expect(await limits.refusal(tooMuch)).toBe(
      'The entry is worth 500.01 USD; an order may be worth 500.00 USD, by the limits of demo.',
    );
    await limits.refusal(tooMuch);
    expect(await hits()).toMatchObject([{ book: 'demo', limit: 'order' }]);
    clock.advance(86_400_000);
    await limits.refusal(tooMuch);
    expect(await hits()).toHaveLength(2);
  });

  test('without a price is not let past a limit on money', async () => {
    const { limits } = await limited({ own: { order: 500 } });
    expect(await limits.refusal(entry({ notional: null }))).toContain('no price');
  });

  test('counts with what was entered since midnight, not with yesterday', async () => {
    const sent = [
      { book: 'demo', sentAt: '2026-05-05T00:00:00.000Z', notional: '600' },
      { book: 'demo', sentAt: '2026-05-04T23:59:59.999Z', notional: '600' },
      { book: 'neighbour', sentAt: '2026-05-05T00:00:00.000Z', notional: '600' },
    ];
    const { limits } = await limited({ own: { notionalPerDay: 1100 }, sent });
    expect(await limits.refusal(entry())).toBeUndefined();
    expect(await limits.refusal(entry({ notional: decimal('500.01') }))).toContain('600.00 USD were made');
    const desk = await limited({ desk: { notionalPerDay: 1699 }, sent });
    expect(await desk.limits.refusal(entry()), 'the desk counts all its books').toContain('of the desk');
  });

  test('into one position more than may be open is refused; more of what is held is not', async () => {
    const { limits, books } = await limited({ own: { openPositions: 1 } });
    expect(await limits.refusal(entry())).toBeUndefined();
    await books.postFill(purchase('demo', 'ACME', '1', '10'));
    expect(await limits.refusal(entry())).toBeUndefined();
    expect(await limits.refusal(entry({ asset: 'SP500' }))).toContain('position number 2');
  });

  test('counts what is about to become a position: an entry that is open at the broker', async () => {
    const { limits } = await limited({ own: { openPositions: 1 }, entering: { demo: ['SP500'] } });
    expect(await limits.refusal(entry({ asset: 'SP500' }))).toBeUndefined();
    expect(await limits.refusal(entry())).toContain('position number 2');
  });

  test('is not made any more on a day that has lost too much, realised or open, and is made on the next', async () => {
    const { limits, books, prices, clock } = await limited({ own: { lossPerDay: 100 } });
    await limits.markDay();
    await books.postFill(purchase('demo', 'ACME', '50', '10'));
    prices.set('ACME', '8.01');
    expect(await limits.refusal(entry())).toBeUndefined();
    prices.set('ACME', '8');
    expect(await limits.refusal(entry())).toBe(
      'Today has lost 100.00 USD; a day may lose 100.00 USD, by the limits of demo.',
    );
    clock.advance(86_400_000);
    await limits.markDay();
    expect(await limits.refusal(entry())).toBeUndefined();
  });

  test('is refused when too many were sent within a minute, over midnight too', async () => {
    const sent = ['2026-05-05T11:59:30.000Z', '2026-05-05T11:59:01.000Z', '2026-05-05T11:58:59.000Z'].map(
      (sentAt) => ({ book: 'demo', sentAt, notional: '1' }),
    );
    expect(
      await (await limited({ own: { ordersPerMinute: 3 }, sent })).limits.refusal(entry()),
    ).toBeUndefined();
    expect(await (await limited({ own: { ordersPerMinute: 2 }, sent })).limits.refusal(entry())).toContain(
      '2 orders were sent in the last minute',
    );
  });
});
