/**
 * What every store must do, as numbered cards. A new store proves itself by passing them.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection, Filter, Json, Store } from '../../../engine/store/store.ts';
import { DuplicateKeyError, defineCollection, StoreError } from '../../../engine/store/store.ts';
import type { ModelDocument, ModelFilter } from './store-model.ts';
import { fulfils, sorted } from './store-model.ts';

/** A place for data, empty at first, where a store can be opened again and again. */
export interface StorePlace {
  open(): Promise<Store>;
  discard(): Promise<void>;
}

interface Order {
  readonly _id: string;
  readonly book?: string | null;
  readonly key?: string | number | boolean | null;
  readonly state?: string;
  readonly tries?: number | null;
  readonly live?: boolean | null;
  readonly at?: string;
  readonly detail?: Json;
}

const orders = defineCollection<Order>('orders', { unique: [['book', 'key']], indexes: [['state', 'at']] });

export function storeSuite({ place, runs }: { place: () => Promise<StorePlace>; runs: number }): void {
  let home: StorePlace;
  let store: Store;
  let opened: Store[];

  async function open(): Promise<Store> {
    const another = await home.open();
    opened.push(another);
    return another;
  }

  beforeEach(async () => {
    opened = [];
    home = await place();
    store = await open();
  });
  afterEach(async () => {
    for (const each of opened) await each.close();
    await home.discard();
  });

  describe('documents', () => {
    it('S1 gives back what was inserted, and undefined for what was not', async () => {
      const collection = await store.collection(orders);
      const order = {
        _id: 'o1',
        book: 'trend',
        tries: 0,
        live: false,
        detail: { list: [1, null, { a: 'b' }], none: null },
      };
      await collection.insert(order);
      expect(await collection.get('o1')).toEqual(order);
      expect(await collection.get('o2')).toBeUndefined();
    });

    it('S2 keeps documents when it is closed and opened again', async () => {
      await (await store.collection(orders)).insert({ _id: 'o1', book: 'trend', key: 1 });
      await store.close();
      opened = [];
      const again = await (await open()).collection(orders);
      expect(await again.get('o1')).toEqual({ _id: 'o1', book: 'trend', key: 1 });
      await expect(again.insert({ _id: 'o2', book: 'trend', key: 1 })).rejects.toThrow(DuplicateKeyError);
    });

    it('S3 leaves out fields that are undefined, and keeps those that are null', async () => {
      const collection = await store.collection(orders);
      const order: Record<string, unknown> = { _id: 'o1', state: undefined, book: null };
      await collection.insert(order as unknown as Order);
      const stored = await collection.get('o1');
      expect(Object.keys(stored ?? {}).sort()).toEqual(['_id', 'book']);
      expect(stored?.book).toBeNull();
    });

    it.each([
      ['half of a surrogate pair', '\ud83d', '\ufffd'],
      ['emoji and combining marks', 'Zoë 👩‍👩‍👧 e\u0301', 'Zoë 👩‍👩‍👧 e\u0301'],
      ['a NUL', 'a\0b', 'a\0b'],
      ['quotes and SQL', `'; DROP TABLE orders; -- "$where"`, `'; DROP TABLE orders; -- "$where"`],
    ])('S4 carries %s in ids, fields and filters', async (_, text, kept) => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: text, state: text, detail: [text] });
      const order = { _id: kept, state: kept, detail: [kept] };
      expect(await collection.get(text)).toEqual(order);
      expect(await collection.find({ state: text })).toEqual([order]);
      expect(await collection.find({ state: { in: [text, 'other'] } })).toEqual([order]);
      expect(await collection.update(text, { state: text }, { tries: 1 })).toEqual({ ...order, tries: 1 });
    });

    it('S5 carries any JSON that an alert may hold: keys with dots and dollars, lists in lists, great depth', async () => {
      const collection = await store.collection(orders);
      let deep: Json = 'bottom';
      for (let level = 0; level < 150; level += 1) deep = { deeper: deep };
      const details: Json[] = [
        { 'a.b': 1, $where: 'x', '': 2, _bsontype: 'ObjectId', $ref: 'y', $id: 1, '%json': '{}', 'nul\0': 1 },
        [[1, [2]], [], [[]]],
        JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toString":"x"}') as Json,
        deep,
        { big: 2 ** 60, huge: 1.7e308, tiny: 5e-324, exact: 0.1 + 0.2, negative: -2147483649 },
      ];
      for (const [index, detail] of details.entries()) {
        await collection.insert({ _id: `d${index}` });
        await collection.update(`d${index}`, {}, { detail });
        expect(JSON.stringify((await collection.get(`d${index}`))?.detail)).toBe(JSON.stringify(detail));
        await collection.insert({ _id: `i${index}`, detail });
        expect(JSON.stringify((await collection.get(`i${index}`))?.detail)).toBe(JSON.stringify(detail));
      }
    });

    it('S6 carries a document of five megabytes', async () => {
      const collection = await store.collection(orders);
      const detail = Array.from({ length: 50_000 }, (_, index) => `${index} ${'x'.repeat(94)}`);
      await collection.insert({ _id: 'big', detail });
      expect((await collection.get('big'))?.detail).toEqual(detail);
    });

    it('S7 refuses what it would have to change: NaN, infinities, a document without an id, a field that is no name', async () => {
      const collection = await store.collection(orders);
      await expect(collection.insert({ _id: 'o', tries: Number.NaN })).rejects.toThrow(TypeError);
      await expect(
        collection.insert({ _id: 'o', detail: { deep: [Number.POSITIVE_INFINITY] } }),
      ).rejects.toThrow(TypeError);
      await expect(collection.insert({} as Order)).rejects.toThrow(TypeError);
      await expect(collection.insert({ _id: 'o', 'a.b': 1 } as Order)).rejects.toThrow(TypeError);
      expect(await collection.count()).toBe(0);
    });
  });

  describe('keys', () => {
    it('S10 refuses a second document with the same id', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1', state: 'first' });
      await expect(collection.insert({ _id: 'o1', state: 'second' })).rejects.toThrow(DuplicateKeyError);
      expect((await collection.get('o1'))?.state).toBe('first');
    });

    it('S11 refuses a second document with the same unique group', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1', book: 'trend', key: 'k' });
      const refused = collection.insert({ _id: 'o2', book: 'trend', key: 'k' });
      await expect(refused).rejects.toMatchObject({ name: 'DuplicateKeyError', collection: 'orders' });
      await collection.insert({ _id: 'o3', book: 'trend', key: 'l' });
      await collection.insert({ _id: 'o4', book: 'value', key: 'k' });
      expect(await collection.count()).toBe(3);
    });

    it('S12 does not compare documents in which a field of the unique group is missing or null', async () => {
      const collection = await store.collection(orders);
      const loose: Order[] = [
        { _id: '1', book: 'trend' },
        { _id: '2', book: 'trend' },
        { _id: '3', book: 'trend', key: null },
        { _id: '4', book: 'trend', key: null },
        { _id: '5' },
        { _id: '6', key: 'k' },
        { _id: '7', key: 'k' },
      ];
      for (const order of loose) await collection.insert(order);
      expect(await collection.count()).toBe(loose.length);
    });

    it('S13 takes the text 1 and the number 1 for different keys', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: '1', book: 'trend', key: 1 });
      await collection.insert({ _id: '2', book: 'trend', key: '1' });
      await expect(collection.insert({ _id: '3', book: 'trend', key: 1 })).rejects.toThrow(DuplicateKeyError);
    });

    it('S14 guards unique groups in updates: taken, freed, moved, and changed only in part', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: '1', book: 'trend', key: 'a' });
      await collection.insert({ _id: '2', book: 'trend', key: 'b' });
      await collection.insert({ _id: '3', book: 'value', key: 'a' });

      await expect(collection.update('2', {}, { key: 'a' })).rejects.toThrow(DuplicateKeyError);
      await expect(collection.update('3', {}, { book: 'trend' })).rejects.toThrow(DuplicateKeyError);
      expect(await collection.get('2')).toEqual({ _id: '2', book: 'trend', key: 'b' });

      expect(await collection.update('1', {}, { key: null })).toEqual({ _id: '1', book: 'trend', key: null });
      expect(await collection.update('2', {}, { key: 'a' })).toEqual({ _id: '2', book: 'trend', key: 'a' });
      await expect(collection.update('1', {}, { key: 'a' })).rejects.toThrow(DuplicateKeyError);
      await collection.insert({ _id: '4', book: 'trend', key: 'b' });
      await collection.update('2', {}, { state: 'unrelated' });
      await expect(collection.insert({ _id: '5', book: 'trend', key: 'a' })).rejects.toThrow(
        DuplicateKeyError,
      );
    });

    it('S15 lets exactly one of many that insert the same key at once win', async () => {
      const one = await store.collection(orders);
      const other = await (await open()).collection(orders);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? one : other).insert({ _id: `o${index}`, book: 'trend', key: 'k' }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DuplicateKeyError);
      }
      expect(await one.count()).toBe(1);
    });
  });

  describe('finding', () => {
    it('S20 tells text, numbers, booleans, null and missing apart', async () => {
      const collection = await store.collection(orders);
      const details: Json[] = [
        '1',
        1,
        true,
        '',
        0,
        false,
        'true',
        [1],
        { a: 1 },
        '[1]',
        '{"a":1}',
        [],
        [null],
      ];
      for (const [index, detail] of details.entries()) {
        await collection.insert({ _id: `${String.fromCharCode(97 + index)}`, detail });
      }
      await collection.insert({ _id: 'null', detail: null });
      await collection.insert({ _id: 'none' });
      const ids = async (filter: Filter<Order>) =>
        (await collection.find(filter)).map(({ _id }) => _id).join(' ');

      expect(await ids({ detail: '1' })).toBe('a');
      expect(await ids({ detail: 1 })).toBe('b');
      expect(await ids({ detail: true })).toBe('c');
      expect(await ids({ detail: { in: ['', 0, false] } })).toBe('d e f');
      expect(await ids({ detail: '[1]' })).toBe('j');
      expect(await ids({ detail: '{"a":1}' })).toBe('k');
      expect(await ids({ detail: null })).toBe('none null');
      expect(await ids({ detail: { exists: false } })).toBe('none null');
      expect(await ids({ detail: { in: [null, 1] } })).toBe('b none null');
      expect(await ids({ detail: { in: [] } })).toBe('');
      expect(await ids({ detail: { exists: true } })).toBe('a b c d e f g h i j k l m');
      expect(await ids({ detail: { ne: null } })).toBe('a b c d e f g h i j k l m');
      expect(await ids({ detail: { ne: 1 } })).toBe('a c d e f g h i j k l m none null');
      expect(await ids({ detail: { gte: 0 } })).toBe('b e');
      expect(await ids({ detail: { gte: '' } })).toBe('a d g j k');
      expect(await ids({ detail: { lt: true } })).toBe('f');
    });

    it('S21 sorts by fields and then by id, and pages with limit and skip', async () => {
      const collection = await store.collection(orders);
      for (const [_id, state, tries] of [
        ['a', 'open', 2],
        ['b', 'done', 1],
        ['c', 'open', 1],
        ['d', 'done', 1],
        ['e', 'open', 10],
      ] as const) {
        await collection.insert({ _id, state, tries });
      }
      await collection.insert({ _id: 'f', state: 'open' });
      const ids = async (...query: Parameters<Collection<Order>['find']>) =>
        (await collection.find(...query)).map(({ _id }) => _id).join('');

      expect(await ids()).toBe('abcdef');
      expect(await ids({}, { sort: [['_id', 'descending']] })).toBe('fedcba');
      expect(await ids({}, { sort: [['tries', 'ascending']] })).toBe('fbcdae');
      expect(await ids({}, { sort: [['tries', 'descending']] })).toBe('eadcbf');
      expect(
        await ids(
          {},
          {
            sort: [
              ['state', 'ascending'],
              ['tries', 'descending'],
            ],
          },
        ),
      ).toBe('dbeacf');
      expect(
        await ids(
          {},
          {
            sort: [
              ['_id', 'descending'],
              ['tries', 'ascending'],
            ],
          },
        ),
      ).toBe('fedcba');
      expect(await ids({ state: 'open' }, { sort: [['tries', 'ascending']], limit: 2 })).toBe('fc');
      expect(await ids({ state: 'open' }, { sort: [['tries', 'ascending']], skip: 1, limit: 2 })).toBe('ca');
      expect(await ids({}, { skip: 4 })).toBe('ef');
      expect(await ids({}, { limit: 0 }), 'a limit of 0 is not "no limit"').toBe('');
    });

    it('S22 refuses a filter that is none, so that a forgotten value does not remove everything', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1', state: 'open' });
      for (const odd of [
        { state: undefined },
        { state: {} },
        { state: { gt: undefined } },
        { state: { $gt: '' } },
        { state: { in: 'open' } },
        { state: { lt: null } },
        { state: ['open'] },
        { tries: Number.NaN },
        { $where: '1' },
        { "a'; DROP": 1 },
        { 'detail.a': 1 },
      ]) {
        await expect(collection.remove(odd as unknown as Filter<Order>), JSON.stringify(odd)).rejects.toThrow(
          TypeError,
        );
        await expect(collection.find(odd as unknown as Filter<Order>), JSON.stringify(odd)).rejects.toThrow(
          TypeError,
        );
      }
      await expect(collection.find({}, { limit: -1 })).rejects.toThrow(TypeError);
      await expect(collection.find({}, { skip: 0.5 })).rejects.toThrow(TypeError);
      expect(await collection.count()).toBe(1);
    });

    it('S23 removes and counts what matches, and says how many there were', async () => {
      const collection = await store.collection(orders);
      for (const [_id, tries] of [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ] as const)
        await collection.insert({ _id, tries });
      expect(await collection.count({ tries: { gt: 1 } })).toBe(2);
      expect(await collection.remove({ tries: { gt: 1 } })).toBe(2);
      expect(await collection.remove({ tries: { gt: 1 } })).toBe(0);
      expect(await collection.count()).toBe(1);
      expect(await collection.remove({})).toBe(1);
    });

    it('S24 keeps collections apart', async () => {
      const one = await store.collection(orders);
      const other = await store.collection(defineCollection<Order>('order'));
      await one.insert({ _id: 'same' });
      await other.insert({ _id: 'same' });
      await one.remove({});
      expect(await other.count()).toBe(1);
    });
  });

  describe('compare-and-set', () => {
    it('S30 changes a document that is as expected, and returns it as it is then', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1', state: 'intended', tries: 0, detail: { keep: 1 } });
      expect(await collection.update('o1', { state: 'intended' }, { state: 'sending', tries: 1 })).toEqual({
        _id: 'o1',
        state: 'sending',
        tries: 1,
        detail: { keep: 1 },
      });
      expect((await collection.get('o1'))?.state).toBe('sending');
    });

    it('S31 changes nothing when the document is otherwise, or not there', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1', state: 'working' });
      expect(await collection.update('o1', { state: 'intended' }, { state: 'sending' })).toBeUndefined();
      expect(await collection.update('o2', {}, { state: 'sending' })).toBeUndefined();
      expect(await collection.find()).toEqual([{ _id: 'o1', state: 'working' }]);
    });

    it('S32 replaces a field as a whole, takes away what is undefined, and leaves the rest', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1', state: 'open', tries: 3, detail: { a: 1, b: { c: 2 } } });
      const changes: Record<string, unknown> = { detail: { b: { d: 3 } }, tries: undefined };
      expect(await collection.update('o1', {}, changes as Partial<Order>)).toEqual({
        _id: 'o1',
        state: 'open',
        detail: { b: { d: 3 } },
      });
      expect(await collection.update('o1', { tries: null }, {})).toEqual(await collection.get('o1'));
    });

    it('S33 refuses to change an id', async () => {
      const collection = await store.collection(orders);
      await collection.insert({ _id: 'o1' });
      await expect(collection.update('o1', {}, { _id: 'o2' } as Partial<Order>)).rejects.toThrow(TypeError);
    });

    it('S34 lets exactly one of many that expect the same state win', async () => {
      const one = await store.collection(orders);
      const other = await (await open()).collection(orders);
      await one.insert({ _id: 'o1', state: 'intended' });
      const won = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          (index % 2 === 0 ? one : other).update(
            'o1',
            { state: 'intended' },
            { state: 'sending', tries: index },
          ),
        ),
      );
      const winners = won.filter((order) => order !== undefined);
      expect(winners, 'two workers that both believe they own an order would send it twice').toHaveLength(1);
      expect(await one.get('o1')).toEqual(winners[0]);
    });

    it('S35 loses no increment when many count up at once', async () => {
      const one = await store.collection(orders);
      const other = await (await open()).collection(orders);
      await one.insert({ _id: 'o1', tries: 0 });
      const countUp = async (collection: Collection<Order>) => {
        for (;;) {
          const tries = (await collection.get('o1'))?.tries ?? 0;
          if (await collection.update('o1', { tries }, { tries: tries + 1 })) return;
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, index) => countUp(index % 2 === 0 ? one : other)));
      expect((await one.get('o1'))?.tries).toBe(20);
    });

    it('S36 lets one of many that update into the same unique key win', async () => {
      const collection = await store.collection(orders);
      for (let index = 0; index < 10; index += 1)
        await collection.insert({ _id: `o${index}`, book: 'trend' });
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, (_, index) => collection.update(`o${index}`, {}, { key: 'k' })),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await collection.count({ key: 'k' })).toBe(1);
    });
  });

  describe('against a plain model', () => {
    it('S40 finds, counts, sorts and pages any documents with any filter as the model does', async () => {
      const collection = await store.collection(
        defineCollection<ModelDocument>('model', { indexes: [['mixed', 'text']] }),
      );
      await fc.assert(
        fc.asyncProperty(
          documents,
          filter,
          sorting,
          fc.nat(6),
          fc.nat(3),
          async (all, wanted, sort, limit, skip) => {
            await collection.remove({});
            for (const document of all) await collection.insert(document);
            const matching = sorted(
              all.filter((document) => fulfils(document, wanted)),
              sort,
            );
            expect(await collection.find(wanted as Filter<ModelDocument>, { sort })).toEqual(matching);
            expect(await collection.find(wanted as Filter<ModelDocument>, { sort, limit, skip })).toEqual(
              matching.slice(skip, skip + limit),
            );
            expect(await collection.count(wanted as Filter<ModelDocument>)).toBe(matching.length);
          },
        ),
        { numRuns: runs },
      );
    });

    it('S41 updates and removes as the model does', async () => {
      const collection = await store.collection(defineCollection<ModelDocument>('model'));
      await fc.assert(
        fc.asyncProperty(documents, filter, changes, async (all, wanted, changed) => {
          await collection.remove({});
          for (const document of all) await collection.insert(document);
          const after: ModelDocument[] = [];
          for (const document of all) {
            const updated = { ...document, ...changed };
            const fits = fulfils(document, wanted);
            expect(await collection.update(document._id, wanted as Filter<ModelDocument>, changed)).toEqual(
              fits ? updated : undefined,
            );
            after.push(fits ? updated : document);
          }
          const left = after.filter((document) => !fulfils(document, wanted));
          expect(await collection.remove(wanted as Filter<ModelDocument>)).toBe(after.length - left.length);
          expect(await collection.find()).toEqual(sorted(left, []));
        }),
        { numRuns: runs },
      );
    });

    it('S42 refuses and takes unique keys as the model does, in inserts and updates', async () => {
      const collection = await store.collection(
        defineCollection<ModelDocument>('model', { unique: [['text'], ['number', 'mixed']] }),
      );
      const step = fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        kind: fc.constantFrom('insert' as const, 'update' as const),
        fields: fc.record({ text: oneText, number: oneNumber, mixed: mixedValue }, { requiredKeys: [] }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          await collection.remove({});
          const model = new Map<string, ModelDocument>();
          for (const { id, kind, fields } of steps) {
            const before = model.get(id);
            const next: ModelDocument = { ...(kind === 'update' ? before : {}), ...fields, _id: id };
            const taken = [...model.values()].some(
              (other) =>
                other._id !== id &&
                [['text'], ['number', 'mixed']].some((group) => collide(other, next, group)),
            );
            if (kind === 'update' && before === undefined) {
              expect(await collection.update(id, {}, fields)).toBeUndefined();
            } else if (taken || (kind === 'insert' && before !== undefined)) {
              const refused = kind === 'insert' ? collection.insert(next) : collection.update(id, {}, fields);
              await expect(refused).rejects.toThrow(DuplicateKeyError);
            } else {
              if (kind === 'insert') await collection.insert(next);
              else expect(await collection.update(id, {}, fields)).toEqual(next);
              model.set(id, next);
            }
          }
          expect(await collection.find()).toEqual(sorted([...model.values()], []));
        }),
        { numRuns: runs },
      );
    });
  });

  describe('blobs', () => {
    it('S50 gives back bytes, replaces them as a whole, and forgets them', async () => {
      const { blobs } = store;
      expect(await blobs.get('run/1')).toBeUndefined();
      await blobs.put('run/1', new Uint8Array([0, 255, 1]));
      expect(await blobs.get('run/1')).toEqual(new Uint8Array([0, 255, 1]));
      await blobs.put('run/1', new Uint8Array([7]));
      await blobs.put('run/2', new Uint8Array());
      expect(await blobs.get('run/1')).toEqual(new Uint8Array([7]));
      expect(await blobs.get('run/2')).toEqual(new Uint8Array());
      await blobs.remove('run/1');
      await blobs.remove('run/1');
      expect(await blobs.get('run/1')).toBeUndefined();
      expect(await blobs.get('run/2')).toEqual(new Uint8Array());
    });

    it('S51 carries fifty megabytes', async () => {
      const data = new Uint8Array(50 * 1024 * 1024).map((_, index) => (index * 2654435761) >>> 24);
      await store.blobs.put('chart', data);
      const stored = await store.blobs.get('chart');
      expect(stored?.byteLength).toBe(data.byteLength);
      expect(Buffer.compare(stored ?? new Uint8Array(), data)).toBe(0);
    }, 60_000);

    it('S52 shows a reader the old bytes or the new ones, never a mixture', async () => {
      const { blobs } = store;
      const plain = (value: number) => new Uint8Array(5 * 1024 * 1024).fill(value);
      await blobs.put('run', plain(0));
      let written = false;
      const writer = (async () => {
        for (const value of [1, 2, 3, 4]) await blobs.put('run', plain(value));
        written = true;
      })();
      while (!written) {
        const seen = await blobs.get('run');
        expect(new Set(seen).size, 'a chart half of one run and half of another').toBe(1);
        await new Promise(setImmediate);
      }
      await writer;
    });

    it('S53 takes a view on a larger buffer for what it shows', async () => {
      const whole = new Uint8Array([9, 1, 2, 9]);
      await store.blobs.put('part', whole.subarray(1, 3));
      expect(await store.blobs.get('part')).toEqual(new Uint8Array([1, 2]));
    });
  });

  describe('as a whole', () => {
    it('S60 answers a ping while it is open, and fails in one line when it is closed', async () => {
      await store.ping();
      const collection = await store.collection(orders);
      await store.close();
      opened = [];
      await expect(store.ping()).rejects.toThrow(StoreError);
      await expect(collection.insert({ _id: 'o1' })).rejects.toThrow(/^[^\n]+$/);
      await expect(collection.insert({ _id: 'o1' })).rejects.toThrow(StoreError);
    });

    it('S61 refuses a collection whose name or fields would become part of a query', async () => {
      for (const name of ['Orders', 'a"b', '', 'a.b', '$cmd']) {
        await expect(store.collection(defineCollection<Order>(name)), name).rejects.toThrow(TypeError);
      }
      const odd = { name: 'odd', unique: [["x') --"]], indexes: [] } as unknown as typeof orders;
      await expect(store.collection(odd)).rejects.toThrow(TypeError);
    });
  });
}

