import { describe, expect, test } from 'vitest';
import type { MessageButton, Responder } from '../../../../bot/chat/platform.ts';
import type { Attachment } from '../../../../commands/reply.ts';
import { ManualClock } from '../../../support/clock.ts';
import { openFloor, startFloor } from './floor.ts';

const minutes = 60_000;

function file(name: string, text = name): Attachment {
  return { name, type: 'text/plain', data: new TextEncoder().encode(text) };
}

const button = (id: string, label: string): MessageButton => ({ id, label, style: 'primary' });

describe('a command', () => {
  test('arrives taken apart, from whom, where and when it was sent', async () => {
    const clock = new ManualClock('2024-05-01T09:30:00.000Z');
    const { discord, handler } = await openFloor({ clock });
    const ann = discord.user('ann');
    await (await ann.slash('backtest', { strategy: 'sma', cash: 1000.5, lots: 3, short: true })).shown();
    await (await ann.slash('plan run', { plan: 'demo' }, { in: discord.channel('plans') })).shown();
    expect(handler.commands).toEqual([
      {
        user: { platform: 'discord', id: ann.id, name: 'ann' },
        chat: { id: discord.channel().id, private: false },
        sentAt: new Date('2024-05-01T09:30:00.000Z'),
        input: {
          kind: 'structured',
          command: ['backtest'],
          options: { strategy: 'sma', cash: 1000.5, lots: 3, short: true },
        },
      },
      expect.objectContaining({
        chat: { id: discord.channel('plans').id, private: false },
        input: { kind: 'structured', command: ['plan', 'run'], options: { plan: 'demo' } },
      }),
    ]);
    expect(discord.refusals).toEqual([]);
  });

  test('in direct messages is private', async () => {
    const { discord, handler } = await openFloor();
    const ann = discord.user('ann');
    const answer = await (await ann.slash('ping', {}, { in: ann.directChannel })).shown();
    expect(handler.commands[0]?.chat).toEqual({ id: ann.directChannel.id, private: true });
    expect(ann.sees(ann.directChannel)).toEqual([answer]);
  });

  test('is acknowledged before its answer is there', async () => {
    const { discord, handler } = await openFloor();
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await finished;
      await responder.show({ text: ['done'] });
    };
    const exchange = await discord.user('ann').slash('ping');
    await discord.until(() => exchange.acknowledged, 'the acknowledgement');
    expect(exchange.answer?.thinking).toBe(true);
    finish();
    expect((await exchange.shown()).text).toBe('done');
  });

  test('that only the asker may see answered is seen by nobody else', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('only-you');
      await responder.show({ text: ['your balance'], attachments: manyFiles(12) });
    };
    const ann = discord.user('ann');
    const exchange = await ann.slash('ping');
    const answer = await exchange.shown();
    await discord.until(() => exchange.followUps.length === 1, 'the message with the other files');
    expect(answer.onlyFor).toBe('ann');
    expect(ann.sees()).toHaveLength(2);
    expect(discord.user('bob').sees()).toEqual([]);
  });

  test('of a stranger is refused in a line that only they see', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = (_command, responder) =>
      responder.refuse({ tone: 'danger', text: ['Not on the list.'] });
    const exchange = await discord.user('eve').slash('ping');
    expect(await exchange.shown()).toMatchObject({ text: '⛔ Not on the list.', onlyFor: 'eve' });
    expect(discord.user('ann').sees()).toEqual([]);
  });

  test('whose handler fails is logged, and the next is answered', async () => {
    const { discord, handler, log } = await openFloor();
    const answer = handler.answerCommand;
    handler.onCommand = async () => {
      throw new Error('a fault of the router');
    };
    await discord.user('ann').slash('ping');
    await discord.until(() => log.some(({ level }) => level === 'error'), 'the log line');
    handler.onCommand = answer;
    expect((await (await discord.user('ann').slash('ping')).shown()).text).toContain('heard');
  });
});

