import { describe, expect, test } from 'vitest';
import type { BookSettings } from '../../../engine/bank/book.ts';
import { bookSettings } from '../../../engine/bank/book.ts';
import type { Books } from '../../../engine/bank/books.ts';
import type { LedgerEntry } from '../../../engine/bank/ledger.ts';
import { Ledger } from '../../../engine/bank/ledger.ts';
import { Outbox } from '../../../engine/events.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import type { Store } from '../../../engine/store/store.ts';
import { defineCollection } from '../../../engine/store/store.ts';
import { openBooks } from '../../support/bank-story.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';
import { buildTrading } from '../../support/trading.ts';

const pair = bookSettings.parse({
  name: 'pair',
  currency: 'USDT',
  capital: '100',
  broker: 'paper',
  home: 'funding',
  wallet: 'cross',
  pool: '500',
});
const other = bookSettings.parse({ ...pair, name: 'other', capital: '40' });

const line = (wallet: string, asset: string, held: string, owed = '0') => ({
  wallet,
  asset,
  held: decimal(held),
  owed: decimal(owed),
});

const movement = { book: 'pair', broker: 'paper', wallet: 'cross', to: null } as const;
const fill = {
  book: 'pair',
  broker: 'paper',
  wallet: 'cross',
  symbol: 'ADA/USDT',
  asset: 'ADA',
  currency: 'USDT',
  fee: '0',
  feeCurrency: 'USDT',
} as const;

async function open(settings: readonly BookSettings[] = [pair, other], store?: Store) {
  const { books, outbox, store: used } = await buildTrading({ books: settings, ...(store && { store }) });
  return { books, outbox, store: used };
}

/** An account of 1000 USDT, of which 860 belong to no book. */
async function opened() {
  const desk = await open();
  await desk.books.openAccount('paper', [line('funding', 'USDT', '1000')]);
  const unassigned = async () =>
    decimalText((await desk.books.balancesOfBroker('paper')).unassigned.get('funding')?.get('USDT') ?? zero);
  return { ...desk, unassigned };
}

describe('the bank', () => {
  test('lends what belongs to no book, and takes back what the trade left at home', async () => {
    const { books, unassigned } = await opened();
    expect(await books.lend({ cause: 'op:lend', book: 'pair', amount: '60' })).toEqual({ lent: '60' });
    expect(await unassigned()).toBe('800');
    expect(await books.show('pair')).toMatchObject({
      cash: '160',
      lent: '60',
      capital: '100',
      equity: '100',
    });
    const away = { ...movement, cause: 'op:in', kind: 'transfer', asset: 'USDT', amount: '150' } as const;
    await books.postMovement({ ...away, wallet: 'funding', to: 'cross' });
    expect(await books.settle({ cause: 'op:settle', book: 'pair' })).toEqual({ returned: '10' });
    await books.postMovement({ ...away, cause: 'op:out', wallet: 'cross', to: 'funding' });
    expect(await books.settle({ cause: 'op:settle-2', book: 'pair' })).toEqual({ returned: '50' });
    expect(await unassigned()).toBe('860');
  });

  test('leaves a book what its open orders will take', async () => {
    const { books } = await opened();
    await books.lend({ cause: 'op:lend', book: 'pair', amount: '60' });
    const promised = decimal('120');
    expect(await books.settle({ cause: 'op:settle', book: 'pair', promised })).toEqual({ returned: '40' });
  });

  test('lends and takes back once for each cause, also when it is asked again after a crash', async () => {
    const { books, unassigned } = await opened();
    for (const _ of [1, 2, 3]) await books.lend({ cause: 'op:lend', book: 'pair', amount: '60' });
    expect(await unassigned()).toBe('800');
    for (const _ of [1, 2, 3])
      expect(await books.settle({ cause: 'op:settle', book: 'pair' })).toEqual({ returned: '60' });
    expect(await unassigned()).toBe('860');
  });

  test('does not lend beyond the pool, and says what is lent of it', async () => {
    const { books } = await opened();
    await books.lend({ cause: 'a', book: 'pair', amount: '450' });
    await expect(books.lend({ cause: 'b', book: 'pair', amount: '60' })).rejects.toThrow(
      'The bank does not lend 60 USDT to the book "pair": its pool is 500 USDT, of which 450 is lent already.',
    );
  });

  test('does not lend what it does not have', async () => {
    const { books } = await open();
    await expect(books.lend({ cause: 'a', book: 'pair', amount: '60' })).rejects.toThrow(
      'only 0 USDT in the wallet funding at paper belong to no book',
    );
  });

  test('lends one coin once, however many ask at the same time', async () => {
    const { books, unassigned } = await opened();
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        books.lend({ cause: `op:${index}`, book: index % 2 === 0 ? 'pair' : 'other', amount: '200' }),
      ),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(await unassigned()).toBe('60');
  });

  test('of two desks on one store lends one coin once', async () => {
    const { books, store } = await opened();
    const second = await open([pair, other], store);
    const asked = await Promise.allSettled(
      [books, second.books, books, second.books, books, second.books].map((desk, index) =>
        desk.lend({ cause: `op:${index}`, book: index % 2 === 0 ? 'pair' : 'other', amount: '230' }),
      ),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const balances = await second.books.balancesOfBroker('paper');
    expect(balances.unassigned.get('funding')?.get('USDT')?.toFixed()).toBe('170');
  });
});

