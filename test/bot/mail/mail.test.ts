/** E-mail against a mail server that is as strict as those outside. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Actions } from '../../../bot/chat/actions.ts';
import { Announcer } from '../../../bot/chat/announcer.ts';
import { Answers } from '../../../bot/chat/answers.ts';
import type { Hearing } from '../../../bot/chat/notices.ts';
import { Notifier } from '../../../bot/chat/notifier.ts';
import type { ChatAddress, ChatHandler, Message } from '../../../bot/chat/platform.ts';
import type { MailSettings } from '../../../bot/config/desk.ts';
import { mailPlatform } from '../../../bot/mail/index.ts';
import type { Attachment } from '../../../commands/reply.ts';
import { Times } from '../../../commands/times.ts';
import type { Desk } from '../../../engine/desk.ts';
import { type DeskEvent, Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { ManualClock } from '../../support/clock.ts';
import { account, startSmtp } from '../../support/smtp.ts';
import { tempStore } from '../../support/temp-store.ts';

const ann = 'ann@example.com';
const noHandler = {} as ChatHandler; // mail hears nothing
const suspended = (by: string): DeskEvent => ({ type: 'resumed', book: null, by });
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3);

function mailOf(settings: MailSettings, clock = new ManualClock()) {
  const refused: string[] = [];
  const platform = mailPlatform({
    ...{ settings, desk: 'demo', clock, log: silentLog },
    onRefused: (address, reason) => refused.push(`${address} ${reason}`),
  });
  onTestFinished(() => platform.stop());
  const post = (message: Message, to = ann, key = 'key') =>
    platform.post({ platform: 'mail', kind: 'chat', id: to }, message, key);
  return { platform, post, refused, clock };
}

/** Addresses that hear the desk through the notifier. */
async function hearing(
  settings: MailSettings,
  addresses = [ann],
  filesOf: () => Promise<readonly Attachment[]> = async () => [],
) {
  const store = await tempStore();
  const mail = mailOf(settings);
  const outbox = await Outbox.open(store, mail.clock);
  const heard: Hearing = {
    addresses: () => addresses.map((id): ChatAddress => ({ platform: 'mail', kind: 'chat', id })),
    level: () => 'on',
    onChanged: () => undefined,
  };
  const actions = await Actions.open(store, mail.clock);
  const announcer = new Announcer({
    desk: { filesOf, accountText: String, books: { accountOf: String } } as unknown as Desk,
    log: silentLog,
  });
  const notifier = await Notifier.open({
    ...{ outbox, store, actions, platforms: [mail.platform], hearing: heard, announcer },
    threads: { tell: ({ chat }, send) => send(chat) },
    answers: new Answers(),
    ...{ timesOf: () => new Times('UTC', mail.clock), clock: mail.clock, log: silentLog, retryMs: 5 },
  });
  notifier.start();
  onTestFinished(() => notifier.stop());
  return { ...mail, outbox };
}

const byWhom = (mails: readonly { readonly text: string }[]) =>
  mails.map(({ text }) => /By (\w+)\./.exec(text)?.[1]);

