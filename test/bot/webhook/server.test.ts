import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as tlsRequest } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { inspect, isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Hooks } from '../../../bot/webhook/hooks.ts';
import {
  type AlertInbox,
  type WebhookParts,
  type WebhookServer,
  webhookServer,
} from '../../../bot/webhook/server.ts';
import { systemClock } from '../../../engine/clock.ts';
import { UserError } from '../../../engine/errors.ts';
import { silentLog } from '../../../engine/log.ts';
import { StoreError } from '../../../engine/store/store.ts';
import { selfSigned } from './self-signed.ts';

type Alert = Parameters<AlertInbox['deliver']>[0];

const key = 'demo-key-1234';
const good = JSON.stringify({ key, action: 'buy', ticker: 'SP500', quantity: 1 });
const settings: WebhookParts['settings'] = { host: '127.0.0.1', port: 0, trustProxy: [], bodyLimitKb: 64 };

/** A webhook on a port of its own, and what came out of it at the other side. */
interface World {
  readonly url: string;
  readonly server: WebhookServer;
  readonly received: Alert[];
  readonly refused: string[];
  /** What proven senders sent that cannot be read, as it was written down. */
  readonly unreadable: string[];
  post(
    body: string | Uint8Array,
    options?: { path?: string; headers?: Record<string, string> },
  ): Promise<Response>;
}

const running: WebhookServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function open(parts: Partial<WebhookParts> = {}): Promise<World> {
  const received: Alert[] = [];
  const refused: string[] = [];
  const unreadable: string[] = [];
  const server = webhookServer({
    settings,
    log: silentLog,
    clock: systemClock,
    hooks: new Hooks(new Map([['demo', [{ key }]]])),
    health: () => ({ ok: true }),
    onRefused: (description) => refused.push(description),
    inbox: {
      async deliver(alert) {
        const duplicate = received.some(({ alerts }) => isDeepStrictEqual(alerts, alert.alerts));
        received.push(alert);
        return alert.alerts.map((_, index) => ({ signal: `signal-${index + 1}`, duplicate }));
      },
      async refuse({ reason }) {
        unreadable.push(reason);
      },
    },
    ...parts,
  });
  running.push(server);
  const { url } = await server.start();
  const post: World['post'] = (body, { path = '/hooks/demo', headers = {} } = {}) =>
    fetch(`${url}${path}`, { method: 'POST', body, headers });
  return { url, server, received, refused, unreadable, post };
}

/** All that a connection answers to these bytes until it is closed. */
function raw(url: string, ...bytes: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      for (const part of bytes) socket.write(part);
    });
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET' ? resolve(answer) : reject(error),
    );
  });
}

const failing = (error: Error): AlertInbox => ({
  deliver: () => Promise.reject(error),
  refuse: () => Promise.reject(error),
});