describe('money of an owner', () => {
  test('goes into a book from what belongs to none, and back there', async () => {
    const { books, unassigned } = await opened();
    expect(await books.deposit({ cause: 'd', book: 'pair', amount: '60', by: 'ann' })).toBe(true);
    expect(await books.deposit({ cause: 'd', book: 'pair', amount: '60', by: 'ann' })).toBe(false);
    expect(await unassigned()).toBe('800');
    expect(await books.withdraw({ cause: 'w', book: 'pair', amount: '160', by: 'ann' })).toBe(true);
    expect(await unassigned()).toBe('960');
    expect(await books.show('pair')).toMatchObject({ cash: '0', deposited: '0' });
  });

  test('comes from its owner where the account does not have it, and is recorded with who wanted it', async () => {
    const { books, unassigned, store } = await opened();
    await books.deposit({ cause: 'd', book: 'pair', amount: '2000', by: 'ann' });
    expect(await unassigned()).toBe('860');
    const posting = await (await Ledger.open(store, new ManualClock())).find('d');
    expect(posting).toMatchObject({ by: 'ann', entries: [{ account: 'owner' }, { account: 'book:pair' }] });
  });

  test('is not taken out of a book beyond what is at home and free, and the answer says how much that is', async () => {
    const { books } = await opened();
    await books.postMovement({
      ...movement,
      cause: 't',
      kind: 'transfer',
      asset: 'USDT',
      amount: '70',
      wallet: 'funding',
      to: 'cross',
    });
    await books.lend({ cause: 'l', book: 'pair', amount: '10' });
    await expect(books.withdraw({ cause: 'w', book: 'pair', amount: '31', by: 'ann' })).rejects.toThrow(
      'The book "pair" can give away at most 30 USDT: what lies in its wallet funding at paper and is not in use or owed to the bank (10 USDT).',
    );
    expect(await books.withdraw({ cause: 'w', book: 'pair', amount: '30', by: 'ann' })).toBe(true);
  });

  test.each(['0', '-5', 'ten', ''])('of "%s" is no amount', async (amount) => {
    const { books } = await open();
    await expect(books.deposit({ cause: 'd', book: 'pair', amount, by: 'ann' })).rejects.toThrow(/amount/);
    await expect(books.withdraw({ cause: 'w', book: 'pair', amount, by: 'ann' })).rejects.toThrow(/amount/);
  });

  test('moves between books at one place, and nowhere else', async () => {
    const elsewhere = bookSettings.parse({ ...pair, name: 'elsewhere', broker: 'kraken' });
    const euros = bookSettings.parse({ ...pair, name: 'euros', currency: 'EUR' });
    const spot = bookSettings.parse({ ...pair, name: 'spot', home: 'spot' });
    const { books } = await open([pair, other, elsewhere, euros, spot]);
    const move = { cause: 'm', from: 'pair', amount: '25', by: 'ann' };
    expect(await books.move({ ...move, to: 'other' })).toBe(true);
    expect(await books.move({ ...move, to: 'other' })).toBe(false);
    expect((await books.list()).slice(0, 2).map(({ capital, deposited }) => [capital, deposited])).toEqual([
      ['75', '75'],
      ['65', '65'],
    ]);
    const again = { ...move, cause: 'n' };
    await expect(books.move({ ...again, to: 'elsewhere' })).rejects.toThrow(
      'one is at paper, the other at kraken',
    );
    await expect(books.move({ ...again, to: 'euros' })).rejects.toThrow('one is in USDT, the other in EUR');
    await expect(books.move({ ...again, to: 'spot' })).rejects.toThrow(
      'the wallet funding, of the other in spot',
    );
    await expect(books.move({ ...again, to: 'pair' })).rejects.toThrow('they are the same book');
    await expect(books.move({ ...again, to: 'other', amount: '76' })).rejects.toThrow('at most 75 USDT');
  });
});