describe('an answer', () => {
  test('shows the last of much progress, in few edits', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await responder.show({ text: ['begun'] });
      const shown = Array.from({ length: 50 }, (_, step) => responder.show({ text: [`${step * 2} %`] }));
      await Promise.all([...shown, responder.show({ title: 'Report', text: ['done'] })]);
    };
    const exchange = await discord.user('ann').slash('ping');
    await exchange.until(({ title }) => title === 'Report', 'the report');
    expect(exchange.history.map(({ text }) => text)).toEqual(['begun', 'done']);
  });

  test('replaces what it showed before: text, files and buttons', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await responder.show({
        title: 'Running',
        attachments: [file('first.txt')],
        buttons: [button('x-1', 'Cancel')],
      });
      await responder.show({ text: ['done'], attachments: [file('second.txt', 'kept')] });
    };
    const exchange = await discord.user('ann').slash('ping');
    const answer = await exchange.until(({ text }) => text === 'done', 'the end');
    expect(exchange.history[0]?.buttons).toEqual([{ id: 'x-1', label: 'Cancel', style: 'primary' }]);
    expect(answer).toMatchObject({ title: '', buttons: [], files: [{ name: 'second.txt', text: 'kept' }] });
    expect(discord.messages()).toHaveLength(1);
  });

  test('with more than ten files goes on in further messages, which go when it changes', async () => {
    const { discord, handler } = await openFloor();
    let change = () => {};
    const changed = new Promise<void>((resolve) => {
      change = resolve;
    });
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await responder.show({ title: 'Files', attachments: manyFiles(23) });
      await changed;
      await responder.show({ title: 'No files' });
    };
    const exchange = await discord.user('ann').slash('ping');
    await discord.until(() => exchange.followUps.length === 2, 'the further messages');
    expect(discord.messages().map(({ files }) => files.length)).toEqual([10, 10, 3]);
    change();
    await discord.until(() => discord.messages().length === 1, 'one message');
    expect(exchange.answer).toMatchObject({ title: 'No files', files: [] });
  });

  test('never mentions anybody', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await responder.show({ text: ['@everyone <@1>'], attachments: manyFiles(11) });
    };
    const exchange = await discord.user('ann').slash('ping');
    await discord.until(() => exchange.followUps.length === 1, 'the further message');
    const bodies = discord
      .requestsTo('PATCH', /@original$/)
      .concat(discord.requestsTo('POST', /^\/webhooks/));
    expect(bodies.map(({ body }) => body['allowed_mentions'])).toEqual([{ parse: [] }, { parse: [] }]);
    expect(exchange.answer?.text).toBe('\\@everyone \\<@1>');
  });

  test('arrives in the end when Discord asks to wait', async () => {
    const { discord } = await openFloor();
    discord.next('PATCH', /@original$/, { rateLimitSeconds: 0.05 });
    await (await discord.user('ann').slash('ping')).shown();
    expect(discord.requestsTo('PATCH', /@original$/).map(({ status }) => status)).toEqual([429, 200]);
  });
});

test('the outcome of a command is shown in the end when Discord fails for a while', async () => {
  const { discord, handler } = await openFloor();
  for (let attempt = 0; attempt < 4; attempt++) discord.next('PATCH', /@original$/, { status: 503 });
  const answer = await (await discord.user('ann').slash('ping')).shown();
  expect(answer.text).toContain('heard');
  expect(handler.failures).toEqual([]);
});

