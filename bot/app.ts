/**
 * The desk as a process: the engine, the chat platforms around it, and the webhook. The composition root: with
 * `engine.ts` it is the one place that knows every part.
 */
import { join } from 'node:path';
import type { Host, Role } from '../commands/command.ts';
import { commands } from '../commands/index.ts';
import type { Clock } from '../engine/clock.ts';
import { reasonOf } from '../engine/errors.ts';
import type { Logger } from '../engine/log.ts';
import { lockDataFolder } from '../engine/store/index.ts';
import { Access, type KnownUser } from './chat/access.ts';
import { Actions } from './chat/actions.ts';
import { Audit } from './chat/audit.ts';
import { ConsolePlatform, consoleUser } from './chat/console/console.ts';
import { filesOfTerminal } from './chat/console/files.ts';
import { type Listener, Notifier } from './chat/notifier.ts';
import type { ChatAddress, Message, Platform, PlatformName } from './chat/platform.ts';
import { Router } from './chat/router.ts';
import { Uploads } from './chat/uploads.ts';
import type { Config } from './config/load.ts';
import { openEngine } from './engine.ts';
import { hooksOf } from './webhook/hooks.ts';
import { webhookServer } from './webhook/server.ts';

export interface AppParts {
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly terminal: Pick<ConstructorParameters<typeof ConsolePlatform>[0], 'input' | 'output' | 'color'>;
  /** Somebody asked the desk to stop: `/terminate`, Ctrl+C, the end of a pipe. */
  readonly onStopWanted: (by: string) => void;
  /** Where Discord and Telegram are, when they are not where they always are: a test's servers. */
  readonly endpoints?: { readonly discordApi?: string; readonly telegramApi?: string };
}

export interface App {
  /** Where alerts are received; undefined when the configuration has no webhook. */
  readonly webhookUrl: string | undefined;
  /** Finishes what is in hand, says no to what is new, and ends. */
  stop(): Promise<void>;
}

/**
 * Starts the whole desk.
 * @throws UserError or StoreError in one line when it cannot: then nothing is left running
 */
