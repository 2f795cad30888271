import { describe, expect, it } from 'vitest';
import { Digests } from '../../../bot/chat/digest.ts';
import { Notices, nameOf } from '../../../bot/chat/notices.ts';
import { People } from '../../../bot/chat/people.ts';
import { type ChatAddress, DeliveryError, type Message, type Platform } from '../../../bot/chat/platform.ts';
import { Zones } from '../../../bot/chat/zones.ts';
import { plainText } from '../../../commands/reply.ts';
import { Times } from '../../../commands/times.ts';
import type { Desk, Digest } from '../../../engine/desk.ts';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import type { DigestScope } from '../../../engine/reports/digest.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

const room = 'discord:chat:room';
const ben = 'discord:user:2';

const quiet: Omit<Digest, 'since' | 'until' | 'books'> = {
  counts: {
    signals: { done: 1, refused: 0, failed: 0 },
    ...{ handTrades: 0, stoppedPlans: 0, runs: { finished: 0, failed: 0, missed: 0 } },
  },
  troubles: { unknownOrders: 0, stuckOperations: 0, differences: 0, brokers: [] },
};

/** Two books, of which ben may see one; it remembers of what it was asked. */
function fakeDesk(asked: DigestScope[]): Desk {
  const book = (name: string) => ({
    ...{ name, account: 'paper', currency: 'USD', net: '5', open: '0', equity: '105' },
    ...{ otherCosts: new Map<string, string>(), suspended: false, positions: [] },
  });
  const fake = {
    books: { names: () => ['demo', 'rotation'], accountOf: () => 'paper' },
    brokers: { names: () => ['paper'] },
    accountText: () => 'PAPER',
    plans: { names: () => [], divergencesSince: async () => [] },
    jobs: async () => [],
    digest: async (scope: DigestScope) => {
      asked.push(scope);
      const names = ['demo', 'rotation'].filter((name) => scope.only?.books.includes(name) ?? true);
      return { ...quiet, since: scope.since, until: scope.until, books: names.map(book) };
    },
  };
  return fake as unknown as Desk;
}

async function desks(store: Store, clock: ManualClock) {
  const posts: { readonly chat: string; readonly key: string; readonly text: string }[] = [];
  const asked: DigestScope[] = [];
  const line: { failure: DeliveryError | undefined } = { failure: undefined };
  const platform: Platform = {
    name: 'discord',
    start: async () => undefined,
    stop: async () => undefined,
    status: () => ({ state: 'ready', since: new Date() }),
    edit: async () => undefined,
    async post(address: ChatAddress, { title = '', text = [] }: Message, key: string) {
      if (line.failure) throw line.failure;
      posts.push({ chat: nameOf(address), key, text: `${title}\n${plainText(text)}` });
      return { platform: 'discord', chat: address.id, message: '1' };
    },
  };
  const zones = await Zones.open(store, 'Europe/Berlin');
  /** A desk on the store, as a process opens it. */
  const open = async () => {
    const people = await People.open({
      users: [
        { name: 'ann', role: 'admin', ids: { discord: '1' } },
        { name: 'ben', role: 'viewer', ids: { discord: '2' }, books: ['rotation'] },
      ],
      platforms: ['discord'],
      books: () => ['demo', 'rotation'],
      accounts: ['paper'],
      outbox: await Outbox.open(store, clock),
      ...{ store, clock, log: silentLog },
    });
    const notices = await Notices.open({
      store,
      people,
      configured: [],
      platforms: ['discord'],
      threaded: ['discord'],
      bookOf: () => undefined,
    });
    const digests = await Digests.open({
      ...{ store, notices, people, platforms: [platform], clock, log: silentLog, desk: fakeDesk(asked) },
      timesOf: (address) => {
        const person = address.kind === 'user' ? people.find(address.platform, address.id)?.name : undefined;
        return new Times(zones.forReader({ person, chat: nameOf(address) }), clock);
      },
    });
    digests.start();
    await digests.tellDue();
    return digests;
  };
  return { open, posts, asked, line, zones };
}

/** The schedule's rounds, each quarter of an hour until a moment. */
async function until(end: string, clock: ManualClock, digests: Digests): Promise<void> {
  while (clock.now() < new Date(end)) {
    clock.advance(15 * 60_000);
    await digests.tellDue();
  }
}

async function begun(at: string) {
  const clock = new ManualClock(at);
  const store = await tempStore();
  const world = await desks(store, clock);
  return { ...world, clock, digests: await world.open() };
}

