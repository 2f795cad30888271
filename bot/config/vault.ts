/**
 * Secrets that are set in chat, encrypted where they rest: AES-256-GCM (NIST SP 800-38D) with a key that is not in the
 * store. The key is `OUTCRY_KEY`, or a file that is made when it is first needed and that only its owner may read.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../../engine/errors.ts';

const version = 'v1';
const nonceBytes = 12;
const keyBytes = 32;

export class Vault {
  readonly #passphrase: string | undefined;
  readonly #keyFile: string;
  #key: Buffer | undefined;

  constructor({
    passphrase,
    keyFile,
  }: { readonly passphrase: string | undefined; readonly keyFile: string }) {
    this.#passphrase = passphrase;
    this.#keyFile = keyFile;
  }

  /**
   * @param place what the secret is for; it can be opened for nothing else
   * @throws UserError when the key cannot be used
   */
  seal(secret: string, place: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf('seal'), nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return [version, ...[nonce, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join(
      '.',
    );
  }

  /** @throws UserError when it was sealed with another key, for another place, or was changed since */
  open(sealed: string, place: string): string {
    const [form, ...parts] = sealed.split('.');
    const [nonce, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'));
    const cannot = `The secret for ${place} cannot be read: OUTCRY_KEY or ${this.#keyFile} is not the one with which it was set in chat. Bring that key back, or set the secret again.`;
    if (form !== version || !nonce || !tag || !text) throw new UserError(cannot);
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#keyOf('open'), nonce, { authTagLength: 16 });
      decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
      return decipher.update(text, undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(cannot, { cause: error });
    }
  }

  #keyOf(use: 'seal' | 'open'): Buffer {
    this.#key ??=
      this.#passphrase === undefined ? readKeyFile(this.#keyFile, use) : derivedKey(this.#passphrase);
    return this.#key;
  }
}

/** Slow on purpose, so that a phrase that people make up is not quickly found. */
function derivedKey(passphrase: string): Buffer {
  if (passphrase.length < 16) {
    throw new UserError(
      'OUTCRY_KEY must have at least 16 characters. openssl rand -hex 32 makes a good one.',
    );
  }
  return scryptSync(passphrase, 'outcry vault', keyBytes, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 });
}

function readKeyFile(path: string, use: 'seal' | 'open'): Buffer {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) {
    if (use === 'open') throw new UserError(`The key file ${path} is missing, and OUTCRY_KEY is not set.`);
    return newKeyFile(path);
  }
  // On Windows the mode says nothing.
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    throw new UserError(`Others may read the key file ${path}. chmod 600 it, and set the secrets anew.`);
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (key.length !== keyBytes)
    throw new UserError(`The key file ${path} does not hold a key of 64 hexadecimal digits.`);
  return key;
}

function newKeyFile(path: string): Buffer {
  const key = randomBytes(keyBytes);
  mkdirSync(dirname(path), { recursive: true });
  // `wx`: should two desks do it at once, one of them fails instead of losing the other's secrets.
  writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}
