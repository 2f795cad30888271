import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Vault } from '../../../bot/config/vault.ts';
import { tempFolder } from '../../support/temp-store.ts';

describe('a secret that was set in chat', () => {
  it('is read again with the key file, which only its owner may read', async () => {
    const keyFile = join(await tempFolder(), 'data', 'secret.key');
    const sealed = new Vault({ passphrase: undefined, keyFile }).seal('hunter22', 'books/demo:key');
    expect(sealed).not.toContain('hunter22');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(new Vault({ passphrase: undefined, keyFile }).open(sealed, 'books/demo:key')).toBe('hunter22');
  });

  it('looks different each time', () => {
    const vault = new Vault({ passphrase: 'sixteen letters!', keyFile: '/nowhere' });
    expect(vault.seal('same', 'x')).not.toBe(vault.seal('same', 'x'));
  });

  it('is not read for another place, with another key, or after a change of one letter', () => {
    const vault = new Vault({ passphrase: 'sixteen letters!', keyFile: '/nowhere' });
    const sealed = vault.seal('hunter22', 'books/demo:key');
    expect(() => vault.open(sealed, 'books/other:key')).toThrow('cannot be read');
    const other = new Vault({ passphrase: 'sixteen others !', keyFile: '/nowhere' });
    expect(() => other.open(sealed, 'books/demo:key')).toThrow('cannot be read');
    // The first letter of the text: of its last one, some bits stand for nothing.
    const changed = sealed.replace(/[^.](?=[^.]*$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    expect(() => vault.open(changed, 'books/demo:key')).toThrow('cannot be read');
    expect(() => vault.open('v1.x', 'books/demo:key')).toThrow('cannot be read');
  });

  it('is not kept under a short OUTCRY_KEY, nor under a key file that others may read', async () => {
    expect(() => new Vault({ passphrase: 'short', keyFile: '/nowhere' }).seal('x', 'y')).toThrow('16');
    const keyFile = join(await tempFolder(), 'secret.key');
    new Vault({ passphrase: undefined, keyFile }).seal('x', 'y');
    chmodSync(keyFile, 0o644);
    expect(() => new Vault({ passphrase: undefined, keyFile }).seal('x', 'y')).toThrow('chmod 600');
  });
});
