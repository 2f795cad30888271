/** What may stand under platforms.mail. */
import { describe, expect, it } from 'vitest';
import { deskSettings } from '../../../bot/config/desk.ts';

const right = { host: 'smtp.example.com', from: 'Outcry <desk@example.com>', notify: ['Ann@Example.com'] };

describe('platforms.mail', () => {
  it('is encrypted when nothing is said, and addresses are known however they are written', () => {
    const { mail } = deskSettings.parse({ platforms: { mail: right } }).platforms;
    expect(mail).toMatchObject({ port: 587, security: 'starttls', notify: ['ann@example.com'] });
  });

  it.each([
    [{ security: 'none' }, 'security', 'a password would travel in the clear'],
    [{ user: 'desk' }, 'password', 'user and password go together'],
    [{ from: 'desk@example.com\r\nBcc: eve@example.com' }, 'from', 'must be an address'],
    [{ from: 'the desk' }, 'from', 'must be an address'],
    [{ notify: ['ann'] }, 'notify.0', 'must be an address such as ann@example.com'],
    [{ port: 0 }, 'port', 'must be a whole number'],
  ])('with %o is refused', (change, key, problem) => {
    const { error } = deskSettings.safeParse({ platforms: { mail: { ...right, ...change } } });
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]?.path.slice(2).join('.')).toBe(key);
    expect(error?.issues[0]?.message).toContain(problem);
  });

  it('without encryption is for a server on this machine', () => {
    const local = { ...right, host: 'localhost', security: 'none' };
    expect(deskSettings.safeParse({ platforms: { mail: local } }).success).toBe(true);
  });
});
