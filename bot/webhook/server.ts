/**
 * The webhook: where alerts come in, and where a monitor asks whether the desk is well.
 *
 * `POST /hooks/<book>` answers 200 only after the alert is stored. Until the book's key was right, every answer is the
 * same 404: whoever has no key learns neither which books there are nor what they take. `GET /healthz` says ok or not.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import helmet from '@fastify/helmet';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { bookName } from '../../engine/bank/book.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { Logger } from '../../engine/log.ts';
import { StoreError } from '../../engine/store/store.ts';
import type { WebhookSettings } from '../config/desk.ts';
import { type AlertFields, parseAlert } from './alert.ts';
import { isBookKey, keyHeader, takeKey } from './auth/key.ts';
import { type Certificate, keepCertificateFresh, readCertificate } from './certificate.ts';
import { limitSenders } from './senders.ts';

/** Where alerts go: resolves when the alert is stored. */
export interface AlertInbox {
  /**
   * @throws UserError when the book's handler does not understand the payload
   * @throws StoreError when it could not be stored
   */
  receive(alert: {
    readonly book: string;
    readonly payload: AlertFields;
    /** The bytes by which a repetition is known: the alert without its key. */
    readonly raw: Uint8Array;
    /** The sender's address. */
    readonly from: string;
  }): Promise<{ readonly signal: string; readonly duplicate: boolean }>;
}

export interface WebhookParts {
  readonly settings: WebhookSettings;
  readonly log: Logger;
  readonly inbox: AlertInbox;
  /** The key of a book that takes alerts. */
  bookKeys(name: string): string | undefined;
  /** Whether the desk is well; strangers hear only `ok`. */
  health(): { readonly ok: boolean } | Promise<{ readonly ok: boolean }>;
  /** Somebody tried without the right key. One line without anything that the sender could choose freely. */
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

async function buildApp(
  parts: WebhookParts,
  certificate: Certificate | undefined,
  isStopping: () => boolean,
): Promise<FastifyInstance> {
  const { settings, log } = parts;
  const app = fastify({
    trustProxy: settings.trustProxy.length > 0 ? settings.trustProxy : false,
    bodyLimit: settings.bodyLimitKb * 1024,
    return503OnClosing: false, // our own 503 says when to come back
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
  const senders = await limitSenders(app);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => sayError(error, request, reply, log));
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (_request, reply) => sayNotFound(reply));

  app.get('/healthz', async (_request, reply) => {
    const ok = await isWell(parts);
    return reply.status(ok ? 200 : 503).send({ ok });
  });

  app.post<{ Params: { name: string } }>('/hooks/:name', async (request, reply) => {
    const { name } = request.params;
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const alert = parseAlert(body);
    const header = request.headers[keyHeader];
    const fields = 'fields' in alert ? alert.fields : {};
    const { key, rest } = takeKey(fields, typeof header === 'string' ? header : undefined);

    if (!(await senders.mayTry(request))) return sayTooMany(reply);
    if (!isBookKey(key, parts.bookKeys(name))) {
      senders.failed(request);
      parts.onRefused(refusalOf(name, key, request, parts));
      return sayNotFound(reply);
    }
    senders.proved(request);
    if ('problem' in alert) return reply.status(400).send({ error: alert.problem });

    const raw = Buffer.from(JSON.stringify(rest));
    const { signal, duplicate } = await parts.inbox.receive({
      book: name,
      payload: rest,
      raw,
      from: request.ip,
    });
    log.info({ book: name, signal, duplicate, from: request.ip }, 'alert received');
    return { signal };
  });
  return app;
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
    ? createTlsServer({ ...options, ...certificate, minVersion: 'TLSv1.2' }, listener)
    : createServer(options, listener);
  server.setTimeout(patienceMs); // of a connection on which nothing moves
  return server;
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
  // Only behind a right key does anything throw one of these two.
  if (thrown instanceof UserError) return reply.status(400).send({ error: thrown.message });
  if (thrown instanceof StoreError) {
    log.error(
      { err: thrown, url: request.url },
      'an alert could not be stored; its sender was asked to send it again',
    );
    return sayRetry(reply, 'the alert could not be stored, send it again');
  }
  const status = statusOf(thrown);
  if (status === 429) return sayTooMany(reply);
  if (status === 413) return reply.status(413).send({ error: 'the body is too large' });
  if (status !== undefined && status < 500) return reply.status(status).send({ error: 'bad request' });
  const id = randomUUID();
  log.error({ err: thrown, url: request.url, id }, 'a request to the webhook failed');
  return reply
    .status(500)
    .header('retry-after', String(retryAfterSeconds))
    .send({ error: `a fault of the desk, in its log as ${id}` });
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return undefined;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : undefined;
}

function refusalOf(
  name: string,
  key: string | undefined,
  request: FastifyRequest,
  parts: WebhookParts,
): string {
  const known = parts.bookKeys(name) !== undefined;
  // What is no name of a book may be anything; it is not repeated to the admins.
  const book = bookName.safeParse(name).success ? `"${name}"` : 'a name that no book can have';
  const what = key === undefined ? 'no key' : 'a wrong key';
  return `webhook: ${what} for ${known ? 'the book' : 'an unknown book,'} ${book} from ${request.ip}`;
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
