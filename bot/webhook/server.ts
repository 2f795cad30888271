/**
 * The webhook: where alerts come in, and where a monitor asks whether the desk is well.
 *
 * `POST /hooks/<book>` and `POST /hooks` answer 200 only after every signal in the alert is stored. Until its sender is
 * proved, every answer is the same 404: whoever cannot prove anything learns neither which books there are nor what they
 * take. `GET /healthz` says ok or not.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import helmet from '@fastify/helmet';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { bookName } from '../../engine/bank/book.ts';
import type { Clock } from '../../engine/clock.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { Logger } from '../../engine/log.ts';
import { parseAlert } from '../../engine/signals/alert.ts';
import type { Delivery, Receipt, Unreadable } from '../../engine/signals/inbox.ts';
import { ReplayError } from '../../engine/signals/sealed.ts';
import { StoreError } from '../../engine/store/store.ts';
import type { WebhookSettings } from '../config/desk.ts';
import type { Arrival, Finding } from './auth/way.ts';
import { type Certificate, keepCertificateFresh, readCertificate } from './certificate.ts';
import type { HookName, Hooks } from './hooks.ts';
import { limitSenders } from './limits.ts';

/** Where alerts go. */
export interface AlertInbox {
  /**
   * Resolves when all signals of the alert are stored.
   * @throws UserError when one of them is not understood: then none is stored
   * @throws ReplayError when the message was used before
   * @throws StoreError when it could not be stored
   */
  deliver(delivery: Delivery): Promise<readonly Receipt[]>;
  /** Writes down, and tells, that a proven sender sent what cannot be read. @throws StoreError */
  refuse(unreadable: Unreadable): Promise<void>;
}

export interface WebhookParts {
  readonly settings: WebhookSettings;
  readonly log: Logger;
  readonly clock: Clock;
  readonly inbox: AlertInbox;
  readonly hooks: Hooks;
  /** Whether the desk is well; strangers hear only `ok`. */
  health(): { readonly ok: boolean } | Promise<{ readonly ok: boolean }>;
  /** Somebody tried without a proof. One line without anything that the sender could choose freely. */
  onRefused(description: string): void;
  /** How long a sender may take for a request, or stay silent. Longer than any alert needs. */
  readonly patienceMs?: number;
  /** How often the certificate's files are looked at. */
  readonly certificateCheckMs?: number;
}

export interface WebhookServer {
  /** @throws UserError when the port is taken or forbidden, or the certificate cannot be used */
  start(): Promise<{ readonly url: string }>;
  /** Refuses what is new with 503, finishes what is in hand, and lets go of the port. */
  stop(): Promise<void>;
}

/** TradingView sends again after 5 s, at most three times, what was answered with 500 to 599 (not 504). */
const retryAfterSeconds = 5;
/** A key in the address may be long. */
const longestParam = 256;
/** Of what cannot be read, as much is kept. */
const keptCharacters = 2000;
const defaultPatienceMs = 10_000;
const defaultCertificateCheckMs = 30_000;

export function webhookServer(parts: WebhookParts): WebhookServer {
  let app: FastifyInstance | undefined;
  let stopWatching = () => {};
  let stopping = false;

  return {
    async start() {
      const { settings, log, certificateCheckMs = defaultCertificateCheckMs } = parts;
      const certificate = settings.tls && readCertificate(settings.tls);
      app = await buildApp(parts, certificate, () => stopping);
      try {
        await app.listen({ host: settings.host, port: settings.port });
      } catch (error) {
        await app.close();
        throw listenError(settings, error);
      }
      if (settings.tls && certificate) {
        const server = app.server as Server as TlsServer; // made in `serverWith`, as TLS when there is a certificate
        stopWatching = keepCertificateFresh(settings.tls, certificate, server, {
          everyMs: certificateCheckMs,
          log,
        });
      }
      return { url: urlOf(app.server.address() as AddressInfo, certificate !== undefined) };
    },
    async stop() {
      stopping = true;
      stopWatching();
      await app?.close();
    },
  };
}

