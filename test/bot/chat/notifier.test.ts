import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Actions } from '../../../bot/chat/actions.ts';
import { announce, type Telling } from '../../../bot/chat/announcements.ts';
import { Answers } from '../../../bot/chat/answers.ts';
import type { Hearing } from '../../../bot/chat/notices.ts';
import { Notifier } from '../../../bot/chat/notifier.ts';
import {
  type ChatAddress,
  DeliveryError,
  type Message,
  type MessageRef,
  type Platform,
} from '../../../bot/chat/platform.ts';
import { type Attachment, plainText } from '../../../commands/reply.ts';
import { Times } from '../../../commands/times.ts';
import { type DeskEvent, Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

/** A platform that remembers what it was given, and fails when it is told to. */
class FakePlatform implements Platform {
  readonly name = 'discord';
  /** What stands in the chat, by message id, as last edited. */
  readonly messages = new Map<string, string>();
  /** The buttons of the message that was posted or edited last. */
  buttons: Message['buttons'] = [];
  readonly keys: string[] = [];
  /** Files by the chat into which they were sent. */
  readonly files = new Map<string, string[]>();
  failure: DeliveryError | undefined;
  #next = 1;

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  status() {
    return { state: 'ready' as const, since: new Date() };
  }

  async post(address: ChatAddress, message: Message, key: string): Promise<MessageRef> {
    this.keys.push(key);
    if (this.failure) throw this.failure;
    this.buttons = message.buttons;
    const id = String(this.#next++);
    const sent = (message.attachments ?? []).map(({ name }) => name);
    this.files.set(address.id, [...(this.files.get(address.id) ?? []), ...sent]);
    this.messages.set(id, wordsOf(message));
    return { platform: 'discord', chat: address.id, message: id };
  }

  async edit({ message: id }: MessageRef, message: Message): Promise<void> {
    if (this.failure) throw this.failure;
    if (!this.messages.has(id)) throw new DeliveryError('unknown message', { retryable: false });
    this.messages.set(id, wordsOf(message));
  }
}

function wordsOf({ title = '', text = [] }: Message): string {
  return `${title} ${plainText(text)}`.trim();
}

const channel: ChatAddress = { platform: 'discord', kind: 'chat', id: 'desk' };
const admin: ChatAddress = { platform: 'discord', kind: 'user', id: '1' };

/** The channel hears what concerns everybody, the admin what concerns admins. */
function hearingOf(addresses: readonly ChatAddress[]): Hearing {
  return {
    addresses: () => addresses,
    level: ({ kind }, { type }) => ((type === 'access.refused') === (kind === 'user') ? 'on' : 'off'),
    onChanged: () => undefined,
  };
}

const received: DeskEvent = { type: 'signal.received', signal: 's1', book: 'demo', summary: 'buy 1 SP500' };
const refused: DeskEvent = { ...received, type: 'signal.refused', reason: 'suspended' };
const finished = (run: string, request?: string): DeskEvent => ({
  ...{ type: 'run.finished', run, plan: 'demo', book: 'rotation', account: 'paper' },
  ...{ newOrders: 0, waiting: 0, notes: [], fills: [] },
  capital: { cash: '100', equity: '100', currency: 'USD' },
  ...(request !== undefined && { request }),
});
const resumed = (by: string): DeskEvent => ({ type: 'resumed', book: null, by });

async function chatting(
  store: Store,
  {
    platform = new FakePlatform(),
    listeners = [channel],
    zone = 'UTC',
    files = [] as readonly Attachment[],
  } = {},
) {
  const clock = new ManualClock();
  const outbox = await Outbox.open(store, clock);
  const actions = await Actions.open(store, clock);
  const answers = new Answers();
  const open = async () => {
    const notifier = await Notifier.open({
      actions,
      answers,
      outbox,
      store,
      platforms: [platform],
      hearing: hearingOf(listeners),
      announcer: {
        announce: async ({ event }) => {
          const { content, subject } = announce(event, telling);
          return { subject, content: { ...content, attachments: files } };
        },
      },
      threads: { tell: ({ chat }, send) => send(chat) },
      timesOf: () => new Times(zone, clock),
      clock,
      log: silentLog,
      retryMs: 5,
    });
    notifier.start();
    onTestFinished(() => notifier.stop());
    return notifier;
  };
  return { clock, outbox, actions, answers, platform, open };
}

const telling: Telling = { accountText: (broker) => broker.toUpperCase(), accountOf: () => undefined };

const said = ({ messages }: FakePlatform) => [...messages.values()];

describe('a chat that hears the desk', () => {
  it('is asked for its decision with buttons that run a command', async () => {
    const { outbox, actions, platform, open } = await chatting(await tempStore());
    await open();
    await outbox.publish({
      ...{ type: 'signal.waiting', signal: 's1', book: 'demo', account: 'paper' },
      ...{ summary: 'buy 1 SP500', reason: 'The book wants every entry approved.' },
    });
    await vi.waitFor(() => expect(said(platform)).toHaveLength(1));
    const buttons = platform.buttons ?? [];
    expect(buttons.map(({ label }) => label)).toEqual(['Approve', 'Reject']);
    expect(await actions.get(buttons[0]?.id.slice(2) ?? '')).toMatchObject({
      command: ['signal', 'approve'],
      options: { id: 's1' },
    });
  });

  it('is told every event in order, and not what happened before it was named', async () => {
    const desk = await chatting(await tempStore());
    await desk.outbox.publish(resumed('before'));
    await desk.open();
    for (const by of ['ann', 'tom', 'vera']) await desk.outbox.publish(resumed(by));
    await vi.waitFor(() =>
      expect(said(desk.platform).map((text) => text.split(' ').at(-1))).toEqual(['ann.', 'tom.', 'vera.']),
    );
  });

  it('sees one message for one signal, edited as it goes on', async () => {
    const desk = await chatting(await tempStore());
    await desk.open();
    await desk.outbox.publish(received);
    await vi.waitFor(() => expect(said(desk.platform)).toEqual(['Signal for demo: received buy 1 SP500']));
    await desk.outbox.publish(refused);
    await vi.waitFor(() =>
      expect(said(desk.platform)).toEqual([
        'Signal for demo: refused buy 1 SP500\nNothing was traded: suspended',
      ]),
    );
  });

  it('gets a new message when somebody deleted the one to be edited', async () => {
    const desk = await chatting(await tempStore());
    await desk.open();
    await desk.outbox.publish(received);
    await vi.waitFor(() => expect(desk.platform.messages.size).toBe(1));
    desk.platform.messages.clear();
    await desk.outbox.publish(refused);
    await vi.waitFor(() => expect(said(desk.platform)).toHaveLength(1));
  });

  it('hears everything when its platform comes back, marked with when it happened', async () => {
    const desk = await chatting(await tempStore());
    desk.platform.failure = new DeliveryError('away', { retryable: true });
    await desk.open();
    await desk.outbox.publish(resumed('ann'));
    await desk.outbox.publish(resumed('tom'));
    await vi.waitFor(() => expect(desk.platform.keys.length).toBeGreaterThan(2));
    desk.clock.advance(10 * 60_000);
    desk.platform.failure = undefined;
    await vi.waitFor(() => expect(said(desk.platform)).toHaveLength(2));
    expect(said(desk.platform)[0]).toContain('(happened 2020-04-17 14:30 UTC)');
    expect(new Set(desk.platform.keys).size, 'a repetition carries the same key').toBe(2);
  });

  it('loses one message that can never be delivered, not those after it', async () => {
    const desk = await chatting(await tempStore());
    desk.platform.failure = new DeliveryError('no such channel', { retryable: false });
    await desk.open();
    await desk.outbox.publish(resumed('ann'));
    await vi.waitFor(() => expect(desk.platform.keys).toHaveLength(1));
    desk.platform.failure = undefined;
    await desk.outbox.publish(resumed('tom'));
    await vi.waitFor(() => expect(said(desk.platform)).toHaveLength(1));
    expect(said(desk.platform)[0]).toContain('tom');
  });

  it('gets no picture from it that the answer to its own command brings, and other chats do', async () => {
    const others: ChatAddress = { ...channel, id: 'others' };
    const picture = { name: 'run.png', type: 'image/png', data: Uint8Array.of(1) } as const;
    const desk = await chatting(await tempStore(), { listeners: [channel, others], files: [picture] });
    await desk.open();
    const { messages, files } = desk.platform;
    desk.answers.expect('asked-here', 'discord:chat:desk');
    await desk.outbox.publish(finished('run-1', 'asked-here'));
    await vi.waitFor(() => expect(messages.size).toBe(2));
    expect(Object.fromEntries(files)).toEqual({ desk: [], others: ['run.png'] });
    await desk.outbox.publish(finished('run-2'));
    await vi.waitFor(() => expect(messages.size).toBe(4));
    expect(files.get('desk'), 'of a run by the schedule').toEqual(['run.png']);
    desk.answers.withoutFiles('asked-here');
    await desk.outbox.publish(finished('run-3', 'asked-here'));
    await vi.waitFor(() => expect(messages.size).toBe(6));
    expect(files.get('desk'), 'where there was no answer').toEqual(['run.png', 'run.png']);
  });

  it('goes on after a restart where it was', async () => {
    const store = await tempStore();
    const desk = await chatting(store);
    const first = await desk.open();
    await desk.outbox.publish(received);
    await vi.waitFor(() => expect(desk.platform.messages.size).toBe(1));
    await first.stop();
    await desk.outbox.publish(refused);
    await desk.outbox.publish(resumed('ann'));
    await desk.open();
    await vi.waitFor(() => expect(said(desk.platform)).toHaveLength(2));
    expect(said(desk.platform)[0], 'the message of before the restart is edited').toContain('refused');
  });

  it('that is for the admins hears only what concerns them, and other chats never do', async () => {
    const platform = new FakePlatform();
    const desk = await chatting(await tempStore(), { platform, listeners: [admin] });
    await desk.open();
    await desk.outbox.publish(resumed('ann'));
    await desk.outbox.publish({ type: 'access.refused', attempts: 3, latest: 'discord user 9' });
    await vi.waitFor(() =>
      expect(said(platform)).toEqual(['3 attempts were turned away Latest: discord user 9']),
    );
  });
});