describe('a mail', () => {
  it('has the chart in its place, the table as a file, and the same words as text and as HTML', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { post } = mailOf(smtp.settings);
    await post({
      tone: 'success',
      title: 'Plan <demo>: done',
      text: ['Bought ', { bold: '3 SP500' }, ' & more', { block: 'a  b' }],
      fields: [{ name: 'Cash', value: '$ 100' }],
      table: { columns: [{ name: 'Symbol' }, { name: 'Size', align: 'right' }], rows: [['SP500', '3']] },
      attachments: [
        { name: 'chart.png', type: 'image/png', data: png },
        { name: 'trades.csv', type: 'text/csv', data: new TextEncoder().encode('a,b\r\n1,2\r\n') },
      ],
      buttons: [{ id: 'r-1', label: 'Run again', style: 'primary' }],
    });
    const [mail] = smtp.received;
    expect(mail?.headers.get('subject')).toBe('✅ demo: Plan <demo>: done');
    expect(mail?.headers.get('from')).toBe('Outcry <desk@example.com>');
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.text).toContain('Plan <demo>: done\n\nBought 3 SP500 & more\na  b');
    for (const words of ['Cash: $ 100', 'Symbol  Size', 'Run again', 'Attached: chart.png, trades.csv']) {
      expect(mail?.text).toContain(words);
    }
    expect(mail?.html).toContain('Plan &lt;demo&gt;: done');
    expect(mail?.html).toContain('<b>3 SP500</b> &amp; more');
    const part = (type: string) =>
      mail?.parts.find(({ headers }) => headers.get('content-type')?.startsWith(type));
    const cid = /^<(.+)>$/.exec(part('image/png')?.headers.get('content-id') ?? '')?.[1];
    expect(mail?.html).toContain(`<img src="cid:${cid}"`);
    expect(part('image/png')?.headers.get('content-disposition')).toContain('inline');
    expect(new Uint8Array(part('image/png')?.data ?? [])).toEqual(png);
    expect(part('text/csv')?.headers.get('content-disposition')).toContain('attachment; filename=trades.csv');
    expect(part('text/csv')?.data.toString()).toBe('a,b\r\n1,2\r\n');
  });

  it('that is tried again is known by its id, and what continues it is an answer to it', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { post, platform } = mailOf(smtp.settings);
    const ref = await post({ title: 'Signal: waits' });
    await post({ title: 'Signal: waits' });
    await platform.edit(ref, { title: 'Signal: done' });
    const ids = smtp.received.map(({ headers }) => headers.get('message-id'));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(smtp.received[2]?.headers.get('in-reply-to')).toBe(ids[0]);
  });

  it('cannot be given another header by what it says', async () => {
    const smtp = await startSmtp({ mailboxes: [ann, 'eve@example.com'] });
    const { post } = mailOf(smtp.settings);
    await post({ title: 'Hello\r\nBcc: eve@example.com\r\n\r\nInjected' });
    expect(smtp.received.map(({ to }) => to)).toEqual([ann]);
    expect(smtp.received[0]?.headers.has('bcc')).toBe(false);
  });
});

describe('the way to the mail server', () => {
  it.each([
    'starttls',
    'tls',
    'none',
  ] as const)('with security %s, login and all, works', async (security) => {
    const smtp = await startSmtp({ mailboxes: [ann], security });
    const { platform, post } = mailOf(smtp.settings);
    await platform.start(noHandler);
    await vi.waitFor(() => expect(platform.status().state).toBe('ready'));
    await post({ title: 'Hello' });
    expect(smtp.received).toHaveLength(1);
  });

  it('without encryption is not taken where encryption is asked for', async () => {
    const smtp = await startSmtp({ mailboxes: [ann], security: 'none' });
    const { post } = mailOf({ ...smtp.settings, security: 'starttls' });
    await expect(post({ title: 'Hello' })).rejects.toMatchObject({ retryable: true });
    expect(smtp.received).toEqual([]);
  });

  it('to a server with a certificate of a stranger is not taken, and the status says why', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { ca: _, ...settings } = smtp.settings;
    const { platform, post } = mailOf(settings);
    await expect(post({ title: 'Hello' })).rejects.toThrow('no encryption that can be trusted');
    expect(platform.status()).toMatchObject({
      state: 'down',
      why: expect.stringContaining('security and ca'),
    });
    expect(smtp.received).toEqual([]);
  });

  it('with a wrong password is told at the start, and not tried again and again', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { platform, post, clock } = mailOf({ ...smtp.settings, password: 'wrong password' });
    await platform.start(noHandler);
    await vi.waitFor(() => expect(platform.status().state).toBe('down'));
    expect(platform.status().why).toContain('refuses the login');
    expect(platform.status().why).not.toContain('wrong password');
    const before = smtp.attempts();
    for (let times = 0; times < 5; times++) {
      await expect(post({ title: 'Hello' })).rejects.toMatchObject({ retryable: true });
    }
    expect(smtp.attempts(), 'providers lock accounts').toBe(before);
    clock.advance(60_000);
    await expect(post({ title: 'Hello' })).rejects.toThrow('refuses the login');
    expect(smtp.attempts()).toBe(before + 1);
  });
});

