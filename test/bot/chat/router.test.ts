import { describe, expect, it, vi } from 'vitest';
import { action, type Command, defineCommand } from '../../../commands/command.ts';
import { UserError } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import { defineCollection } from '../../../engine/store/store.ts';
import { chatDesk } from '../../support/chat.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

/** A command of one action, for this test. */
function commandNamed(name: string, definition: Parameters<typeof action>[0]): Command {
  return defineCommand({ name, description: name, group: 'Overview', body: { action: action(definition) } });
}

const hello = commandNamed('hello', {
  description: 'Greets',
  role: 'viewer',
  options: { who: { type: 'string', description: 'Whom', required: true, suggest: () => ['Ann', 'Tom'] } },
  run: async ({ caller }, { who }) => ({ text: [`${caller.name} greets ${String(who)}`] }),
});

/** `/sell what`: asks before it acts, and counts how often it acted. */
function sellCommand() {
  const sold: string[] = [];
  const command = commandNamed('sell', {
    description: 'Sells',
    role: 'trader',
    acts: true,
    options: { what: { type: 'string', description: 'What', required: true } },
    confirm: async (_context, { what }) => ({ title: `Sell ${String(what)}?` }),
    run: async (_context, { what }) => {
      sold.push(String(what));
      return { text: [`Sold ${String(what)}`], tone: 'success' };
    },
  });
  return { command, sold };
}

describe('a command in chat', () => {
  it('is understood, run and answered for everyone', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands: [hello] });
    const answer = await desk.types('vera', '/hello “the room”');
    expect(answer).toMatchObject({ placement: 'everyone', text: 'vera greets the room' });
  });

  it('that is wrong is answered only to who typed it, with one line', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands: [hello] });
    expect(await desk.types('vera', '/helo')).toMatchObject({
      placement: 'only-you',
      text: 'There is no command /helo. Did you mean /hello? Type /help to see them all.',
    });
    expect((await desk.types('vera', 'hello you')).text).toContain('begins with a slash');
  });

  it('that meets a fault of ours shows an id, not the error; the log has both', async () => {
    const lines: string[] = [];
    const log: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (fields, message) => lines.push(JSON.stringify({ ...fields, message })),
    };
    const broken = commandNamed('broken', {
      description: 'Breaks',
      role: 'viewer',
      options: {},
      run: async () => {
        throw new TypeError('secret detail');
      },
    });
    const desk = await chatDesk({ store: await tempStore(), commands: [broken], log });
    const { text } = await desk.types('vera', '/broken');
    expect(text).not.toContain('secret detail');
    const [, fault] = /fault ([0-9a-f]{6})/.exec(text) ?? [];
    expect(lines.join()).toContain(fault);
  });

  it('offers choices to who may use it, and to nobody else', async () => {
    const { command } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [hello, command] });
    expect(await desk.completes('vera', ['hello'], 'who', '')).toEqual([
      { name: 'Ann', value: 'Ann' },
      { name: 'Tom', value: 'Tom' },
    ]);
    expect(await desk.completes('stranger', ['hello'], 'who', '')).toEqual([]);
    expect(await desk.completes('vera', ['nothing'], 'who', '')).toEqual([]);
  });
});

describe('who may', () => {
  it('is decided by the role, and a refusal says which role it takes', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    expect((await desk.types('vera', '/sell SP500')).text).toBe(
      '/sell needs the role trader; yours is viewer.',
    );
    expect(sold).toEqual([]);
  });

  it('is nobody whose id is not in the configuration, and nobody in a foreign group', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands: [hello] });
    expect((await desk.types('mallory', '/hello you')).placement).toBe('refused');
    const foreign = { id: 'another-room', private: false };
    expect((await desk.types('ann', '/hello you', { chat: foreign })).placement, 'also an admin').toBe(
      'refused',
    );
  });

  it('tells the admins of refusals at most once an hour, with their number', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const clock = new ManualClock();
      const store = await tempStore();
      const desk = await chatDesk({ store, commands: [hello], clock });
      const refusals = await store.collection(defineCollection('refusals'));
      const told = async () =>
        (await desk.outbox.after(0, 100)).flatMap(({ event }) =>
          event.type === 'access.refused' ? [event.attempts] : [],
        );
      for (let attempt = 0; attempt < 5; attempt++) {
        clock.advance(1000);
        await desk.types('mallory', '/hello you');
      }
      await vi.waitFor(async () => expect(await told()).toEqual([1]));
      await vi.waitFor(async () => expect(await refusals.count()).toBe(5));
      clock.advance(3_600_000);
      await vi.advanceTimersByTimeAsync(3_600_000);
      await vi.waitFor(async () =>
        expect(await told(), 'the four that followed, in one message').toEqual([1, 4]),
      );
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps nothing of what a stranger wrote, but that they did', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands: [hello] });
    await desk.types('mallory', '/hello <img src=x>');
    const [record] = await desk.audit.latest({ limit: 10 });
    expect(record).toMatchObject({ caller: null, user: '999', outcome: 'refused', command: '(not read)' });
  });
});