describe('after the 15 minutes of an interaction', () => {
  test('the answer is posted to the channel, edited there from then on, and the log says so', async () => {
    const clock = new ManualClock();
    const { discord, handler, log } = await openFloor({ clock });
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await responder.show({ text: ['still working'] });
      clock.advance(16 * minutes);
      await responder.show({ text: ['95 %'] });
      await responder.show({ text: ['done'] });
    };
    const exchange = await discord.user('ann').slash('ping');
    await discord.until(() => discord.messages().at(-1)?.text === 'done', 'the end');
    expect(exchange.answer?.text).toBe('still working');
    expect(discord.messages().map(({ text }) => text)).toEqual(['still working', 'done']);
    expect(log.map(({ message }) => message)).toContainEqual(expect.stringContaining('answered by message'));
    expect(discord.refusals).toEqual([]);
  });

  test('a private answer stays private: it goes to direct messages', async () => {
    const clock = new ManualClock();
    const { discord, handler } = await openFloor({ clock });
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('only-you');
      clock.advance(16 * minutes);
      await responder.show({ text: ['your balance'] });
    };
    const ann = discord.user('ann');
    await ann.slash('ping');
    await discord.until(() => ann.sees(ann.directChannel).length === 1, 'the direct message');
    expect(discord.messages()).toEqual([]);
  });

  test('a message whose button was pressed is still edited in place', async () => {
    const clock = new ManualClock();
    const { discord, platform, handler } = await openFloor({ clock });
    const address = { platform: 'discord', kind: 'chat', id: discord.channel().id } as const;
    await platform.post(address, { text: ['Sure?'], buttons: [button('y-1', 'Confirm')] }, 'question');
    handler.answerPress = async (_press, responder) => {
      await responder.acknowledge('in-place');
      clock.advance(16 * minutes);
      await responder.show({ text: ['done'] });
    };
    const [question] = discord.messages();
    if (!question) throw new Error('there is no question');
    await discord.user('ann').press(question, 'Confirm');
    await discord.until(() => discord.messages()[0]?.text === 'done', 'the outcome');
    expect(discord.messages()).toHaveLength(1);
  });

  test('also when Discord ends them before we think so', async () => {
    const { discord, handler } = await openFloor();
    let go = () => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await gone;
      await responder.show({ text: ['done'] });
    };
    const exchange = await discord.user('ann').slash('ping');
    await discord.until(() => exchange.acknowledged, 'the acknowledgement');
    exchange.expire();
    go();
    await discord.until(() => discord.messages().some(({ text }) => text === 'done'), 'the answer');
  });
});

describe('acknowledging', () => {
  test('too late still gives an answer, as a message', async () => {
    const clock = new ManualClock();
    const { discord, handler } = await openFloor({ clock });
    const answer = handler.answerCommand;
    handler.answerCommand = async (command, responder) => {
      clock.advance(4_000);
      await answer(command, responder);
    };
    await discord.user('ann').slash('ping');
    await discord.until(() => discord.messages().some(({ text }) => text.includes('heard')), 'the answer');
    expect(handler.failures).toEqual([]);
  });

  test('that arrived although Discord failed to say so is not taken for a fault', async () => {
    const { discord, handler } = await openFloor();
    discord.next('POST', /callback$/, { status: 502, done: true });
    await (await discord.user('ann').slash('ping')).shown();
    expect(handler.failures).toEqual([]);
  });

  test('happens once when two desks run with one token, so that a command is never done twice', async () => {
    const first = await openFloor();
    const second = await startFloor({ discord: first.discord });
    const { discord } = first;
    await discord.until(() => second.platform.status().state === 'ready', 'the second desk');
    const done: string[] = [];
    const act = (name: string) => async (_asked: unknown, responder: Responder) => {
      await responder.acknowledge('everyone');
      done.push(name);
      await responder.show({ text: [`done by the ${name}`] });
    };
    first.handler.answerCommand = act('first');
    second.handler.answerCommand = act('second');
    const exchange = await discord.user('ann').slash('ping');
    await exchange.shown();
    const failures = () => [...first.handler.failures, ...second.handler.failures];
    await discord.until(() => failures().length === 1, 'the desk that came second');
    expect(done).toHaveLength(1);
    expect(failures()).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('running twice with the same platforms.discord.token'),
      }),
    ]);
    expect(exchange.answer?.text).toBe(`done by the ${done[0]}`);
  });
});

