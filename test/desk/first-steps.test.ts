/** docs/discord.md and docs/telegram.md, followed to the letter: from nothing to a trade on paper that was confirmed. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { shownWords } from '../bot/chat/discord/reading.ts';
import { startDesk, type TestDesk } from '../support/desk.ts';
import { fakeDiscord } from '../support/discord/index.ts';
import { startTelegram } from '../support/telegram/index.ts';

interface Page {
  /** Its blocks of YAML, in their order. */
  readonly yaml: readonly string[];
  /** The commands of its first trade, in their order. */
  readonly commands: readonly string[];
  readonly text: string;
}

function page(name: string): Page {
  const text = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, kind, body = '']) => ({
    kind,
    body,
  }));
  const trade = text.slice(text.indexOf('## The first trade'));
  const lines = [...trade.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, body = '']) =>
    body.trim().split('\n'),
  );
  return {
    yaml: blocks.filter(({ kind }) => kind === 'yaml').map(({ body }) => body),
    commands: lines,
    text,
  };
}

/** What each command of the pages is answered, before anything is pressed. */
const answers: Readonly<Record<string, string>> = {
  '/claim CODE': 'The desk is yours',
  '/status': 'Desk demo',
  '/buy demo SP500 1': 'Buy 1 SP500 for demo, PAPER?',
  '/positions': '1 SP500 long',
  '/close demo SP500': 'Close 1 SP500 for demo, PAPER?',
};
const outcomes: Readonly<Record<string, string>> = {
  '/buy demo SP500 1': 'Bought 1 SP500, demo, PAPER',
  '/close demo SP500': 'Sold 1 SP500, demo, PAPER',
};

async function codeOf(desk: TestDesk): Promise<string> {
  await desk.shows(/\/claim [A-Z2-9-]{14}/);
  return /\/claim ([A-Z2-9-]{14})/.exec(desk.printed())?.[1] ?? '';
}

describe('docs/discord.md', () => {
  it('leads to a trade on paper that was confirmed', async () => {
    const discord = await fakeDiscord();
    onTestFinished(() => discord.close());
    const { yaml, commands, text } = page('discord.md');
    const [settings = ''] = yaml;
    const ids: Readonly<Record<string, string>> = {
      '${DISCORD_TOKEN}': discord.token,
      SERVER_ID: discord.guild,
      DESK_CHANNEL_ID: discord.channel('desk').id,
      ALERTS_CHANNEL_ID: discord.channel('alerts').id,
    };
    const filled = Object.entries(ids).reduce((made, [name, value]) => made.replace(name, value), settings);
    const desk = await startDesk({
      desk: parse(filled),
      endpoints: { discordApi: discord.rest.api },
    });
    const code = await codeOf(desk);
    const me = discord.user('me');
    expect(commands).toEqual(Object.keys(answers));
    for (const line of commands) {
      const exchange = await (line === '/claim CODE'
        ? me.slash('claim', { code })
        : me.slash(...fieldsOf(line)));
      const answer = await exchange.until(
        ({ title, text: shown }) => shownWords(`${title}\n${shown}`).includes(answers[line] ?? ''),
        line,
      );
      const outcome = outcomes[line];
      if (outcome === undefined) continue;
      await (await me.press(answer, 'Confirm')).until(({ title }) => title.includes(outcome), outcome);
      const [verb = ''] = outcome.split(' ');
      await vi.waitFor(() => {
        const told = discord.messages(discord.channel('alerts'));
        expect(told.some(({ text: shown }) => shown.includes(verb))).toBe(true);
      }, 45_000);
    }
    expect(discord.refusals).toEqual([]);
    // No privileged intent: GUILD_PRESENCES, GUILD_MEMBERS and MESSAGE_CONTENT.
    expect(discord.gateway.intents & ((1 << 8) | (1 << 1) | (1 << 15))).toBe(0);
    // VIEW_CHANNEL, SEND_MESSAGES, EMBED_LINKS, ATTACH_FILES, CREATE_PUBLIC_THREADS and SEND_MESSAGES_IN_THREADS
    // (https://discord.com/developers/docs/topics/permissions).
    const wanted = [10n, 11n, 14n, 15n, 35n, 38n].reduce((all, bit) => all | (1n << bit), 0n);
    expect(text).toContain(`scope=bot+applications.commands&permissions=${wanted}`);
  }, 60_000);
});

function fieldsOf(line: string): [string, Record<string, string>] {
  const [command = '', ...values] = line.slice(1).split(' ');
  const names = ['book', 'symbol', 'size'];
  return [command, Object.fromEntries(values.map((value, index) => [names[index] ?? '', value]))];
}

describe('docs/telegram.md', () => {
  async function started(settings: string) {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const filled = settings.replace(/\$\{TELEGRAM_TOKEN\}/, telegram.token);
    const desk = await startDesk({
      desk: parse(filled),
      endpoints: { telegramApi: telegram.apiRoot },
    });
    return { telegram, desk };
  }

  it('leads to a trade on paper that was confirmed, and tells the number of a new group and of a new person', async () => {
    const { yaml, commands } = page('telegram.md');
    const { telegram, desk } = await started(yaml[0] ?? '');
    const code = await codeOf(desk);
    const me = telegram.user('me');
    expect(commands).toEqual(Object.keys(answers));
    for (const line of commands) {
      me.says(line.replace('CODE', code));
      await me.chat.shows(answers[line] ?? '');
      const outcome = outcomes[line];
      if (outcome === undefined) continue;
      me.presses('Confirm');
      await me.chat.shows(outcome);
    }
    await telegram.until(() => me.menu.length > 0, 'the menu of an admin');

    const group = telegram.group('Traders');
    me.says('/whoami', { in: group });
    await me.chat.shows(`telegram user ${me.id} ("me") in chat ${group.id}`);
    const tom = telegram.user('tom');
    tom.says('/help');
    me.says('/log');
    await me.chat.shows(`telegram user ${tom.id} ("tom") in a private chat`);
    me.says(`/user add tom trader telegram=${tom.id}`);
    await me.chat.shows('Let in tom?');
    me.presses('Confirm');
    await me.chat.shows('tom is trader');
    tom.says('/help');
    await tom.chat.shows('/buy');
  }, 60_000);

  it('has settings for a group that the desk takes', async () => {
    const { yaml } = page('telegram.md');
    const settings = parse((yaml[1] ?? '').replaceAll(/"\$\{TELEGRAM_TOKEN\}"/g, '"123456:token"'));
    expect(settings.platforms.telegram).toEqual({
      token: '123456:token',
      notify: ['-1001234567890'],
      chats: ['-1001234567890'],
    });
  });
});
