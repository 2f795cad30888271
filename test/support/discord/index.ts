/**
 * A stand-in for Discord on this machine: REST and gateway for the real discord.js client, strict about what Discord
 * refuses, with people in it who type commands, press buttons and read.
 *
 *     const discord = await fakeDiscord();
 *     const platform = discordPlatform({ token: discord.token, rest: discord.rest, commands, log, clock });
 *     await platform.start(router);
 *
 *     const ann = discord.user('ann');
 *     const exchange = await ann.slash('backtest', { strategy: 'sma_cross', symbols: 'SP500' });
 *     const answer = await exchange.until(({ files }) => files.length > 0, 'the report');
 *     expect(answer.fields).toContainEqual({ name: 'Trades', value: '93', inline: true });
 *
 *     const again = await ann.press(answer, 'Run again');
 *     await again.shown();
 *     expect(discord.messages(discord.channel('alerts'))).toHaveLength(1);
 *
 *     expect(discord.refusals).toEqual([]); // nothing was sent that Discord would not take
 *     await platform.stop();
 *     await discord.close();
 *
 * `discord.next(...)` makes it fail on purpose, `dropGateway()` cuts the line, `offline()` and `online()` take it away.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../engine/clock.ts';
import { Refusal, unauthorized } from './errors.ts';
import { Gateway } from './gateway.ts';
import { FakeUser, messagesIn, type Surroundings } from './people.ts';
import { receiveBody, serve } from './rest.ts';
import { type SeenMessage, seen } from './seen.ts';
import type { Body, UploadedFile } from './shapes.ts';
import { wireChannel } from './wire.ts';
import { type Channel, type RegisteredCommand, World } from './world.ts';

export { Refusal } from './errors.ts';
export type { Exchange, FakeUser } from './people.ts';
export type { SeenFile, SeenMessage } from './seen.ts';
export type { Channel } from './world.ts';

/** A request as it arrived, and how it was answered. */
export interface SeenRequest {
  readonly method: string;
  /** Without `/api/v10` and without a query: `/channels/123/messages`. */
  readonly path: string;
  readonly body: Body;
  readonly files: readonly UploadedFile[];
  status: number;
}

/** Something that Discord would not have taken. */
export interface SeenRefusal {
  readonly request: string;
  readonly code: number;
  readonly message: string;
}

/** How one request is to go wrong. With `done` it is carried out, and only the answer to it is lost. */
export type Fault =
  | { readonly status: 500 | 502 | 503; readonly done?: boolean }
  | { readonly hangUp: true; readonly done?: boolean }
  | { readonly rateLimitSeconds: number }
  | { readonly refuse: Refusal }
  /** Is carried out when this resolves. */
  | { readonly hold: Promise<unknown> };

const untilMs = 45_000;

export async function fakeDiscord({ clock = systemClock }: { clock?: Clock } = {}): Promise<FakeDiscord> {
  const discord = new FakeDiscord(clock);
  await discord.online();
  return discord;
}

export class FakeDiscord {
  /** The one that is accepted. */
  readonly token: string;
  readonly requests: SeenRequest[] = [];
  /** What was refused because Discord would refuse it, faults on purpose not counted. */
  readonly refusals: SeenRefusal[] = [];
  readonly #world: World;
  readonly #gateway: Gateway;
  readonly #around: Surroundings;
  readonly #faults: { method: string; path: RegExp; fault: Fault }[] = [];
  #server: Server | undefined;
  #port = 0;