describe('an account', () => {
  test('is opened once with what it holds beyond its books; what they say more is missing, and stays so', async () => {
    const { books } = await open();
    const lines = [line('funding', 'USDT', '90'), line('cross', 'BNB', '2', '0.5')];
    expect(await books.openAccount('paper', lines)).toEqual({
      opened: true,
      missing: [{ wallet: 'funding', asset: 'USDT', amount: '50' }],
    });
    expect(await books.openAccount('paper', [line('cross', 'BNB', '7')])).toEqual({
      opened: false,
      missing: [],
    });
    const account = (await books.accountOf('paper')).map(({ wallet, asset, held, owed }) =>
      [wallet, asset, decimalText(held), decimalText(owed)].join(' '),
    );
    expect(account).toEqual(['funding USDT 140 0', 'cross BNB 2 0.5']);
  });

  test('takes over a difference as the desk’s own, once', async () => {
    const { books, unassigned } = await opened();
    const found = {
      cause: 'difference:1',
      broker: 'paper',
      wallet: 'funding',
      asset: 'USDT',
      amount: '-3.5',
      by: 'ann',
    };
    expect(await books.adopt(found)).toBe(true);
    expect(await books.adopt(found)).toBe(false);
    expect(await unassigned()).toBe('856.5');
    await books.adoptDebt({ ...found, cause: 'difference:2', asset: 'ADA', amount: '4' });
    expect((await books.balancesOfBroker('paper')).debts.get('funding')?.get('ADA')?.toFixed()).toBe('4');
  });

  test('shares interest among the books that owe, to the last digit, also after a crash in between', async () => {
    const { books } = await opened();
    await books.postMovement({ ...movement, cause: 'b1', kind: 'borrow', asset: 'ADA', amount: '10' });
    await books.postMovement({
      ...movement,
      cause: 'b2',
      book: 'other',
      kind: 'borrow',
      asset: 'ADA',
      amount: '20',
    });
    const cost = {
      cause: 'movement:1',
      broker: 'paper',
      kind: 'interest',
      asset: 'ADA',
      amount: '0.01',
      wallet: 'cross',
    } as const;
    // As a process left it that died after the first share.
    await books.postMovement({
      ...movement,
      cause: 'movement:1:pair',
      kind: 'interest',
      asset: 'ADA',
      amount: '0.003333333333',
    });
    await books.shareCost(cost);
    await books.shareCost(cost);
    expect((await books.holdings('pair')).debts.get('ADA')?.toFixed()).toBe('10.003333333333');
    expect((await books.holdings('other')).debts.get('ADA')?.toFixed()).toBe('20.006666666667');
    await books.shareCost({ ...cost, cause: 'movement:2', asset: 'NEO', amount: '0.5' });
    const { debts } = await books.balancesOfBroker('paper');
    expect(debts.get('cross')?.get('NEO')?.toFixed(), 'what no book owes is the desk’s').toBe('0.5');
  });
});

describe('the file of a book', () => {
  test.each([
    [
      'broker',
      { broker: 'kraken' },
      'broker kraken instead of paper, but at paper it still has 100 USDT in the wallet funding',
    ],
    ['home', { home: 'spot' }, 'home spot instead of funding'],
  ])('may not name another %s while money lies at the one it had', async (_field, changed, says) => {
    const { store } = await open();
    await expect(open([{ ...pair, ...changed }], store)).rejects.toThrow(says);
  });

  test('may not name another wallet while something is owed there', async () => {
    const { books, store } = await open();
    await books.postMovement({ ...movement, cause: 'b', kind: 'borrow', asset: 'ADA', amount: '10' });
    await expect(open([{ ...pair, wallet: 'isolated' }], store)).rejects.toThrow('a debt of 10 ADA');
  });

  test('may name another place when nothing is left, and the next deposit goes there', async () => {
    const { books, store } = await open();
    await books.withdraw({ cause: 'w', book: 'pair', amount: '100', by: 'ann' });
    const moved = await open([{ ...pair, broker: 'kraken' }], store);
    await moved.books.deposit({ cause: 'd', book: 'pair', amount: '20', by: 'ann' });
    expect((await moved.books.balancesOfBroker('kraken')).held.get('funding')?.get('USDT')?.toFixed()).toBe(
      '20',
    );
    await expect(open([pair], store)).rejects.toThrow('at kraken it still has 20 USDT');
  });
});

