/**
 * The network between ccxt and the local Binance, in one process and in the world's time: every request and every frame of
 * a websocket takes its way, and may meet what the sky sends.
 *
 * ccxt is the real one. Only the two places in which it leaves the process are replaced: the sending of a request, and the
 * opening of a websocket. What has left stays on its way when the process behind it dies.
 */
import { EventEmitter } from 'node:events';
import type { TestBinance } from '../support/exchange/binance/index.ts';
import type { Random } from './random.ts';
import type { Fate, Sky } from './weather.ts';
import type { Life } from './world.ts';
import { forever, livingNow } from './world.ts';

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

interface Received {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  text(): Promise<string>;
}

/** What a world's network is made of; a process has one at a time. */
let network: Network | undefined;

export class Network {
  readonly #exchange: TestBinance;
  readonly #sky: Sky;
  readonly #far: Life;
  readonly #random: Random;
  readonly #lines = new Set<Line>();
  /** While true nothing arrives, and every connection breaks. */
  #isDown = false;

  constructor(parts: { exchange: TestBinance; sky: Sky; far: Life; random: Random }) {
    this.#exchange = parts.exchange;
    this.#sky = parts.sky;
    this.#far = parts.far;
    this.#random = parts.random;
    network = this;
  }

  goDown(): void {
    this.#isDown = true;
    for (const line of this.#lines) line.break();
  }

  comeUp(): void {
    this.#isDown = false;
  }

  /** Breaks all websockets, or lets them be silent, or lets their subscriptions end. */
  troubleStreams(how: 'break' | 'silent' | 'expire'): void {
    if (how === 'break') for (const line of this.#lines) line.break();
    else if (how === 'silent') this.#exchange.streams.goSilent();
    else this.#far.run(() => this.#exchange.streams.expire());
  }

  async send(life: Life, url: string, sent: Sent): Promise<Received> {
    const { pathname, search } = new URL(url);
    const what = `${sent.method} ${pathname}`;
    await this.#sky.door(life, `before ${what}`);
    const fate = this.#isDown
      ? ({ outMs: 1, backMs: 1, arrives: false, hears: 'break', name: 'away' } satisfies Fate)
      : this.#sky.fate(what);
    const received = this.#deliver(life, pathname, search.slice(1), sent, fate);
    received.catch(() => undefined); // who died meanwhile does not hear of it
    await this.#sky.door(life, `while ${what}`);
    const reply = await received;
    await this.#sky.door(life, `after ${what}`);
    return reply;
  }

  #deliver(life: Life, path: string, query: string, sent: Sent, fate: Fate): Promise<Received> {
    return new Promise((resolve, reject) => {
      const { method, body = '', headers, signal } = sent;
      signal?.addEventListener('abort', () =>
        reject(new DOMException('This operation was aborted', 'AbortError')),
      );
      const lowered = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      );
      this.#far.later(fate.outMs, () => {
        const reply = fate.arrives
          ? this.#exchange.ask({ method, path, query, body, headers: lowered })
          : { status: 0, body: undefined };
        life.later(fate.backMs, () => {
          const { hears } = fate;
          if (hears === 'silence') return;
          if (hears === 'break') return reject(broken());
          if (typeof hears === 'object') {
            const retry = hears.retryAfter === undefined ? {} : { 'retry-after': String(hears.retryAfter) };
            return resolve(received(hears.status, hears.body, retry));
          }
          const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
          const whole = received(reply.status, text, reply.headers ?? {});
          resolve(hears === 'cut' ? { ...whole, text: () => Promise.reject(broken()) } : whole);
        });
      });
    });
  }

  open(life: Life, url: string): DeskEnd {
    const line = new Line(life, this.#far, this.#random);
    this.#lines.add(line);
    line.onGone = () => this.#lines.delete(line);
    void life.death.then(() => line.break());
    this.#far.later(this.#random.between(2, 40), () => {
      if (this.#isDown) return line.break();
      this.#exchange.streams.join(line.farEnd, new URL(url).pathname);
      line.begin();
    });
    return line.deskEnd;
  }
}

function received(status: number, text: string, headers: Readonly<Record<string, string>>): Received {
  return { status, statusText: '', headers, text: async () => text };
}

