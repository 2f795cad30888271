/**
 * The certificate of the webhook, and the authorities that may vouch for its senders: read at start, and again when the files
 * change, so that a renewal needs no restart.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { reasonOf, UserError } from '../../engine/errors.ts';
import type { Logger } from '../../engine/log.ts';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities of the senders' certificates; without them nobody is asked for one. */
  readonly ca?: Buffer;
}

/** @throws UserError when a file cannot be read, or the two do not belong together */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = readPem('cert', files.cert);
  const key = readPem('key', files.key);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new UserError(
      `webhook.tls: ${files.cert} and ${files.key} are no certificate and its key (${reasonOf(error)}): both must be PEM and belong together`,
      { cause: error },
    );
  }
  if (files.clientCa === undefined) return { cert, key };
  return { cert, key, ca: readAuthorities(files.clientCa) };
}

/** Looked at one by one: a file without a certificate in it would let nobody in, without a word. */
function readAuthorities(path: string): Buffer {
  const ca = readPem('clientCa', path);
  const pems = ca.toString().match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const pem of pems) new X509Certificate(pem);
  } catch (error) {
    throw new UserError(
      `webhook.tls.clientCa: ${path} has a certificate that cannot be read (${reasonOf(error)})`,
      {
        cause: error,
      },
    );
  }
  if (pems.length > 0) return ca;
  throw new UserError(`webhook.tls.clientCa: ${path} has no certificate in it: it must be PEM`);
}

/**
 * Looks at the files every so often, and gives the server what is new. Files that are no good leave the old certificate
 * in use and are logged once: a renewal writes them one after the other. Returns what ends it.
 *
 * Reading them is surer than being told of changes: renewals replace links to folders, or mount another disk.
 */
export function keepCertificateFresh(
  files: CertificateFiles,
  used: Certificate,
  server: Server,
  { everyMs, log }: { everyMs: number; log: Logger },
): () => void {
  let seen = fingerprint(used);
  let complaint = '';
  const timer = setInterval(() => {
    try {
      const found = readCertificate(files);
      complaint = '';
      if (fingerprint(found) === seen) return;
      server.setSecureContext(found);
      seen = fingerprint(found);
      log.info({ cert: files.cert }, 'the webhook uses a new certificate');
    } catch (error) {
      if (reasonOf(error) === complaint) return;
      complaint = reasonOf(error);
      log.error({ err: error }, 'the new certificate is no good; the webhook keeps the old one');
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function readPem(name: keyof CertificateFiles, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`webhook.tls.${name}: ${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function fingerprint({ cert, key, ca }: Certificate): string {
  const parts = [cert, key, ca ?? ''];
  return parts.reduce((hash, part) => hash.update('\n').update(part), createHash('sha256')).digest('hex');
}
