import { describe, expect, test } from 'vitest';
import { type ChatAddress, DeliveryError } from '../../../../bot/chat/platform.ts';
import type { Attachment } from '../../../../commands/reply.ts';
import { type FakeDiscord, Refusal } from '../../../support/discord/index.ts';
import { openFloor } from './floor.ts';

const messages = /^\/channels\/\d+\/messages$/;

function inChannel(discord: FakeDiscord, name = 'alerts'): ChatAddress {
  return { platform: 'discord', kind: 'chat', id: discord.channel(name).id };
}

function files(count: number): Attachment[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${index}.txt`,
    type: 'text/plain',
    data: new TextEncoder().encode(String(index)),
  }));
}

/** The DeliveryError that this ends with. */
async function failureOf(sending: Promise<unknown>): Promise<DeliveryError> {
  const failure = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(failure instanceof DeliveryError)) throw new Error(`no DeliveryError but ${failure}`);
  return failure;
}

describe('a message', () => {
  test('is posted to a channel and edited there', async () => {
    const { discord, platform } = await openFloor();
    const ref = await platform.post(inChannel(discord), { title: 'Signal received' }, 'event/1');
    await platform.edit(ref, { title: 'Bought 10 SP500', tone: 'success', attachments: files(1) });
    const told = discord.messages(discord.channel('alerts'));
    expect(told).toMatchObject([{ title: '✅ Bought 10 SP500', files: [{ name: '0.txt' }], edits: 1 }]);
    expect(ref).toEqual({ platform: 'discord', chat: discord.channel('alerts').id, message: told[0]?.id });
    expect(discord.refusals).toEqual([]);
  });

  test('to a person goes to their direct messages', async () => {
    const { discord, platform } = await openFloor();
    const ann = discord.user('ann');
    const address: ChatAddress = { platform: 'discord', kind: 'user', id: ann.id };
    await platform.post(address, { text: ['for you'] }, 'event/1');
    await platform.post(address, { text: ['again'] }, 'event/2');
    expect(ann.sees(ann.directChannel).map(({ text }) => text)).toEqual(['for you', 'again']);
    expect(discord.requestsTo('POST', /^\/users\/@me\/channels$/)).toHaveLength(1);
  });

  test('in a thread is edited when Discord has archived it meanwhile', async () => {
    const { discord, platform } = await openFloor();
    const chat = inChannel(discord);
    const thread = (await platform.openThread?.(chat, 'demo')) ?? '';
    const ref = await platform.post({ ...chat, thread }, { text: ['received'] }, 'event/1');
    const [demo] = discord.threads(discord.channel('alerts'));
    if (!demo) throw new Error('there is no thread');
    demo.archived = true;
    await platform.edit(ref, { text: ['done'] });
    expect(discord.messages(demo).map(({ text }) => text)).toEqual(['done']);
    expect(demo.archived).toBe(false);
    expect(discord.messages(discord.channel('alerts'))).toEqual([]);
  });

  test('finds the thread that was opened before its answer was lost', async () => {
    const { discord, platform } = await openFloor();
    const first = await platform.openThread?.(inChannel(discord), 'demo');
    expect(await platform.openThread?.(inChannel(discord), 'demo')).toBe(first);
    expect(await platform.openThread?.(inChannel(discord, 'other'), 'demo')).not.toBe(first);
  });

  test('for a thread that a moderator has locked says which right is missing', async () => {
    const { discord, platform } = await openFloor();
    const chat = inChannel(discord);
    const thread = (await platform.openThread?.(chat, 'demo')) ?? '';
    for (const each of discord.threads(discord.channel('alerts')))
      Object.assign(each, { archived: true, locked: true });
    const failure = await failureOf(platform.post({ ...chat, thread }, { text: ['received'] }, 'event/1'));
    expect([failure.retryable, failure.threadGone]).toEqual([false, false]);
    expect(failure.message).toContain('Send Messages in Threads');
  });

  test('that is tried again under its key is there once', async () => {
    const { discord, platform } = await openFloor();
    const key = `discord:chat:${discord.channel('alerts').id}/12345678901234567890`;
    const first = await platform.post(inChannel(discord), { text: ['filled'] }, key);
    const second = await platform.post(inChannel(discord), { text: ['filled'] }, key);
    expect(second).toEqual(first);
    await platform.post(inChannel(discord), { text: ['another'] }, `${key}1`);
    expect(discord.messages(discord.channel('alerts')).map(({ text }) => text)).toEqual([
      'filled',
      'another',
    ]);
  });

  test.each([
    ['Discord answers 502', { status: 502, done: true }],
    ['the connection breaks', { hangUp: true, done: true }],
  ] as const)('is there once when %s after taking it', async (_what, fault) => {
    const { discord, platform } = await openFloor();
    discord.next('POST', messages, fault);
    const send = () => platform.post(inChannel(discord), { text: ['filled'] }, 'event/1');
    await send().catch(send); // as the notifier does, where discord.js itself does not try again
    expect(discord.requestsTo('POST', messages).length).toBeGreaterThan(1);
    expect(discord.messages(discord.channel('alerts'))).toHaveLength(1);
  });

  test('arrives when Discord first asks to wait', async () => {
    const { discord, platform } = await openFloor();
    discord.next('POST', messages, { rateLimitSeconds: 0.05 });
    await platform.post(inChannel(discord), { text: ['filled'] }, 'event/1');
    expect(discord.messages(discord.channel('alerts'))).toHaveLength(1);
  });

  test('with more than ten files is several of Discord, which are edited as one', async () => {
    const { discord, platform } = await openFloor();
    const alerts = discord.channel('alerts');
    const ref = await platform.post(inChannel(discord), { title: 'Run', attachments: files(21) }, 'event/1');
    expect(discord.messages(alerts).map((told) => told.files.length)).toEqual([10, 10, 1]);
    await platform.edit(ref, { title: 'Run', attachments: files(11) });
    expect(discord.messages(alerts).map((told) => told.files.length)).toEqual([10, 1]);
    await platform.edit(ref, { title: 'Run' });
    expect(discord.messages(alerts).map((told) => told.files.length)).toEqual([0]);
  });
});

describe('a message that cannot get there', () => {
  test('says that the channel is unknown, for good', async () => {
    const { discord, platform } = await openFloor();
    const address: ChatAddress = { ...inChannel(discord), id: '42' };
    const failure = await failureOf(platform.post(address, { text: ['x'] }, 'event/1'));
    expect(failure.retryable).toBe(false);
    expect(failure.message).toBe('Discord knows no channel 42: check the id in the configuration');
  });

  test.each([
    ['no-writing', 'give it Send Messages, Embed Links and Attach Files there'],
    ['hidden', 'invite it there and let it view the channel'],
  ] as const)('says which permission is missing in a channel with %s, for good', async (access, advice) => {
    const { discord, platform } = await openFloor();
    discord.channel('alerts').access = access;
    const failure = await failureOf(platform.post(inChannel(discord), { text: ['x'] }, 'event/1'));
    expect(failure.retryable).toBe(false);
    expect(failure.message).toContain(advice);
  });

  test('says that a person takes no direct messages, for good', async () => {
    const { discord, platform } = await openFloor();
    const ann = discord.user('ann');
    ann.blockDirectMessages();
    const address: ChatAddress = { platform: 'discord', kind: 'user', id: ann.id };
    const failure = await failureOf(platform.post(address, { text: ['x'] }, 'event/1'));
    expect(failure.retryable).toBe(false);
    expect(failure.message).toContain(`user ${ann.id} takes no direct messages`);
  });

  test('says that the message to edit was deleted, for good', async () => {
    const { discord, platform } = await openFloor();
    const ref = await platform.post(inChannel(discord), { text: ['x'] }, 'event/1');
    const [told] = discord.messages(discord.channel('alerts'));
    if (told) discord.deleteMessage(told);
    const failure = await failureOf(platform.edit(ref, { text: ['y'] }));
    expect(failure).toMatchObject({ retryable: false, message: expect.stringContaining('deleted') });
  });

  test('may be sent later when Discord fails, or is not there', async () => {
    const { discord, platform } = await openFloor();
    for (let attempt = 0; attempt < 4; attempt++) discord.next('POST', messages, { status: 503 });
    const failing = await failureOf(platform.post(inChannel(discord), { text: ['x'] }, 'event/1'));
    expect(failing).toMatchObject({ retryable: true, message: expect.stringContaining('the message waits') });
    await discord.offline();
    const away = await failureOf(platform.post(inChannel(discord), { text: ['x'] }, 'event/1'));
    expect(away.retryable).toBe(true);
    await discord.online();
    await platform.post(inChannel(discord), { text: ['x'] }, 'event/1');
    expect(discord.messages(discord.channel('alerts'))).toHaveLength(1);
  });

  test('waits when the token is refused, and the status says what to do', async () => {
    const { discord, platform } = await openFloor();
    discord.next('POST', messages, { refuse: new Refusal(401, 0, '401: Unauthorized') });
    const failure = await failureOf(platform.post(inChannel(discord), { text: ['x'] }, 'event/1'));
    expect(failure.retryable).toBe(true);
    expect(platform.status()).toMatchObject({
      state: 'down',
      why: expect.stringContaining('platforms.discord.token'),
    });
    const next = await failureOf(platform.post(inChannel(discord), { text: ['x'] }, 'event/2'));
    expect(next.message).toBe(failure.message);
  });
});

describe('stopping', () => {
  test('lets a message that is being sent arrive, and takes no further one', async () => {
    const { discord, platform } = await openFloor();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    discord.next('POST', messages, { hold: held });
    const posting = platform.post(inChannel(discord), { text: ['filled'] }, 'event/1');
    await discord.until(() => discord.requestsTo('POST', messages).length === 1, 'the request');
    const stopping = platform.stop();
    const refused = await failureOf(platform.post(inChannel(discord), { text: ['late'] }, 'event/2'));
    expect(refused).toMatchObject({ retryable: true, message: expect.stringContaining('being stopped') });
    expect(platform.status().state).toBe('ready');
    release();
    await Promise.all([posting, stopping]);
    expect(platform.status().state).toBe('stopped');
    expect(discord.messages(discord.channel('alerts')).map(({ text }) => text)).toEqual(['filled']);
    await discord.until(() => !discord.gateway.connected, 'the connection closed');
  });

  test('shows at once what progress held back', async () => {
    const { discord, platform, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      for (let step = 1; step <= 12; step++) await responder.show({ text: [`step ${step}`] });
    };
    const exchange = await discord.user('ann').slash('ping');
    await exchange.until(({ text }) => text === 'step 2', 'progress');
    await platform.stop();
    expect(exchange.answer?.text).toBe('step 12');
  });
});