describe('the daily digest', () => {
  it('is told at its time by the clock of the chat, also on the days when clocks change', async () => {
    // Berlin goes from UTC+1 to UTC+2 on 2021-03-28, and back on 2021-10-31.
    for (const [start, end, hours] of [
      ['2021-03-26T12:00:00Z', '2021-03-29T12:00:00Z', ['27T07', '28T06', '29T06']],
      ['2021-10-29T12:00:00Z', '2021-11-01T12:00:00Z', ['30T06', '31T07', '01T07']],
    ] as const) {
      const { clock, digests, asked } = await begun(start);
      await digests.set(room, { hour: 8, minute: 0 });
      await until(end, clock, digests);
      expect(asked.map(({ until: at }) => at.toISOString().slice(8, 13))).toEqual(hours);
    }
  });

  it('is told once on a night in which its time comes twice, or never', async () => {
    for (const [start, end, count] of [
      ['2021-10-30T12:00:00Z', '2021-10-31T12:00:00Z', 1],
      ['2021-03-27T12:00:00Z', '2021-03-28T12:00:00Z', 1],
    ] as const) {
      const { clock, digests, posts } = await begun(start);
      await digests.set(room, { hour: 2, minute: 30 });
      await until(end, clock, digests);
      expect(posts).toHaveLength(count);
    }
  });

  it('begins where the last one ended, and the first one a day before', async () => {
    const { clock, digests, asked } = await begun('2021-01-10T12:00:00Z');
    await digests.set(room, { hour: 8, minute: 0 });
    await until('2021-01-12T12:00:00Z', clock, digests);
    expect(asked.map(({ since }) => since.toISOString())).toEqual([
      '2021-01-10T07:00:00.000Z',
      '2021-01-11T07:00:00.000Z',
    ]);
  });

  it('is told once by two desks on one store, and not again by one that starts anew', async () => {
    const { clock, digests, posts, open } = await begun('2021-01-10T12:00:00Z');
    const other = await open();
    await digests.set(room, { hour: 8, minute: 0 });
    clock.set('2021-01-11T07:00:00Z');
    await Promise.all([digests.tellDue(), other.tellDue()]);
    expect(posts.map(({ key }) => key)).toEqual([`digest/${room}/2021-01-11`]);
    await digests.stop();
    clock.advance(20 * 60_000);
    await open();
    expect(posts).toHaveLength(1);
  });

  it('is told by the next attempt when the platform was away, saying when it was due', async () => {
    const { clock, digests, posts, line } = await begun('2021-01-10T12:00:00Z');
    await digests.set(room, { hour: 8, minute: 0 });
    line.failure = new DeliveryError('away', { retryable: true });
    await until('2021-01-11T08:00:00Z', clock, digests);
    expect(posts).toEqual([]);
    line.failure = undefined;
    await until('2021-01-11T10:00:00Z', clock, digests);
    expect(posts).toHaveLength(1);
    expect(posts[0]?.text).toContain('(was due at 08:00 UTC+1)');
  });

  it('is not tried for ever where it can never get', async () => {
    const { clock, digests, posts, line } = await begun('2021-01-10T12:00:00Z');
    await digests.set(room, { hour: 8, minute: 0 });
    line.failure = new DeliveryError('no such chat', { retryable: false });
    await until('2021-01-11T07:00:00Z', clock, digests);
    line.failure = undefined;
    await until('2021-01-11T12:00:00Z', clock, digests);
    expect(posts).toEqual([]);
  });

  it('is told late by a desk that was down, but not after twelve hours', async () => {
    for (const [back, count] of [
      ['2021-01-11T18:00:00Z', 1],
      ['2021-01-11T20:00:00Z', 0],
    ] as const) {
      const { clock, digests, posts, open } = await begun('2021-01-10T12:00:00Z');
      await digests.set(room, { hour: 8, minute: 0 });
      await digests.stop();
      clock.set(back);
      await open();
      expect(posts, back).toHaveLength(count);
    }
  });

  it('waits for the next day where its time was over when it was chosen', async () => {
    const { clock, digests, asked } = await begun('2021-01-10T12:00:00Z');
    await digests.set(room, { hour: 8, minute: 0 });
    expect((await digests.of(room))?.next.toISOString()).toBe('2021-01-11T07:00:00.000Z');
    await until('2021-01-10T18:00:00Z', clock, digests);
    expect(asked).toEqual([]);
    await digests.set(room, null);
    await until('2021-01-11T12:00:00Z', clock, digests);
    expect(asked).toEqual([]);
    expect(await digests.of(room)).toBeUndefined();
  });

  it('goes by a person’s own clock in private, and shows them only their books', async () => {
    const { clock, digests, posts, zones } = await begun('2021-01-10T12:00:00Z');
    await zones.set({ person: 'ben' }, 'Asia/Kathmandu'); // UTC+5:45
    await digests.set(ben, { hour: 8, minute: 0 });
    await digests.set(room, { hour: 8, minute: 0 });
    await until('2021-01-11T02:15:00Z', clock, digests);
    expect(posts.map(({ chat }) => chat)).toEqual([ben]);
    expect(posts[0]?.text).toContain('rotation, PAPER: 🟢 +5.00 USD realised, worth 105.00 USD');
    expect(posts[0]?.text).not.toContain('demo');
    await until('2021-01-11T07:00:00Z', clock, digests);
    expect(posts[1]?.text).toContain('demo, PAPER');
  });
});
