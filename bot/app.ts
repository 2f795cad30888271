/**
 * The desk as a process: the engine, the chat platforms around it, and the webhook. The composition root: with
 * `engine.ts` it is the one place that knows every part.
 */
import { join } from 'node:path';
import type { Role } from '../commands/command.ts';
import { commands } from '../commands/index.ts';
import { Times } from '../commands/times.ts';
import type { Clock } from '../engine/clock.ts';
import { reasonOf } from '../engine/errors.ts';
import type { Logger } from '../engine/log.ts';
import { lockDataFolder, openStore } from '../engine/store/index.ts';
import type { Store } from '../engine/store/store.ts';
import { Announcer } from './chat/announcer.ts';
import { ConsolePlatform, consoleUser } from './chat/console/console.ts';
import { filesOfTerminal } from './chat/console/files.ts';
import { digestJob } from './chat/digest.ts';
import type { Notices } from './chat/notices.ts';
import { Notifier } from './chat/notifier.ts';
import type { People } from './chat/people.ts';
import type { Message, Platform } from './chat/platform.ts';
import type { Pace } from './chat/telegram/pace.ts';
import { Threads } from './chat/threads.ts';
import type { Config } from './config/load.ts';
import { StoredSettings } from './config/settings.ts';
import { Vault } from './config/vault.ts';
import { attachmentsFolder, type Engine, openEngine } from './engine.ts';
import { openFront, openPeople } from './front.ts';
import type { DeskLog } from './log.ts';
import type { MailPlatform } from './mail/index.ts';
import { hooksOf } from './webhook/hooks.ts';
import { webhookServer } from './webhook/server.ts';

export interface AppParts {
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly log: DeskLog;
  readonly terminal: Pick<ConstructorParameters<typeof ConsolePlatform>[0], 'input' | 'output' | 'color'>;
  /** Somebody asked the desk to stop: `/terminate`, Ctrl+C, the end of a pipe. */
  readonly onStopWanted: (by: string) => void;
  /** `/restart`: the same, and then it starts anew. */
  readonly onRestartWanted: (by: string) => void;
  /** Where Discord and Telegram are, when they are not where they always are: a test's servers. */
  readonly endpoints?: {
    readonly discordApi?: string;
    readonly telegramApi?: string;
    /** How fast it may be talked to there, where other limits hold than Telegram's own. */
    readonly telegramPace?: Partial<Pace>;
  };
}

/** Why a desk stops, for those who are told. */
export interface Stopping {
  readonly by: string;
  /** Whether it starts anew by itself. */
  readonly restarts: boolean;
}

export interface App {
  /** Where alerts are received; undefined when the configuration has no webhook. */
  readonly webhookUrl: string | undefined;
  /** Finishes what is in hand, says no to what is new, and ends. */
  stop(why?: Stopping): Promise<void>;
}

/**
 * Starts the whole desk.
 * @throws UserError or StoreError in one line when it cannot: then nothing is left running
 */
