import { describe, expect, test } from 'vitest';
import type { Posting } from '../../../engine/bank/ledger.ts';
import { fillPosting } from '../../../engine/bank/ledger.ts';
import { noHoldings, withPosting } from '../../../engine/bank/position.ts';

type Traded = readonly [side: 'buy' | 'sell', quantity: string, operation?: string];

function entriesAfter(...story: readonly Traded[]): number | undefined {
  const postings = story.map(([side, quantity, operation], index): Posting => {
    const posting = fillPosting({
      ...{ cause: `fill:${index}`, book: 'demo', broker: 'paper', wallet: 'account' },
      ...{ symbol: 'BTC/USD', asset: 'BTC', side, quantity, price: '100' },
      ...{ currency: 'USD', fee: '0', feeCurrency: 'USD', ...(operation && { operation }) },
    });
    return { ...posting, sequence: index + 1, at: '2020-01-01T00:00:00.000Z' };
  });
  return postings.reduce(withPosting('demo'), noHoldings).positions.get('BTC')?.entries;
}

describe('the entries that made a position', () => {
  test('are counted by operation, however many fills each had', () => {
    expect(entriesAfter(['buy', '1', 'a'])).toBe(1);
    expect(entriesAfter(['buy', '1', 'a'], ['buy', '2', 'a'], ['buy', '3', 'a'])).toBe(1);
    expect(entriesAfter(['buy', '1', 'a'], ['buy', '2', 'b'], ['sell', '1', 'c'])).toBe(2);
    expect(entriesAfter(['sell', '1', 'a'], ['sell', '1', 'b']), 'of a short position too').toBe(2);
  });

  test('begin anew when the position was closed or turned round', () => {
    expect(entriesAfter(['buy', '1', 'a'], ['buy', '1', 'b'], ['sell', '2', 'c'])).toBeUndefined();
    expect(entriesAfter(['buy', '1', 'a'], ['sell', '1', 'b'], ['buy', '1', 'c'])).toBe(1);
    expect(entriesAfter(['buy', '1', 'a'], ['buy', '1', 'b'], ['sell', '5', 'c'])).toBe(1);
  });

  test('do not count the crumb that an earlier exit left', () => {
    expect(entriesAfter(['buy', '1', 'a'], ['sell', '0.999', 'b'], ['buy', '1', 'c'])).toBe(1);
  });
});
