import { expect, test, vi } from 'vitest';
import { Turns } from '../../../engine/store/mongo/turns.ts';

/** Work that is under way until it is let go. */
function held(turns: Turns) {
  const letGo: (() => void)[] = [];
  const underWay = () => new Promise<void>((resolve) => letGo.push(resolve));
  return {
    other: () => turns.others(underWay),
    alert: () => turns.awaited(underWay),
    count: () => letGo.length,
    letGo: (count: number) => {
      for (const go of letGo.splice(0, count)) go();
    },
  };
}

test('of what can wait only so much is under way, and what a sender waits for never stands behind the rest', async () => {
  const work = held(new Turns());
  for (let index = 0; index < 30; index++) void work.other();
  await vi.waitFor(() => expect(work.count()).toBe(8));
  void work.alert();
  expect(work.count()).toBe(9);
});

test('while alerts come the server has little else to do, and afterwards all of it', async () => {
  const work = held(new Turns());
  const alert = work.alert();
  for (let index = 0; index < 30; index++) void work.other();
  await vi.waitFor(() => expect(work.count()).toBe(3));
  work.letGo(1);
  await alert;
  expect(work.count(), 'the next alert is not far').toBe(2);
  await vi.waitFor(() => expect(work.count()).toBe(8));
});