describe('a book', () => {
  test('that sold what it borrowed is short, and owes it', async () => {
    const { books } = await open();
    await books.postMovement({ ...movement, cause: 'b', kind: 'borrow', asset: 'ADA', amount: '120' });
    expect((await books.holdings('pair')).positions.size, 'borrowed and not sold is no position').toBe(0);
    await books.postFill({ ...fill, cause: 'f', side: 'sell', quantity: '120', price: '0.5' });
    expect(await books.show('pair')).toMatchObject({
      positions: [{ asset: 'ADA', symbol: 'ADA/USDT', quantity: '-120', averageCost: '0.5' }],
      debts: [{ asset: 'ADA', amount: '120' }],
      cash: '160',
      capital: '100',
    });
  });

  test('pays a fee in what it bought with a part of that', async () => {
    const { books } = await open();
    await books.postFill({
      ...fill,
      cause: 'f',
      side: 'buy',
      quantity: '100',
      price: '0.5',
      fee: '0.1',
      feeCurrency: 'ADA',
    });
    expect(await books.show('pair')).toMatchObject({
      positions: [{ quantity: '99.9', averageCost: '0.5' }],
      feesByCurrency: [{ asset: 'USDT', amount: '0.05' }],
      cash: '50',
      capital: '99.95',
    });
  });

  test('owes a fee in a third currency, and counts it in its equity at its price', async () => {
    const { books, prices } = await buildTrading({ books: [pair] });
    prices.set('BNB/USDT', '600');
    prices.set('ADA/USDT', '0.5');
    await books.postFill({
      ...fill,
      cause: 'f',
      side: 'buy',
      quantity: '100',
      price: '0.5',
      fee: '0.001',
      feeCurrency: 'BNB',
    });
    const report = await books.show('pair');
    expect(report.otherCash).toEqual([{ asset: 'BNB', amount: '-0.001', value: '-0.6' }]);
    expect(report.equity).toBe('99.4');
    expect(report.feesByCurrency).toEqual([{ asset: 'BNB', amount: '0.001' }]);
  });

  test('is charged interest at the average price of what it is short of', async () => {
    const { books } = await open();
    await books.postMovement({ ...movement, cause: 'b', kind: 'borrow', asset: 'ADA', amount: '120' });
    await books.postFill({ ...fill, cause: 'f', side: 'sell', quantity: '120', price: '0.5' });
    await books.postMovement({ ...movement, cause: 'i', kind: 'interest', asset: 'ADA', amount: '0.02' });
    expect(await books.show('pair')).toMatchObject({
      positions: [{ quantity: '-120.02', averageCost: '0.5' }],
      debts: [{ asset: 'ADA', amount: '120.02' }],
      interest: [{ asset: 'ADA', amount: '0.02' }],
      interestCost: '0.01',
      capital: '99.99',
    });
  });
});

describe('the audit', () => {
  const traded = { ...fill, book: 'one', broker: 'margin' } as const;
  const trade = async (books: Books) => {
    await books.postFill({ ...traded, cause: 'f1', side: 'buy', quantity: '100', price: '0.5' });
    await books.postFill({ ...traded, cause: 'f2', side: 'sell', quantity: '100', price: '0.6' });
    await books.postFill({ ...traded, cause: 'f3', side: 'buy', quantity: '10', price: '0.6' });
    await books.holdings('one');
  };

  test('finds a trade that is recorded otherwise than the ledger tells it', async () => {
    const store = await tempStore();
    const books = await openBooks(store);
    await trade(books);
    expect(await books.audit()).toMatchObject({
      postings: 5,
      wrongBooks: [],
      wrongBrokers: [],
      wrongTrades: [],
    });
    const trades = await store.collection<{ _id: string; netProfit: string }>(defineCollection('trades'));
    await trades.update('f1', {}, { netProfit: '1000' });
    expect((await books.audit()).wrongTrades).toEqual(['f1']);
  });

  test('tells in chat of sums that are not what the ledger says, and mends them', async () => {
    const store = await tempStore();
    await trade(await openBooks(store));
    const snapshots = await store.collection<{ _id: string; state: string }>(
      defineCollection('ledger_snapshots'),
    );
    const [snapshot] = await snapshots.find({ _id: '1:book:one' });
    const state = snapshot?.state.replaceAll('"decimal":"104"', '"decimal":"1040"') ?? '';
    expect(state, 'the test has found the cash to falsify').toContain('1040');
    await snapshots.update('1:book:one', {}, { state });

    const books = await openBooks(store);
    expect((await books.show('one')).cash).toBe('1040');
    await books.nightlyAudit();
    expect((await books.show('one')).cash).toBe('104');
    const told = await (await Outbox.open(store, new ManualClock())).after(0, 10);
    expect(told.map(({ event }) => event)).toEqual([
      { type: 'ledger.wrong', reason: expect.stringContaining('summed up anew, of the books one') },
    ]);
    await books.nightlyAudit();
    expect(await (await Outbox.open(store, new ManualClock())).newest(), 'told once').toBe(1);
  });

  test('finds that an asset does not balance', async () => {
    const store = await tempStore();
    const books = await openBooks(store);
    const ledger = await store.collection<{ _id: string; entries: readonly LedgerEntry[] }>(
      defineCollection('ledger'),
    );
    const entry = { account: 'market', asset: 'USDT', wallet: 'cross', amount: '-0.01' } as const;
    await ledger.update('seed:two', {}, { entries: [entry] });
    const { imbalances } = await books.audit();
    expect([...imbalances].map(([asset, total]) => `${total.toFixed()} ${asset}`)).toEqual(['-0.01 USDT']);
  });
});