/** The server without a port: what it answers can be asked by `inject`. */
export async function buildApp(
  parts: WebhookParts,
  certificate?: Certificate,
  isStopping: () => boolean = () => false,
): Promise<FastifyInstance> {
  const { settings, log } = parts;
  const app = fastify({
    trustProxy: settings.trustProxy.length > 0 ? settings.trustProxy : false,
    bodyLimit: settings.bodyLimitKb * 1024,
    return503OnClosing: false, // our own 503 says when to come back
    routerOptions: { maxParamLength: longestParam },
    frameworkErrors: (_error, _request, reply) => void sayNotFound(reply as FastifyReply),
    serverFactory: (listener) => serverWith(listener, certificate, parts.patienceMs ?? defaultPatienceMs),
  });

  app.addHook('onRequest', async (request, reply) => {
    // Only the body says what it is: fastify would refuse a content type that it cannot read.
    delete request.raw.headers['content-type'];
    if (isStopping()) return sayRetry(reply, 'the desk is stopping');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping()) reply.header('connection', 'close'); // else `stop` would wait for idle connections
  });
  await app.register(helmet);
  const limits = await limitSenders(app);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => sayError(error, request, reply, log));
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (_request, reply) => sayNotFound(reply));

  app.get('/healthz', async (_request, reply) => {
    const ok = await isWell(parts);
    return reply.status(ok ? 200 : 503).send({ ok });
  });

  const receive = async (request: FastifyRequest<{ Params: HookParams }>, reply: FastifyReply) => {
    const hook = request.params.name;
    const arrival = arrivalOf(request, parts.clock);
    const turnAway = (why: string) => {
      limits.failed(request);
      parts.onRefused(`webhook: ${why} for ${wordsOf(hook, parts.hooks)} from ${request.ip}`);
      return sayNotFound(reply);
    };
    if (!(await limits.mayTry(request, hook))) return sayTooMany(reply);
    const finding = parts.hooks.prove(hook, arrival);
    if (!finding.proved) return turnAway(finding.why);
    try {
      const { receipts, isList } = await takeIn(hook, arrival, finding, parts);
      // Whoever overheard a sealed message can send it again; with a key that is sent along, there is nothing left to prove.
      if (!finding.once || receipts.some(({ duplicate }) => !duplicate)) limits.proved(request, hook);
      log.info({ hook, receipts, from: request.ip }, 'alert received');
      const signals = receipts.map(({ signal }) => signal);
      return isList ? { signals } : { signal: signals[0] };
    } catch (error) {
      if (error instanceof ReplayError) return turnAway('a message that was used before');
      if (error instanceof UserError) limits.proved(request, hook);
      throw error;
    }
  };
  app.post('/hooks', receive);
  app.post('/hooks/:name', receive);
  app.post('/hooks/:name/:key', receive);
  return app;
}

interface HookParams {
  readonly name?: string;
  readonly key?: string;
}

function arrivalOf(request: FastifyRequest<{ Params: HookParams }>, clock: Clock): Arrival {
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  return {
    body,
    alert: parseAlert(body),
    headers: request.headers,
    pathKey: request.params.key || undefined,
    address: request.ip,
    certificateName: certificateNameOf(request.raw.socket),
    now: clock.now(),
  };
}

/** Of a certificate that one of `webhook.tls.clientCa` has signed, for the use by a client, and that is valid today. */
function certificateNameOf(socket: FastifyRequest['raw']['socket']): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN; // a list where there are several
  return typeof name === 'string' ? name : undefined;
}

async function takeIn(
  hook: HookName,
  arrival: Arrival,
  { alert = arrival.alert, secrets = [], id, once }: Extract<Finding, { proved: true }>,
  { inbox, hooks }: WebhookParts,
): Promise<{ readonly receipts: readonly Receipt[]; readonly isList: boolean }> {
  const from = arrival.address;
  if ('problem' in alert) {
    const text = secrets.reduce(
      (all, secret) => all.replaceAll(secret, '…'),
      new TextDecoder().decode(arrival.body),
    );
    const payload = { text: text.slice(0, keptCharacters) };
    await inbox.refuse({ book: hook, payload, raw: arrival.body, from, reason: `${alert.problem}.` });
    throw new UserError(alert.problem);
  }
  const content = `${hook ?? ''}\n${Buffer.from(arrival.body).toString('base64')}`;
  const receipts = await inbox.deliver({
    alerts: alert.alerts,
    hook,
    reach: hooks.reach(hook),
    from,
    ...(id !== undefined && { id }),
    ...(once && { seal: { ...once, content } }),
  });
  return { receipts, isList: alert.isList };
}