describe('a confirmation', () => {
  it('comes before the command acts, and pressing Confirm acts in place of the question', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const question = await desk.types('tom', '/sell SP500');
    expect(question.text).toContain('Sell SP500?');
    expect(sold, 'nothing happens before it is confirmed').toEqual([]);
    const answer = await desk.presses('tom', question.button('Confirm'));
    expect(answer).toMatchObject({ placement: 'in-place', text: 'Sold SP500' });
    expect(sold).toEqual(['SP500']);
  });

  it('counts once, however often and fast it is pressed', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const confirm = (await desk.types('tom', '/sell SP500')).button('Confirm');
    const answers = await Promise.all([1, 2, 3].map(() => desk.presses('tom', confirm)));
    expect(sold).toEqual(['SP500']);
    expect(answers.filter(({ text }) => text === 'This was already confirmed by tom.')).toHaveLength(2);
  });

  it('works after a restart', async () => {
    const { command, sold } = sellCommand();
    const store = await tempStore();
    const before = await chatDesk({ store, commands: [command] });
    const confirm = (await before.types('tom', '/sell SP500')).button('Confirm');
    const after = await chatDesk({ store, commands: [command] });
    await after.presses('tom', confirm);
    expect(sold).toEqual(['SP500']);
  });

  it('is only for who asked', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const confirm = (await desk.types('tom', '/sell SP500')).button('Confirm');
    expect(await desk.presses('ann', confirm)).toMatchObject({
      placement: 'only-you',
      text: 'Only tom may press this button.',
    });
    expect((await desk.presses('vera', confirm)).text).toContain('needs the role trader');
    expect(sold).toEqual([]);
  });

  it('can be declined, and then never confirmed', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const question = await desk.types('tom', '/sell SP500');
    expect((await desk.presses('tom', question.button('Cancel'))).text).toBe(
      'Cancelled: /sell what=SP500 was not done.',
    );
    expect((await desk.presses('tom', question.button('Confirm'))).text).toBe(
      'This was already cancelled by tom.',
    );
    expect(sold).toEqual([]);
  });

  it('expires', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const question = await desk.types('tom', '/sell SP500');
    desk.clock.advance(6 * 60_000);
    expect((await desk.presses('tom', question.button('Confirm'))).text).toContain('expired');
    expect(sold).toEqual([]);
  });

  it('that was pressed while the desk was away does nothing, and can still be pressed', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const confirm = (await desk.types('tom', '/sell SP500')).button('Confirm');
    const earlier = new Date(desk.clock.now().getTime() - 10 * 60_000);
    expect((await desk.presses('tom', confirm, { sentAt: earlier })).text).toContain('It was not done');
    expect(sold).toEqual([]);
    await desk.presses('tom', confirm);
    expect(sold).toEqual(['SP500']);
  });

  it('with an id that nobody gave out does nothing', async () => {
    const { command } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    expect((await desk.presses('tom', 'y-made-up')).text).toContain('belongs to no action');
    expect((await desk.presses('tom', '')).text).toContain('belongs to no action');
  });
});

describe('a command that acts', () => {
  it('is not done when it waited while the desk was away', async () => {
    const { command, sold } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command, hello] });
    const earlier = new Date(desk.clock.now().getTime() - 10 * 60_000);
    const answer = await desk.types('tom', '/sell SP500', { sentAt: earlier });
    expect(answer.text).toContain('sent 10 minutes ago, while the desk was away. It was not done');
    expect(sold).toEqual([]);
    const harmless = await desk.types('tom', '/hello you', { sentAt: earlier });
    expect(harmless.text, 'a question is answered late').toBe('tom greets you');
  });
});

