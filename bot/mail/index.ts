/**
 * E-mail as a chat platform that only tells: each address is told in order, what cannot be sent waits, and what is
 * refused is said once in the other chats. Imported only when the configuration names it.
 *
 * A mail has the same Message-ID when it is tried again (RFC 5322, 3.6.4), by which mailboxes that know it leave out the
 * second. It cannot be edited: what continues a subject is sent as an answer to its first mail.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { Clock } from '../../engine/clock.ts';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { Logger } from '../../engine/log.ts';
import { DeliveryError, type Message, type Platform, type PlatformStatus } from '../chat/platform.ts';
import type { MailSettings } from '../config/desk.ts';
import { type FailureKind, failureOf } from './failures.ts';
import { render } from './render.ts';

export interface MailOptions {
  readonly settings: MailSettings;
  /** The name of the environment: it stands before each subject. */
  readonly desk: string;
  /** The server will never take what was sent to this address. Told once until it takes something again. */
  readonly onRefused: (address: string, reason: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
  /** The first pause after a failure; it doubles with each further one. */
  readonly pausesMs?: Partial<Readonly<Record<FailureKind, number>>>;
}

export interface MailPlatform extends Platform {
  /**
   * Sends a test mail at once, whatever waits.
   * @throws UserError with what the server said
   */
  test(address: string): Promise<void>;
}

/** Providers lock an account that tries a wrong password too often. */
const usualPauses: Readonly<Record<FailureKind, number>> = {
  server: 15_000,
  login: 60_000,
  later: 60_000,
  refused: 0,
};
const longestPauseMs = 30 * 60_000;
const timeoutMs = 20_000;

/** @throws UserError when the file of the authority cannot be read */
export function mailPlatform(options: MailOptions): MailPlatform {
  const { settings, desk, onRefused, clock, log } = options;
  const { host, port, security, user, password, from } = settings;
  const pauses = { ...usualPauses, ...options.pausesMs };
  const server = `${host}:${port}`;
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'outcry';
  const transport = createTransport({
    ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls' },
    ...{ ignoreTLS: security === 'none', tls: { minVersion: 'TLSv1.2', ...authority(settings) } },
    ...(user !== undefined && password !== undefined && { auth: { user, pass: password } }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    // What a message says is never taken for the name of a file or an address.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });

  let status: PlatformStatus = { state: 'stopped', since: clock.now() };
  const become = (state: PlatformStatus['state'], why?: string) => {
    if (status.state === state && status.why === why) return;
    const since = status.state === state ? status.since : clock.now();
    status = { state, since, ...(why !== undefined && { why }) };
    if (why === undefined) log.info({ platform: 'mail', state }, `E-mail is ${state}`);
    else log.warn({ platform: 'mail', state }, why);
  };

  /** What everything waits for, and what one address waits for. */
  const serverPause = pause(clock);
  const addressPauses = new Map<string, ReturnType<typeof pause>>();
  const refused = new Set<string>();
  const inHand = new Set<Promise<unknown>>();

  const send = async (address: string, message: Message, id: string, continues?: string): Promise<void> => {
    const { files, ...mail } = render(message, desk);
    const sending = transport.sendMail({
      ...mail,
      ...{ from, to: address, messageId: id, date: clock.now() },
      ...(continues !== undefined && { inReplyTo: continues, references: continues }),
      // RFC 3834: no machine answers it.
      headers: { 'Auto-Submitted': 'auto-generated' },
      attachments: files.map(({ name, type, data, contentId }) => ({
        ...{ filename: name, contentType: type, content: Buffer.from(data) },
        ...(contentId !== undefined && { cid: contentId, contentDisposition: 'inline' as const }),
      })),
    });
    inHand.add(sending);
    try {
      await sending;
    } finally {
      inHand.delete(sending);
    }
    serverPause.end();
    addressPauses.get(address)?.end();
    refused.delete(address);
    become('ready');
  };

  /** As `send`, where it is time to try. @throws DeliveryError */
  const deliver = async (address: string, message: Message, id: string, continues?: string) => {
    const ofAddress = addressPauses.get(address) ?? pause(clock);
    addressPauses.set(address, ofAddress);
    for (const { why } of [serverPause, ofAddress]) {
      const reason = why();
      if (reason !== undefined) throw new DeliveryError(reason, { retryable: true });
    }
    try {
      await send(address, message, id, continues);
    } catch (thrown) {
      const { kind, text } = failureOf(thrown, server);
      if (kind === 'refused') {
        if (!refused.has(address)) onRefused(address, text);
        refused.add(address);
      } else if (kind === 'later') {
        ofAddress.begin(text, pauses.later);
      } else {
        serverPause.begin(text, pauses[kind]);
        become('down', text);
      }
      throw new DeliveryError(text, { retryable: kind !== 'refused', cause: thrown });
    }
  };

  return {
    name: 'mail',
    async start() {
      become('connecting');
      const verifying = transport.verify().then(
        () => become('ready'),
        (thrown: unknown) => {
          const { kind, text } = failureOf(thrown, server);
          serverPause.begin(text, pauses[kind]);
          become('down', text);
        },
      );
      inHand.add(verifying);
      void verifying.finally(() => inHand.delete(verifying));
    },
    async stop() {
      await Promise.allSettled(inHand);
      transport.close();
      become('stopped');
    },
    status: () => status,
    async post({ id: address }, message, key) {
      const id = messageId([key], domain);
      await deliver(address, message, id);
      return { platform: 'mail', chat: address, message: id };
    },
    edit: ({ chat, message: first }, message) => {
      const { title = '', text = [] } = message;
      return deliver(chat, message, messageId([first, title, JSON.stringify(text)], domain), first);
    },
    async test(address) {
      const text = [`This is how ${desk} tells what happens. It was sent at ${clock.now().toISOString()}.`];
      const id = messageId(['test', address, clock.now().toISOString()], domain);
      try {
        await send(address, { tone: 'success', title: 'E-mail works', text }, id);
      } catch (thrown) {
        throw new UserError(`${failureOf(thrown, server).text}.`, { cause: thrown });
      }
    },
  };
}

/** Time in which nothing is tried, longer with each failure in a row. */
function pause(clock: Clock) {
  let failures = 0;
  let until = 0;
  let reason = '';
  return {
    /** Why it is not time yet. */
    why: () => (clock.now().getTime() < until ? reason : undefined),
    begin(why: string, firstMs: number) {
      until = clock.now().getTime() + Math.min(firstMs * 2 ** failures, longestPauseMs);
      failures += 1;
      reason = why;
    },
    end() {
      failures = 0;
      until = 0;
    },
  };
}

function authority({ ca }: MailSettings): { readonly ca?: string } {
  if (ca === undefined) return {};
  try {
    return { ca: readFileSync(ca, 'utf8') };
  } catch (error) {
    throw new UserError(`platforms.mail.ca: ${ca} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

function messageId(parts: readonly string[], domain: string): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  return `<${hash}@${domain}>`;
}
