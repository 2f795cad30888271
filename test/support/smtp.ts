/**
 * A mail server on this machine, as strict as those outside: it wants encryption and a login before anything else, and
 * knows its mailboxes. A test can take it away, make it busy, or have it refuse.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { Authority } from '../bot/webhook/certificates.ts';
import { tempFolder } from './temp-store.ts';

export interface ReceivedMail {
  readonly to: string;
  /** Names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  /** Every part that holds something, in the order of the mail. */
  readonly parts: readonly MailPart[];
  readonly text: string;
  readonly html: string;
}

export interface MailPart {
  readonly headers: ReadonlyMap<string, string>;
  readonly data: Buffer;
}

/** What the server answers in place of taking a mail: at which command, and with which code. */
export interface Refusal {
  readonly at: 'login' | 'sender' | 'recipient' | 'data';
  readonly code: number;
  readonly text: string;
}

export const account = { user: 'desk', password: 'correct horse' };

export async function startSmtp({
  mailboxes,
  security = 'starttls',
}: {
  readonly mailboxes: readonly string[];
  readonly security?: 'starttls' | 'tls' | 'none';
}) {
  const authority = new Authority(await tempFolder(), 'mail authority');
  const certificate = authority.issue('localhost', { use: 'serverAuth' });
  const received: ReceivedMail[] = [];
  let refusal: Refusal | undefined;
  let attempts = 0;
  let refusals = 0;
  const failure = (at: Refusal['at']) => {
    if (refusal?.at !== at) return undefined;
    refusals += 1;
    return Object.assign(new Error(refusal.text), { responseCode: refusal.code });
  };
  const options: SMTPServerOptions = {
    ...{ ...certificate, secure: security === 'tls', authOptional: false, logger: false },
    ...(security === 'none' && { disabledCommands: ['STARTTLS'] as const, allowInsecureAuth: true }),
    onConnect(_session, done) {
      attempts += 1;
      done();
    },
    onAuth({ username, password }, { secure }, done) {
      if (!secure && security !== 'none') return done(new Error('a password in the clear'));
      const refused = failure('login');
      if (refused) return done(refused);
      const isRight = username === account.user && password === account.password;
      return isRight ? done(null, { user: username }) : done(new Error('Invalid username or password'));
    },
    onMailFrom(_address, _session, done) {
      done(failure('sender') ?? null);
    },
    onRcptTo({ address }, _session, done) {
      const refused = failure('recipient');
      if (refused) return done(refused);
      if (mailboxes.includes(address)) return done();
      return done(Object.assign(new Error('No such mailbox here'), { responseCode: 550 }));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refused = failure('data');
        if (refused) return done(refused);
        const [to] = envelope.rcptTo;
        received.push(read(Buffer.concat(chunks).toString('latin1'), to?.address ?? ''));
        return done();
      });
    },
  };
  let server: SMTPServer | undefined;
  let port = 0;
  const start = async () => {
    server = new SMTPServer(options);
    server.on('error', () => undefined); // a client that goes away in the middle is no fault of the test
    const listening = server.listen(port, 'localhost');
    await once(listening, 'listening');
    port = (listening.address() as AddressInfo).port;
  };
  const stop = async () => {
    const running = server;
    server = undefined;
    if (running) await new Promise<void>((resolve) => running.close(resolve));
  };
  await start();
  onTestFinished(stop);
  return {
    /** As `platforms.mail` names it. */
    settings: {
      ...{ host: 'localhost', port, security, ca: authority.caFile, ...account },
      ...{ from: 'Outcry <desk@example.com>', notify: [...mailboxes] },
    },
    received,
    /** Connections so far. */
    attempts: () => attempts,
    /** What was refused because of `refuse`. */
    refusals: () => refusals,
    refuse(next: Refusal | undefined) {
      refusal = next;
    },
    /** Nobody listens there, until it is started again at the same port. */
    stop,
    start,
  };
}

function read(raw: string, to: string): ReceivedMail {
  const parts = partsOf(raw);
  const text = (type: string) =>
    (
      parts.find(({ headers }) => headers.get('content-type')?.startsWith(type))?.data.toString('utf8') ?? ''
    ).replace(/\r\n/g, '\n');
  return { to, headers: split(raw).headers, parts, text: text('text/plain'), html: text('text/html') };
}

/** RFC 2046, 5.1: what stands between the boundaries, and what stands in that. */
function partsOf(raw: string): MailPart[] {
  const { headers, body } = split(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(headers.get('content-type') ?? '')?.[1];
  if (boundary === undefined) return [{ headers, data: decoded(body, headers) }];
  const inner = body.split(`--${boundary}`).slice(1, -1);
  return inner.flatMap((part) => partsOf(part.replace(/^\r\n/, '').replace(/\r\n$/, '')));
}

function split(raw: string) {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), word(line.slice(colon + 1).trim())];
    }),
  );
  return { headers, body: raw.slice(end + 4) };
}

function decoded(body: string, headers: ReadonlyMap<string, string>): Buffer {
  const encoding = headers.get('content-transfer-encoding');
  if (encoding === 'base64') return Buffer.from(body, 'base64');
  if (encoding === 'quoted-printable') return Buffer.from(unquoted(body.replace(/=\r\n/g, '')), 'latin1');
  return Buffer.from(body, 'latin1');
}

/** RFC 2047: words of a header that are not ASCII. */
function word(header: string): string {
  return header
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString('utf8')
        : Buffer.from(unquoted(text.replaceAll('_', ' ')), 'latin1').toString('utf8'),
    );
}

function unquoted(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
