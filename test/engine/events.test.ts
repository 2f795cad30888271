import { expect, test } from 'vitest';
import { Outbox } from '../../engine/events.ts';
import { ManualClock } from '../support/clock.ts';
import { tempStore } from '../support/temp-store.ts';

const resumed = { type: 'resumed', book: null, by: 'ann' } as const;

test('an event that is told again under its key, after a crash or at once, is heard once', async () => {
  const store = await tempStore();
  const outbox = await Outbox.open(store, new ManualClock());
  await Promise.all([
    outbox.publish(resumed, 'a'),
    outbox.publish(resumed, 'a'),
    outbox.publish(resumed, 'b'),
  ]);
  const again = await Outbox.open(store, new ManualClock());
  await again.publish(resumed, 'a');
  expect((await again.after(0, 10)).map(({ sequence, key }) => [sequence, key])).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('events without a key are all heard, in order and without a gap, from two processes on one store', async () => {
  const store = await tempStore();
  const one = await Outbox.open(store, new ManualClock());
  const other = await Outbox.open(store, new ManualClock());
  await Promise.all([one, other, one, other].map((outbox) => outbox.publish(resumed)));
  expect((await one.after(0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
});
