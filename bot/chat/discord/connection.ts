/**
 * The line to Discord's gateway, over which interactions come in. Reconnecting and resuming are discord.js's; what it
 * leaves to us is a first connection that fails, and saying in one line why there is none.
 */
import {
  Client,
  Events,
  GatewayCloseCodes,
  GatewayIntentBits,
  type Interaction,
  Partials,
  type RESTOptions,
  SimpleShardingStrategy,
} from 'discord.js';
import type { Clock } from '../../../engine/clock.ts';
import { reasonOf } from '../../../engine/errors.ts';
import type { Logger } from '../../../engine/log.ts';
import type { PlatformStatus } from '../platform.ts';
import { isTokenRefused, tokenRefused } from './failures.ts';

export interface ConnectionParts {
  readonly token: string;
  readonly rest: Partial<RESTOptions>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Once for each connection that was made anew (not for one that was resumed). */
  readonly onReady: (applicationId: string) => void;
  readonly onInteraction: (interaction: Interaction) => void;
}

const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

export class Connection {
  readonly #parts: ConnectionParts;
  #client: Client | undefined;
  #status: PlatformStatus;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#status = { state: 'stopped', since: parts.clock.now() };
  }

  status(): PlatformStatus {
    return this.#status;
  }

  start(): void {
    const { clock, log } = this.#parts;
    this.#status = { state: 'connecting', since: clock.now(), why: 'Discord: connecting' };
    log.info({ platform: 'discord' }, 'Discord is connecting');
    void this.#connect(firstRetryMs);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    await this.#client?.destroy();
    this.#become('stopped');
  }

  /** Discord refused the token elsewhere: then nothing works until it is changed. */
  refused(): void {
    this.#become('down', tokenRefused);
  }

  /** Something keeps a ready desk from being of use, such as commands that could not be registered. */
  complain(why: string): void {
    if (this.#status.state === 'ready') this.#become('ready', why);
  }

  async #connect(retryMs: number): Promise<void> {
    const client = this.#createClient();
    this.#client = client;
    try {
      await client.login(this.#parts.token);
    } catch (thrown) {
      if (this.#stopping || this.#status.state === 'down') return;
      if (isTokenRefused(thrown)) return this.refused();
      this.#become('connecting', 'Discord cannot be reached: trying again until it can', thrown);
      this.#retry = setTimeout(() => void this.#connect(Math.min(retryMs * 2, longestRetryMs)), retryMs);
    }
  }

  #createClient(): Client {
    const { rest, log, onReady, onInteraction } = this.#parts;
    const client = new Client({
      // Interactions come without any intent; discord.js needs the guilds to know their channels.
      intents: [GatewayIntentBits.Guilds],
      // A thread that was archived is known only by the interaction from it.
      partials: [Partials.Channel],
      rest,
      ws: { buildStrategy: (manager) => this.#strategy(manager) },
    });
    client.on(Events.ClientReady, ({ application }) => {
      this.#become('ready');
      onReady(application.id);
    });
    client.on(Events.ShardResume, () => this.#become('ready'));
    client.on(Events.ShardReady, () => {
      if (client.isReady()) this.#become('ready');
    });
    client.on(Events.ShardReconnecting, () => {
      this.#become('connecting', 'The connection to Discord was lost: connecting again');
    });
    client.on(Events.ShardDisconnect, ({ code }) => this.#become('down', whyClosed(code)));
    client.on(Events.ShardError, (error) => log.debug({ err: error }, 'Discord gateway'));
    client.on(Events.Error, (error) => log.error({ err: error }, 'discord.js'));
    client.on(Events.InteractionCreate, (interaction) => {
      if (!this.#stopping) onInteraction(interaction);
    });
    return client;
  }

  /** A shard that waits to reconnect does so even when its client was destroyed meanwhile: here it waits for ever. */
  #strategy(manager: ConstructorParameters<typeof SimpleShardingStrategy>[0]): SimpleShardingStrategy {
    const retrieve = manager.options.retrieveSessionInfo;
    manager.options.retrieveSessionInfo = (shard) =>
      this.#stopping ? new Promise(() => undefined) : retrieve(shard);
    return new SimpleShardingStrategy(manager);
  }

  #become(state: PlatformStatus['state'], why?: string, cause?: unknown): void {
    const { clock, log } = this.#parts;
    if (this.#status.state === 'down' && state === 'connecting') return;
    if (this.#status.state === 'stopped' && this.#stopping) return;
    if (this.#status.state === state && this.#status.why === why) return;
    const since = this.#status.state === state ? this.#status.since : clock.now();
    this.#status = { state, since, ...(why === undefined ? {} : { why }) };
    const fields = {
      platform: 'discord',
      state,
      ...(cause === undefined ? {} : { reason: reasonOf(cause) }),
    };
    if (state === 'down') log.error(fields, why ?? 'Discord is down');
    else if (why !== undefined) log.warn(fields, why);
    else log.info(fields, `Discord is ${state}`);
  }
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function whyClosed(code: number): string {
  switch (code) {
    case GatewayCloseCodes.AuthenticationFailed:
      return tokenRefused;
    case GatewayCloseCodes.DisallowedIntents:
    case GatewayCloseCodes.InvalidIntents:
      return `Discord refuses the intents that the desk asks for (${code}): it needs only Guilds, so check that platforms.discord.token is of the right application`;
    case GatewayCloseCodes.ShardingRequired:
      return `Discord wants this bot to be sharded (${code}), which the desk cannot: use a bot of its own for it`;
    default:
      return `Discord ended the connection for good (code ${code}): restart the desk, and update it if that does not help`;
  }
}
