/** What is told of a book stands in its thread: the whole desk through the real discord.js and telegraf. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDesk, type TestDesk } from '../support/desk.ts';
import { type Channel, fakeDiscord, type SeenMessage } from '../support/discord/index.ts';
import { startTelegram } from '../support/telegram/index.ts';

const patience = { timeout: 45_000, interval: 20 };
let alerts = 0;

async function alert(desk: TestDesk, action: 'buy' | 'sell' = 'buy') {
  alerts += 1;
  const fields = { key: 'demo-key-1234', id: `alert-${alerts}`, action, symbol: 'SP500', quantity: 1 };
  expect((await desk.alert('demo', fields)).status).toBe(200);
}

async function onDiscord() {
  const discord = await fakeDiscord();
  onTestFinished(() => discord.close());
  const ann = discord.user('ann');
  const channel = discord.channel('alerts');
  const settings = {
    endpoints: { discordApi: discord.rest.api },
    desk: {
      users: [{ name: 'ann', role: 'admin', discord: ann.id }],
      platforms: {
        discord: { token: discord.token, guild: discord.guild, channels: [channel.id], notify: [channel.id] },
      },
    },
  };
  const desk = await startDesk(settings);
  const asks = async (per: string) => (await ann.slash('notify threads', { per }, { in: channel })).shown();
  const signals = (place: Channel): SeenMessage[] =>
    discord.messages(place).filter(({ title }) => title.includes('Signal'));
  /** The only thread of the channel, once so many signals of it were traded. */
  const thread = async (traded: number): Promise<Channel> =>
    vi.waitFor(() => {
      const threads = discord.threads(channel);
      expect(threads.map(({ name }) => name)).toEqual(['demo']);
      const [only] = threads;
      if (!only) throw new Error('there is no thread');
      const done = signals(only).filter(({ text }) => /Bought|Sold/.test(text));
      expect(done).toHaveLength(traded);
      return only;
    }, patience);
  return { discord, ann, channel, settings, desk, asks, signals, thread };
}

describe('a channel of Discord that wants threads', () => {
  it('has what concerns a book in one thread, edited there, and the rest in itself', async () => {
    const { discord, channel, desk, asks, signals, thread } = await onDiscord();
    expect((await asks('book')).text).toContain('a thread of that book');
    await alert(desk);
    const demo = await thread(1);
    expect(signals(demo)[0]?.edits, 'received, then done').toBeGreaterThan(0);
    expect(signals(channel)).toEqual([]);
    await alert(desk, 'sell');
    expect((await thread(2)).id, 'opened once').toBe(demo.id);
    expect(discord.requestsTo('POST', /\/threads$/)).toHaveLength(1);
    expect(
      discord
        .messages(channel)
        .map(({ title }) => title)
        .join(),
    ).toContain('is up');
    expect(discord.refusals).toEqual([]);
  });

  it('finds its thread again after a restart, also when Discord has archived it', async () => {
    const { discord, settings, desk, asks, thread } = await onDiscord();
    await asks('book');
    await alert(desk);
    const demo = await thread(1);
    await desk.stop();
    demo.archived = true;
    const second = await startDesk({ ...settings, root: desk.root });
    await alert(second, 'sell');
    expect((await thread(2)).id).toBe(demo.id);
    expect(discord.requestsTo('POST', /\/threads$/)).toHaveLength(1);
  });

  it('takes commands in a thread as it does itself', async () => {
    const { ann, desk, asks, thread } = await onDiscord();
    await asks('book');
    await alert(desk);
    const demo = await thread(1);
    const books = await (await ann.slash('book list', {}, { in: demo })).shown();
    expect(books.text).toContain('rotation');
    demo.archived = true;
    expect((await (await ann.press(books, 'demo')).shown()).title).toBe('Book demo, paper');
  });

  it('gets a new thread when somebody deleted it', async () => {
    const { discord, ann, desk, asks, thread } = await onDiscord();
    await asks('book');
    await alert(desk);
    const before = await thread(1);
    discord.deleteThread(before);
    await alert(desk, 'sell');
    expect((await thread(1)).id).not.toBe(before.id);
    expect(ann.sees(ann.directChannel), 'nothing that admins must know').toEqual([]);
  });

  it('is told everything in itself when threads are not allowed, and the admins hear of it once', async () => {
    const { discord, ann, channel, desk, asks, signals } = await onDiscord();
    channel.opensNoThreads = true;
    await asks('book');
    await alert(desk);
    await vi.waitFor(() => expect(signals(channel)[0]?.text).toContain('Bought'), patience);
    await alert(desk, 'sell');
    await vi.waitFor(() => expect(signals(channel)[1]?.text).toContain('Sold'), patience);
    await vi.waitFor(() => expect(ann.sees(ann.directChannel)).toHaveLength(1), patience);
    expect(ann.sees(ann.directChannel)[0]).toMatchObject({
      title: expect.stringMatching(/No threads in discord.*chat:/),
      text: expect.stringContaining('give it Create Public Threads and Send Messages in Threads there'),
    });
    expect(discord.threads(channel)).toEqual([]);
    // Asked for again, it is tried again.
    channel.opensNoThreads = false;
    await asks('book');
    await alert(desk);
    await vi.waitFor(() => expect(discord.threads(channel)).toHaveLength(1), patience);
  });

  it('has a thread for a plan, in which its book trades, and says so in the list', async () => {
    const { discord, ann, channel, asks } = await onDiscord();
    expect((await asks('plan')).text).toContain('a thread of that plan');
    const question = await (await ann.slash('plan run', { plan: 'demo' }, { in: channel })).shown();
    await ann.press(question, 'Confirm');
    await vi.waitFor(
      () => expect(discord.threads(channel).map(({ name }) => name)).toEqual(['demo']),
      patience,
    );
    const list = await (await ann.slash('notify list', {}, { in: channel })).shown();
    expect(list.text).toContain('In threads: what concerns a plan');
    await asks('off');
    expect((await (await ann.slash('notify list', {}, { in: channel })).shown()).text).not.toContain(
      'In threads',
    );
  });
});

