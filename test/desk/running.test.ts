/** Running the desk from its chats: people, settings, aliases, what is told, the log, a new start. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { startTelegram } from '../support/telegram/index.ts';

const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };

describe('the settings of a desk', () => {
  it('change in chat at once, hold over a restart, and are told apart from the files', async () => {
    const first = await startDesk();
    first.type('/config set books/demo limits.order 100');
    await first.shows(/Change limits\.order of books\/demo\?[\s\S]*not set[\s\S]*100[\s\S]*at once/);
    first.type('1');
    await first.shows('books/demo limits.order: not set → 100. It holds from now on.');
    await first.alert('demo', alert);
    await first.shows(/An order may be worth 100\.00 USD|an order may be worth 100\.00 USD/);
    expect(first.printed(), 'the limit holds for the running desk').not.toContain('Bought');
    await first.stop();

    const second = await startDesk({ root: first.root });
    await second.alert('demo', { ...alert, id: 'second' });
    await second.shows(/an order may be worth 100\.00 USD/);
    second.type('/config diff');
    await second.shows(/books\/demo +limits\.order +not set +100 +console/);
    second.type('/config reset books/demo limits.order');
    await second.shows(/Now +100\s+Then +not set/);
    second.type('1');
    await second.shows('books/demo limits.order: 100 → not set');
    await second.alert('demo', { ...alert, id: 'third' });
    await second.shows('Bought 1 SP500');
  });

  it('refuse what the files would be refused for, in one line', async () => {
    const desk = await startDesk();
    desk.type('/config set books/demo limits.order none-at-all');
    await desk.shows(/limits\.order: found "none-at-all"; must be a positive decimal number/);
    desk.type('/config set plans/demo book demo');
    await desk.shows('its orders are kept with that book');
    desk.type('/config set plans/demo source nowhere');
    await desk.shows(/source: there is no source in desk\.yaml named "nowhere"; there is demo/);
    desk.type('/config set desk platforms.telegram.token abcdefgh');
    await desk.shows('only limits are; the rest stands in desk.yaml');
  });

  it('keep a secret out of everything: chat, history, audit, log, files and the store', async () => {
    const secret = 'a-new-key-for-alerts-98765';
    const first = await startDesk();
    first.type(`/config set books/demo key ${secret}`);
    await first.shows(/Change key of books\/demo\?[\s\S]*\(hidden\)/);
    first.type('1');
    await first.shows('books/demo key: (hidden) → (hidden). It holds from now on');
    expect((await first.alert('demo', alert)).status, 'the old key').toBe(404);
    expect((await first.alert('demo', { ...alert, key: secret })).status, 'the new key').toBe(200);
    first.type('/audit');
    await first.shows('/config set document=books/demo key=key value=(secret)');
    first.type('/config export');
    await first.shows('books-demo.yaml');
    expect(first.printed()).not.toContain(secret);
    await first.stop();
    const data = first.config.dataFolder;
    for (const file of ['logs/desk.log', 'desk.db', 'desk.db-wal']) {
      const bytes = await readFile(join(data, file)).catch(() => Buffer.alloc(0));
      expect(bytes.includes(secret), file).toBe(false);
    }
    expect((await stat(join(data, 'secret.key'))).mode & 0o777).toBe(0o600);

    const second = await startDesk({ root: first.root });
    expect((await second.alert('demo', { ...alert, id: 'old' })).status, 'the old key').toBe(404);
    expect((await second.alert('demo', { ...alert, id: 'new', key: secret })).status, 'the new key').toBe(
      200,
    );
  });
});

describe('an alias', () => {
  it('stands for a whole command, with more words after it', async () => {
    const desk = await startDesk();
    desk.type('/alias add show /book show');
    await desk.shows('Let /show stand for this?');
    desk.type('1');
    await desk.shows('/show stands for /book show');
    desk.type('/show demo');
    await desk.shows('Book demo, paper');
    desk.type('/alias run show rotation');
    await desk.shows('Book rotation, paper');
    desk.type('/alias add book /status');
    await desk.shows('/book is a command, and stays one');
    desk.type('/alias add again /show demo');
    await desk.shows('An alias stands for a command, not for /show');
  });
});

describe('somebody at the desk', () => {
  it('learns who they are, which version runs, and what the log says', async () => {
    const desk = await startDesk();
    await desk.alert('demo', { ...alert, key: 'guessed-key' });
    for (const line of ['/whoami', '/version', '/log 5', '/user list']) desk.type(line);
    await desk.shows(/You are console, and your role is admin/);
    await desk.shows('Outcry 0.0.0-test');
    await desk.shows(/Log, \d+ lines?[\s\S]*WARN access refused/);
    await desk.shows(/console +admin/);
  });

  it('pauses a job, sees that, and lets it go on', async () => {
    const desk = await startDesk();
    desk.type('/job pause reconcile');
    await desk.shows(/Pause reconcile hourly\?[\s\S]*only at the start and after a reconnect/);
    desk.type('1');
    await desk.shows('reconcile hourly is paused');
    desk.type('/job list');
    await desk.shows(/reconcile hourly .* paused/);
    desk.type('/job resume reconcile hourly');
    await desk.shows('reconcile hourly runs again at its times');
    desk.type('/job run plan');
    await desk.shows('A plan is run now by /plan run demo');
  });

  it('is told the digest of the day when the job comes after the time that was chosen', async () => {
    let ahead = 0;
    const desk = await startDesk({ clock: { now: () => new Date(Date.now() + ahead) } });
    desk.type('/notify digest 08:00');
    await desk.shows('every day at 08:00 by the clock of UTC');
    const eight = new Date();
    eight.setUTCHours(32, 1, 0, 0); // tomorrow, a minute after
    ahead = eight.getTime() - Date.now();
    desk.type('/job run digest quarterly');
    await desk.shows('Run digest quarterly now?');
    desk.type('1');
    await desk.shows(/Digest\. Since/);
    expect(desk.printed()).not.toContain('was due');
  });

  it('restarts it after a confirmation', async () => {
    const desk = await startDesk();
    desk.type('/restart');
    await desk.shows('Restart the desk demo?');
    desk.type('1');
    await vi.waitFor(() => expect(desk.restartWanted()).toBe('console'));
  });
});

describe('a desk that nobody has claimed', () => {
  async function unclaimed() {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const desk = await startDesk({
      endpoints: { telegramApi: telegram.apiRoot },
      desk: { platforms: { console: {}, telegram: { token: telegram.token } } },
    });
    await desk.shows(/\/claim [A-Z2-9-]{14}/);
    const code = /\/claim ([A-Z2-9-]{14})/.exec(desk.printed())?.[1] ?? '';
    return { telegram, desk, code };
  }

  it('belongs to who sends the code, who lets others in and limits them', async () => {
    const { telegram, desk, code } = await unclaimed();
    const anna = telegram.user('anna');
    const tom = telegram.user('tom');
    anna.says('/claim ABCD-EFGH-JKMN');
    await anna.chat.shows('That is not the code');
    anna.says(`/claim ${code.toLowerCase()}`);
    await anna.chat.shows('The desk is yours');
    tom.says(`/claim ${code}`);
    anna.says(`/user add tom trader telegram=${tom.id} books=rotation`);
    await anna.chat.shows('Let in tom?');
    anna.presses('Confirm');
    await anna.chat.shows('tom was added as trader, limited to books rotation');
    tom.says('/book show rotation');
    await tom.chat.shows('Book rotation, paper');
    tom.says('/book list');
    const seen = await tom.chat.shows('Books');
    expect(seen.text, 'lists hold to the limits, too').not.toContain('demo');
    tom.says('/book show demo');
    await tom.chat.shows('You are limited to the books rotation');
    tom.says('/suspend entries');
    await tom.chat.shows('without book this concerns the whole desk');
    anna.says('/user remove anna');
    await anna.chat.shows('anna is the last admin in chat');
    expect(desk.printed(), 'the second claim met a desk that has its people').toContain('turned away');
  });

  it('deletes a secret from the chat, and tells an admin in private what was changed', async () => {
    const { telegram, code } = await unclaimed();
    const anna = telegram.user('anna');
    anna.says(`/claim ${code}`);
    await anna.chat.shows('The desk is yours');
    anna.says('/config set books/demo key another-key-12345');
    await anna.chat.shows('Your message with the secret was deleted');
    anna.presses('Confirm');
    await anna.chat.shows('books/demo key was changed: (hidden)');
  });

  it('tells an admin in private what they want to hear, without a sound where they say so', async () => {
    const { telegram, desk, code } = await unclaimed();
    const anna = telegram.user('anna');
    anna.says(`/claim ${code}`);
    await anna.chat.shows('The desk is yours');
    anna.says('/notify set signal silent');
    await anna.chat.shows('signal is told without a sound');
    await desk.alert('demo', alert);
    const told = await anna.chat.shows('Bought 1 SP500');
    expect(told.silent).toBe(true);
    anna.says('/notify set signal off');
    await anna.chat.shows('signal is not told');
    await desk.alert('demo', { ...alert, id: 'another' });
    await desk.shows(/Bought[\s\S]*Bought/);
    anna.says('/notify list');
    await anna.chat.shows(/signal +off/);
    expect(anna.chat.messages.filter(({ text }) => text.includes('Bought'))).toHaveLength(1);
  });
});
