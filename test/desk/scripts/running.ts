/** Running the desk itself: brokers, people, settings, jobs, the log, and its end. */
import { expect, vi } from 'vitest';
import { asksUntil, confirm, fileText, script } from './script.ts';

export const brokers = [
  script(
    'broker list, broker status, broker account',
    'tell how a broker is and what lies there',
    async ({ vera }) => {
      await vera.types('/broker list', { shows: ['🟢 ready since'], buttons: ['paper', 'shared', 'depot'] });
      await vera.presses('paper', { shows: ['paper: 🟢 ready'], fields: { Wallets: 'account' } });
      await vera.types('/broker status depot', { shows: ['depot: 🟢 ready', 'traded by hand'] });
      await vera.types('/broker account paper', { shows: ['Account at paper', 'Balances', 'USD'] });
    },
  ),
  script('broker contract', 'has nothing to choose where a symbol means one thing', async ({ tom, vera }) => {
    await tom.types('/broker contract paper SP500', {
      shows: ['At paper a symbol means one thing only'],
      tone: 'danger',
    });
    await vera.types('/broker contract paper SP500 ACME', { tone: 'danger' });
  }),
  script('broker reconcile', 'compares the account with the books', async ({ tom }) => {
    await tom.types('/broker reconcile paper', {
      shows: ['paper says what the books say.'],
      tone: 'success',
    });
  }),
  script('broker disconnect, broker connect', 'take the line away and back', async ({ tom }) => {
    await tom.types('/broker disconnect paper', {
      shows: ['Disconnect paper?', 'no entries, and no exits'],
      buttons: confirm,
    });
    await tom.presses('Confirm', { shows: ['paper: 🔴 down', 'disconnected by the desk'] });
    await tom.types('/broker account paper', {
      shows: ['paper is down: disconnected by the desk'],
      tone: 'danger',
    });
    await tom.types('/broker connect paper', { shows: ['paper: 🟢 ready'] });
    await tom.types('/broker reconcile paper', { shows: ['paper says what the books say.'] });
  }),
] as const;

export const people = [
  script(
    'user list, user add, user role, user limit, user remove',
    'somebody comes, changes and goes',
    async ({ ann }) => {
      await ann.types('/user add nora trader telegram=4711 books=demo', {
        shows: ['Let in nora?'],
        fields: { Now: 'not on the list' },
        buttons: confirm,
        forMeAlone: true,
      });
      await ann.presses('Confirm', {
        shows: ['nora is trader, telegram 4711, limited to the books demo.'],
        forMeAlone: true,
      });
      await ann.types('/user role nora viewer', { shows: ['Change nora?'], forMeAlone: true });
      await ann.presses('Confirm', { shows: ['nora is viewer'], forMeAlone: true });
      await ann.types('/user limit nora books=all', { shows: ['Change nora?'], forMeAlone: true });
      await ann.presses('Confirm', { shows: ['nora is viewer, telegram 4711.'], forMeAlone: true });
      await ann.types('/user list', { shows: [/nora[ ,]+viewer/], forMeAlone: true });
      await ann.types('/user remove nora', { shows: ['Remove nora?'], forMeAlone: true });
      await ann.presses('Confirm', { shows: ['nora is not on the list any more.'], forMeAlone: true });
      await ann.types('/user list', { shows: [ann.name], lacks: ['nora'], forMeAlone: true });
    },
  ),
  script('claim', 'has nothing to give once the desk has its people', async ({ ann }) => {
    await ann.types('/claim ABCD-EFGH-JKMN', { shows: [/There is nothing to claim/], tone: 'danger' });
  }),
] as const;

