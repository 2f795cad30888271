import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BookFill, Posting } from '../../../engine/bank/ledger.ts';
import {
  balancesOf,
  bookAccount,
  depositPosting,
  fillPosting,
  imbalances,
  Ledger,
  LedgerError,
} from '../../../engine/bank/ledger.ts';
import { noHoldings, withPosting } from '../../../engine/bank/position.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

const bought: BookFill = {
  cause: 'fill:paper:1',
  book: 'demo',
  broker: 'paper',
  wallet: 'account',
  symbol: 'SP500',
  asset: 'SP500',
  side: 'buy',
  quantity: '3',
  price: '2874.56',
  currency: 'USD',
  fee: '1',
  feeCurrency: 'USD',
};

const openLedger = async () => Ledger.open(await tempStore(), new ManualClock());

describe('a posting', () => {
  test('of a purchase moves the money to the market, the fee to the broker and the instrument to the book', () => {
    expect(fillPosting(bought).entries).toEqual([
      { account: 'book:demo', asset: 'USD', wallet: 'account', amount: '-8623.68' },
      { account: 'market', asset: 'USD', wallet: 'account', amount: '8623.68' },
      { account: 'book:demo', asset: 'USD', wallet: 'account', amount: '-1' },
      { account: 'fees', asset: 'USD', wallet: 'account', amount: '1' },
      { account: 'market', asset: 'SP500', wallet: 'account', amount: '-3' },
      { account: 'book:demo', asset: 'SP500', wallet: 'account', amount: '3' },
    ]);
  });

  test('again under the same cause changes nothing', async () => {
    const ledger = await openLedger();
    expect(await ledger.post(fillPosting(bought))).toBe(true);
    expect(await ledger.post(fillPosting(bought))).toBe(false);
    expect(await ledger.after(0, 10)).toHaveLength(1);
  });

  test('under a cause that was posted with other figures is a fault, and the first one stands', async () => {
    const ledger = await openLedger();
    await ledger.post(fillPosting(bought));
    await expect(ledger.post(fillPosting({ ...bought, price: '1' }))).rejects.toBeInstanceOf(LedgerError);
    expect((await ledger.find(bought.cause))?.fill?.price).toBe('2874.56');
  });

  test('that does not balance is refused', async () => {
    const ledger = await openLedger();
    const posting = fillPosting(bought);
    const torn = { ...posting, entries: posting.entries.slice(1) };
    await expect(ledger.post(torn)).rejects.toThrow('out of balance by 8623.68 USD');
  });

  test('of an instrument that has the name of a currency is refused: they could not be told apart', () => {
    expect(() => fillPosting({ ...bought, asset: 'USD' })).toThrow(LedgerError);
  });

  test('many at once get numbers of their own, without a gap', async () => {
    const ledger = await openLedger();
    const causes = Array.from({ length: 20 }, (_, index) => `fill:paper:${index}`);
    await Promise.all(causes.map((cause) => ledger.post(fillPosting({ ...bought, cause }))));
    const sequences = (await ledger.after(0, 100)).map(({ sequence }) => sequence);
    expect(sequences).toEqual(causes.map((_, index) => index + 1));
  });
});

/** Money with as many digits as a broker may give it. */
const amount = (max: number, places: number) =>
  fc
    .integer({ min: 1, max: max * 10 ** places })
    .map((units) => decimalText(decimal(String(units)).div(decimal(String(10 ** places)))));

const movement = fc.oneof(
  fc.record({ kind: fc.constant('deposit' as const), amount: amount(1000, 2) }),
  fc.record({
    kind: fc.constant('fill' as const),
    symbol: fc.constantFrom('SP500', 'ACME'),
    side: fc.constantFrom('buy' as const, 'sell' as const),
    quantity: amount(10, 3),
    price: amount(500, 4),
    fee: fc.oneof(fc.constant('0'), amount(2, 6)),
  }),
);

const common = { book: 'demo', broker: 'paper', wallet: 'account', currency: 'USD', feeCurrency: 'USD' };

