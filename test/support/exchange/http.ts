/**
 * The server under every dialect: reads a request, lets its fault happen, has it answered, and remembers it.
 *
 * A path may begin with the host for which the request was meant, `/api.binance.com/api/v3/order`, as `pointCcxt`
 * writes it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../engine/clock.ts';
import { type ExchangeRequest, type Fault, Faults } from './faults.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ExchangeServer {
  readonly faults = new Faults();
  readonly requests: ExchangeRequest[] = [];
  /** For seeds: asked for every request, before `faults`. */
  onRequest: ((request: ExchangeRequest) => Fault | undefined) | undefined;
  /** While true, every request is dropped unheard. */
  away = false;
  /** Takes websockets, where the dialect has them. */
  onUpgrade: ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;
  readonly #server: Server;
  readonly #upgraded = new Set<Duplex>();
  readonly #answer: (request: ExchangeRequest) => Reply;
  readonly #clock: Clock;
  #count = 0;
  #port = 0;

  constructor(answer: (request: ExchangeRequest) => Reply, clock: Clock) {
    this.#answer = answer;
    this.#clock = clock;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((thrown: unknown) => {
        // A mistake of this server, not of the client: it must not look like an exchange's answer.
        const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
        response.writeHead(500, { 'content-type': 'text/plain' }).end(`the local exchange failed: ${why}`);
      });
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (this.away || this.onUpgrade === undefined) {
        socket.destroy();
        return;
      }
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
      this.onUpgrade(request, socket, head);
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Without protocol: `127.0.0.1:4711`. */
  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Breaks every connection, and takes none. */
  goAway(): void {
    this.away = true;
    for (const socket of this.#upgraded) socket.destroy();
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    // After it has stopped to listen, so that no connection comes in between.
    this.goAway();
    await closed;
  }

  /** Has a request answered that comes from this process, without a socket and without faults. */
  ask(
    request: Pick<ExchangeRequest, 'method' | 'headers' | 'query' | 'body'> & { readonly path: string },
  ): Reply {
    const { path, query, body } = request;
    const asked: ExchangeRequest = {
      ...request,
      path: withoutHost(path),
      number: this.#nextNumber(),
      parameters: parametersOf(query, body),
      at: this.#clock.now().getTime(),
    };
    this.requests.push(asked);
    return this.#answer(asked);
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.away) {
      response.destroy();
      return;
    }
    const request = await this.#read(incoming);
    this.requests.push(request);
    const fault = this.onRequest?.(request) ?? this.faults.take(request);
    if (fault?.waitBefore !== undefined) await waitFor(fault.waitBefore);
    let reply: Reply | undefined;
    for (let times = fault?.acts ?? 1; times > 0; times -= 1) reply = this.#answer(request);
    if (fault?.waitAfter !== undefined) await waitFor(fault.waitAfter);
    send(response, fault?.reply ?? reply, reply);
  }

  async #read(incoming: IncomingMessage): Promise<ExchangeRequest> {
    let body = '';
    if (incoming.method !== 'GET') {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      body = Buffer.concat(chunks).toString('utf8');
    }
    const [fullPath = '', query = ''] = splitOnce(incoming.url ?? '/', '?');
    return {
      number: this.#nextNumber(),
      method: incoming.method ?? '',
      path: withoutHost(fullPath),
      parameters: parametersOf(query, body),
      headers: incoming.headers,
      query,
      body,
      at: this.#clock.now().getTime(),
    };
  }

  #nextNumber(): number {
    this.#count += 1;
    return this.#count;
  }
}

function parametersOf(query: string, body: string): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) parameters[name] = value;
  if (!body.startsWith('{')) {
    for (const [name, value] of new URLSearchParams(body)) parameters[name] = value;
  }
  return parameters;
}

/** `/api.binance.com/api/v3/time` becomes `/api/v3/time`. */
export function withoutHost(path: string): string {
  return path.replace(/^\/[^/]*\.[^/]*(?=\/)/, '');
}

function splitOnce(text: string, by: string): readonly string[] {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

async function waitFor(wait: number | Promise<void>): Promise<void> {
  await (typeof wait === 'number' ? pause(wait) : wait);
}

function send(response: ServerResponse, what: Fault['reply'] | Reply, trueReply: Reply | undefined): void {
  if (what === 'never') return;
  if (what === 'lost' || what === undefined) {
    response.destroy();
    return;
  }
  const reply = what === 'cut' ? trueReply : what;
  const body = typeof reply?.body === 'string' ? reply.body : JSON.stringify(reply?.body ?? {});
  const bytes = Buffer.from(body);
  response.writeHead(reply?.status ?? 200, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': bytes.length,
    ...reply?.headers,
  });
  if (what === 'cut') {
    // The head and half of the body have to be on their way before the connection breaks.
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
    return;
  }
  response.end(bytes);
}