describe('long work', () => {
  function slowCommand() {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const command = commandNamed('slow', {
      description: 'Takes long',
      role: 'viewer',
      options: {},
      async *run({ signal }) {
        yield { text: 'half way', fraction: 0.5 };
        await Promise.race([
          finished,
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new UserError('aborted')));
          }),
        ]);
        return { text: ['finished'] };
      },
    });
    return { command, finish };
  }

  it('shows its progress with a Cancel button, then its reply without one', async () => {
    const { command, finish } = slowCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const work = desk.begins('vera', '/slow');
    await vi.waitFor(() => expect(work.seen().text).toContain('██████░░░░░░ 50 % half way'));
    expect(work.seen().button('Cancel')).toMatch(/^[\w-]{1,32}$/);
    finish();
    const answer = await work.done;
    expect(answer.text).toBe('finished');
    expect(answer.shown.at(-1)?.buttons).toBeUndefined();
  });

  it('can be cancelled by who began it or an admin, and by nobody else', async () => {
    const { command } = slowCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const work = desk.begins('vera', '/slow');
    await vi.waitFor(() => expect(work.seen().shown).toHaveLength(1));
    const cancel = work.seen().button('Cancel');
    expect((await desk.presses('tom', cancel)).text).toBe('Only vera or an admin may cancel this.');
    expect((await desk.presses('ann', cancel)).placement).toBe('only-you');
    expect((await work.done).text).toBe('Cancelled by ann.');
    expect((await desk.presses('ann', cancel)).text).toBe('That work is not running any more.');
  });

  it('is cancelled when the desk stops, and the desk waits until that is said', async () => {
    const { command } = slowCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command] });
    const work = desk.begins('vera', '/slow');
    await vi.waitFor(() => expect(work.seen().shown).toHaveLength(1));
    await desk.router.stop();
    expect(work.seen().text).toBe('Cancelled: the desk is stopping.');
  });
});

describe('the audit', () => {
  it('has every command with who, what and the outcome', async () => {
    const { command } = sellCommand();
    const desk = await chatDesk({ store: await tempStore(), commands: [command, hello] });
    const question = await desk.types('tom', '/sell SP500');
    desk.clock.advance(1000);
    await desk.presses('tom', question.button('Confirm'));
    desk.clock.advance(1000);
    await desk.types('vera', '/sell SP500');
    const records = (await desk.audit.latest({ limit: 10 })).map(({ caller, command: asked, outcome }) => [
      caller,
      asked,
      outcome,
    ]);
    expect(records).toEqual([
      ['vera', '/sell what=SP500', 'refused'],
      ['tom', '/sell what=SP500', 'answered'],
      ['tom', '/sell what=SP500', 'asked'],
    ]);
  });
});

describe('a command that takes two people', () => {
  async function twoOfThem() {
    const { command, sold } = sellCommand();
    const clock = new ManualClock();
    const store = await tempStore();
    const open = () => chatDesk({ store, clock, commands: [command], twoPersons: ['sell'] });
    const asks = async (desk: Awaited<ReturnType<typeof open>>, name: string) => {
      const question = await desk.types(name, '/sell SP500');
      return desk.presses(name, question.button('Confirm'));
    };
    return { sold, clock, open, asks };
  }

  it('is done when another one confirms the same, also after a restart, and not when the same one does', async () => {
    const { sold, open, asks } = await twoOfThem();
    const desk = await open();
    const first = await asks(desk, 'tom');
    expect(first.text).toContain('Somebody else must confirm the same within 10 minutes');
    const told = (await desk.outbox.after(0, 100)).map(({ event }) => event);
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'command.waiting', line: '/sell what=SP500', by: 'tom' }),
    );
    await asks(desk, 'tom');
    expect(sold, 'one person is not two').toEqual([]);
    const again = await open();
    await asks(again, 'ann');
    expect(sold).toEqual(['SP500']);
    await asks(again, 'ann');
    expect(sold, 'what was agreed on counts once').toEqual(['SP500']);
  });

  it('is ended by one refusal, and by waiting too long', async () => {
    const { sold, clock, open, asks } = await twoOfThem();
    const desk = await open();
    await asks(desk, 'tom');
    const question = await desk.types('ann', '/sell SP500');
    expect(question.text).toContain('Two people must confirm it.');
    const refused = await desk.presses('ann', question.button('Cancel'));
    expect(refused.text).toContain('Refused by ann, though tom had confirmed it');
    await asks(desk, 'ann');
    expect(sold, 'the confirmation before the refusal is gone').toEqual([]);
    clock.advance(11 * 60_000);
    await asks(desk, 'tom');
    expect(sold, 'the one before was too long ago').toEqual([]);
  });
});