  constructor(clock: Clock) {
    this.#world = new World(clock);
    this.token = `${Buffer.from(this.#world.applicationId).toString('base64url')}.stand-in.token`;
    this.#gateway = new Gateway(this.#world, this.token);
    this.#around = {
      world: this.#world,
      dispatch: (type, data) => this.#gateway.dispatch(type, data),
      until: (look, what) => this.until(look, what),
      cdn: () => this.rest.cdn,
    };
    this.#world.onThread = (thread) =>
      this.#gateway.dispatch('THREAD_CREATE', { ...wireChannel(this.#world, thread), newly_created: true });
    this.channel('desk');
  }

  /** For `new Client({ rest })` and `new REST(rest)`. */
  get rest(): { readonly api: string; readonly cdn: string; readonly version: '10' } {
    const origin = `http://127.0.0.1:${this.#port}`;
    return { api: `${origin}/api`, cdn: origin, version: '10' };
  }

  get applicationId(): string {
    return this.#world.applicationId;
  }

  /** The id of the server in which all channels are. */
  get guild(): string {
    return this.#world.guildId;
  }

  /** A channel of the server; the same name gives the same one. Commands are typed in `desk` unless told otherwise. */
  channel(name = 'desk'): Channel {
    const there = [...this.#world.channels.values()].find((each) => each.name === name && !each.parent);
    if (there) return there;
    const channel: Channel = { id: this.#world.newId(), name, access: 'full' };
    this.#world.channels.set(channel.id, channel);
    this.#gateway.dispatch('CHANNEL_CREATE', wireChannel(this.#world, channel));
    return channel;
  }

  /** Its threads, in the order in which they were opened; the deleted ones are gone. */
  threads(channel: Channel = this.channel()): Channel[] {
    return [...this.#world.channels.values()].filter(({ parent }) => parent === channel);
  }

  /** Somebody deletes a thread, with all that stands in it. */
  deleteThread({ id }: Channel): void {
    this.#world.channels.delete(id);
  }

  /** A member of the server; the same name gives the same one. */
  user(name: string): FakeUser {
    const there = [...this.#world.people.values()].find((person) => person.name === name);
    const person = there ?? { id: this.#world.newId(), name, takesDirectMessages: true };
    this.#world.people.set(person.id, person);
    return new FakeUser(person, this.#around, this.channel());
  }

  /** What stands in a channel for everyone, oldest first. */
  messages(channel: Channel = this.channel()): SeenMessage[] {
    return messagesIn(this.#world, channel)
      .filter(({ onlyFor }) => !onlyFor)
      .map((message) => seen(message));
  }

  /** Somebody deletes a message. */
  deleteMessage({ id }: SeenMessage): void {
    const message = this.#world.messages.get(id);
    if (message) message.deleted = true;
  }

  /** Registered everywhere, or for the server. */
  get commands(): readonly RegisteredCommand[] {
    return this.#world.commands;
  }

  /** Requests of this method whose path matches. */
  requestsTo(method: string, path: RegExp): SeenRequest[] {
    return this.requests.filter((request) => request.method === method && path.test(request.path));
  }

  get gateway(): {
    readonly connected: boolean;
    readonly connections: number;
    readonly identified: number;
    readonly resumed: number;
    readonly intents: number;
  } {
    const { connected, connections, identified, resumed, intents } = this.#gateway;
    return { connected, connections, identified, resumed, intents };
  }

  /** The next request of this method whose path matches goes wrong. Called twice: the next two. */
  next(method: string, path: RegExp, fault: Fault): void {
    this.#faults.push({ method, path, fault });
  }

  /** The next identify is refused with this close code: 4004 token, 4014 intents. */
  refuseIdentify(closeCode: number): void {
    this.#gateway.refuseWith = closeCode;
  }

  /** Cuts the gateway's line, after which a client resumes. */
  dropGateway(): void {
    this.#gateway.drop();
  }

  /** Nobody answers any more, as when the network is away. */
  async offline(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#gateway.drop(1001);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Answers (again), under the address that it had. */
  async online(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('upgrade', (request, socket, head) =>
      this.#gateway.accept(request, socket, head, this.#gatewayUrl),
    );
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async close(): Promise<void> {
    this.#gateway.close();
    await this.offline();
  }

  /** Resolves with what `look` finds. @throws with what stands there instead, when it finds nothing for 10 seconds */
  async until<T>(look: () => T | undefined | false, what: string): Promise<T> {
    const begun = performance.now();
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() - begun > untilMs)
        throw new Error(`Discord never saw ${what}.\n${this.#situation()}`);
      await delay(5);
    }
  }

  get #gatewayUrl(): string {
    return `ws://127.0.0.1:${this.#port}/gateway`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const { pathname } = new URL(request.url ?? '/', 'http://discord');
    const path = decodeURIComponent(pathname.replace(/^\/api\/v10/, '')); // `@original` comes as `%40original`
    const authorized = request.headers.authorization === `Bot ${this.token}`;
    const entry: SeenRequest = { method, path, body: {}, files: [], status: 0 };
    try {
      const received = await receiveBody(request);
      Object.assign(entry, received);
      this.requests.push(entry);
      const fault = this.#takeFault(method, path);
      if (fault && 'rateLimitSeconds' in fault)
        return this.#rateLimit(response, entry, fault.rateLimitSeconds);
      if (fault && 'refuse' in fault) return this.#refuse(response, entry, fault.refuse);
      if (fault && 'hold' in fault) await fault.hold;
      const lost = fault && ('hangUp' in fault || 'status' in fault);
      if (lost && fault.done) serve(this.#world, { method, path, authorized, received });
      if (lost && 'hangUp' in fault) return void response.destroy();
      if (lost && 'status' in fault) return reply(response, entry, fault.status, { message: 'Bad Gateway' });

      if (path.startsWith('/attachments/')) return this.#giveAttachment(response, entry);
      const answer =
        path === '/gateway/bot'
          ? this.#gatewayInformation(authorized)
          : serve(this.#world, { method, path, authorized, received });
      reply(response, entry, answer === undefined ? 204 : 200, answer);
    } catch (thrown) {
      const refusal =
        thrown instanceof Refusal
          ? thrown
          : new Refusal(500, 0, `the stand-in for Discord failed: ${thrown}`);
      this.refusals.push({
        request: `${method} ${path}`,
        code: refusal.code,
        message: refusal.message,
      });
      this.#refuse(response, entry, refusal);
    }
  }

  /** Signed addresses: whoever has one gets the file, without a token. */
  #giveAttachment(response: ServerResponse, entry: SeenRequest): void {
    const file = entry.method === 'GET' ? this.#world.attachments.get(entry.path) : undefined;
    entry.status = file ? 200 : 404;
    response.statusCode = entry.status;
    if (file) response.setHeader('content-type', file.type);
    response.end(file?.data);
  }

  #gatewayInformation(authorized: boolean): object {
    if (!authorized) throw unauthorized();
    return {
      url: this.#gatewayUrl,
      shards: 1,
      session_start_limit: { total: 1000, remaining: 999, reset_after: 86_400_000, max_concurrency: 1 },
    };
  }

  #takeFault(method: string, path: string): Fault | undefined {
    const index = this.#faults.findIndex((each) => each.method === method && each.path.test(path));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0]?.fault;
  }

  #rateLimit(response: ServerResponse, entry: SeenRequest, seconds: number): void {
    response.setHeader('retry-after', String(seconds));
    response.setHeader('x-ratelimit-scope', 'shared');
    reply(response, entry, 429, {
      message: 'You are being rate limited.',
      retry_after: seconds,
      global: false,
    });
  }

  #refuse(response: ServerResponse, entry: SeenRequest, { status, code, message, problems }: Refusal): void {
    const errors = problems.length > 0 ? { errors: { _errors: problems.map(problemOf) } } : {};
    reply(response, entry, status, { code, message, ...errors });
  }

  #situation(): string {
    const messages = [...this.#world.messages.values()].map((message) => {
      const { title, text, thinking } = seen(message);
      return `  in ${message.channel.name}: ${thinking ? '(thinking)' : `${title} ${text}`.slice(0, 200)}`;
    });
    const refusals = this.refusals.map(({ request, message }) => `  ${request}: ${message}`);
    return [
      `The gateway is ${this.#gateway.connected ? 'connected' : 'not connected'}.`,
      `Messages:`,
      ...messages,
      `Refused:`,
      ...refusals,
    ].join('\n');
  }
}

function problemOf(problem: string): { code: string; message: string } {
  return { code: 'INVALID', message: problem };
}

function reply(response: ServerResponse, entry: SeenRequest, status: number, body: unknown): void {
  entry.status = status;
  response.statusCode = status;
  // A 204 must not name a content type: discord.js would look for JSON.
  if (body === undefined) response.end();
  else {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  }
}