describe('a press', () => {
  const confirm = { title: 'Sure?', buttons: [button('y-1', 'Confirm'), button('n-1', 'Cancel')] };

  test('in place edits the message that held the button, whose buttons go', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('everyone');
      await responder.show(confirm);
    };
    const ann = discord.user('ann');
    const question = await (await ann.slash('ping')).shown();
    const exchange = await ann.press(question, 'Confirm');
    const outcome = await exchange.until(({ text }) => text === 'pressed y-1', 'the outcome');
    expect(outcome).toMatchObject({ id: question.id, title: '', buttons: [] });
    expect(handler.presses).toMatchObject([
      { buttonId: 'y-1', user: { id: ann.id }, chat: { id: discord.channel().id, private: false } },
    ]);
    expect(discord.refusals).toEqual([]);
  });

  test('in place works in a message that only the presser sees', async () => {
    const { discord, handler } = await openFloor();
    handler.answerCommand = async (_command, responder) => {
      await responder.acknowledge('only-you');
      await responder.show(confirm);
    };
    const ann = discord.user('ann');
    const question = await (await ann.slash('ping')).shown();
    const outcome = await (await ann.press(question, 'Cancel')).until(({ text }) => text === 'pressed n-1');
    expect(outcome).toMatchObject({ id: question.id, onlyFor: 'ann' });
  });

  test.each([
    'everyone',
    'only-you',
  ] as const)('answered for %s leaves the message with the button', async (placement) => {
    const { discord, platform, handler } = await openFloor();
    const address = { platform: 'discord', kind: 'chat', id: discord.channel().id } as const;
    await platform.post(address, confirm, 'question');
    handler.answerPress = async (_press, responder) => {
      await responder.acknowledge(placement);
      await responder.show({ text: ['a message of its own'] });
    };
    const [question] = discord.messages();
    if (!question) throw new Error('there is no question');
    const ann = discord.user('ann');
    const answer = await (await ann.press(question, 'Confirm')).shown();
    expect(answer.id).not.toBe(question.id);
    expect(answer.onlyFor).toBe(placement === 'only-you' ? 'ann' : undefined);
    expect(ann.sees()[0]).toMatchObject({ id: question.id, title: 'Sure?', buttons: [{}, {}] });
  });
});

describe('completion', () => {
  test('asks for the option in hand, with what is typed so far', async () => {
    const { discord, handler } = await openFloor();
    handler.choices = async () => [{ name: 'SMA cross', value: 'sma_cross' }];
    const choices = await discord.user('ann').complete('backtest', 'strategy', 'sm');
    expect(choices).toEqual([{ name: 'SMA cross', value: 'sma_cross' }]);
    expect(handler.completions).toMatchObject([{ command: ['backtest'], option: 'strategy', value: 'sm' }]);
  });

  test('offers at most 25, numbers as numbers, and no value that would have to be cut', async () => {
    const { discord, handler } = await openFloor();
    handler.choices = async ({ option }) =>
      option === 'cash'
        ? ['1000', 'not a number', '2.5'].map((value) => ({ name: value, value }))
        : [
            { name: 'too long', value: 'x'.repeat(101) },
            ...Array.from({ length: 40 }, (_, index) => ({
              name: `${index} ${'y'.repeat(120)}`,
              value: `${index}`,
            })),
          ];
    const ann = discord.user('ann');
    expect(await ann.complete('backtest', 'cash', '1', { strategy: 'sma' })).toEqual([
      { name: '1000', value: 1000 },
      { name: '2.5', value: 2.5 },
    ]);
    const choices = await ann.complete('backtest', 'strategy', '');
    expect(choices.map(({ value }) => value)).toEqual(Array.from({ length: 25 }, (_, index) => `${index}`));
    expect(choices[0]?.name).toMatch(/^0 y{97}…$/);
    expect(discord.refusals).toEqual([]);
  });

  test('gives no choices rather than late ones', async () => {
    const { discord, handler } = await openFloor();
    handler.choices = () => new Promise(() => undefined);
    expect(await discord.user('ann').complete('backtest', 'strategy', 'sm')).toEqual([]);
    expect(discord.refusals).toEqual([]);
  });
});

function manyFiles(count: number): Attachment[] {
  return Array.from({ length: count }, (_, index) => file(`${index}.txt`));
}