export async function startApp(parts: AppParts): Promise<App> {
  const { config, clock, log } = parts;
  const closers: (() => Promise<void> | void)[] = [];
  const stopAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error }, 'a part of the desk did not stop in order');
      }
    }
  };
  try {
    const lock = await lockDataFolder(config.dataFolder);
    closers.push(() => lock.release());
    const engine = await openEngine(config, { clock, log });
    closers.push(() => engine.stop());
    const { outbox, store } = engine;

    let webhookUrl: string | undefined;
    const platforms = await platformsOf(parts);
    const host = hostOf(parts, platforms, () => webhookUrl);
    const access = await Access.open({ ...peopleOf(config), store, outbox, clock, log });
    closers.push(() => access.stop());
    const actions = await Actions.open(store, clock);
    const audit = await Audit.open(store, clock);
    const uploads = await Uploads.open(store, clock);
    await actions.purge();
    await uploads.purge();
    const { desk } = engine;
    const router = new Router({ commands, desk, host, access, actions, uploads, audit, clock, log });
    const notifier = await Notifier.open({
      actions,
      outbox,
      store,
      platforms,
      listeners: listenersOf(config),
      clock,
      log,
    });

    await engine.start();
    await engine.startWork();
    closers.push(() => Promise.all(platforms.map((platform) => platform.stop())).then(() => undefined));
    closers.push(() => notifier.stop());
    closers.push(() => router.stop());

    if (config.webhook) {
      const webhook = webhookServer({
        settings: config.webhook,
        log,
        inbox: engine.inbox,
        clock,
        hooks: hooksOf(config.books, config.webhook),
        health: () => engine.store.ping().then(() => ({ ok: true }), unwell(log)),
        onRefused: (description) => access.refused(description),
      });
      webhookUrl = (await webhook.start()).url;
      closers.push(() => webhook.stop());
    }
    await outbox.publish({ type: 'desk.started', version: parts.version, environment: config.name });
    await Promise.all(platforms.map((platform) => platform.start(router)));
    notifier.start();
    return { webhookUrl, stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/**
 * Runs one command on the engine alone, without platforms, webhook or schedule.
 * @returns the messages that it showed, and whether the last one is an error
 */
export async function runOnce(
  parts: AppParts,
  command: string,
  show: (message: Message) => Promise<void>,
): Promise<{ readonly failed: boolean }> {
  const { config, clock, log } = parts;
  const lock = await lockDataFolder(config.dataFolder);
  try {
    const engine = await openEngine(config, { clock, log });
    try {
      await engine.start();
      const { outbox, store, desk } = engine;
      const access = await Access.open({ ...peopleOf(config), store, outbox, clock, log });
      const router = new Router({
        commands,
        desk,
        host: hostOf(parts, [], () => undefined),
        access,
        actions: await Actions.open(store, clock),
        uploads: await Uploads.open(store, clock),
        audit: await Audit.open(store, clock),
        clock,
        log,
      });
      let last: Message = { tone: 'danger', text: ['The command gave no answer.'] };
      await router.onCommand(
        {
          user: consoleUser,
          chat: { id: 'console', private: true },
          sentAt: clock.now(),
          input: { kind: 'typed', text: command.startsWith('/') ? command : `/${command}` },
          files: filesOfTerminal,
        },
        {
          acknowledge: async () => undefined,
          show: async (message) => {
            last = message;
          },
          refuse: async (message) => {
            last = message;
          },
        },
      );
      await show(last);
      return { failed: last.tone === 'danger' };
    } finally {
      await engine.stop();
    }
  } finally {
    lock.release();
  }
}

/** Every platform of the configuration. What is not used is not imported: discord.js alone takes 40 MB. */
async function platformsOf(parts: AppParts): Promise<Platform[]> {
  const { config, clock, log, endpoints = {} } = parts;
  const { console, discord, telegram } = config.platforms;
  const platforms: Platform[] = [];
  if (console?.enabled) {
    platforms.push(
      new ConsolePlatform({
        ...parts.terminal,
        commands,
        attachmentsFolder: join(config.dataFolder, 'attachments'),
        historyFile: join(config.dataFolder, 'console-history'),
        onLeave: () => parts.onStopWanted('console'),
        clock,
        log,
      }),
    );
  }
  if (discord) {
    const { discordPlatform } = await import('./chat/discord/index.ts');
    const { discordApi } = endpoints;
    const rest =
      discordApi === undefined ? {} : { rest: { api: discordApi, cdn: new URL(discordApi).origin } };
    platforms.push(
      discordPlatform({ token: discord.token, guild: discord.guild, commands, log, clock, ...rest }),
    );
  }
  if (telegram) {
    const { telegramPlatform } = await import('./chat/telegram/index.ts');
    platforms.push(
      telegramPlatform({
        token: telegram.token,
        commands,
        log,
        clock,
        chatsByRole: () => idsByRole(config, 'telegram'),
        ...(endpoints.telegramApi !== undefined && { apiRoot: endpoints.telegramApi }),
      }),
    );
  }
  return platforms;
}

function hostOf(parts: AppParts, platforms: readonly Platform[], webhookUrl: () => string | undefined): Host {
  const { config, version, clock } = parts;
  return {
    version,
    environment: config.name,
    startedAt: clock.now(),
    commands,
    platforms: () =>
      platforms.map((platform) => {
        const { state, why } = platform.status();
        return { name: platform.name, state, ...(why !== undefined && { why }) };
      }),
    webhook: () => webhookUrl() ?? (config.webhook ? 'not yet open' : 'not configured'),
    terminate: (by) => parts.onStopWanted(by),
  };
}

/** The people of the configuration, and the groups in which the desk answers. */
function peopleOf({ users, platforms }: Config): {
  users: readonly KnownUser[];
  groups: ReadonlyMap<PlatformName, readonly string[]>;
} {
  const atTheTerminal: KnownUser = {
    name: consoleUser.name,
    role: platforms.console?.role ?? 'admin',
    ids: { console: consoleUser.id },
  };
  return {
    users: [
      atTheTerminal,
      ...users.map(({ name, role, discord, telegram }) => ({
        name,
        role,
        ids: { ...(discord !== undefined && { discord }), ...(telegram !== undefined && { telegram }) },
      })),
    ],
    groups: new Map<PlatformName, readonly string[]>([
      ['discord', platforms.discord?.channels ?? []],
      ['telegram', platforms.telegram?.chats ?? []],
    ]),
  };
}

/** Who hears what happens: the terminal, the chats that are named, and for what concerns admins only, they themselves. */
function listenersOf({ users, platforms }: Config): Listener[] {
  const listeners: Listener[] = [];
  const hear = (platform: PlatformName, kind: ChatAddress['kind'], id: string, hears: Listener['hears']) =>
    listeners.push({ address: { platform, kind, id }, hears });
  if (platforms.console?.enabled) hear('console', 'chat', consoleUser.id, 'everything');
  for (const id of platforms.discord?.notify ?? []) hear('discord', 'chat', id, 'public');
  for (const id of platforms.telegram?.notify ?? []) hear('telegram', 'chat', id, 'public');
  for (const { role, discord, telegram } of users) {
    if (role !== 'admin') continue;
    if (platforms.discord && discord !== undefined) hear('discord', 'user', discord, 'admins-only');
    if (platforms.telegram && telegram !== undefined) hear('telegram', 'user', telegram, 'admins-only');
  }
  return listeners;
}

function idsByRole(
  { users }: Config,
  platform: 'discord' | 'telegram',
): ReadonlyMap<Role, readonly string[]> {
  const byRole = new Map<Role, string[]>();
  for (const user of users) {
    const id = user[platform];
    if (id !== undefined) byRole.set(user.role, [...(byRole.get(user.role) ?? []), id]);
  }
  return byRole;
}

function unwell(log: Logger) {
  return (error: unknown) => {
    log.error({ reason: reasonOf(error) }, 'the store does not answer');
    return { ok: false };
  };
}
