import { describe, expect, it } from 'vitest';
import { audit } from '../../../commands/audit.ts';
import { action, defineCommand } from '../../../commands/command.ts';
import { timezone } from '../../../commands/timezone.ts';
import { chatDesk } from '../../support/chat.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempStore } from '../../support/temp-store.ts';

/** Says what time it is, and asks before it does. */
const clock = defineCommand({
  name: 'clock',
  description: 'The time',
  group: 'Overview',
  body: {
    action: action({
      description: 'The time',
      role: 'viewer',
      options: {},
      confirm: () => ({ title: 'Look?' }),
      run: async ({ times }) => ({ text: [times.minute(times.now)] }),
    }),
  },
});

async function desk() {
  const manual = new ManualClock('2020-01-31T12:00:00Z');
  return chatDesk({ store: await tempStore(), commands: [timezone, audit, clock], clock: manual });
}

type Desk = Awaited<ReturnType<typeof desk>>;

async function timeFor(chat: Desk, name: string): Promise<string> {
  const asked = await chat.types(name, '/clock');
  return (await chat.presses(name, asked.button('Confirm'))).text;
}

describe('times in answers', () => {
  it('are by the clock that somebody set for themselves, and nobody else’s change', async () => {
    const chat = await desk();
    expect(await timeFor(chat, 'vera')).toBe('2020-01-31 12:00 UTC');
    expect((await chat.types('vera', '/timezone set asia/tokyo')).text).toContain('Asia/Tokyo from now on');
    expect(await timeFor(chat, 'vera')).toBe('2020-01-31 21:00 UTC+9');
    expect(await timeFor(chat, 'tom')).toBe('2020-01-31 12:00 UTC');
    expect((await chat.types('vera', '/clock')).text, 'how long a question holds').toContain(
      'Confirm until 21:05 UTC+9.',
    );
  });

  it('are by the clock of the chat for who has not set one, and go back to it', async () => {
    const chat = await desk();
    await chat.types('ann', '/timezone set America/New_York chat=here');
    await chat.types('vera', '/timezone set Asia/Tokyo');
    expect(await timeFor(chat, 'tom')).toBe('2020-01-31 07:00 UTC-5');
    expect(await timeFor(chat, 'vera'), 'her own goes first').toBe('2020-01-31 21:00 UTC+9');
    await chat.types('vera', '/timezone set default');
    expect(await timeFor(chat, 'vera')).toBe('2020-01-31 07:00 UTC-5');
  });

  it.each([
    ['ann', '/timezone set Berln', /no time zone "Berln"/],
    ['ann', '/timezone set Berlin', /Did you mean Europe\/Berlin/],
    ['tom', '/timezone set Asia/Tokyo chat=here', /up to the admins/],
    ['ann', '/timezone set Asia/Tokyo chat=discord:user:2', /only they set/],
    ['ann', '/timezone set Asia/Tokyo chat=nowhere', /no chat "nowhere"/],
  ])('are not changed by %s with %s', async (name, line, why) => {
    expect((await (await desk()).types(name, line)).text).toMatch(why);
  });
});

describe('the audit', () => {
  const csvOf = (answer: Awaited<ReturnType<Desk['types']>>) => {
    const [file] = answer.shown.at(-1)?.attachments ?? [];
    return { name: file?.name, lines: new TextDecoder().decode(file?.data).trim().split('\r\n') };
  };

  it('comes as a file with all that is kept, the newest first', async () => {
    const chat = await desk();
    await chat.types('tom', '/timezone set nowhere');
    chat.clock.advance(1000);
    await chat.types('vera', '/timezone show');
    chat.clock.advance(1000);
    const shown = await chat.types('ann', '/audit');
    const { name, lines } = csvOf(await chat.presses('ann', shown.button('All as CSV')));
    expect(name).toBe('audit.csv');
    expect(lines[0]).toBe('At,Who,Platform,User id,Chat,Asked,Outcome,Why,Milliseconds');
    expect(lines[1]).toContain('ann,discord,1,desk-room,/audit,answered');
    expect(lines[2]).toContain('vera,discord,3,desk-room,/timezone show,answered');
    expect(lines[3]).toContain('tom,discord,2,desk-room,/timezone set zone=nowhere,refused');
  });

  it('holds only their own for who is no admin, in the file too', async () => {
    const chat = await desk();
    await chat.types('ann', '/timezone show');
    await chat.types('vera', '/timezone show');
    const { name, lines } = csvOf(await chat.types('vera', '/audit csv=true'));
    expect(name).toBe('audit-vera.csv');
    expect(lines).toHaveLength(2);
    expect((await chat.types('vera', '/audit ann')).text).toContain('for admins: ask ann');
  });

  it('is of the days that were asked for', async () => {
    const chat = await desk();
    await chat.types('ann', '/timezone show');
    chat.clock.advance(86_400_000);
    await chat.types('ann', '/timezone show');
    const { lines } = csvOf(await chat.types('ann', '/audit from=2020-01-31 to=2020-01-31 csv=true'));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('2020-01-31T12:00:00.000Z');
    expect((await chat.types('ann', '/audit from=2020-02-03')).text).toContain('Nothing was asked then');
  });
});