describe('an alert with the right key', () => {
  test('is handed on without its key, and answered with the id of its signal', async () => {
    const { post, received, refused } = await open();
    const response = await post(good);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ signal: 'signal-1' });
    expect(received).toEqual([
      {
        hook: 'demo',
        reach: ['demo'],
        alerts: [{ action: 'buy', ticker: 'SP500', quantity: 1 }],
        from: '127.0.0.1',
      },
    ]);
    expect(refused).toEqual([]);
  });

  test.each([
    ['JSON sent as text', good, 'text/plain'],
    [
      'pairs, as TradingView sends them',
      `key=${key} action=buy ticker=SP500 quantity=1`,
      'text/plain; charset=utf-8',
    ],
    [
      'pairs that are called JSON',
      `action=buy, ticker="SP500", quantity=1, key='${key}'`,
      'application/json',
    ],
    ['a content type that is none', good, 'neither/nor; ;;='],
    ['a form that is none', good, 'multipart/form-data'],
  ])('is understood by what it is, whatever its content type says: %s', async (_, body, type) => {
    const { post, received } = await open();
    const response = await post(body, { headers: { 'content-type': type } });
    expect(response.status).toBe(200);
    const payload = received[0]?.alerts[0] ?? {};
    expect({ ...payload, quantity: Number(payload['quantity']) }).toEqual({
      action: 'buy',
      ticker: 'SP500',
      quantity: 1,
    });
  });

  test('may have it in the header x-outcry-key', async () => {
    const { post, received } = await open();
    const response = await post('action=sell', { headers: { 'x-outcry-key': key } });
    expect(response.status).toBe(200);
    expect(received[0]?.alerts).toEqual([{ action: 'sell' }]);
  });

  test('sent four times at once is asked of the inbox each time, and answered with the same id', async () => {
    const { post, received } = await open();
    const responses = await Promise.all(Array.from({ length: 4 }, () => post(good)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await Promise.all(responses.map((response) => response.json()))).toEqual(
      Array.from({ length: 4 }, () => ({ signal: 'signal-1' })),
    );
    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ alerts }) => JSON.stringify(alerts))).size).toBe(1);
  });

  test('is answered only after the inbox has stored it', async () => {
    let stored = () => {};
    const storing = new Promise<void>((resolve) => {
      stored = resolve;
    });
    let asked = () => {};
    const asking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const inbox: AlertInbox = {
      async deliver() {
        asked();
        await storing;
        return [{ signal: 'late', duplicate: false }];
      },
      refuse: async () => undefined,
    };
    const { post } = await open({ inbox });
    let answered = false;
    const response = post(good).finally(() => {
      answered = true;
    });
    await asking;
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    stored();
    expect((await response).status).toBe(200);
  });

  test.each([
    [`{"key":"${key}"`, 404, 'broken JSON has no key that could be right'],
    [`key=${key} buy`, 404, 'text that is not all pairs has no key either'],
  ])('%j is answered with %i: %s', async (body, status) => {
    const { post } = await open();
    expect((await post(body)).status).toBe(status);
  });

  test.each([
    '{"action":',
    'buy now',
    '[]',
    '',
  ])('in the header and the body %j is told what is wrong, as chat is', async (body) => {
    const { post, received, unreadable } = await open();
    const response = await post(body, { headers: { 'x-outcry-key': key } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^the .*body /) });
    expect(received).toEqual([]);
    expect(unreadable).toEqual([expect.stringMatching(/^the .*body /)]);
  });

  test('that its handler does not understand is told what is wrong, in one line', async () => {
    const { post } = await open({ inbox: failing(new UserError('action: must be buy or sell')) });
    const response = await post(good);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'action: must be buy or sell' });
  });

  test('that could not be stored is to be sent again', async () => {
    const { post } = await open({ inbox: failing(new StoreError('disk full at /var/secret/place')) });
    const response = await post(good);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.text()).not.toContain('/var');
  });

  test('that meets a fault of ours is answered with an id that the log has, and nothing else', async () => {
    const logged: object[] = [];
    const log = { ...silentLog, error: (fields: object) => void logged.push(fields) };
    const { post } = await open({ log, inbox: failing(new TypeError('x is not a function')) });
    const response = await post(good);
    expect(response.status).toBe(500);
    const { error } = (await response.json()) as { error: string };
    expect(error).not.toContain('function');
    expect(logged).toEqual([
      expect.objectContaining({ err: expect.any(TypeError), id: error.split(' ').at(-1) }),
    ]);
  });
});

test('nothing that is logged or told has a key in it, right or wrong', async () => {
  const said: unknown[] = [];
  const note = (fields: object, message: string) => void said.push(inspect(fields, { depth: null }), message);
  const log = { debug: note, info: note, warn: note, error: note };
  const wrong = 'guess-of-a-key';
  const { post, refused } = await open({ log });
  await post(good);
  await post('{"action":', { headers: { 'x-outcry-key': key } });
  await post(`key=${wrong} action=buy`);
  await post('action=buy', { headers: { 'x-outcry-key': wrong } });
  const full = await open({ log, inbox: failing(new StoreError('disk full')) });
  await full.post(good);
  expect(said.length).toBeGreaterThan(2);
  const everything = [...said, ...refused].join('\n');
  expect(everything).not.toContain(key);
  expect(everything).not.toContain(wrong);
});

