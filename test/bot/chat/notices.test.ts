/** Which chat is told of what, where it is said per book or plan. */
import { expect, it } from 'vitest';
import { Notices } from '../../../bot/chat/notices.ts';
import { People } from '../../../bot/chat/people.ts';
import type { ChatAddress } from '../../../bot/chat/platform.ts';
import { type DeskEvent, Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

const ann: ChatAddress = { platform: 'mail', kind: 'chat', id: 'ann@example.com' };
const tom: ChatAddress = { platform: 'mail', kind: 'chat', id: 'tom@example.com' };
const ben: ChatAddress = { platform: 'discord', kind: 'user', id: '2' };

const failed = (plan: string): DeskEvent => ({ type: 'run.failed', run: 'r1', plan, reason: 'no bars' });
const skipped = (plan: string, book: string): DeskEvent => ({
  type: 'run.skipped',
  ...{ plan, book, reason: 'late' },
});

it('a chat is told of one plan and not of another, also after a restart', async () => {
  const clock = new ManualClock();
  const store = await tempStore();
  const people = await People.open({
    users: [{ name: 'ben', role: 'viewer', ids: { discord: '2' }, books: ['rotation'] }],
    platforms: ['discord'],
    books: () => ['rotation', 'swing'],
    accounts: ['paper'],
    outbox: await Outbox.open(store, clock),
    ...{ store, clock, log: silentLog },
  });
  const open = () =>
    Notices.open({
      store,
      people,
      configured: [ann],
      platforms: ['mail', 'discord'],
      threaded: [],
      bookOf: (plan) => ({ demo: 'rotation', daily: 'swing' })[plan],
    });
  const before = await open();
  await before.set({ chat: 'mail:chat:ann@example.com', kind: 'run', book: 'rotation', level: 'off' });
  await before.set({ chat: 'mail:chat:tom@example.com', kind: 'run', book: 'swing', level: 'on' });
  await before.set({ chat: 'discord:user:2', kind: 'run', book: null, level: 'on' });
  await expect(
    before.set({ chat: 'mail:chat:ann@example.com', kind: 'broker', book: 'rotation', level: 'off' }),
  ).rejects.toThrow('broker is of no book');

  const notices = await open();
  const told = (address: ChatAddress, event: DeskEvent) => notices.level(address, event);
  expect(told(ann, failed('demo')), 'she does not want that plan').toBe('off');
  expect(told(ann, skipped('demo', 'rotation'))).toBe('off');
  expect(told(ann, failed('daily')), 'the other one she hears').toBe('on');
  expect(told(ann, failed('gone')), 'a plan that is not there any more').toBe('on');
  expect(told(tom, failed('daily')), 'he wants only that plan').toBe('on');
  expect(told(tom, failed('demo'))).toBe('off');
  expect(told(ben, failed('demo'))).toBe('on');
  expect(told(ben, failed('daily')), 'he is limited to another book').toBe('off');
  expect(notices.addresses()).toContainEqual(tom);
  expect(notices.list('mail:chat:ann@example.com').filter(({ kind }) => kind === 'run')).toEqual([
    { chat: 'mail:chat:ann@example.com', kind: 'run', book: null, level: 'on', origin: 'default' },
    { chat: 'mail:chat:ann@example.com', kind: 'run', book: 'rotation', level: 'off', origin: 'chat' },
  ]);
});