describe('an address that hears the desk', () => {
  it('is told in order and marked late what happened while the server was away', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { outbox, clock, platform } = await hearing(smtp.settings);
    await smtp.stop();
    for (const by of ['tom', 'vera', 'ben']) await outbox.publish(suspended(by));
    await vi.waitFor(() => expect(platform.status().state).toBe('down'));
    expect(platform.status().why).toContain('cannot be reached');
    await smtp.start();
    clock.advance(10 * 60_000);
    await vi.waitFor(() => expect(byWhom(smtp.received)).toEqual(['tom', 'vera', 'ben']));
    expect(smtp.received[0]?.text).toContain('(happened 2020-04-17 14:30 UTC)');
    expect(platform.status().state).toBe('ready');
  });

  it.each([
    'recipient',
    'data',
  ] as const)('is told later when the server wants it again later (4xx at %s), and others are told now', async (at) => {
    const smtp = await startSmtp({ mailboxes: [ann, 'tom@example.com'] });
    const { outbox, clock, refused, post } = await hearing(smtp.settings);
    smtp.refuse({ at, code: 451, text: 'Greylisted, try again' });
    await outbox.publish(suspended('tom'));
    await outbox.publish(suspended('vera'));
    await vi.waitFor(() => expect(smtp.refusals()).toBe(1));
    smtp.refuse(undefined);
    await post({ title: 'Hello' }, 'tom@example.com');
    const told = () => smtp.received.map(({ to }) => to);
    expect(told(), 'it is too early for the first').toEqual(['tom@example.com']);
    clock.advance(60_000);
    await vi.waitFor(() => expect(byWhom(smtp.received)).toEqual([undefined, 'tom', 'vera']));
    expect(refused).toEqual([]);
  });

  it('that the server does not know (550) is passed over, and that is told once', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { outbox, refused } = await hearing(smtp.settings, ['gone@example.com', ann]);
    for (const by of ['tom', 'vera', 'ben']) await outbox.publish(suspended(by));
    await vi.waitFor(() => expect(byWhom(smtp.received)).toEqual(['tom', 'vera', 'ben']));
    await vi.waitFor(() => expect(smtp.attempts()).toBe(6));
    await vi.waitFor(() => expect(refused).toHaveLength(1));
    expect(refused[0]).toContain('gone@example.com');
    expect(refused[0]).toContain('No such mailbox here');
  });

  it('whose mail is refused for what it says (5xx at its end) is told what comes after it', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { outbox, refused } = await hearing(smtp.settings);
    smtp.refuse({ at: 'data', code: 554, text: 'It looks like spam' });
    await outbox.publish(suspended('tom'));
    await vi.waitFor(() => expect(refused).toHaveLength(1));
    smtp.refuse(undefined);
    await outbox.publish(suspended('vera'));
    await vi.waitFor(() => expect(byWhom(smtp.received)).toEqual(['vera']));
  });

  it('loses nothing while the server does not let the desk send', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { outbox, clock, platform, refused } = await hearing(smtp.settings);
    smtp.refuse({ at: 'sender', code: 553, text: 'Sender address rejected' });
    await outbox.publish(suspended('tom'));
    await vi.waitFor(() => expect(platform.status().why).toContain('check platforms.mail.from'));
    smtp.refuse(undefined);
    clock.advance(60_000);
    await vi.waitFor(() => expect(byWhom(smtp.received)).toEqual(['tom']));
    expect(refused).toEqual([]);
  });

  it('gets the picture that belongs to what happened', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const picture: Attachment = { name: 'run.png', type: 'image/png', data: png };
    const { outbox } = await hearing(smtp.settings, [ann], async () => [picture]);
    await outbox.publish(suspended('tom'));
    await vi.waitFor(() => expect(smtp.received[0]?.html).toContain('<img src="cid:'));
  });
});

describe('a test mail', () => {
  it('is sent at once, and says what the server said', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const { platform } = mailOf({ ...smtp.settings, ...account });
    await platform.test(ann);
    expect(smtp.received[0]?.headers.get('subject')).toContain('E-mail works');
    await expect(platform.test('gone@example.com')).rejects.toThrow('No such mailbox here');
  });
});
