import { describe, expect, it } from 'vitest';
import { type KnownUser, People } from '../../../bot/chat/people.ts';
import type { PersonChange } from '../../../commands/running.ts';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

const ann: KnownUser = { name: 'ann', role: 'admin', ids: { discord: '1' } };
const tom: KnownUser = { name: 'tom', role: 'trader', ids: { discord: '2' } };
const zoe: PersonChange = {
  type: 'add',
  name: 'zoe',
  role: 'viewer',
  ids: { telegram: '77' },
  books: null,
  accounts: null,
};

async function peopleOn(store: Store, users: readonly KnownUser[] = [ann, tom], clock = new ManualClock()) {
  const outbox = await Outbox.open(store, clock);
  const people = await People.open({
    users,
    platforms: ['discord', 'telegram'],
    books: () => ['demo'],
    accounts: ['paper'],
    store,
    outbox,
    clock,
    log: silentLog,
  });
  return { people, outbox, clock };
}

const asker = (id: string, name = 'Zoë Ähm') => ({
  platform: 'telegram',
  id,
  name,
  chat: { id, private: true },
});

describe('the people of a desk', () => {
  it('added and changed in chat stay so over a restart, and the admins hear of it', async () => {
    const store = await tempStore();
    const { people, outbox } = await peopleOn(store);
    await people.change(zoe, 'ann');
    await people.change({ type: 'role', name: 'tom', role: 'viewer' }, 'ann');
    const { people: later } = await peopleOn(store);
    expect(later.find('telegram', '77')).toMatchObject({ name: 'zoe', role: 'viewer' });
    expect(later.find('discord', '2')).toMatchObject({ name: 'tom', role: 'viewer' });
    const told = (await outbox.after(0, 10)).map(({ event }) => 'text' in event && event.text);
    expect(told).toEqual(['zoe was added as viewer', 'tom was trader and is viewer']);
  });

  it('taken off the file are out, whatever was changed about them in chat', async () => {
    const store = await tempStore();
    const { people } = await peopleOn(store);
    await people.change({ type: 'role', name: 'tom', role: 'admin' }, 'ann');
    const { people: later } = await peopleOn(store, [ann]);
    expect(later.find('discord', '2')).toBeUndefined();
  });

  it('removed in chat are out although the file names them, also after a restart', async () => {
    const store = await tempStore();
    const { people } = await peopleOn(store);
    await people.change({ type: 'remove', name: 'tom' }, 'ann');
    expect(people.find('discord', '2')).toBeUndefined();
    const { people: later } = await peopleOn(store);
    expect(later.find('discord', '2')).toBeUndefined();
  });

  it('always have an admin in chat, also when two removals come at once', async () => {
    const { people } = await peopleOn(await tempStore(), [ann, { ...tom, role: 'admin' }]);
    const results = await Promise.allSettled([
      people.change({ type: 'remove', name: 'ann' }, 'tom'),
      people.change({ type: 'role', name: 'tom', role: 'viewer' }, 'ann'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(people.list().filter(({ role }) => role === 'admin')).toHaveLength(1);
  });

  it.each<[PersonChange, RegExp]>([
    [{ ...zoe, ids: { telegram: '7x' } }, /must be digits/],
    [{ ...zoe, ids: { discord: '2' } }, /is tom's/],
    [{ ...zoe, ids: {} }, /Give the id/],
    [{ ...zoe, name: 'Zoe!' }, /is no name/],
    [{ ...zoe, books: ['dmo'] }, /no book "dmo". Did you mean demo/],
    [{ ...zoe, role: 'admin', books: ['demo'] }, /An admin cannot be limited/],
    [{ type: 'role', name: 'nobody', role: 'admin' }, /no user "nobody"/],
  ])('are not changed into what cannot be: %j', async (change, why) => {
    const { people } = await peopleOn(await tempStore());
    expect(() => people.check(change)).toThrow(why);
    await expect(people.change(change, 'ann')).rejects.toThrow(why);
    expect(people.list()).toHaveLength(2);
  });
});

describe('a desk without anybody', () => {
  it('is claimed once, by who knows the code, of two at the same moment by one', async () => {
    const store = await tempStore();
    const { people } = await peopleOn(store, []);
    const code = people.claimCode ?? '';
    const results = await Promise.allSettled([
      people.claim(asker('8'), code),
      people.claim(asker('9'), code),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(people.list()).toMatchObject([{ role: 'admin', ids: { telegram: '8' } }]);
    expect(people.claimCode).toBeUndefined();
    const { people: later } = await peopleOn(store, []);
    expect(later.claimCode, 'it has somebody now').toBeUndefined();
  });

  it('takes five wrong codes from one person in ten minutes, and then not even the right one', async () => {
    const { people, clock } = await peopleOn(await tempStore(), []);
    const code = people.claimCode ?? '';
    for (let attempt = 0; attempt < 5; attempt++)
      await expect(people.claim(asker('8'), 'WRONG')).rejects.toThrow('not the code');
    await expect(people.claim(asker('8'), code)).rejects.toThrow('Too many wrong codes');
    clock.advance(11 * 60_000);
    await expect(people.claim(asker('8'), code)).resolves.toMatchObject({ role: 'admin' });
  });

  it('shows no code once the file names somebody', async () => {
    expect((await peopleOn(await tempStore(), [tom])).people.claimCode).toBeUndefined();
  });
});
