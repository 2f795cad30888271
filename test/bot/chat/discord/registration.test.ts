import { describe, expect, test } from 'vitest';
import type { Command } from '../../../../commands/command.ts';
import { Refusal } from '../../../support/discord/index.ts';
import { commands, openFloor, startFloor } from './floor.ts';

const changes = /\/commands(\/\d+)?$/;

/** What was sent to change the list of commands. */
function sent(discord: Awaited<ReturnType<typeof openFloor>>['discord']): string[] {
  return discord.requests
    .filter(({ method, path }) => method !== 'GET' && changes.test(path))
    .map(({ method, body }) => `${method} ${body['name'] ?? ''}`.trim());
}

function described(name: string, description: string): Command[] {
  return commands.map((command) => (command.name === name ? { ...command, description } : command));
}

/** Starts a desk, waits until it has registered, and stops it. */
async function startOnce(options: Parameters<typeof startFloor>[0]) {
  const floor = await startFloor(options);
  const lists = floor.discord.requestsTo('GET', /\/commands$/).length;
  await floor.discord.until(
    () =>
      floor.discord.requestsTo('GET', /\/commands$/).length > lists &&
      floor.platform.status().state === 'ready',
    'the list of commands',
  );
  await floor.platform.stop(); // finishes what is being sent
  return floor;
}

describe('the commands', () => {
  test('are created at the first start, with every option as Discord has it', async () => {
    const { discord } = await openFloor();
    expect(sent(discord)).toEqual(['POST backtest', 'POST plan', 'POST ping']);
    const [backtest, plan] = discord.commands;
    expect(backtest?.options).toMatchObject([
      { name: 'strategy', type: 3, required: true, autocomplete: true },
      {
        name: 'mode',
        type: 3,
        choices: [
          { name: 'fast', value: 'fast' },
          { name: 'exact', value: 'exact' },
        ],
      },
      { name: 'cash', type: 10, min_value: 1, max_value: 1e9, autocomplete: true },
      { name: 'lots', type: 4, min_value: 0 },
      { name: 'short', type: 5 },
      { name: 'from', type: 3 },
      { name: 'params', type: 3 },
    ]);
    expect(plan?.options).toMatchObject([
      { name: 'run', type: 1, options: [{ name: 'plan', type: 3, required: true }] },
      { name: 'list', type: 1 },
    ]);
    expect(discord.refusals).toEqual([]);
  });

  test('are left alone at the next start', async () => {
    const { discord, platform } = await openFloor();
    await platform.stop();
    const before = sent(discord).length;
    await startOnce({ discord });
    expect(sent(discord).slice(before)).toEqual([]);
  });

  test('are changed one by one: the edited one is edited, the missing one is deleted', async () => {
    const { discord, platform } = await openFloor();
    await platform.stop();
    const before = sent(discord).length;
    await startOnce({ discord, commands: described('plan', 'Daily strategies').slice(0, 2) });
    expect(sent(discord).slice(before)).toEqual(['DELETE', 'PATCH plan']);
    expect(discord.commands.map(({ name, description }) => [name, description])).toEqual([
      ['backtest', 'Runs a strategy on past prices'],
      ['plan', 'Daily strategies'],
    ]);
    expect(discord.refusals).toEqual([]);
  });

  test('with a long description have it shortened for the picker, and are left alone at the next start', async () => {
    const long = described('ping', 'Says that the desk is there and what it is doing now '.repeat(4));
    const { discord, platform } = await openFloor({ commands: long });
    expect(discord.commands.at(-1)?.description).toMatch(/^Says that .*…$/);
    await platform.stop();
    const before = sent(discord).length;
    await startOnce({ discord, commands: long });
    expect(sent(discord).slice(before)).toEqual([]);
  });

  test('of one server are registered there only, and left alone at the next start', async () => {
    const discord = (await openFloor()).discord;
    const guild = discord.guild;
    await startOnce({ discord, guild });
    const ofServer = discord.commands.filter((command) => command.guild === guild);
    expect(ofServer.map(({ name }) => name)).toEqual(['backtest', 'plan', 'ping']);
    const before = sent(discord).length;
    await startOnce({ discord, guild });
    expect(sent(discord).slice(before)).toEqual([]);
    expect(discord.refusals).toEqual([]);
  });
});

describe('a registration that fails', () => {
  test('for one command leaves the others working, and the status says which', async () => {
    const bad = described('plan', '');
    const { discord, platform, log } = await startFloor({ commands: bad });
    await discord.until(() => platform.status().why?.includes('/plan'), 'the complaint');
    expect(platform.status().state).toBe('ready');
    expect(discord.commands.map(({ name }) => name)).toEqual(['backtest', 'ping']);
    expect(log.some(({ level }) => level === 'error')).toBe(true);
    await (await discord.user('ann').slash('ping')).shown();
  });

  test('as a whole says what to do, and leaves the desk running', async () => {
    const floor = await openFloor();
    await floor.platform.stop();
    const { discord } = floor;
    discord.next('GET', /\/commands$/, { refuse: new Refusal(403, 50001, 'Missing Access') });
    const { platform } = await startFloor({ discord, guild: discord.guild });
    await discord.until(() => platform.status().why?.includes('applications.commands'), 'the complaint');
    expect(platform.status()).toMatchObject({
      state: 'ready',
      why: expect.stringContaining('platforms.discord.guild'),
    });
  });
});
