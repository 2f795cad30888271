/** A whole desk that tells by e-mail: tried from chat, a plan's run with its chart, and what is not told. */
import { describe, expect, it, vi } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { startSmtp } from '../support/smtp.ts';

const ann = 'ann@example.com';

describe('at the terminal', () => {
  it('a test mail is sent, a run is told with its chart, and what somebody does not want is not', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const desk = await startDesk({ desk: { platforms: { console: {}, mail: smtp.settings } } });
    desk.type('/mail test');
    await desk.shows(`has taken a test mail to ${ann}`);
    desk.type('/mail test tom@example.com');
    await desk.shows(`Nothing is told to "tom@example.com". There is: ${ann}.`);
    desk.type(`/notify set suspension off mail:chat:${ann}`);
    await desk.shows('suspension is not told in');
    desk.type('/notify set run on mail:chat:nonsense');
    await desk.shows('It is written as mail:chat:ann@example.com.');
    desk.type('/suspend entries');
    await desk.shows('is suspended');
    desk.confirms('/plan run demo');
    const subjects = () => smtp.received.map(({ headers }) => headers.get('subject') ?? '');
    await vi.waitFor(() => expect(subjects().some((text) => text.includes('run finished'))).toBe(true), {
      timeout: 30_000,
    });
    const run = smtp.received.find(({ headers }) => headers.get('subject')?.includes('run finished'));
    expect(run?.html).toMatch(/<img src="cid:/);
    expect(subjects().join('\n')).toContain('Desk demo is up');
    expect(subjects().join('\n')).not.toContain('suspended');
  });

  it('an address that the server does not know is told in the other chats, once', async () => {
    const smtp = await startSmtp({ mailboxes: [ann] });
    const settings = { ...smtp.settings, notify: ['gone@example.com'] };
    const desk = await startDesk({ desk: { platforms: { console: {}, mail: settings } } });
    await desk.shows(/E-mail to gone@example\.com does not get there[\s\S]*No such mailbox here/);
    desk.type('/suspend entries');
    await desk.shows('is suspended');
    desk.confirms('/resume');
    await desk.shows('trades again');
    desk.type(`/notify set suspension on mail:chat:${ann}`);
    await desk.shows('suspension is told with a sound in');
    desk.type('/suspend entries');
    await vi.waitFor(() => expect(smtp.received.map(({ to }) => to)).toContain(ann), { timeout: 45_000 });
    expect(desk.printed().split('does not get there')).toHaveLength(2);
  });
});
