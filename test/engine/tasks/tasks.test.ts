/** Scripts as tasks: what they may, what becomes of what they print and write, and one run for each moment. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type DeskEvent, Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import type { Store } from '../../../engine/store/store.ts';
import { TaskRuns } from '../../../engine/tasks/task-runs.ts';
import { Tasks } from '../../../engine/tasks/tasks.ts';
import { ManualClock } from '../../support/clock.ts';
import { HandSchedule } from '../../support/hand-schedule.ts';
import { tempFolder, tempStore } from '../../support/temp-store.ts';

const nine = new Date('2020-04-17T09:00:00.000Z');

async function openTasks(parts: { store?: Store; clock?: ManualClock; timeMs?: number } = {}) {
  const { clock = new ManualClock(nine.toISOString()), timeMs = 60_000 } = parts;
  const store = parts.store ?? (await tempStore());
  const root = await tempFolder();
  const [folder, workFolder, attachments] = ['config', 'work', 'attachments'].map((name) => join(root, name));
  if (!folder || !workFolder || !attachments) throw new Error('there are no folders');
  await mkdir(folder);
  const schedule = new HandSchedule();
  const outbox = await Outbox.open(store, clock);
  const open = () =>
    Tasks.open({
      ...{ store, clock, log: silentLog, outbox, schedule, folder, workFolder },
      folders: { attachments },
      limits: { timeMs, memoryMb: 64 },
      desk: async () => ({ books: [{ name: 'demo', equity: '100000' }] }),
    });
  const tasks = await open();
  const told = async (): Promise<DeskEvent[]> => (await outbox.after(0, 100)).map(({ event }) => event);
  /** A script of the configuration. */
  const script = (name: string, text: string) => writeFile(join(folder, `${name}.ts`), text);
  return { tasks, open, store, clock, schedule, outbox, told, script, folder, workFolder, attachments };
}

const by = { by: 'ann' };

