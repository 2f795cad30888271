/**
 * The desk's front, as every platform meets it: its people and their rights, the commands with what they ask of the
 * process, and the router between.
 */
import { join } from 'node:path';
import type { Host } from '../commands/command.ts';
import { commands } from '../commands/index.ts';
import { resolveCommand } from '../commands/options.ts';
import { Times } from '../commands/times.ts';
import { parseTyped } from '../commands/typed.ts';
import type { Clock } from '../engine/clock.ts';
import { UserError } from '../engine/errors.ts';
import { Access } from './chat/access.ts';
import { Actions } from './chat/actions.ts';
import { Agreements } from './chat/agreements.ts';
import { Aliases } from './chat/aliases.ts';
import { Answers } from './chat/answers.ts';
import { Audit } from './chat/audit.ts';
import { consoleUser } from './chat/console/console.ts';
import { Digests } from './chat/digest.ts';
import { Notices, nameOf } from './chat/notices.ts';
import { type KnownUser, People } from './chat/people.ts';
import type { ChatAddress, Platform, PlatformName } from './chat/platform.ts';
import { Router } from './chat/router.ts';
import { Uploads } from './chat/uploads.ts';
import { Wizards } from './chat/wizards.ts';
import { Zones } from './chat/zones.ts';
import type { Config } from './config/load.ts';
import { Settings } from './config/settings.ts';
import type { Vault } from './config/vault.ts';
import type { Engine } from './engine.ts';
import type { DeskLog } from './log.ts';
import { logTail } from './log-tail.ts';
import type { MailPlatform } from './mail/index.ts';

export interface FrontParts {
  readonly config: Config;
  /** The configuration without what was changed in chat. */
  readonly files: Config;
  readonly vault: Vault;
  readonly version: string;
  readonly engine: Pick<Engine, 'store' | 'outbox' | 'desk' | 'fits' | 'apply'>;
  readonly people: People;
  readonly platforms: readonly Platform[];
  /** Undefined where e-mail is off, or does not go out just now. */
  readonly mail: MailPlatform | undefined;
  readonly webhookUrl: () => string | undefined;
  /** The settings were changed in chat, and the engine goes by them. */
  readonly onSettings: (config: Config) => void;
  readonly onStopWanted: (by: string) => void;
  readonly onRestartWanted: (by: string) => void;
  readonly clock: Clock;
  readonly log: DeskLog;
}

export interface Front {
  readonly router: Router;
  readonly access: Access;
  readonly actions: Actions;
  readonly answers: Answers;
  readonly notices: Notices;
  readonly digests: Digests;
  /** By whose clock an address is told of moments. */
  readonly timesOf: (address: ChatAddress) => Times;
}

