import { describe, expect, test } from 'vitest';
import { fakeDiscord } from '../../../support/discord/index.ts';
import { openFloor, startFloor } from './floor.ts';

const guildsIntent = 1;

describe('connecting', () => {
  test('needs no intent but that for servers', async () => {
    const { discord, platform } = await openFloor();
    expect(discord.gateway.intents).toBe(guildsIntent);
    expect(platform.status()).toEqual({ state: 'ready', since: expect.any(Date) });
  });

  test('waits for a Discord that is not there yet', async () => {
    const discord = await fakeDiscord();
    await discord.offline();
    const { platform, log } = await startFloor({ discord });
    await discord.until(
      () => log.some(({ message }) => message.includes('cannot be reached')),
      'the log line',
    );
    expect(platform.status()).toMatchObject({
      state: 'connecting',
      why: expect.stringContaining('trying again'),
    });
    await discord.online();
    await discord.until(() => platform.status().state === 'ready', 'the bot');
    await (await discord.user('ann').slash('ping')).shown();
  });
});

describe('a refused bot', () => {
  test('with a wrong token is down, says once which setting to change, and the process goes on', async () => {
    const { discord, platform, log } = await startFloor({ token: 'not.a.token' });
    await discord.until(() => platform.status().state === 'down', 'the refusal');
    const why =
      'Discord refuses the bot token: put the token of the Bot page (https://discord.com/developers/applications) into platforms.discord.token';
    expect(platform.status().why).toBe(why);
    expect(log.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'info', message: 'Discord is connecting' },
      { level: 'error', message: why },
    ]);
    expect(JSON.stringify(log), 'a token in the log').not.toContain('not.a.token');
  });

  test('whose token the gateway refuses is down with the same line', async () => {
    const discord = await fakeDiscord();
    discord.refuseIdentify(4004);
    const { platform, log } = await startFloor({ discord });
    await discord.until(() => platform.status().state === 'down', 'the refusal');
    expect(platform.status().why).toContain('platforms.discord.token');
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('whose intents are refused is down and says so', async () => {
    const discord = await fakeDiscord();
    discord.refuseIdentify(4014);
    const { platform } = await startFloor({ discord });
    await discord.until(() => platform.status().state === 'down', 'the refusal');
    expect(platform.status().why).toContain('refuses the intents');
  });
});

describe('a line that breaks', () => {
  test('is resumed, and a command that was given meanwhile is heard', async () => {
    const { discord, platform, log } = await openFloor();
    discord.dropGateway();
    const exchange = await discord.user('ann').slash('ping');
    expect((await exchange.shown()).text).toContain('heard');
    expect(discord.gateway).toMatchObject({ identified: 1, resumed: 1 });
    await discord.until(() => platform.status().state === 'ready', 'the status');
    expect(log.map(({ message }) => message)).toContain(
      'The connection to Discord was lost: connecting again',
    );
    expect(discord.requestsTo('POST', /commands$/), 'commands registered once').toHaveLength(3);
  });

  test('comes back when Discord was away for a while, unless the desk was stopped meanwhile', async () => {
    const { discord, platform } = await openFloor();
    const other = (await startFloor({ discord })).platform;
    await discord.until(() => other.status().state === 'ready', 'the other desk');
    await discord.offline();
    await discord.until(() => other.status().state === 'connecting', 'its loss');
    await other.stop();
    await discord.until(() => platform.status().state === 'connecting', 'the loss');
    expect(platform.status().why).toContain('was lost');
    await discord.online();
    await discord.until(() => platform.status().state === 'ready', 'the return');
    expect(discord.gateway.connections, 'the stopped desk connected again').toBe(1);
    await (await discord.user('ann').slash('ping')).shown();
  });
});