async function onTelegram({ forum = true } = {}) {
  const telegram = await startTelegram({ limited: false });
  onTestFinished(() => telegram.close());
  const ann = telegram.user('ann');
  const room = telegram.group('Alerts', { forum });
  const settings = {
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [{ name: 'ann', role: 'admin', telegram: ann.id }],
      platforms: { telegram: { token: telegram.token, chats: [room.id], notify: [room.id] } },
    },
  };
  const desk = await startDesk(settings);
  ann.says(`/notify threads book telegram:chat:${room.id}`);
  await ann.chat.shows('a thread of that book');
  return { telegram, ann, room, settings, desk };
}

describe('a group of Telegram that wants threads', () => {
  it('has what concerns a book in one topic, also after a restart, and takes commands there', async () => {
    const { ann, room, settings, desk } = await onTelegram();
    await alert(desk);
    const told = await room.chat.shows('Bought 1 SP500');
    expect(room.topics).toMatchObject([{ name: 'demo', id: told.thread }]);
    expect(told.versions[0], 'the same message').toContain('received');
    expect((await room.chat.shows('is up')).thread).toBeUndefined();
    ann.says('/book list', { in: room, thread: told.thread ?? 0 });
    expect((await room.chat.shows('rotation')).thread).toBe(told.thread);
    ann.presses('demo', { in: room });
    expect((await room.chat.shows('Book demo, paper')).thread).toBe(told.thread);
    await desk.stop();
    const second = await startDesk({ ...settings, root: desk.root });
    await alert(second, 'sell');
    expect((await room.chat.shows('Sold 1 SP500')).thread).toBe(told.thread);
    expect(room.topics).toHaveLength(1);
  });

  it('has its topic opened again when it was closed, and anew when it was deleted', async () => {
    const { room, desk } = await onTelegram();
    await alert(desk);
    const { thread = 0 } = await room.chat.shows('Bought 1 SP500');
    room.managesTopics(false);
    room.closesTopic(thread);
    await alert(desk, 'sell');
    expect((await room.chat.shows('Sold 1 SP500')).thread).toBe(thread);
    expect(room.topics).toMatchObject([{ closed: false }]);
    room.managesTopics(true);
    room.deletesTopic(thread);
    await alert(desk);
    const anew = await room.chat.shows('Bought 1 SP500');
    expect(room.topics).toMatchObject([{ id: anew.thread, name: 'demo' }]);
    expect(anew.thread).not.toBe(thread);
  });

  it('is told in itself when it has no topics, and nobody is bothered', async () => {
    const { ann, room, desk } = await onTelegram({ forum: false });
    await alert(desk);
    expect((await room.chat.shows('Bought 1 SP500')).thread).toBeUndefined();
    expect(ann.chat.messages.filter(({ text }) => text.includes('No threads in'))).toEqual([]);
  });

  it('is told in itself when the bot may not open topics, and the admins hear why', async () => {
    const { ann, room, desk } = await onTelegram();
    room.managesTopics(false);
    await alert(desk);
    expect((await room.chat.shows('Bought 1 SP500')).thread).toBeUndefined();
    await ann.chat.shows('make it an administrator there who may manage topics');
  });
});

it('a private chat has no threads, and says so', async () => {
  const { ann } = await onTelegram();
  ann.says('/notify threads book');
  await ann.chat.shows('There are no threads in telegram:user:');
});