export async function openFront(parts: FrontParts): Promise<Front> {
  const { config, engine, people, platforms, clock, log } = parts;
  const { store, outbox, desk } = engine;
  const access = await Access.open({ people, groups: groupsOf(config), store, outbox, clock, log });
  const actions = await Actions.open(store, clock);
  const agreements = await Agreements.open({ store, commands: config.twoPersons, outbox, clock });
  const uploads = await Uploads.open(store, clock);
  const wizards = await Wizards.open(store, clock);
  const audit = await Audit.open(store, clock);
  const notices = await Notices.open({
    store,
    people,
    configured: configuredChats(config),
    platforms: platforms.map(({ name }) => name),
    threaded: platforms.flatMap(({ name, openThread }) => (openThread ? [name] : [])),
    bookOf: (plan) => (desk.plans.names().includes(plan) ? desk.plans.bookOf(plan) : undefined),
  });
  const zones = await Zones.open(store, config.timezone);
  const timesOf = (address: ChatAddress) => {
    const { platform, kind, id } = address;
    // At the terminal sits one person, whose chat it is.
    const isPrivate = kind === 'user' || platform === 'console';
    const person = isPrivate ? people.find(platform, id)?.name : undefined;
    return new Times(zones.forReader({ person, chat: nameOf(address) }), clock);
  };
  const digests = await Digests.open({
    ...{ store, desk, notices, people, platforms, timesOf, clock, log },
  });
  const aliases = await Aliases.open({
    store,
    clock,
    commands: commands.map(({ name }) => name),
    checkLine: (line) => void resolveCommand(parseTyped(line).positional, commands),
  });
  const settings = await Settings.open(
    { files: parts.files, effective: config },
    {
      store,
      outbox,
      clock,
      vault: parts.vault,
      fits: (changed) => engine.fits(changed),
      apply: async (changed) => {
        await engine.apply(changed);
        parts.onSettings(changed);
      },
      hide: (secrets) => log.hide(secrets),
    },
  );
  await actions.purge();
  await uploads.purge();
  await wizards.purge();
  await agreements.purge();
  const host: Host = {
    version: parts.version,
    environment: config.name,
    startedAt: clock.now(),
    commands,
    platforms: () =>
      platforms.map((platform) => {
        const { state, since, why } = platform.status();
        return { name: platform.name, state, since, ...(why !== undefined && { why }) };
      }),
    webhook: () => parts.webhookUrl() ?? (config.webhook ? 'not yet open' : 'not configured'),
    terminate: (by) => parts.onStopWanted(by),
    restart: (by) => parts.onRestartWanted(by),
    people,
    settings,
    notices,
    digests,
    mail: mailOf(parts.mail, notices),
    zones,
    audit,
    log: { tail: (lines) => logTail(join(config.dataFolder, 'logs'), lines) },
    aliases,
  };
  const { vault } = parts;
  const answers = new Answers();
  const router = new Router({
    ...{ commands, desk, host, access, actions, agreements, answers, wizards, uploads, audit, vault },
    ...{ clock, log },
  });
  return { router, access, actions, answers, notices, digests, timesOf };
}

/** The people of the configuration, whoever sits at the terminal, and what was changed about them in chat. */
export function openPeople(
  config: Config,
  { engine: { store, outbox, desk }, ...effects }: Pick<FrontParts, 'engine' | 'clock' | 'log'>,
): Promise<People> {
  const { users, platforms, brokers } = config;
  const atTheTerminal: KnownUser = {
    name: consoleUser.name,
    role: platforms.console?.role ?? 'admin',
    ids: { console: consoleUser.id },
  };
  return People.open({
    users: [
      atTheTerminal,
      ...users.map(({ discord, telegram, ...user }) => ({
        ...user,
        ids: { ...(discord !== undefined && { discord }), ...(telegram !== undefined && { telegram }) },
      })),
    ],
    platforms: (['discord', 'telegram'] as const).filter((name) => platforms[name]),
    books: () => desk.books.names(),
    accounts: Object.keys(brokers),
    store,
    outbox,
    ...effects,
  });
}

function mailOf(mail: MailPlatform | undefined, notices: Notices): Host['mail'] {
  return {
    addresses: () => notices.addresses().flatMap(({ platform, id }) => (platform === 'mail' ? [id] : [])),
    async test(address) {
      if (!mail) throw new UserError('E-mail is off: platforms.mail in desk.yaml turns it on.');
      await mail.test(address);
    },
  };
}

/** The group chats in which the desk answers. */
function groupsOf({ platforms }: Config): ReadonlyMap<PlatformName, readonly string[]> {
  return new Map<PlatformName, readonly string[]>([
    ['discord', platforms.discord?.channels ?? []],
    ['telegram', platforms.telegram?.chats ?? []],
  ]);
}

/** The chats that the configuration names to hear what happens, and the terminal. */
function configuredChats({ platforms }: Config): ChatAddress[] {
  const chats = (platform: PlatformName, ids: readonly string[] = []) =>
    ids.map((id): ChatAddress => ({ platform, kind: 'chat', id }));
  return [
    ...(platforms.console?.enabled ? chats('console', [consoleUser.id]) : []),
    ...chats('discord', platforms.discord?.notify),
    ...chats('telegram', platforms.telegram?.notify),
    ...chats('mail', platforms.mail?.notify),
  ];
}
