import { expect, test } from 'vitest';
import type { Posting } from '../../../engine/bank/ledger.ts';
import { LedgerTail } from '../../../engine/bank/ledger-tail.ts';

/** A ledger whose queries are counted, and answered as the store was when they were asked. */
function ledger() {
  const stored: Posting[] = [];
  let queries = 0;
  const answer = async <T>(value: T): Promise<T> => {
    queries++;
    return Promise.resolve(value);
  };
  return {
    tail: new LedgerTail<Posting>({
      after: (sequence, limit) =>
        answer(stored.filter((posting) => posting.sequence > sequence).slice(0, limit)),
      newest: () => answer(stored.length),
    }),
    post: (book: string, count = 1) => {
      for (let index = 0; index < count; index++) stored.push(posting(stored.length + 1, book));
    },
    queries: () => queries,
  };
}

function posting(sequence: number, book: string): Posting {
  return {
    _id: `cause-${sequence}`,
    sequence,
    at: '2026-01-05T00:00:00.000Z',
    kind: 'fill',
    book,
    otherBook: null,
    broker: 'paper',
    entries: [],
    fill: null,
    by: null,
  };
}

const ofBook = (name: string) => (one: Posting) => one.book === name;

test('a book is told its own postings, and how far it has read', async () => {
  const { tail, post } = ledger();
  post('trend');
  expect(await tail.after(1, ofBook('trend'))).toEqual({ postings: [], upTo: 1 });
  post('carry', 2);
  post('trend');
  const read = await tail.after(1, ofBook('trend'));
  expect(read?.postings.map(({ sequence }) => sequence)).toEqual([4]);
  expect(read?.upTo).toBe(4);
  expect(await tail.after(4, ofBook('trend'))).toEqual({ postings: [], upTo: 4 });
});

test('who asks after a posting was stored sees it, though a reading was under way', async () => {
  const { tail, post } = ledger();
  post('trend');
  await tail.after(1, ofBook('trend'));
  const before = tail.after(1, ofBook('trend'));
  await Promise.resolve().then(() => undefined);
  post('trend');
  const later = await tail.after(1, ofBook('trend'));
  await before;
  expect(later?.postings.map(({ sequence }) => sequence)).toEqual([2]);
});

test('those that ask together ask the store once', async () => {
  const { tail, post, queries } = ledger();
  post('trend');
  await tail.after(1, ofBook('trend'));
  const before = queries();
  await Promise.all(Array.from({ length: 50 }, (_, index) => tail.after(1, ofBook(`book-${index}`))));
  expect(queries() - before).toBe(1);
});

test('who is further behind than what is kept has to ask the store', async () => {
  const { tail, post } = ledger();
  post('trend');
  await tail.after(1, ofBook('trend'));
  expect(await tail.after(0, ofBook('trend'))).toBeUndefined();
  post('trend', 5000);
  const near = await tail.after(5000, ofBook('trend'));
  expect(near?.postings.map(({ sequence }) => sequence)).toEqual([5001]);
  expect(await tail.after(1, ofBook('trend'))).toBeUndefined();
});

test('a failure is told to who waited for it, and the next one asks anew', async () => {
  let fails = true;
  const tail = new LedgerTail<Posting>({
    after: async () => [],
    newest: async () => {
      if (fails) throw new Error('the store is away');
      return 3;
    },
  });
  await expect(tail.after(3, ofBook('trend'))).rejects.toThrow('the store is away');
  fails = false;
  expect(await tail.after(3, ofBook('trend'))).toEqual({ postings: [], upTo: 3 });
});
