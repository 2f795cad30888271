/** What people on Discord and Telegram meet when the desk, the platform or the line was away, or two desks use one token. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDesk, type TestDesk } from '../support/desk.ts';
import { fakeDiscord } from '../support/discord/index.ts';
import { startTelegram } from '../support/telegram/index.ts';
import { AheadClock } from './floors/floor.ts';

const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };

/** Three alerts, each traded before the next is sent. */
async function threeTrades(desk: TestDesk): Promise<void> {
  for (const [index, id] of ['first', 'second', 'third'].entries()) {
    expect((await desk.alert('demo', { ...alert, id })).status).toBe(200);
    await desk.shows(new RegExp(`(Bought[\\s\\S]*){${index + 1}}`));
  }
}

async function onDiscord() {
  const clock = new AheadClock();
  const discord = await fakeDiscord({ clock });
  onTestFinished(() => discord.close());
  const ann = discord.user('ann');
  const alerts = discord.channel('alerts');
  const desk = await startDesk({
    clock,
    endpoints: { discordApi: discord.rest.api },
    desk: {
      users: [{ name: 'ann', role: 'admin', discord: ann.id }],
      platforms: {
        console: {},
        discord: {
          token: discord.token,
          guild: discord.guild,
          channels: [discord.channel('desk').id],
          notify: [alerts.id],
        },
      },
    },
  });
  return { discord, desk, ann, alerts, clock };
}

async function onTelegram({ group = false } = {}) {
  const clock = new AheadClock();
  const telegram = await startTelegram({ clock });
  onTestFinished(() => telegram.close());
  const ann = telegram.user('ann');
  const room = telegram.group('Alerts');
  const desk = await startDesk({
    clock,
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [{ name: 'ann', role: 'admin', telegram: ann.id }],
      platforms: {
        console: {},
        telegram: { token: telegram.token, notify: [room.id], ...(group && { chats: [room.id] }) },
      },
    },
  });
  return { telegram, desk, ann, room, clock };
}

describe('what happened while the platform was away', () => {
  it('is told on Discord when it is back: in order, with the time at which it happened', async () => {
    const { discord, desk, ann, alerts, clock } = await onDiscord();
    await discord.until(() => discord.messages(alerts).length === 1, 'that the desk is up');
    await discord.offline();
    await threeTrades(desk);
    clock.advance(5 * 60_000);
    await discord.online();
    const told = await vi.waitFor(
      () => {
        const trades = discord.messages(alerts).filter(({ text }) => text.includes('Bought'));
        expect(trades).toHaveLength(3);
        return trades;
      },
      { timeout: 60_000, interval: 50 },
    );
    const capital = told.map(({ fields }) => fields.find(({ name }) => name === 'Cash')?.value);
    expect(capital, 'less cash after each').toEqual([
      expect.stringContaining('7,121'),
      expect.stringContaining('4,242'),
      expect.stringContaining('1,363'),
    ]);
    for (const { text } of told) expect(text).toMatch(/happened \d{4}/);
    const answer = await (await ann.slash('ping')).shown();
    expect(answer.text, 'and commands are answered again').toContain('Here');
  }, 90_000);

  it('is told on Telegram when it is back: in order, with the time at which it happened', async () => {
    const { telegram, desk, room, clock } = await onTelegram();
    await room.chat.shows('is up');
    telegram.goesAway();
    await threeTrades(desk);
    clock.advance(5 * 60_000);
    telegram.comesBack();
    const told = await vi.waitFor(
      () => {
        const trades = room.chat.messages.filter(({ text }) => text.includes('Bought'));
        expect(trades).toHaveLength(3);
        return trades;
      },
      { timeout: 60_000, interval: 50 },
    );
    const cash = told.map(({ text }) => /Cash: ([\d,]+)/.exec(text)?.[1]);
    expect(cash).toEqual(['7,121', '4,242', '1,363']);
    for (const { text } of told) expect(text).toMatch(/happened \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  }, 90_000);
});

describe('a command', () => {
  it('that would act is refused with a word when it waited while the desk was away; a question is answered', async () => {
    const { desk, ann } = await onTelegram();
    const at = new Date(Date.now() - 10 * 60_000);
    ann.says('/suspend entries', { at });
    await ann.chat.shows(/sent 10 minutes ago, while the desk was away\. It was not done/);
    ann.says('/ping', { at });
    await ann.chat.shows('Here.');
    expect(desk.printed()).not.toContain('is suspended');
  });

  it('that is corrected is answered anew, unless it acts', async () => {
    const { desk, ann } = await onTelegram();
    ann.says('/chart SP50');
    await ann.chat.shows(/SP50\b/);
    ann.edits('/data inspect SP500');
    await ann.chat.shows('4 after 2001-09-10');
    ann.edits('/suspend entries');
    await ann.chat.shows('You corrected a message: what it says now was not done');
    expect(desk.printed()).not.toContain('is suspended');
  });

  it('in a topic of a group is answered there, and what is private comes in private', async () => {
    const { ann, room } = await onTelegram({ group: true });
    ann.says('/book list', { in: room, thread: 7 });
    expect((await room.chat.shows('rotation')).thread).toBe(7);
    ann.says('/config show', { in: room, thread: 7 });
    await ann.chat.shows('books/demo');
    expect(room.chat.messages.some(({ text }) => text.includes('plans/demo'))).toBe(false);
  });

  it('on Discord is answered after the line was cut, and resumed', async () => {
    const { discord, ann } = await onDiscord();
    await (await ann.slash('ping')).shown();
    discord.dropGateway();
    const answer = await (await ann.slash('book list')).until(({ text }) => text.includes('rotation'));
    expect(answer.text).toContain('demo');
    expect(discord.gateway).toMatchObject({ identified: 1, resumed: 1 });
  });

  it('is answered after Discord and Telegram asked to wait', async () => {
    const { discord, ann } = await onDiscord();
    await (await ann.slash('ping')).shown();
    discord.next('PATCH', /@original$/, { rateLimitSeconds: 0.2 });
    const answer = await (await ann.slash('book list')).until(({ text }) => text.includes('rotation'));
    expect(answer.text).toContain('demo');

    const other = await onTelegram();
    other.telegram.throttles('sendMessage', 1);
    other.ann.says('/book list');
    await other.ann.chat.shows('rotation');
    expect(other.telegram.throttled).toBe(1);
  });
});

it('another program that polls with the same token is named in /status, and the desk goes on', async () => {
  const { telegram, desk, ann } = await onTelegram();
  ann.says('/ping');
  await ann.chat.shows('Here.');
  const leaves = telegram.anotherInstancePolls();
  await vi.waitFor(
    () => {
      desk.type('/status');
      expect(desk.printed()).toMatch(/telegram: Telegram: another instance is polling with this bot token/);
    },
    { timeout: 30_000, interval: 200 },
  );
  await desk.alert('demo', alert);
  await desk.shows('Bought 1 SP500');
  leaves();
  ann.says('/book list');
  await ann.chat.shows('rotation');
}, 60_000);