export async function startApp(parts: AppParts): Promise<App> {
  const { config: files, clock, log } = parts;
  const { closers, closeAll } = inReverse(log);
  try {
    const { store, config, vault, engine } = await openInside(parts, closers);
    const { outbox } = engine;

    let webhookUrl: string | undefined;
    let timesOfTerminal = () => new Times(config.timezone, clock);
    const hooks = config.webhook && hooksOf(config.books, config.webhook);
    const people = await openPeople(config, { engine, clock, log });
    const mail = await mailOf({ ...parts, config }, engine);
    const platforms = [
      ...(await platformsOf({ ...parts, config }, people, () => timesOfTerminal())),
      ...(mail ? [mail] : []),
    ];
    const { router, access, actions, answers, notices, digests, timesOf } = await openFront({
      ...parts,
      config,
      files,
      vault,
      engine,
      people,
      platforms,
      mail,
      webhookUrl: () => webhookUrl,
      onSettings: (changed) => changed.webhook && hooks?.become(hooksOf(changed.books, changed.webhook)),
    });
    timesOfTerminal = () => timesOf({ platform: 'console', kind: 'chat', id: consoleUser.id });
    closers.push(() => access.stop());
    const notifier = await Notifier.open({
      actions,
      answers,
      outbox,
      store,
      platforms,
      hearing: notices,
      timesOf,
      announcer: new Announcer({ desk: engine.desk, log }),
      threads: await threadsOf(engine, notices, { clock, log }),
      clock,
      log,
    });

    engine.schedule.define({ name: digestJob.name, run: () => digests.tellDue() });

    await engine.start();
    await engine.startWork();
    await engine.schedule.every(digestJob.name, digestJob.key, digestJob.at, null);
    closers.push(() => Promise.all(platforms.map((platform) => platform.stop())).then(() => undefined));
    closers.push(() => notifier.stop());
    closers.push(() => digests.stop());
    closers.push(() => router.stop());

    if (config.webhook && hooks) {
      const webhook = webhookServer({
        settings: config.webhook,
        log,
        inbox: engine.inbox,
        clock,
        hooks,
        health: () => engine.store.ping().then(() => ({ ok: true }), unwell(log)),
        onRefused: (description) => access.refused(description),
      });
      webhookUrl = (await webhook.start()).url;
      closers.push(() => webhook.stop());
    }
    if (people.claimCode !== undefined) {
      log.info({ code: people.claimCode }, 'nobody is on the list yet: this code makes the first admin');
      parts.terminal.output.write(claimText(people.claimCode));
    }
    await outbox.publish({ type: 'desk.started', version: parts.version, environment: config.name });
    await Promise.all(platforms.map((platform) => platform.start(router)));
    notifier.start();
    digests.start();
    const stop = async ({ by, restarts }: Stopping = { by: 'the machine', restarts: false }) => {
      // Chats that cannot be reached now are told when they can.
      await outbox
        .publish({ type: 'desk.stopping', environment: config.name, by, restarts })
        .catch((error: unknown) => {
          log.error({ err: error }, 'nobody was told that the desk stops');
        });
      await closeAll();
    };
    return { webhookUrl, stop };
  } catch (error) {
    await closeAll();
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
  const { config: files, clock, log } = parts;
  const { closers, closeAll } = inReverse(log);
  try {
    const { config, vault, engine } = await openInside(parts, closers);
    await engine.start();
    const people = await openPeople(config, { engine, clock, log });
    const { router } = await openFront({
      ...parts,
      config,
      files,
      vault,
      engine,
      people,
      platforms: [],
      mail: undefined,
      webhookUrl: () => undefined,
      onSettings: () => undefined,
    });
    let last: Message = { tone: 'danger', text: ['The command gave no answer.'] };
    const keep = async (message: Message) => {
      last = message;
    };
    await router.onCommand(
      {
        user: consoleUser,
        chat: { id: 'console', private: true },
        sentAt: clock.now(),
        input: { kind: 'typed', text: command.startsWith('/') ? command : `/${command}` },
        files: filesOfTerminal,
      },
      { acknowledge: async () => undefined, show: keep, refuse: keep },
    );
    await show(last);
    return { failed: last.tone === 'danger' };
  } finally {
    await closeAll();
  }
}

/**
 * Forgets what was changed in chat about one key, as `books/demo limits.order`: for a desk that cannot start with it.
 * @throws UserError when nothing of it was changed
 */
export async function resetSetting({ config }: Pick<AppParts, 'config'>, text: string): Promise<void> {
  const lock = await lockDataFolder(config.dataFolder);
  try {
    const store = await openStore({ store: config.store, folder: config.dataFolder });
    try {
      await (await StoredSettings.open(config, { store, vault: vaultOf(config) })).reset(text);
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
}

/** What is inside of the desk, not yet started; how each part of it is closed again is added to the closers. */
async function openInside(parts: AppParts, closers: Closer[]) {
  const { config: files, clock, log } = parts;
  const lock = await lockDataFolder(files.dataFolder);
  closers.push(() => lock.release());
  const store = await openStore({ store: files.store, folder: files.dataFolder });
  closers.push(() => store.close());
  const { config, vault } = await withChanges(parts, store);
  const engine = await openEngine(config, { store, clock, log });
  closers.push(() => engine.stop());
  return { store, config, vault, engine };
}

/** The configuration with what was changed in chat laid over it. */
async function withChanges(
  { config: files, log }: AppParts,
  store: Store,
): Promise<{ config: Config; vault: Vault }> {
  const vault = vaultOf(files);
  const config = await (await StoredSettings.open(files, { store, vault })).config();
  log.hide(config.secrets);
  return { config, vault };
}

function vaultOf({ key, dataFolder }: Config): Vault {
  return new Vault({ passphrase: key, keyFile: join(dataFolder, 'secret.key') });
}

type Closer = () => Promise<void> | void;

/** What was opened is closed in reverse order, whatever goes wrong with one of them. */
function inReverse(log: DeskLog): { closers: Closer[]; closeAll(): Promise<void> } {
  const closers: Closer[] = [];
  return {
    closers,
    async closeAll() {
      for (const close of closers.splice(0).reverse()) {
        try {
          await close();
        } catch (error) {
          log.error({ err: error }, 'a part of the desk did not stop in order');
        }
      }
    },
  };
}

/** Every platform of the configuration. What is not used is not imported: discord.js alone takes 40 MB. */
async function platformsOf(
  parts: AppParts,
  people: People,
  timesOfTerminal: () => Times,
): Promise<Platform[]> {
  const { config, clock, log, endpoints = {} } = parts;
  const { console, discord, telegram } = config.platforms;
  const platforms: Platform[] = [];
  if (console?.enabled) {
    platforms.push(
      new ConsolePlatform({
        ...parts.terminal,
        commands,
        attachmentsFolder: attachmentsFolder(config),
        historyFile: join(config.dataFolder, 'console-history'),
        onLeave: () => parts.onStopWanted('console'),
        times: timesOfTerminal,
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
        chatsByRole: () => idsByRole(people, 'telegram'),
        onPeopleChanged: (listener) => people.onChanged(listener),
        ...(endpoints.telegramApi !== undefined && { apiRoot: endpoints.telegramApi }),
        ...(endpoints.telegramPace && { pace: endpoints.telegramPace }),
      }),
    );
  }
  return platforms;
}

function threadsOf(
  { desk, outbox, store }: Engine,
  notices: Notices,
  parts: Pick<AppParts, 'clock' | 'log'>,
) {
  return Threads.open({
    ...{ store, outbox, ...parts },
    threading: (address) => notices.threading(address),
    planOf: (book) => desk.plans.names().find((plan) => desk.plans.bookOf(plan) === book),
    bookOf: (plan) => (desk.plans.names().includes(plan) ? desk.plans.bookOf(plan) : undefined),
  });
}

async function mailOf(
  { config, clock, log }: AppParts,
  { outbox }: Engine,
): Promise<MailPlatform | undefined> {
  const { mail: settings } = config.platforms;
  if (!settings) return undefined;
  const { mailPlatform } = await import('./mail/index.ts');
  return mailPlatform({
    ...{ settings, desk: config.name, clock, log },
    onRefused: (address, reason) => {
      outbox.publish({ type: 'mail.refused', address, reason }).catch((error: unknown) => {
        log.error({ err: error, address, reason }, 'nobody was told that e-mail does not get there');
      });
    },
  });
}

function claimText(code: string): string {
  return `Nobody is on this desk's list yet. Send it in Discord or Telegram to become its first admin:\n  /claim ${code}\n\n`;
}

function idsByRole(people: People, platform: 'discord' | 'telegram'): ReadonlyMap<Role, readonly string[]> {
  const byRole = new Map<Role, string[]>();
  for (const { role, ids } of people.list()) {
    const id = ids[platform];
    if (id !== undefined) byRole.set(role, [...(byRole.get(role) ?? []), id]);
  }
  return byRole;
}

function unwell(log: Logger) {
  return (error: unknown) => {
    log.error({ reason: reasonOf(error) }, 'the store does not answer');
    return { ok: false };
  };
}
