/**
 * How soon is a command acknowledged when twenty people type at once, on Discord and on Telegram at the same time, and does
 * the desk hold more memory after ten thousand commands than after two thousand?
 *
 * The desk is a process of its own; the two platforms stand in this one, so their own work is in the times too.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type FakeDiscord, type FakeUser, fakeDiscord } from '../../test/support/discord/index.ts';
import { startTelegram, type TestTelegram, type TestUser } from '../../test/support/telegram/index.ts';
import type { DeskOrder, Memory } from './processes/desk.ts';

const people = 20;
const rounds = 50;
/** `BENCH_COMMANDS` shortens the long run. */
const commands = Number(process.env['BENCH_COMMANDS'] ?? 10_000);
const asked = ['/ping', '/status', '/positions', '/help', '/book list'];

type Print = (line: string) => void;

export async function run(print: Print): Promise<void> {
  await acknowledgements(print);
  await memoryOverTime(print);
}

/** Everybody types at once, and again when everybody was answered. */
async function acknowledgements(print: Print): Promise<void> {
  const floor = await openFloor({});
  try {
    const discordMs: number[] = [];
    const telegramMs: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const line = asked[round % asked.length] ?? '/ping';
      const times = await Promise.all([
        ...floor.onDiscord.map((user) => discordAsks(floor.discord, user, line)),
        ...floor.onTelegram.map((user) => telegramAsks(floor.telegram, user, line)),
      ]);
      if (round === 0) continue; // the first one compiles
      discordMs.push(...times.slice(0, people));
      telegramMs.push(...times.slice(people));
    }
    print(`${people} people on each platform type at once, ${rounds} times; load ${loadText()}`);
    print(`  to the acknowledgement on Discord    ${figures(discordMs)}`);
    print(`  to the acknowledgement on Telegram   ${figures(telegramMs)}`);
  } finally {
    await floor.close();
  }
}

async function memoryOverTime(print: Print): Promise<void> {
  // Else the platform's limits, and not the desk, say how long this takes.
  const most = { count: commands, ms: 1 };
  const floor = await openFloor({ chat: most, group: most, groupEdits: most, all: most });
  try {
    let done = 0;
    const until = async (count: number): Promise<Memory> => {
      while (done < count) {
        const line = asked[(done / people / 2) % asked.length] ?? '/ping';
        await Promise.all([
          ...floor.onDiscord.map((user) => discordAsks(floor.discord, user, line)),
          ...floor.onTelegram.map((user) => telegramAsks(floor.telegram, user, line)),
        ]);
        done += people * 2;
      }
      return floor.memory();
    };
    const early = await until(commands / 5);
    const late = await until(commands);
    print(`${done} commands, half of them on each platform; load ${loadText()}`);
    print(
      `  heap after a collection at ${commands / 5}    ${early.heapMb.toFixed(1)} MB, resident ${early.residentMb.toFixed(0)} MB`,
    );
    print(
      `  heap after a collection at ${commands}   ${late.heapMb.toFixed(1)} MB, resident ${late.residentMb.toFixed(0)} MB`,
    );
    const perCommand = ((late.heapMb - early.heapMb) * 2 ** 20) / (commands * 0.8);
    print(`  that is ${perCommand.toFixed(0)} bytes a command`);
  } finally {
    await floor.close();
  }
}

/** Milliseconds to the acknowledgement; returns when the answer is there. */
async function discordAsks(discord: FakeDiscord, user: FakeUser, line: string): Promise<number> {
  const startedAt = performance.now();
  const exchange = await user.slash(line.slice(1));
  await discord.until(() => exchange.acknowledged, 'the acknowledgement');
  const tookMs = performance.now() - startedAt;
  await exchange.shown();
  return tookMs;
}

async function telegramAsks(telegram: TestTelegram, user: TestUser, line: string): Promise<number> {
  const { chat } = user;
  const [signs, messages] = [chat.actions.length, chat.messages.length];
  const startedAt = performance.now();
  user.says(line);
  await telegram.until(() => chat.actions.length > signs, 'the sign that it types');
  const tookMs = performance.now() - startedAt;
  await telegram.until(() => chat.messages.length > messages, 'the answer');
  return tookMs;
}

async function openFloor(telegramPace: NonNullable<DeskOrder['telegramPace']>) {
  const limited = Object.keys(telegramPace).length === 0;
  const discord = await fakeDiscord();
  const telegram = await startTelegram({ limited });
  const names = Array.from({ length: people }, (_, index) => `person-${index}`);
  const onDiscord = names.map((name) => discord.user(name));
  const onTelegram = names.map((name) => telegram.user(name));
  const root = mkdtempSync(join(tmpdir(), 'outcry-bench-chat-'));
  const folder = join(root, 'config', 'demo');
  await cp(new URL('../../config.example/demo/', import.meta.url), folder, { recursive: true });
  const desk = {
    users: names.map((name, index) => ({
      name,
      role: 'trader',
      discord: onDiscord[index]?.id,
      telegram: onTelegram[index]?.id,
    })),
    platforms: {
      discord: { token: discord.token, guild: discord.guild, channels: [discord.channel('desk').id] },
      telegram: { token: telegram.token },
    },
    sources: { demo: { type: 'demo' } },
    brokers: { paper: { type: 'paper', source: 'demo', balances: { USD: '100000' } } },
  };
  writeFileSync(join(folder, 'desk.yaml'), stringify(desk));
  const child = fork(new URL('processes/desk.ts', import.meta.url), {
    execArgv: ['--expose-gc', '--max-semi-space-size=2', '--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const order: DeskOrder = {
    root,
    discordApi: discord.rest.api,
    telegramApi: telegram.apiRoot,
    telegramPace,
  };
  await ask(child, order);
  return {
    discord,
    telegram,
    onDiscord,
    onTelegram,
    memory: () => ask<Memory>(child, {}),
    async close() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
      await discord.close();
      await telegram.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function ask<T>(child: ChildProcess, question: object): Promise<T> {
  const answer = once(child, 'message');
  child.send(question);
  return (await answer)[0] as T;
}

function figures(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}