describe('a script that runs', () => {
  it('is TypeScript, works in a folder of its own, is told how the desk is, and its files come to chat', async () => {
    const { tasks, script } = await openTasks();
    await script(
      'report',
      `import { readFileSync, writeFileSync } from 'node:fs';
       const desk: { books: { name: string }[] } = JSON.parse(readFileSync(process.env.OUTCRY_DESK!, 'utf8'));
       const count = Number(await Promise.resolve(1));
       console.log('books:', desk.books.map(({ name }) => name).join(), count, new Date(0).getHours());
       writeFileSync('out/books.csv', 'name\\n' + desk.books[0]!.name);
       writeFileSync('out/note.txt', 'fine');
       writeFileSync('out/fake.png', 'no picture');
       writeFileSync('out/program.bin', 'x');
       writeFileSync('kept.json', '1');`,
    );
    await tasks.change('report', { timezone: 'Asia/Tokyo' });
    const { run, output, files } = await tasks.run('report', by);
    expect(run, output).toMatchObject({ state: 'done', by: 'ann', reason: null });
    expect(output).toBe('books: demo 1 9\n');
    expect(files.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'books.csv text/csv',
      'note.txt text/plain',
    ]);
    expect(new TextDecoder().decode(files[0]?.data)).toBe('name\ndemo');
    expect(run.left.map((line) => line.split(':')[0])).toEqual(['fake.png', 'program.bin']);
  });

  it('finds what it wrote into its folder the last time, and nothing of the last time in out', async () => {
    const { tasks, script } = await openTasks();
    await script(
      'count',
      `import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
       const count = existsSync('count.txt') ? Number(readFileSync('count.txt', 'utf8')) + 1 : 1;
       writeFileSync('count.txt', String(count));
       console.log(count, readdirSync('out').length);
       writeFileSync('out/count.txt', String(count));`,
    );
    await tasks.run('count', by);
    expect((await tasks.run('count', by)).output).toBe('2 0\n');
  });

  it('sees nothing of the environment of the desk, no other files, and starts no program', async () => {
    const { tasks, script, folder, attachments } = await openTasks();
    vi.stubEnv('BINANCE_SECRET', 'do-not-tell');
    const secret = join(folder, '..', 'secret.key');
    await writeFile(secret, 'secret');
    await script(
      'curious',
      `import { readFileSync, writeFileSync } from 'node:fs';
       import { execSync } from 'node:child_process';
       const tries = {
         environment: () => { if (!process.env.BINANCE_SECRET) throw new Error('not there'); },
         read: () => readFileSync(${JSON.stringify(secret)}),
         write: () => writeFileSync(${JSON.stringify(secret)}, 'mine'),
         program: () => execSync('ls'),
         attachments: () => writeFileSync(${JSON.stringify(join(attachments, 'a.txt'))}, 'mine'),
       };
       for (const [name, attempt] of Object.entries(tries)) {
         try { attempt(); console.log(name, 'yes'); } catch { console.log(name, 'no'); }
       }`,
    );
    const { output } = await tasks.run('curious', by);
    vi.unstubAllEnvs();
    expect(output).toBe('environment no\nread no\nwrite no\nprogram no\nattachments yes\n');
    expect(await readFile(secret, 'utf8')).toBe('secret');
  });

  it('cannot lead the desk to other files by links', async () => {
    const { tasks, script, folder, workFolder } = await openTasks();
    const secret = join(folder, '..', 'secret.key');
    await writeFile(secret, 'secret');
    await script('quiet', `console.log('nothing');`);
    await tasks.run('quiet', by);
    // As if the script had found a way to make them.
    await symlink(secret, join(workFolder, 'quiet', 'later.txt'));
    await script(
      'quiet',
      `import { renameSync } from 'node:fs';
       renameSync('later.txt', 'out/later.txt');`,
    );
    const { run, files } = await tasks.run('quiet', by);
    expect(run.state).toBe('done');
    expect(files).toEqual([]);
    expect(run.left).toHaveLength(1);
    const desk = join(workFolder, 'quiet', 'desk.json');
    await symlink(secret, `${desk}.link`);
    await script('quiet', `import { renameSync } from 'node:fs'; renameSync('desk.json.link', 'desk.json');`);
    await tasks.run('quiet', by);
    await tasks.run('quiet', by).catch(() => undefined);
    expect(await readFile(secret, 'utf8')).toBe('secret');
  });

  it.each([
    [
      'throws',
      "const name: string = 'x';\n\nthrow new TypeError('no ' + name);",
      'bad.ts line 3: TypeError: no x',
    ],
    ['rejects', 'await null;\nvoid Promise.reject(new Error("late"));', 'bad.ts line 2: late'],
    ['does not compile', 'const a = 1;\nconst = 2;', 'bad.ts line 2 does not compile'],
    ['imports what is not there', "import { x } from 'not-there';\nx();", 'bad.ts line 1 does not compile'],
    ['exits', "console.log('no login');\nprocess.exit(3);", 'It ended with code 3: no login'],
  ])('that %s fails with its own line', async (_, text, reason) => {
    const { tasks, script } = await openTasks();
    await script('bad', text);
    const { run } = await tasks.run('bad', by);
    expect(run.state).toBe('failed');
    expect(run.reason).toContain(reason);
  });

  it.each([
    ['never ends', 'for (;;) {}', 'It ran longer than 2 s'],
    [
      'fills its heap',
      'const all = []; for (;;) all.push(new Array(1e5).fill({}));',
      'more than 64 MB of memory',
    ],
    [
      'takes buffers',
      "const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 'x')), 20);",
      'more than 64 MB',
    ],
    [
      'prints too much',
      "for (let i = 0; i < 400; i++) console.log('x'.repeat(1e4));",
      'It printed more than 1 MB',
    ],
  ])('that %s is ended, and the desk goes on', async (_, text, reason) => {
    const { tasks, script } = await openTasks({ timeMs: reason.includes('longer') ? 2_000 : 60_000 });
    await script('greedy', text);
    const { run, output } = await tasks.run('greedy', by);
    expect(run).toMatchObject({ state: 'failed', reason: expect.stringContaining(reason) });
    expect(output, 'what Node says about itself is no news to a person').not.toContain('v8::');
  });

  it('can be cancelled, and shows what it prints while it runs', async () => {
    const { tasks, script } = await openTasks();
    await script('long', "console.log('begun'); setInterval(() => {}, 1000);");
    const cancel = new AbortController();
    const { run, output } = await tasks.run('long', {
      ...by,
      signal: cancel.signal,
      onProgress: ({ text }) => text === 'begun' && cancel.abort(),
    });
    expect(run.state).toBe('cancelled');
    expect(output).toBe('begun\n');
  });

  it('whose output is long is told in part and kept as a whole', async () => {
    const { tasks, script, schedule, told } = await openTasks();
    await script('long', "// @schedule 0 9 * * *\nfor (let i = 0; i < 2000; i++) console.log('line', i);");
    await tasks.start(nine);
    await schedule.fireRules(nine);
    const [event] = await told();
    expect(event?.type === 'task.finished' && event.output).toMatch(/^line 0\n[\s\S]*…[\s\S]*line 1999$/);
    const [run] = await tasks.history({ task: 'long', limit: 1 });
    expect((await tasks.runReport(run?._id ?? '')).output.split('\n')).toHaveLength(2001);
  });
});

