import { describe, expect, test } from 'vitest';
import { bookSettings } from '../../../engine/bank/book.ts';
import { tempStore } from '../../support/temp-store.ts';
import type { Trading } from '../../support/trading.ts';
import { buildTrading, demoBook } from '../../support/trading.ts';

const fill = {
  cause: 'fill:paper:1',
  book: 'demo',
  broker: 'paper',
  wallet: 'account',
  symbol: 'ACME',
  asset: 'ACME',
  side: 'buy',
  quantity: '100',
  price: '8',
  currency: 'USD',
  fee: '2.5',
  feeCurrency: 'USD',
} as const;

describe('a book', () => {
  test('is given its capital when it is first seen, and never again', async () => {
    const store = await tempStore();
    await buildTrading({ store });
    const { books } = await buildTrading({ store, books: [{ ...demoBook, capital: '99999' }] });
    expect(await books.show('demo')).toMatchObject({ cash: '10000', equity: '10000', deposited: '10000' });
  });

  test('shows what it has, what it cost, what it is worth and what it earned', async () => {
    const { books } = await buildTrading();
    await books.postFill(fill);
    await books.postFill({
      ...fill,
      cause: 'fill:paper:2',
      side: 'sell',
      quantity: '40',
      price: '9',
      fee: '1',
    });
    expect(await books.show('demo')).toEqual({
      name: 'demo',
      description: '',
      currency: 'USD',
      broker: 'paper',
      active: true,
      suspension: null,
      cash: '9556.5',
      positions: [
        {
          symbol: 'ACME',
          asset: 'ACME',
          quantity: '60',
          averageCost: '8',
          lastPrice: '10',
          value: '600',
          unrealised: '120',
        },
      ],
      otherCash: [],
      equity: '10156.5',
      capital: '10036.5',
      pool: '0',
      lent: '0',
      inUse: '480',
      available: '9556.5',
      debts: [],
      interest: [],
      interestCost: '0',
      deposited: '10000',
      realised: '40',
      unrealised: '120',
      fees: '3.5',
      feesByCurrency: [{ asset: 'USD', amount: '3.5' }],
      unassigned: null,
    });
  });

  test('counts a position at its cost while there is no price, and says that there is none', async () => {
    const { books, prices } = await buildTrading();
    await books.postFill(fill);
    prices.fault = new Error('the source is away');
    expect(await books.show('demo')).toMatchObject({
      equity: '9997.5',
      unrealised: '0',
      positions: [{ lastPrice: null, value: '800' }],
    });
  });

  test('is refused when its file gives it another currency', async () => {
    const store = await tempStore();
    await buildTrading({ store });
    await expect(buildTrading({ store, books: [{ ...demoBook, currency: 'EUR' }] })).rejects.toThrow(
      'The book "demo" was opened in USD; its file now says EUR.',
    );
  });

  test('that does not exist is answered with those that do', async () => {
    const { books } = await buildTrading();
    await expect(books.show('dmeo')).rejects.toThrow('There is no book "dmeo". Books: demo.');
  });

  test('finds its money after a restart in thousands of postings', async () => {
    const store = await tempStore();
    const { books } = await buildTrading({ store });
    for (let index = 0; index < 1005; index++) {
      await books.postFill({ ...fill, cause: `fill:paper:${index}`, quantity: '1', price: '1', fee: '0' });
    }
    const again = await buildTrading({ store });
    expect(await again.books.show('demo')).toMatchObject({ cash: '8995', positions: [{ quantity: '1005' }] });
    expect(await again.books.audit()).toMatchObject({ postings: 1006, wrongBooks: [] });
  });

  test('keeps its money apart from that of another book', async () => {
    const other = bookSettings.parse({ ...demoBook, name: 'other', capital: 500 });
    const { books } = await buildTrading({ books: [demoBook, other] });
    await books.postFill(fill);
    expect((await books.list()).map(({ name, cash }) => [name, cash])).toEqual([
      ['demo', '9197.5'],
      ['other', '500'],
    ]);
  });
});

describe('a suspension', () => {
  const mayTrade = async ({ books }: Pick<Trading, 'books'>) => ({
    entry: (await books.refusal('demo', 'entry')) === undefined,
    exit: (await books.refusal('demo', 'exit')) === undefined,
  });
  const by = { by: 'ann', reason: 'news' };

  test('of entries lets exits through, of all lets nothing through', async () => {
    const desk = await buildTrading();
    expect(await mayTrade(desk)).toEqual({ entry: true, exit: true });
    await desk.books.suspend({ scope: 'entries', book: 'demo', ...by });
    expect(await mayTrade(desk)).toEqual({ entry: false, exit: true });
    await desk.books.suspend({ scope: 'all', book: 'demo', ...by });
    expect(await mayTrade(desk)).toEqual({ entry: false, exit: false });
  });

  test('of the desk stops every book, and is not lifted by resuming one of them', async () => {
    const desk = await buildTrading();
    await desk.books.suspend({ scope: 'entries', book: null, ...by });
    expect(await desk.books.resume({ book: 'demo', by: 'bob' })).toBe(false);
    expect(await mayTrade(desk)).toEqual({ entry: false, exit: true });
    expect(await desk.books.resume({ book: null, by: 'bob' })).toBe(true);
    expect(await mayTrade(desk)).toEqual({ entry: true, exit: true });
  });

  test('the stricter of desk and book counts', async () => {
    const desk = await buildTrading();
    await desk.books.suspend({ scope: 'entries', book: null, ...by });
    await desk.books.suspend({ scope: 'all', book: 'demo', ...by });
    expect(await mayTrade(desk)).toEqual({ entry: false, exit: false });
    await desk.books.suspend({ scope: 'all', book: null, ...by });
    await desk.books.suspend({ scope: 'entries', book: 'demo', ...by });
    expect(await mayTrade(desk)).toEqual({ entry: false, exit: false });
  });

  test('is still there after a restart, with who and why, and is told in chat', async () => {
    const store = await tempStore();
    const first = await buildTrading({ store });
    await first.books.suspend({ scope: 'all', book: null, ...by });
    const { books, outbox } = await buildTrading({ store });
    expect(await books.suspension(null)).toMatchObject({ scope: 'all', book: null, ...by });
    expect(await books.refusal('demo', 'exit')).toMatch(
      /The desk is suspended \(all\) by ann since 2020-.*: news/,
    );
    expect((await outbox.after(0, 10)).map(({ event }) => event)).toEqual([
      { type: 'suspended', scope: 'all', book: null, ...by },
    ]);
  });

  test('of a book that does not exist is refused', async () => {
    const { books } = await buildTrading();
    await expect(books.suspend({ scope: 'all', book: 'dmeo', ...by })).rejects.toThrow(
      'There is no book "dmeo"',
    );
  });
});

test('an inactive book takes no entries, but an exit always works; it stays so over a restart', async () => {
  const store = await tempStore();
  const { books } = await buildTrading({ store });
  await books.setActive('demo', false);
  const again = await buildTrading({ store });
  expect(await again.books.refusal('demo', 'entry')).toBe(
    'The book "demo" is not active, so it takes no new entries.',
  );
  expect(await again.books.refusal('demo', 'exit')).toBeUndefined();
});
