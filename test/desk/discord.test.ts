/** The whole desk through the real discord.js, against a Discord that refuses what Discord refuses. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DeskSettings, startDesk } from '../support/desk.ts';
import { type FakeDiscord, fakeDiscord } from '../support/discord/index.ts';

async function onDiscord(settings: DeskSettings = {}) {
  const discord = await fakeDiscord();
  onTestFinished(() => discord.close());
  const ann = discord.user('ann');
  const vera = discord.user('vera');
  const desk = await startDesk({
    ...settings,
    endpoints: { discordApi: discord.rest.api },
    desk: deskYaml(discord, { ann: ann.id, vera: vera.id }),
  });
  return { discord, desk, ann, vera };
}

function deskYaml(discord: FakeDiscord, ids: { ann: string; vera: string }) {
  return {
    users: [
      { name: 'ann', role: 'admin', discord: ids.ann },
      { name: 'vera', role: 'viewer', discord: ids.vera },
    ],
    platforms: {
      discord: {
        token: discord.token,
        guild: discord.guild,
        channels: [discord.channel('desk').id],
        notify: [discord.channel('alerts').id],
      },
    },
  };
}

const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };

describe('a desk on Discord', () => {
  it('answers a backtest with the figures, the chart as a picture, and CSV files', async () => {
    const { discord, vera } = await onDiscord();
    const exchange = await vera.slash('backtest', {
      strategy: 'sma_cross',
      symbols: 'SP500',
      params: 'fast=20 slow=50',
    });
    const answer = await exchange.until(({ files }) => files.length === 4, 'the report');
    expect(answer.title).toContain('SmaCross  SP500  fast=20  slow=50');
    expect(answer.fields.map(({ name }) => name)).toContain('Sharpe Ratio');
    expect(answer.text).toContain('Profit Factor');
    expect(answer.pictures).toEqual(['SmaCross-SP500.png']);
    expect(answer.files.map(({ name }) => name).sort()).toEqual([
      'SmaCross-SP500-equity.csv',
      'SmaCross-SP500-orders.csv',
      'SmaCross-SP500-trades.csv',
      'SmaCross-SP500.png',
    ]);
    expect(discord.refusals).toEqual([]);
  });

  it('answers the other commands of the demo', async () => {
    const { discord, ann, vera } = await onDiscord();
    const help = await (await vera.slash('help')).shown();
    expect(help.onlyFor).toBe('vera');
    expect(help.text).toContain('/backtest');
    expect(help.text, 'a viewer is not offered what only an admin may').not.toContain('/terminate');
    const books = await (await vera.slash('book list')).shown();
    expect(books.text).toContain('rotation');
    const book = await (await vera.press(books, 'demo')).shown();
    expect(book.title).toBe('Book demo, paper');
    const question = await (await ann.slash('plan run', { plan: 'demo' })).shown();
    expect(question.title).toContain('Run the plan demo now for rotation, PAPER?');
    const plan = await (await ann.press(question, 'Confirm')).until(({ files }) => files.length > 0);
    expect(plan.text).toContain('New orders: 3.');
    expect((await (await vera.slash('status')).shown()).fields).toContainEqual(
      expect.objectContaining({ name: 'Chat', value: 'discord ready' }),
    );
    expect(await vera.complete('backtest', 'symbols', 'SP')).toContainEqual({
      name: 'SP500',
      value: 'SP500',
    });
    expect(discord.refusals).toEqual([]);
  });

  it('edits one message from "received" to what was traded', async () => {
    const { discord, desk } = await onDiscord();
    expect((await desk.alert('demo', alert)).status).toBe(200);
    const channel = discord.channel('alerts');
    await vi.waitFor(() => {
      const [, signal] = discord.messages(channel);
      expect(signal?.text).toContain('Bought **1 SP500** at **2875\\.99734** USD');
      expect(signal?.edits).toBeGreaterThan(0);
    }, 45_000);
    expect(discord.messages(channel), 'the start, and one for the signal').toHaveLength(2);
    expect(discord.refusals).toEqual([]);
  });

  it('asks before it stops, and only an admin may', async () => {
    const { desk, ann, vera } = await onDiscord();
    expect((await (await vera.slash('terminate')).shown()).text).toContain('needs the role admin');
    const question = await (await ann.slash('terminate')).shown();
    const refused = await (await vera.press(question, 'Confirm')).shown();
    expect(refused).toMatchObject({ onlyFor: 'vera' });
    expect(desk.stopWanted()).toBeUndefined();
    await ann.press(question, 'Confirm');
    await vi.waitFor(() => expect(desk.stopWanted()).toBe('ann'));
  });

  it('turns strangers away, and tells the admins', async () => {
    const { discord, ann } = await onDiscord();
    const mallory = discord.user('mallory');
    const answer = await (await mallory.slash('book list')).shown();
    expect(answer.onlyFor).toBe('mallory');
    expect(answer.text).toContain("not on this desk's list");
    await vi.waitFor(() => {
      const told = ann.sees(ann.directChannel).map(({ title }) => title);
      expect(told).toEqual([expect.stringContaining('Somebody was turned away')]);
    });
  });

  it('goes on without Discord when the token is refused, and says so', async () => {
    const discord = await fakeDiscord();
    onTestFinished(() => discord.close());
    const settings = deskYaml(discord, { ann: '1', vera: '2' });
    const desk = await startDesk({
      endpoints: { discordApi: discord.rest.api },
      desk: {
        ...settings,
        platforms: { console: {}, discord: { ...settings.platforms.discord, token: 'not-the-token' } },
      },
    });
    await vi.waitFor(async () => {
      desk.type('/status');
      await new Promise((resolve) => setImmediate(resolve));
      expect(desk.printed()).toContain('platforms.discord.token');
    }, 45_000);
    expect((await desk.alert('demo', alert)).status, 'alerts are taken all the same').toBe(200);
    await desk.shows('Bought 1 SP500');
  });
});