describe('without the right key', () => {
  test.each([
    ['a wrong key', '/hooks/demo', JSON.stringify({ key: 'wrong-key-123', action: 'buy' })],
    ['a key that only begins right', '/hooks/demo', JSON.stringify({ key: key.slice(0, -1) })],
    ['an empty key', '/hooks/demo', 'key= action=buy'],
    ['a key that is no text', '/hooks/demo', '{"key":[1]}'],
    ['no key', '/hooks/demo', '{"action":"buy"}'],
    ['no body', '/hooks/demo', ''],
    ['broken JSON', '/hooks/demo', '{"key'],
    ['an unknown book', '/hooks/other', good],
    ['a name that no book can have', '/hooks/..%2f%0aadmin', good],
    ['another path', '/', good],
    ['a path that servers often have', '/documentation/json', good],
  ])('%s gets the same answer as every other', async (_, path, body) => {
    const { post, received } = await open();
    const response = await post(body, { path });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('{"error":"not found"}');
    const plain = await post('', { path: '/nothing/here' });
    const shape = (answer: Response) => [...answer.headers.keys()].filter((name) => name !== 'date');
    expect(shape(response)).toEqual(shape(plain));
    expect(received).toEqual([]);
  });

  test.each(['/hooks/%zz', `/hooks/${'a'.repeat(500)}`])('%.20s is not found either', async (path) => {
    const { post } = await open();
    const response = await post(good, { path });
    expect([response.status, await response.text()]).toEqual([404, '{"error":"not found"}']);
  });

  test('an unknown book goes through the same comparison as a known one: not even its key being empty opens it', async () => {
    const { post } = await open({ hooks: new Hooks(new Map()) });
    for (const body of ['key=', 'key=undefined', '{"key":""}', '{}']) {
      expect((await post(body)).status).toBe(404);
    }
  });

  test('the admins hear what was tried, and nothing that the sender could choose freely', async () => {
    const { post, refused } = await open();
    await post('{"key":"guess-guess"}');
    await post('action=buy');
    await post(good, { path: '/hooks/other' });
    await post(good, { path: '/hooks/%3Cb%3Epress%20here' });
    expect(refused).toEqual([
      'webhook: a wrong key for the book "demo" from 127.0.0.1',
      'webhook: no key for the book "demo" from 127.0.0.1',
      'webhook: a wrong key for an unknown book, "other" from 127.0.0.1',
      'webhook: a wrong key for an unknown book, a name that no book can have from 127.0.0.1',
    ]);
  });

  test('after ten tries an address is not looked at for a while, and a right guess does not help', async () => {
    const { post, received, refused } = await open();
    const statuses: number[] = [];
    for (let index = 0; index < 12; index++) statuses.push((await post('key=guess')).status);
    expect(statuses).toEqual([...Array(10).fill(404), 429, 429]);
    const response = await post(good);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(received).toEqual([]);
    expect(refused).toHaveLength(10);
  });

  test('tries at the same time count like tries one after the other', async () => {
    const { post } = await open();
    const responses = await Promise.all(Array.from({ length: 30 }, () => post('key=guess')));
    expect(responses.filter(({ status }) => status === 404)).toHaveLength(10);
  });

  test('a sender that proved its key is never limited away, whatever else comes from its address', async () => {
    const { post } = await open();
    await post(good);
    for (let index = 0; index < 20; index++) await post('key=guess');
    const responses = await Promise.all(Array.from({ length: 150 }, () => post(good)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('a sender that repeats what an earlier start of the desk has stored is not limited away', async () => {
    const { post } = await open({
      inbox: {
        deliver: async ({ alerts }) => alerts.map(() => ({ signal: 'stored before', duplicate: true })),
        refuse: async () => undefined,
      },
    });
    const responses = await Promise.all(Array.from({ length: 150 }, () => post(good)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('TradingView, from where everybody may send, is not shut out by others', async () => {
    const { post } = await open({ settings: { ...settings, trustProxy: ['127.0.0.1'] } });
    const headers = { 'x-forwarded-for': '52.89.214.238' };
    for (let index = 0; index < 15; index++) await post('key=guess', { headers });
    expect((await post(good, { headers })).status).toBe(200);
  });

  test('a flood of requests of any kind is stopped', async () => {
    const { url } = await open();
    const responses = await Promise.all(Array.from({ length: 130 }, () => fetch(`${url}/healthz`)));
    expect(responses.filter(({ status }) => status === 429)).toHaveLength(10);
  });
});

describe('the sender behind a proxy', () => {
  const headers = { 'x-forwarded-for': '203.0.113.9' };

  test('is believed only where the proxy is trusted', async () => {
    const trusting = await open({ settings: { ...settings, trustProxy: ['127.0.0.0/8'] } });
    await trusting.post(good, { headers });
    expect(trusting.received[0]?.from).toBe('203.0.113.9');
    const wary = await open();
    await wary.post(good, { headers });
    expect(wary.received[0]?.from).toBe('127.0.0.1');
  });
});

describe('bodies that are no alerts', () => {
  test('a huge one is refused, whether its length is told or not', async () => {
    const { url, post, received } = await open({ settings: { ...settings, bodyLimitKb: 1 } });
    expect((await post('x'.repeat(1025))).status).toBe(413);
    const chunk = `800\r\n${'x'.repeat(0x800)}\r\n`;
    const head = 'POST /hooks/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await raw(url, head, chunk, '0\r\n\r\n')).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).toEqual([]);
  });

  test('one that stops coming is cut off', async () => {
    const { url, received } = await open({ patienceMs: 200 });
    await raw(url, 'POST /hooks/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', '{"key":');
    expect(received).toEqual([]);
  });

  test('one that comes a byte at a time is cut off too', async () => {
    const { url, received } = await open({ patienceMs: 300 });
    const { hostname, port } = new URL(url);
    const socket: Socket = connect(Number(port), hostname);
    socket.on('error', () => undefined); // cut off in the middle of a byte
    socket.write('POST /hooks/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n');
    const dripping = setInterval(() => socket.write(' '), 20);
    await new Promise((resolve) => socket.on('close', resolve));
    clearInterval(dripping);
    expect(received).toEqual([]);
  });

  test('what is no HTTP is turned away', async () => {
    const { url } = await open();
    expect(await raw(url, 'HELO desk\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('the health check', () => {
  test('says ok or not, and no details', async () => {
    let ok = true;
    const { url } = await open({ health: () => ({ ok, brokers: 'paper: down' }) as { ok: boolean } });
    const well = await fetch(`${url}/healthz`);
    expect([well.status, await well.text()]).toEqual([200, '{"ok":true}']);
    ok = false;
    const ill = await fetch(`${url}/healthz`);
    expect([ill.status, await ill.text()]).toEqual([503, '{"ok":false}']);
  });

  test('that fails means that the desk is not well', async () => {
    const { url } = await open({
      health: () => {
        throw new Error('no store');
      },
    });
    const response = await fetch(`${url}/healthz`);
    expect([response.status, await response.text()]).toEqual([503, '{"ok":false}']);
  });

  test('does not say what answers', async () => {
    const { url } = await open();
    const names = [...(await fetch(`${url}/healthz`)).headers.keys()];
    expect(names).not.toContain('server');
    expect(names).not.toContain('x-powered-by');
    expect(names.filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    expect(names).toContain('x-content-type-options');
  });
});

describe('starting and stopping', () => {
  test('a port that is in use is one clear line', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(open({ settings: { ...settings, port } })).rejects.toThrow(
      new UserError(
        `webhook: port ${port} on 127.0.0.1 is in use: stop the program that has it, or choose another webhook.port in desk.yaml`,
      ),
    );
    await new Promise((resolve) => other.close(resolve));
  });

  test('an address that this machine does not have is one clear line', async () => {
    await expect(open({ settings: { ...settings, host: '192.0.2.1' } })).rejects.toThrow(
      'this machine does not have the address in webhook.host',
    );
  });

  test('stopping finishes the alert in hand, refuses the next one for now, and lets go of the port', async () => {
    let finish = () => {};
    const storing = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let asked = () => {};
    const asking = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const inbox: AlertInbox = {
      async deliver() {
        asked();
        await storing;
        return [{ signal: 'in-hand', duplicate: false }];
      },
      refuse: async () => undefined,
    };
    const { url, server } = await open({ inbox });
    const head = `POST /hooks/demo HTTP/1.1\r\nHost: x\r\nContent-Length: ${good.length}\r\n\r\n${good}`;
    const { hostname, port } = new URL(url);
    const connections = [connect(Number(port), hostname), connect(Number(port), hostname)] as const;
    const [busy, idle] = connections;
    const answers = connections.map(
      (socket) =>
        new Promise<string>((resolve) => {
          let text = '';
          socket.on('data', (data) => {
            text += data.toString();
          });
          socket.on('close', () => resolve(text));
        }),
    );
    // The second connection has sent half a request, so that it is not closed as idle.
    idle.write(head.slice(0, 20));
    busy.write(head);
    await asking;
    const stopped = server.stop();
    idle.write(head.slice(20));
    const [, refusal] = await Promise.all([undefined, answers[1]]);
    expect(refusal).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: \d+/i);
    finish();
    expect(await answers[0]).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"signal":"in-hand"\}/);
    await stopped;
    await expect(fetch(url)).rejects.toThrow();
  });

  test('stopping before starting is no fault', async () => {
    const server = webhookServer({
      settings,
      log: silentLog,
      inbox: failing(new Error('never asked')),
      clock: systemClock,
      hooks: new Hooks(new Map()),
      health: () => ({ ok: true }),
      onRefused: () => undefined,
    });
    await expect(server.stop()).resolves.toBeUndefined();
  });
});

describe('TLS', () => {
  let folder: string;
  let tls: { cert: string; key: string };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outcry-tls-'));
    tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = ({ cert, key }: { cert: string; key: string }) => {
    writeFileSync(tls.cert, cert);
    writeFileSync(tls.key, key);
  };

  /** Posts an alert, accepting this certificate only. */
  const postTrusting = (url: string, ca: string) =>
    new Promise<{ status: number | undefined; protocol: string | null }>((resolve, reject) => {
      const request = tlsRequest(
        `${url}/hooks/demo`,
        { method: 'POST', ca, servername: 'localhost', agent: false },
        (response) => {
          const protocol = (response.socket as TLSSocket).getProtocol();
          response.resume().on('end', () => resolve({ status: response.statusCode, protocol }));
        },
      );
      request.on('error', reject);
      request.end(good);
    });

  test('takes alerts over it, and in the clear no more', async () => {
    const own = selfSigned();
    write(own);
    const { url } = await open({ settings: { ...settings, tls } });
    expect(url).toMatch(/^https:/);
    expect(await postTrusting(url, own.cert)).toEqual({ status: 200, protocol: 'TLSv1.3' });
    await expect(fetch(url.replace('https', 'http'))).rejects.toThrow();
    await expect(postTrusting(url, selfSigned().cert)).rejects.toThrow(/certificate/);
  });

  test('a renewed certificate is used without a restart', async () => {
    write(selfSigned());
    const { url } = await open({ settings: { ...settings, tls }, certificateCheckMs: 10 });
    const renewed = selfSigned();
    write(renewed);
    await vi.waitFor(async () => expect((await postTrusting(url, renewed.cert)).status).toBe(200), 5000);
  });

  test('a bad file leaves the old one in use, is logged once, and the next good one is taken', async () => {
    const logged: object[] = [];
    const log = { ...silentLog, error: (fields: object) => void logged.push(fields) };
    const old = selfSigned();
    write(old);
    const { url } = await open({ settings: { ...settings, tls }, log, certificateCheckMs: 10 });
    const renewed = selfSigned();
    writeFileSync(tls.cert, renewed.cert); // its key is still the old one's: a renewal that is half done
    await vi.waitFor(() => expect(logged).not.toEqual([]), 5000);
    expect((await postTrusting(url, old.cert)).status).toBe(200);
    writeFileSync(tls.key, renewed.key);
    await vi.waitFor(async () => expect((await postTrusting(url, renewed.cert)).status).toBe(200), 5000);
    expect(logged).toHaveLength(1);
  });

  test('a certificate that is missing, broken or with another key is one clear line at start', async () => {
    await expect(open({ settings: { ...settings, tls } })).rejects.toThrow(
      /webhook\.tls\.cert: .*cert\.pem cannot be read/,
    );
    write({ cert: 'none', key: 'none' });
    await expect(open({ settings: { ...settings, tls } })).rejects.toThrow(UserError);
    write({ cert: selfSigned().cert, key: selfSigned().key });
    await expect(open({ settings: { ...settings, tls } })).rejects.toThrow(/belong together/);
  });
});
