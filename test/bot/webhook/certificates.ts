/** An authority of a test's own, made with openssl, that signs certificates for senders. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export class Authority {
  readonly #folder: string;
  readonly #name: string;

  /** @param folder where its files are kept, the certificate under `caFile` */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    const { key, cert } = this.#paths(name);
    openssl('req', '-x509', ...newKey, '-keyout', key, '-out', cert, '-days', '30', '-subj', `/CN=${name}`);
  }

  get caFile(): string {
    return this.#paths(this.#name).cert;
  }

  /** A certificate for this use (RFC 5280, 4.2.1.12), valid for so many days: for -1 it is over. */
  issue(
    name: string,
    {
      subject = `/CN=${name}`,
      use = 'clientAuth',
      days = 30,
    }: { subject?: string; use?: string; days?: number } = {},
  ): Issued {
    const ca = this.#paths(this.#name);
    const { key, cert, request, extensions } = this.#paths(`${this.#name}-${name}`);
    openssl('req', '-new', ...newKey, '-keyout', key, '-out', request, '-subj', subject);
    execFileSync('sh', ['-c', `printf 'extendedKeyUsage=%s\\n' "$1" > "$2"`, 'sh', use, extensions]);
    openssl(
      ...['x509', '-req', '-in', request, '-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial'],
      ...['-out', cert, '-days', String(days), '-extfile', extensions],
    );
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  #paths(name: string) {
    const at = (ending: string) => join(this.#folder, `${name.replaceAll(/\W/g, '-')}.${ending}`);
    return { key: at('key'), cert: at('pem'), request: at('csr'), extensions: at('ext') };
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(...words: readonly string[]): void {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