describe('at its times', () => {
  const hello = (header = '') => `// @schedule 0 9 * * mon-fri\n${header}\nconsole.log('hello');`;

  it('a task is on the schedule while it is enabled, and off it when it is deleted', async () => {
    const { tasks, schedule } = await openTasks();
    await tasks.start(nine);
    await tasks.add({ name: 'hello', ending: '.ts', text: hello('// @timezone Europe/Berlin') }, 'ann');
    expect(schedule.rules).toMatchObject([
      { recurrence: { cron: '0 9 * * mon-fri', timezone: 'Europe/Berlin' } },
    ]);
    await tasks.change('hello', { schedule: '0 8 * * *; 0 20 * * *' });
    expect(schedule.rules.map(({ recurrence }) => recurrence.cron)).toEqual(['0 8 * * *', '0 20 * * *']);
    await tasks.setEnabled('hello', false);
    expect(schedule.rules.length).toBe(0);
    await tasks.setEnabled('hello', true);
    await tasks.change('hello', { schedule: 'file' });
    expect(schedule.rules.map(({ recurrence }) => recurrence.cron)).toEqual(['0 9 * * mon-fri']);
    await tasks.change('hello', { schedule: 'none' });
    expect(schedule.rules.length).toBe(0);
    await tasks.change('hello', { schedule: 'file' });
    await tasks.delete('hello');
    expect(schedule.rules.length).toBe(0);
    await expect(tasks.run('hello', by)).rejects.toThrow('There is no task "hello"');
  });

  it('a wrong time or zone is refused, and nothing changes', async () => {
    const { tasks, schedule, script } = await openTasks();
    await script('hello', hello());
    await tasks.start(nine);
    await expect(tasks.change('hello', { schedule: '0 99 * * *' })).rejects.toThrow('is not a schedule');
    await expect(tasks.change('hello', { timezone: 'Mars' })).rejects.toThrow('"Mars" is not a time zone');
    expect(schedule.rules.map(({ recurrence }) => recurrence)).toEqual([
      { cron: '0 9 * * mon-fri', timezone: 'UTC' },
    ]);
  });

  it('two desks on one store, a moment that comes twice, and a restart make one run, told once', async () => {
    const first = await openTasks();
    await first.script('hello', hello());
    const second = await first.open();
    await first.tasks.start(nine);
    await Promise.all([first.schedule.fireRules(nine), first.schedule.fireRules(nine)]);
    await second.start(nine);
    await first.schedule.fireRules(nine);
    expect(await first.tasks.history({ task: 'hello', limit: 10 })).toHaveLength(1);
    expect(await first.told()).toEqual([
      { type: 'task.finished', run: 'hello-20200417T090000Z', task: 'hello', output: 'hello' },
    ]);
  });

  it('a run that was cut off is not made again, and is told as failed once', async () => {
    const { open, script, schedule, told, clock, store } = await openTasks();
    await script('hello', hello());
    const runs = await TaskRuns.open(store, clock);
    await runs.begin({ task: 'hello', version: null, by: 'schedule', dueAt: nine });
    clock.advance(60_000);
    const tasks = await open();
    await tasks.start(nine);
    await schedule.fireRules(nine);
    expect(await tasks.history({ limit: 10 }), 'another desk may still be at it').toMatchObject([
      { state: 'running' },
    ]);
    for (const restarted of [await open(), await open()]) {
      await restarted.start(clock.now());
      await schedule.fireRules(nine);
    }
    expect(await tasks.history({ limit: 10 })).toMatchObject([
      { state: 'failed', reason: 'The desk stopped while it ran.' },
    ]);
    expect(await told()).toMatchObject([{ type: 'task.failed', run: 'hello-20200417T090000Z' }]);
  });

  it('a moment that was missed for long is told and not made up for', async () => {
    const { tasks, script, schedule, told, clock } = await openTasks();
    await script('hello', hello());
    await tasks.start(nine);
    clock.advance(10 * 60_000);
    await schedule.fireRules(nine);
    clock.advance(6 * 3_600_000);
    await schedule.fireRules(new Date('2020-04-17T10:00:00Z'));
    expect(await told()).toMatchObject([
      { type: 'task.finished' },
      { type: 'task.failed', state: 'missed', reason: expect.stringContaining('2020-04-17 10:00 UTC') },
    ]);
  });

  it.each([
    ['always', 'done', 1],
    ['always', 'failed', 1],
    ['error', 'done', 0],
    ['error', 'failed', 1],
    ['never', 'done', 0],
    ['never', 'failed', 0],
  ] as const)('with notify %s a run that is %s is told %i times', async (notify, state, times) => {
    const { tasks, script, schedule, told } = await openTasks();
    const end = state === 'failed' ? 'process.exit(1);' : '';
    await script('hello', `// @schedule 0 9 * * *\n// @notify ${notify}\n${end}`);
    await tasks.start(nine);
    await schedule.fireRules(nine);
    expect((await tasks.history({ limit: 1 }))[0]?.state).toBe(state);
    expect(await told()).toHaveLength(times);
  });

  it('a task that is stopped with the desk is told as cancelled', async () => {
    const { tasks, script, schedule, told } = await openTasks();
    await script('long', '// @schedule 0 9 * * *\nsetInterval(() => {}, 1000);');
    await tasks.start(nine);
    const fired = schedule.fireRules(nine);
    await vi.waitFor(async () => expect(await tasks.history({ limit: 1 })).toHaveLength(1));
    await tasks.stop();
    await fired;
    expect(await told()).toMatchObject([{ type: 'task.failed', state: 'cancelled' }]);
  });
});