async function isWell({ health, log }: WebhookParts): Promise<boolean> {
  try {
    return (await health()).ok;
  } catch (error) {
    log.error({ err: error }, 'the health of the desk could not be asked');
    return false;
  }
}

/** Both kinds with the same patience: node looks every `connectionsCheckingInterval` for requests that take too long. */
function serverWith(
  listener: RequestListener,
  certificate: Certificate | undefined,
  patienceMs: number,
): Server {
  const options = {
    requestTimeout: patienceMs,
    headersTimeout: patienceMs,
    connectionsCheckingInterval: Math.ceil(patienceMs / 4),
  };
  const server: Server = certificate
    ? createTlsServer({ ...options, ...certificate, ...askFor(certificate), minVersion: 'TLSv1.2' }, listener)
    : createServer(options, listener);
  server.setTimeout(patienceMs); // of a connection on which nothing moves
  return server;
}

/** Where there are authorities for it, senders are asked for a certificate; who has none may still have another proof. */
function askFor({ ca }: Certificate) {
  return ca ? { requestCert: true, rejectUnauthorized: false } : {};
}

function sayNotFound(reply: FastifyReply): FastifyReply {
  return reply.status(404).send({ error: 'not found' });
}

function sayTooMany(reply: FastifyReply): FastifyReply {
  return reply.status(429).header('retry-after', '60').send({ error: 'too many requests' });
}

function sayRetry(reply: FastifyReply, error: string): FastifyReply {
  return reply.status(503).header('retry-after', String(retryAfterSeconds)).send({ error });
}

function sayError(thrown: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): FastifyReply {
  // Only for a proven sender does anything throw one of these two.
  if (thrown instanceof UserError) return reply.status(400).send({ error: thrown.message });
  if (thrown instanceof StoreError) {
    log.error(
      { err: thrown, route: request.routeOptions.url },
      'an alert could not be stored; its sender was asked to send it again',
    );
    return sayRetry(reply, 'the alert could not be stored, send it again');
  }
  const status = statusOf(thrown);
  if (status === 429) return sayTooMany(reply);
  if (status === 413) return reply.status(413).send({ error: 'the body is too large' });
  if (status !== undefined && status < 500) return reply.status(status).send({ error: 'bad request' });
  const id = randomUUID();
  log.error({ err: thrown, route: request.routeOptions.url, id }, 'a request to the webhook failed');
  return reply
    .status(500)
    .header('retry-after', String(retryAfterSeconds))
    .send({ error: `a fault of the desk, in its log as ${id}` });
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

function wordsOf(hook: HookName, hooks: Hooks): string {
  if (hook === undefined) return 'the desk';
  // What is no name of a book may be anything; it is not repeated to the admins.
  const book = bookName.safeParse(hook).success ? `"${hook}"` : 'a name that no book can have';
  return `${hooks.has(hook) ? 'the book' : 'an unknown book,'} ${book}`;
}

function listenError({ host, port }: WebhookSettings, error: unknown): UserError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const place = `webhook: port ${port} on ${host}`;
  const said: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is in use: stop the program that has it, or choose another webhook.port in desk.yaml`,
    EACCES: `${place} is not allowed: ports below 1024 need a right of their own; choose another webhook.port, or put a proxy in front`,
    EADDRNOTAVAIL: `${place} cannot be opened: this machine does not have the address in webhook.host`,
    ENOTFOUND: `${place} cannot be opened: webhook.host is no address of this machine`,
  };
  return new UserError(said[String(code)] ?? `${place} cannot be opened: ${reasonOf(error)}`, {
    cause: error,
  });
}

function urlOf({ address, family, port }: AddressInfo, isTls: boolean): string {
  return `${isTls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