function collide(a: ModelDocument, b: ModelDocument, group: readonly string[]): boolean {
  return group.every((field) => (a[field] ?? null) !== null && a[field] === b[field]);
}

const oneText = fc.constantFrom('', 'a', 'b', '1', 'ä', '\uffff', '😀', null);
const oneNumber = fc.constantFrom(-1, 0, 1, 2, 0.5, 10, 2 ** 53, 2 ** 60, 1e300, null);
const oneFlag = fc.constantFrom(true, false, null);
const mixedValue = fc.oneof(oneText, oneNumber);
const anyJson = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);

const fields = { text: oneText, number: oneNumber, flag: oneFlag, mixed: mixedValue, tree: anyJson };
const documents = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom(...'abcdefgh'), fc.record(fields, { requiredKeys: [] }))
    .map(([_id, rest]): ModelDocument => ({ ...rest, _id })),
  { selector: ({ _id }) => _id, maxLength: 8 },
);
const changes = fc.record(fields, { requiredKeys: [] });

/** A condition with values like `value`'s: equality, `in`, `exists`, and one to three comparisons at once. */
function conditionOn(
  value: fc.Arbitrary<string | number | boolean | null>,
): fc.Arbitrary<ModelFilter[string]> {
  const notNull = value.filter((each) => each !== null);
  return fc.oneof(
    value,
    fc.record({ in: fc.array(value, { maxLength: 4 }) }),
    fc.record({ exists: fc.boolean() }),
    fc
      .record({ lt: notNull, lte: notNull, gt: notNull, gte: notNull, ne: value }, { requiredKeys: [] })
      .filter((parts) => Object.keys(parts).length > 0),
  );
}

const filter: fc.Arbitrary<ModelFilter> = fc.record(
  {
    _id: conditionOn(fc.constantFrom(...'abcd')),
    text: conditionOn(oneText),
    number: conditionOn(oneNumber),
    flag: conditionOn(oneFlag),
    mixed: conditionOn(fc.oneof(oneText, oneNumber, oneFlag)),
    tree: conditionOn(fc.oneof(oneText, oneNumber, oneFlag)),
  },
  { requiredKeys: [] },
);

const sorting = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom('_id', 'text', 'number', 'flag', 'mixed'),
    fc.constantFrom('ascending' as const, 'descending' as const),
  ),
  { selector: ([field]) => field, maxLength: 3 },
);