describe('tasks that are sent in', () => {
  it('keep their versions, and a file of the configuration is not replaced', async () => {
    const { tasks, script } = await openTasks();
    await script('own', "console.log('own');");
    const task = (text: string) => ({ name: 'mine', ending: '.js', text });
    await tasks.add(task("console.log('one');"), 'ann');
    const { replaces } = await tasks.preview(task("console.log('two');"));
    expect(replaces).toMatchObject({ version: 1, by: 'ann' });
    await tasks.add(task("console.log('two');"), 'bob');
    expect((await tasks.run('mine', by)).output).toBe('two\n');
    expect((await tasks.run('mine', by)).run.version).toBe(2);
    expect(new TextDecoder().decode((await tasks.source('mine', 1)).data)).toBe("console.log('one');");
    await expect(tasks.add({ ...task(''), name: 'own' }, 'ann')).rejects.toThrow(
      'own is a file in the folder tasks/',
    );
    await expect(tasks.delete('own')).rejects.toThrow('delete it there');
    await expect(tasks.add(task('const = 1;'), 'ann')).rejects.toThrow('mine.js line 1 does not compile');
    expect((await tasks.show('mine')).versions.map(({ version }) => version)).toEqual([2, 1]);
  });

  it('that cannot be read are listed with their problem, and the others run', async () => {
    const { tasks, script } = await openTasks();
    await script('good', '');
    await script('odd', '// @schedule never');
    await tasks.start(nine);
    expect(await tasks.list()).toMatchObject([
      { name: 'good', settings: { schedule: [] } },
      { name: 'odd', settings: { problem: expect.stringContaining('odd.ts line 1') } },
    ]);
  });
});