export const settings = [
  script(
    'config show, config set, config diff, config export, config reset',
    'a setting changes at once, and back',
    async ({ ann, tom }) => {
      await ann.types('/config show', { shows: ['books/demo', 'plans/demo'], forMeAlone: true });
      await ann.types('/config set books/demo limits.order 500', {
        shows: ['Change limits.order of books/demo?'],
        fields: { Now: 'not set', Then: '500', 'Takes effect': 'at once' },
        buttons: confirm,
        forMeAlone: true,
      });
      await ann.presses('Confirm', {
        shows: ['limits.order: not set → 500'],
        tone: 'success',
        forMeAlone: true,
      });
      await ann.types('/config show books/demo limits', { shows: ['limits.order', '500'], forMeAlone: true });
      await tom.types('/buy demo SP500 1', { shows: ['an order may be worth 500.00 USD'], tone: 'danger' });
      await ann.types('/config diff', { shows: ['limits.order', 'not set', ann.name], forMeAlone: true });
      const files = await ann.types('/config export', {
        shows: ['Configuration'],
        brings: 'books-demo.yaml',
        forMeAlone: true,
      });
      expect(fileText(files, 'books-demo.yaml')).toMatch(/order: "?500/);
      expect(fileText(files, 'books-demo.yaml')).not.toContain('demo-key-1234');
      await ann.types('/config reset books/demo limits.order', {
        fields: { Now: '500', Then: 'not set' },
        forMeAlone: true,
      });
      await ann.presses('Confirm', { shows: ['limits.order: 500 → not set'], forMeAlone: true });
      await tom.types('/buy demo SP500 1', { shows: ['Buy 1 SP500 for demo'] });
      await tom.presses('Cancel', { shows: ['was not done'] });
    },
  ),
  script('notify threads', 'a chat is told in threads, or not', async ({ ann }) => {
    await ann.types('/notify threads off', {
      shows: ['everything is told in the chat itself'],
      forMeAlone: true,
    });
    await ann.types('/notify threads book chat=nowhere', {
      shows: ['There is no chat "nowhere"'],
      tone: 'danger',
    });
  }),
  script('notify list, notify set', 'people decide of what they are told', async ({ ann }) => {
    await ann.types('/notify set signal silent', {
      shows: ['signal is told without a sound'],
      forMeAlone: true,
    });
    await ann.types('/notify list', { shows: [/signal[ ,]+silent/], forMeAlone: true });
    await ann.types('/notify set signal off', { shows: ['signal is not told'], forMeAlone: true });
    await ann.types('/notify set singal on', { shows: ['Did you mean signal?'], tone: 'danger' });
    await ann.types('/notify set run silent of=plan:demo', {
      shows: ['run, as far as the book rotation is concerned, is told without a sound'],
      forMeAlone: true,
    });
    await ann.types('/notify list', { shows: [/run of rotation[ ,]+silent/], forMeAlone: true });
    await ann.types('/notify set run on of=demo', {
      shows: ['of=book:demo or of=plan:demo'],
      tone: 'danger',
    });
    await ann.types('/notify set run on of=dmeo', { shows: ['no book and no plan "dmeo"'], tone: 'danger' });
    await ann.types('/notify set desk on of=rotation', { shows: ['desk is of no book'], tone: 'danger' });
    await ann.types('/notify set run on of=rotation', { shows: ['told with a sound'], forMeAlone: true });
  }),
  script('timezone show, timezone set', 'people read times by their own clock', async ({ vera }) => {
    await vera.types('/timezone set Europe/Berlin', {
      shows: ['are Europe/Berlin from now on.'],
      forMeAlone: true,
    });
    await vera.types('/timezone show', { fields: { Yours: /^Europe\/Berlin/ }, forMeAlone: true });
    await vera.types('/plan preview demo', { shows: [/: \d{4}-\d\d-\d\d \d\d:\d\d UTC\+[12]/] });
    await vera.types('/plan list', { shows: ['Next run (Europe/Berlin)'] });
    await vera.types('/timezone set default', { shows: ['are UTC from now on.'], forMeAlone: true });
    await vera.types('/timezone set Berlin/Europe', { shows: ['There is no time zone'], tone: 'danger' });
  }),
  script('mail test', 'says that nobody is told anything by e-mail', async ({ ann }) => {
    await ann.types('/mail test', { shows: ['Nobody is told anything by e-mail'], tone: 'danger' });
  }),
  script('notify digest', 'a chat chooses when it is told what the day brought', async ({ ann }) => {
    await ann.types('/notify digest', { shows: ['No digest is told in'], forMeAlone: true });
    await ann.types('/notify digest 08:10', { shows: ['Choose 08:00'], tone: 'danger' });
    await ann.types('/notify digest 25:00', { shows: ['"25:00" is no time of day'], tone: 'danger' });
    await ann.types('/notify digest 8:30', { shows: ['every day at 08:30'], forMeAlone: true });
    await ann.types('/notify digest now', {
      shows: [/demo, PAPER: .+ USD realised|Nothing happened/],
      forMeAlone: true,
    });
    await ann.types('/notify digest off', { shows: ['No digest is told in'], forMeAlone: true });
  }),
  script(
    'alias list, alias add, alias run, alias remove',
    'one word stands for a line',
    async ({ tom, vera }) => {
      await tom.types('/alias add mine "/book show demo"', {
        shows: ['Let /mine stand for this?', '/book show demo'],
        buttons: confirm,
      });
      await tom.presses('Confirm', { shows: ['/mine stands for /book show demo from now on.'] });
      await vera.types('/alias list', { shows: ['/mine', '/book show demo'] });
      await vera.types('/alias run mine', { shows: [/Book demo, paper/i] });
      await tom.types('/alias remove mine', { shows: ['/mine stands for nothing any more.'] });
      await vera.types('/alias run mine', { shows: ['There is no alias "mine"'], tone: 'danger' });
    },
  ),
] as const;

const hello = (words: string) =>
  [
    '// Says hello.',
    '// @schedule 0 9 * * mon-fri',
    "import { writeFileSync } from 'node:fs';",
    "writeFileSync('out/hello.csv', 'word');",
    `console.log('${words}');`,
  ].join('\n');

export const tasks = [
  script('task list', 'shows the scripts with when they run', async ({ vera }) => {
    await vera.types('/task list', { shows: ['morning', 'tidy_up'] });
  }),
  script('task add, task show, task run', 'a file becomes a task, and runs at once', async ({ ann, tom }) => {
    const file = { name: 'hello.ts', data: hello('hello from a task') };
    await ann.types('/task add', { shows: ['Add hello?', '0 9 * * mon-fri'], buttons: confirm }, file);
    await ann.presses('Confirm', { shows: ['hello is added, version 1'], buttons: ['Run now', 'Show'] });
    await tom.types('/task show hello', { shows: ['Says hello.'], files: ['hello.ts'] });
    await ann.types('/task run hello', {
      shows: ['Task hello: done', 'hello from a task'],
      files: ['hello.csv'],
      tone: 'success',
    });
  }),
  script('task history, task log', 'tell how a run ended, and all that it printed', async ({ tom, vera }) => {
    await vera.types('/task history hello', { shows: ['✅ done'] });
    await tom.types('/task log hello', { shows: ['hello from a task'], files: ['hello.csv'] });
  }),
  script(
    'task schedule, task zone, task notify, task disable, task enable',
    'its times are changed in chat',
    async ({ ann }) => {
      await ann.types('/task schedule hello 30 8 * * mon-fri', { shows: ['30 8 * * mon-fri'] });
      await ann.types('/task schedule hello 30 8 *', { shows: ['it needs five fields'], tone: 'danger' });
      await ann.types('/task zone hello Europe/Berlin', { shows: ['in Europe/Berlin.'] });
      await ann.types('/task notify hello error', { shows: ['Chat is told of errors.'] });
      await ann.types('/task disable hello', { shows: ['hello is disabled'], tone: 'warning' });
      await ann.types('/task enable hello', { shows: ['hello is enabled'], tone: 'success' });
    },
  ),
  script('task download, task delete', 'its versions outlive it', async ({ ann, tom, vera }) => {
    const file = { name: 'hello.ts', data: hello('hello again') };
    await ann.types('/task add', { shows: ['Replace hello, version 1?'] }, file);
    await ann.presses('Confirm', { shows: ['hello is added, version 2'] });
    await ann.types('/task delete hello helo', { shows: ['Nothing was deleted'], tone: 'danger' });
    await ann.types('/task delete hello hello', { shows: ['hello is deleted.'] });
    await vera.types('/task list', { shows: ['tidy_up'], lacks: ['Says hello'] });
    const first = await tom.types('/task download hello 1', { files: ['hello.ts'] });
    expect(fileText(first, 'hello.ts')).toContain('hello from a task');
  }),
] as const;

export const upkeep = [
  script('audit', 'shows who asked what, and what became of it', async ({ ann, vera }) => {
    await vera.types('/ping', { shows: ['Here.'] });
    // It is written down when it was answered.
    await asksUntil(ann, `/audit ${vera.name} count=3`, /\/ping/, {
      shows: [`Audit of ${vera.name}`, 'answered'],
      forMeAlone: true,
    });
  }),
  script(
    'job list, job run, job pause, job resume',
    'a job runs now, pauses and goes on',
    async ({ ann, vera }) => {
      await vera.types('/job list', {
        shows: ['reconcile hourly', 'audit nightly', 'tidy nightly', 'plan demo'],
      });
      await ann.types('/job run audit nightly', { shows: ['Run audit nightly now?'], buttons: confirm });
      await ann.presses('Confirm', { shows: ['audit nightly runs now.'] });
      await asksUntil(ann, '/log', /the ledger was audited: it balances/, { forMeAlone: true });
      await vera.types('/job list', { shows: ['Jobs'], lacks: ['failed'] });
      await ann.types('/job pause reconcile hourly', {
        shows: ['Pause reconcile hourly?'],
        buttons: confirm,
      });
      await ann.presses('Confirm', { shows: ['reconcile hourly is paused.'] });
      await vera.types('/job list', { shows: ['paused'], tone: 'warning' });
      await ann.types('/job resume reconcile hourly', {
        shows: ['reconcile hourly runs again at its times.'],
      });
      await ann.types('/job run plan', { shows: ['A plan is run now by /plan run demo'], tone: 'danger' });
    },
  ),
  script('log', 'shows its last lines to whoever asked, and nobody else', async ({ ann }) => {
    await ann.types('/log 3', { shows: ['Log, 3 lines (UTC)'], forMeAlone: true });
    const whole = await ann.types('/log file=yes', { files: ['desk.log'], forMeAlone: true });
    expect(fileText(whole, 'desk.log')).toContain('"msg":"alert received"');
  }),
  script('restart', 'asks first, and may be left', async ({ ann, desk }) => {
    await ann.types('/restart', { shows: ['Restart the desk demo?'], buttons: confirm, tone: 'warning' });
    await ann.presses('Cancel', { shows: ['Cancelled: /restart was not done.'] });
    expect(desk.restartWanted()).toBeUndefined();
    await ann.types('/restart');
    await ann.presses('Confirm');
    await vi.waitFor(() => expect(desk.restartWanted()).toBe(ann.name));
  }),
  script('terminate', 'stops the desk once it is confirmed', async ({ ann, desk }) => {
    await ann.types('/terminate', { shows: ['Stop the desk demo?'], buttons: confirm, tone: 'warning' });
    expect(desk.stopWanted()).toBeUndefined();
    await ann.presses('Confirm', { shows: ['The desk is stopping.'] });
    await vi.waitFor(() => expect(desk.stopWanted()).toBe(ann.name));
  }),
] as const;
