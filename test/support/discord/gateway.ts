/**
 * Discord's gateway: hello, identify, heartbeat, dispatch, resume.
 * https://discord.com/developers/docs/events/gateway
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { wireBot, wireGuild } from './wire.ts';
import type { World } from './world.ts';

const op = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const;
const closeCodes = { authenticationFailed: 4004, disallowedIntents: 4014 } as const;
/** GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT: Discord gives them to bots that were approved for them. */
const privilegedIntents = (1 << 1) | (1 << 8) | (1 << 15);
const heartbeatMs = 41_250;

interface Identify {
  readonly token: string;
  readonly intents: number;
}

interface Resume {
  readonly token: string;
  readonly session_id: string;
  readonly seq: number;
}

interface Session {
  readonly id: string;
  socket: WebSocket | undefined;
  sequence: number;
  /** Everything that was told, so that a resumed connection can hear what it missed. */
  readonly told: { readonly sequence: number; readonly text: string }[];
}

export class Gateway {
  readonly #world: World;
  readonly #token: string;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #sessions = new Map<string, Session>();
  /** How often a connection began anew, and how often one was resumed. */
  identified = 0;
  resumed = 0;
  /** Of the last identify. */
  intents = 0;
  /** The next identify ends with this code. */
  refuseWith: number | undefined;

  constructor(world: World, token: string) {
    this.#world = world;
    this.#token = token;
  }

  /** How many lines are open, whether identified or not. */
  get connections(): number {
    return [...this.#server.clients].filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /** Whether somebody listens. */
  get connected(): boolean {
    return [...this.#sessions.values()].some(({ socket }) => socket?.readyState === WebSocket.OPEN);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer, resumeUrl: string): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data) => this.#onMessage(client, JSON.parse(String(data)), resumeUrl));
      client.on('close', (code) => this.#onClose(client, code));
      send(client, { op: op.hello, d: { heartbeat_interval: heartbeatMs } });
    });
  }

  /** To every session, also to one whose connection is down: it hears it when it resumes. */
  dispatch(type: string, data: object): void {
    for (const session of this.#sessions.values()) this.#tell(session, type, data);
  }

  /** Cuts the line; 4000 is a code after which a client resumes. */
  drop(code = 4000): void {
    for (const client of this.#server.clients) client.close(code);
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #onMessage(client: WebSocket, message: { op: number; d: unknown }, resumeUrl: string): void {
    if (message.op === op.heartbeat) send(client, { op: op.heartbeatAck });
    if (message.op === op.identify) this.#identify(client, message.d as Identify, resumeUrl);
    if (message.op === op.resume) this.#resume(client, message.d as Resume);
  }

  #identify(client: WebSocket, { token, intents }: Identify, resumeUrl: string): void {
    this.intents = intents;
    const refusal = this.refuseWith;
    this.refuseWith = undefined;
    const closeWith =
      refusal ??
      (token !== this.#token ? closeCodes.authenticationFailed : undefined) ??
      ((intents & privilegedIntents) !== 0 ? closeCodes.disallowedIntents : undefined);
    if (closeWith !== undefined) {
      client.close(closeWith);
      return;
    }
    this.identified += 1;
    const session: Session = { id: randomBytes(16).toString('hex'), socket: client, sequence: 0, told: [] };
    this.#sessions.set(session.id, session);
    this.#tell(session, 'READY', {
      v: 10,
      user: wireBot(this.#world),
      guilds: [{ id: this.#world.guildId, unavailable: true }],
      session_id: session.id,
      session_type: 'normal',
      resume_gateway_url: resumeUrl,
      application: { id: this.#world.applicationId, flags: 0 },
      private_channels: [],
      relationships: [],
    });
    this.#tell(session, 'GUILD_CREATE', wireGuild(this.#world));
  }

  #resume(client: WebSocket, { token, session_id, seq }: Resume): void {
    const session = token === this.#token ? this.#sessions.get(session_id) : undefined;
    if (!session) {
      send(client, { op: op.invalidSession, d: false });
      return;
    }
    this.resumed += 1;
    session.socket = client;
    for (const { sequence, text } of session.told) if (sequence > seq) client.send(text);
    this.#tell(session, 'RESUMED', {});
  }

  #tell(session: Session, type: string, data: object): void {
    session.sequence += 1;
    const text = JSON.stringify({ op: op.dispatch, t: type, s: session.sequence, d: data });
    session.told.push({ sequence: session.sequence, text });
    if (session.socket?.readyState === WebSocket.OPEN) session.socket.send(text);
  }

  /** A client that says goodbye (1000 or 1001) ends its session; otherwise it may resume. */
  #onClose(client: WebSocket, code: number): void {
    for (const session of this.#sessions.values()) {
      if (session.socket !== client) continue;
      session.socket = undefined;
      if (code === 1000 || code === 1001) this.#sessions.delete(session.id);
    }
  }
}

function send(client: WebSocket, message: object): void {
  client.send(JSON.stringify({ t: null, s: null, d: null, ...message }));
}
