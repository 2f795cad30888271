/** What a mail server's refusals mean for the person who runs the desk: one line each, with what to do. */
import { z } from 'zod';
import { reasonOf } from '../../engine/errors.ts';

/**
 * `server`: nothing gets through until it is put right or the server is back, so everything waits.
 * `later`: the server wants this one again later. `refused`: it will never take this one.
 */
export type FailureKind = 'server' | 'login' | 'later' | 'refused';

export interface MailFailure {
  readonly kind: FailureKind;
  readonly text: string;
}

/** What nodemailer says about an error, as far as it says it. */
const details = z.object({
  code: z.string().optional().catch(undefined),
  command: z.string().optional().catch(undefined),
  response: z.string().optional().catch(undefined),
  responseCode: z.number().optional().catch(undefined),
});

/** @param server `host:port`, for the message */
export function failureOf(thrown: unknown, server: string): MailFailure {
  const { code, command = '', response, responseCode } = details.safeParse(thrown).data ?? {};
  const said = (response ?? reasonOf(thrown)).replace(/\s+/g, ' ').trim();
  if (code === 'EAUTH' || code === 'ENOAUTH') {
    return {
      kind: 'login',
      text: `The mail server ${server} refuses the login (${said}): check platforms.mail.user and password`,
    };
  }
  if (code === 'ETLS' || isCertificate(thrown)) {
    return {
      kind: 'server',
      text: `The mail server ${server} has no encryption that can be trusted (${said}): check platforms.mail.security and ca`,
    };
  }
  // RFC 5321, 4.2.1: 4yz may work later, 5yz will not.
  if (responseCode !== undefined && command.startsWith('MAIL FROM') && responseCode >= 500) {
    return {
      kind: 'login',
      text: `The mail server ${server} does not let the desk send (${said}): check platforms.mail.from and user`,
    };
  }
  if (responseCode !== undefined && responseCode >= 500 && responseCode !== 503) {
    return { kind: 'refused', text: `The mail server ${server} refuses it: ${said}` };
  }
  if (code === 'EMESSAGE' && responseCode === undefined) {
    return { kind: 'refused', text: `The mail server ${server} does not take it: ${said}` };
  }
  if (responseCode !== undefined && responseCode >= 400 && /^(RCPT TO|DATA)/.test(command)) {
    return { kind: 'later', text: `The mail server ${server} wants it again later: ${said}` };
  }
  return { kind: 'server', text: `The mail server ${server} cannot be reached (${said}): mail waits` };
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes; nodemailer keeps Node's own text of them. */
function isCertificate(thrown: unknown): boolean {
  return /certificate|altnames|self[- ]signed|unable to verify/i.test(reasonOf(thrown));
}