describe('whatever a book goes through', () => {
  test('its ledger balances, also when causes are posted again and in between', async () => {
    const cause = fc.nat({ max: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cause, movement), { maxLength: 12 }), async (story) => {
        const ledger = await openLedger();
        const first = new Map<number, (typeof story)[number][1]>();
        for (const [key, told] of story) {
          const made = first.get(key) ?? told; // the same cause is always the same movement
          const isNew = !first.has(key);
          first.set(key, made);
          const posting =
            made.kind === 'deposit'
              ? depositPosting({ ...common, cause: String(key), amount: made.amount })
              : fillPosting({ ...common, ...made, asset: made.symbol, cause: String(key) });
          expect(await ledger.post(posting)).toBe(isNew);
        }
        const postings = await ledger.after(0, 1000);
        expect(postings).toHaveLength(first.size);
        const entries = postings.flatMap((posting) => posting.entries);
        expect([...imbalances(entries)]).toEqual([]);
        for (const posting of postings) expect([...imbalances(posting.entries)]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('cash and cost of what it holds are what was paid in and earned, less fees, to the last digit', () => {
    fc.assert(
      fc.property(fc.array(movement, { maxLength: 40 }), (story) => {
        const postings = story.map((made, index): Posting => {
          const posting =
            made.kind === 'deposit'
              ? depositPosting({ ...common, cause: String(index), amount: made.amount })
              : fillPosting({ ...common, ...made, asset: made.symbol, cause: String(index) });
          return { ...posting, sequence: index + 1, at: '2020-01-01T00:00:00.000Z' };
        });
        const { cash, positions, deposited, realised, fees } = postings.reduce(
          withPosting('demo'),
          noHoldings,
        );
        const of = (sums: ReadonlyMap<string, ReturnType<typeof decimal>>) => sums.get('USD') ?? zero;
        const cost = [...positions.values()].reduce((sum, position) => sum.plus(position.cost), zero);
        expect(decimalText(of(cash).plus(cost))).toBe(
          decimalText(of(deposited).plus(of(realised)).minus(of(fees))),
        );
        const ledger = balancesOf(
          bookAccount('demo'),
          postings.flatMap(({ entries }) => entries),
        );
        expect(decimalText(of(cash))).toBe(decimalText(of(ledger)));
        for (const symbol of ['SP500', 'ACME']) {
          const quantity = positions.get(symbol)?.quantity ?? zero;
          expect(decimalText(quantity)).toBe(decimalText(ledger.get(symbol) ?? zero));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('profit by average cost', () => {
  const trade = (side: 'buy' | 'sell', quantity: string, price: string, sequence: number): Posting => ({
    ...fillPosting({ ...bought, cause: String(sequence), side, quantity, price, fee: '0' }),
    sequence,
    at: '2020-01-01T00:00:00.000Z',
  });
  const held = (trades: readonly Posting[]) => {
    const { positions, realised } = trades.reduce(withPosting('demo'), noHoldings);
    const position = positions.get('SP500');
    return {
      quantity: decimalText(position?.quantity ?? zero),
      cost: decimalText(position?.cost ?? zero),
      realised: decimalText(realised.get('USD') ?? zero),
    };
  };

  test('a partial sale takes its share of the cost, and earns the rest', () => {
    const trades = [trade('buy', '4', '10', 1), trade('buy', '4', '20', 2), trade('sell', '2', '25', 3)];
    expect(held(trades)).toEqual({ quantity: '6', cost: '90', realised: '20' });
  });

  test('a short sale earns when it is bought back lower', () => {
    expect(held([trade('sell', '5', '20', 1), trade('buy', '3', '18', 2)])).toEqual({
      quantity: '-2',
      cost: '-40',
      realised: '6',
    });
  });

  test('a sale beyond what is held closes it, and opens the other side at the price of the sale', () => {
    expect(held([trade('buy', '2', '10', 1), trade('sell', '5', '12', 2)])).toEqual({
      quantity: '-3',
      cost: '-36',
      realised: '4',
    });
  });

  test('nothing is left over when all is closed, in thirds or with more digits than a quotient has', () => {
    const thirds = [
      trade('buy', '3', '0.1', 1),
      trade('sell', '1', '0.1', 2),
      trade('sell', '1', '0.1', 3),
      trade('sell', '1', '0.1', 4),
    ];
    expect(held(thirds)).toEqual({ quantity: '0', cost: '0', realised: '0' });
    const fine = [
      trade('buy', '0.123456789012', '0.123456789012', 1),
      trade('sell', '0.123456789012', '0.123456789012', 2),
    ];
    expect(held(fine)).toEqual({ quantity: '0', cost: '0', realised: '0' });
  });
});