function broken(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

const isOpening = 0;
const isOpen = 1;
const isClosed = 3;

/** The desk's end of a websocket, as far as ccxt uses one. */
export class DeskEnd extends EventEmitter {
  readonly #line: Line;
  onopen: (() => void) | undefined;
  onmessage: ((message: { readonly data: string }) => void) | undefined;
  onerror: ((error: Error) => void) | undefined;
  onclose: ((event: { readonly code: number }) => void) | undefined;

  constructor(line: Line) {
    super();
    this.#line = line;
  }

  get readyState(): number {
    return this.#line.state;
  }

  send(text: string, _options: unknown, sent?: (error?: Error) => void): void {
    const isUp = this.#line.state === isOpen;
    if (isUp) this.#line.toFar(() => this.#line.farEnd.emit('message', Buffer.from(text)));
    sent?.(isUp ? undefined : new Error('WebSocket is not open'));
  }

  ping(): void {
    this.#line.toFar(() => this.#line.farEnd.emit('ping', Buffer.alloc(0)));
  }

  close(): void {
    this.#line.break();
  }
}

/** The exchange's end, as far as its streams use one. */
class FarEnd extends EventEmitter {
  readonly OPEN = isOpen;
  readonly #line: Line;

  constructor(line: Line) {
    super();
    this.#line = line;
  }

  get readyState(): number {
    return this.#line.state;
  }

  send(text: string): void {
    this.#line.toDesk(() => this.#line.deskEnd.onmessage?.({ data: text }));
  }

  pong(): void {
    this.#line.toDesk(() => this.#line.deskEnd.emit('pong'));
  }

  close(): void {
    this.#line.break();
  }

  terminate(): void {
    this.#line.break();
  }
}

/** A connection: frames stay in their order, as over TCP. */
class Line {
  readonly deskEnd: DeskEnd;
  readonly farEnd: FarEnd;
  state = isOpening;
  onGone: () => void = () => undefined;
  readonly #desk: Life;
  readonly #far: Life;
  readonly #random: Random;
  #deskAt = 0;
  #farAt = 0;

  constructor(desk: Life, far: Life, random: Random) {
    this.#desk = desk;
    this.#far = far;
    this.#random = random;
    this.deskEnd = new DeskEnd(this);
    this.farEnd = new FarEnd(this);
  }

  begin(): void {
    this.state = isOpen;
    this.toDesk(() => this.deskEnd.onopen?.());
  }

  toDesk(work: () => void): void {
    this.#deskAt = this.#after(this.#deskAt);
    this.#desk.later(this.#deskAt - this.#desk.world.ms, () => this.state === isOpen && work());
  }

  toFar(work: () => void): void {
    this.#farAt = this.#after(this.#farAt);
    this.#far.later(this.#farAt - this.#far.world.ms, () => this.state === isOpen && work());
  }

  break(): void {
    if (this.state === isClosed) return;
    this.state = isClosed;
    this.onGone();
    this.#desk.later(0, () => this.deskEnd.onclose?.({ code: 1006 }));
    this.#far.later(0, () => this.farEnd.emit('close'));
  }

  #after(last: number): number {
    return Math.max(last, this.#desk.world.ms + this.#random.between(2, 60));
  }
}

/** The parts of ccxt's classes that are replaced. */
interface CcxtPrototype {
  loadFetchImplementation(): Promise<void>;
  loadProxyModules(): Promise<void>;
  undiciRequest(url: string, sent: Sent): Promise<Received>;
}

interface CcxtClient {
  readonly url: string;
  connection: unknown;
  connectionStarted: number;
  disconnected: unknown;
  setConnectionTimeout(): void;
  onOpen(): void;
  onMessage(message: { readonly data: string }): void;
  onError(error: Error): void;
  onClose(event: { readonly code: number }): void;
  onPong(): void;
  createConnection(): void;
  isOpen(): boolean;
  close(): unknown;
}

/** Lets every exchange of ccxt in this process talk over the network of its world. */
export async function replaceCcxtTransport(): Promise<void> {
  const main = import.meta.resolve('ccxt');
  const load = async <T>(path: string) =>
    ((await import(new URL(path, main).href)) as { readonly default: T }).default;
  const { prototype: exchange } = await load<{ prototype: CcxtPrototype }>('./src/base/Exchange.js');
  const { prototype: client } = await load<{ prototype: CcxtClient }>('./src/base/ws/WsClient.js');
  Object.assign(exchange, {
    async loadFetchImplementation(this: Record<string, unknown>) {
      const errors = { AbortError: DOMException, FetchError: TypeError };
      Object.assign(this, errors, { undiciModule: {}, fetchImplementation: forever(), fetchIsNative: true });
    },
    loadProxyModules: async () => undefined,
    undiciRequest: (url: string, sent: Sent) => here().network.send(here().life, url, sent),
  });
  Object.assign(client, {
    createConnection(this: CcxtClient) {
      this.connectionStarted = Date.now();
      this.setConnectionTimeout();
      const end = here().network.open(here().life, this.url);
      this.connection = end;
      end.onopen = () => this.onOpen();
      end.onmessage = (message) => this.onMessage(message);
      end.onerror = (error) => this.onError(error);
      end.onclose = (event) => this.onClose(event);
      end.on('pong', () => this.onPong());
    },
    isOpen(this: CcxtClient) {
      return this.connection instanceof DeskEnd && this.connection.readyState === isOpen;
    },
    close(this: CcxtClient) {
      if (this.connection instanceof DeskEnd) this.connection.close();
      return Promise.resolve(true);
    },
  });
}

function here(): { readonly life: Life; readonly network: Network } {
  const life = livingNow();
  if (!life || !network) throw new Error('ccxt was called outside of a world');
  return { life, network };
}
