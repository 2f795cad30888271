import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog, type LogSettings } from '../../bot/log.ts';
import type { Clock } from '../../engine/clock.ts';

const clock: Clock = { now: () => new Date('2026-03-02T09:30:00Z') };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outcry-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const openLog = (settings: Partial<LogSettings> = {}) =>
  createLog({ folder, level: 'info', secrets: [], clock, ...settings });
const text = (file = 'desk.log') => readFileSync(join(folder, file), 'utf8');
const lines = (file?: string): Record<string, unknown>[] =>
  text(file)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('what a line says', () => {
  test('a message stands in the file when the call returns, with its time and level', () => {
    openLog().info({ book: 'demo' }, 'signal received');
    expect(lines()).toEqual([
      { level: 'info', time: '2026-03-02T09:30:00.000Z', book: 'demo', msg: 'signal received' },
    ]);
  });

  test('messages below the level are left out', () => {
    const log = openLog({ level: 'warn' });
    log.info({}, 'quiet');
    log.warn({}, 'heard');
    expect(lines().map(({ msg }) => msg)).toEqual(['heard']);
  });

  test('an error is spelled out with its stack, under whichever name it was given', () => {
    const cause = new Error('the cable was cut');
    openLog().error({ err: new Error('no answer', { cause }), reason: new TypeError('odd') }, 'failed');
    expect(lines()[0]).toMatchObject({
      err: { message: 'no answer: the cable was cut', stack: expect.stringContaining('log.test.ts') },
      reason: { type: 'TypeError', message: 'odd' },
    });
  });

  test('a field that is named like a part of the line does not take its place', () => {
    openLog().warn({ level: 'info', time: 0, msg: 'mine' }, 'theirs');
    expect(lines()[0]).toEqual({
      level: 'warn',
      time: '2026-03-02T09:30:00.000Z',
      level_: 'info',
      time_: 0,
      msg_: 'mine',
      msg: 'theirs',
    });
  });

  test('fields that are no JSON are logged as well as can be', () => {
    const circle: Record<string, unknown> = { big: 12n };
    circle['self'] = circle;
    openLog().info({ circle, nothing: undefined }, 'odd');
    expect(lines()[0]).toMatchObject({ circle: { big: 12, self: '[Circular]' }, msg: 'odd' });
  });

  test('only the owner of the desk may read the file', () => {
    openLog().info({}, 'here');
    expect(statSync(join(folder, 'desk.log')).mode & 0o077).toBe(0);
  });
});

describe('secrets', () => {
  test.each([
    'token',
    'key',
    'secret',
    'password',
    'authorization',
    'Authorization',
    'x-outcry-key',
    'API_KEY',
    'apiKey',
    'botToken',
  ])('the value of %s is taken out at any depth', (name) => {
    openLog().info({ request: { headers: [{ [name]: 'abc123def', other: 'stays' }] } }, 'sent');
    expect(lines()[0]).toMatchObject({ request: { headers: [{ [name]: '[redacted]', other: 'stays' }] } });
  });

  test('a key whose name only ends like one is kept', () => {
    openLog().info({ monkey: 'Bonzo', turkey: 'Ankara' }, 'animals');
    expect(lines()[0]).toMatchObject({ monkey: 'Bonzo', turkey: 'Ankara' });
  });

  test('a configured secret is taken out of messages, errors, names and addresses, however it is escaped', () => {
    const secret = 's3cret/"quoted"+é';
    const log = openLog({ secrets: [secret] });
    log.error(
      {
        err: new Error(`GET https://api.example.org/bot${encodeURIComponent(secret)}/getMe failed`),
        [secret]: 1,
        deep: { list: [`it is ${secret}`] },
      },
      `refused ${secret}`,
    );
    expect(text()).not.toContain('s3cret');
    expect(lines()[0]?.['msg']).toBe('refused [redacted]');
  });

  test('of two secrets where one begins like the other nothing is left over', () => {
    openLog({ secrets: ['abcdef', 'abcdefghij'] }).info({}, 'abcdefghij');
    expect(lines()[0]?.['msg']).toBe('[redacted]');
  });
});

describe('files', () => {
  test('a full file is put aside, and only so many are kept', () => {
    const log = openLog({ maxBytes: 200, files: 3 });
    for (let index = 0; index < 20; index++) log.info({ index }, 'a line of some length');
    expect(readdirSync(folder).sort()).toEqual(['desk.1.log', 'desk.2.log', 'desk.log']);
    const kept = ['desk.2.log', 'desk.1.log', 'desk.log'].flatMap((file) => lines(file));
    const newest = kept.map(({ index }) => index);
    expect(newest.at(-1)).toBe(19);
    expect(newest, 'no line between the oldest and the newest kept one is missing').toEqual(
      Array.from({ length: newest.length }, (_, place) => 20 - newest.length + place),
    );
  });

  test('a restart goes on in the same file', () => {
    const first = openLog();
    first.info({}, 'one');
    first.close();
    openLog().info({}, 'two');
    expect(lines().map(({ msg }) => msg)).toEqual(['one', 'two']);
  });

  test('a file that cannot be put aside grows on, and says why', () => {
    const log = openLog({ maxBytes: 100, files: 2 });
    mkdirSync(join(folder, 'desk.1.log', 'in-the-way'), { recursive: true });
    for (let index = 0; index < 3; index++)
      log.info({ index }, 'a line of some length that fills the file at once');
    const said = lines().map(({ msg }) => msg);
    expect(said.filter((msg) => msg === 'the full log stays').length).toBeGreaterThan(0);
    expect(lines().flatMap(({ index }) => index ?? [])).toEqual([0, 1, 2]);
  });

  test.skipIf(!existsSync('/dev/full'))(
    'a full disk does not stop the desk, and the lost lines are counted once there is room',
    () => {
      const log = openLog();
      symlinkSync('/dev/full', join(folder, 'desk.log'));
      log.info({}, 'lost');
      log.info({}, 'lost too');
      rmSync(join(folder, 'desk.log'));
      log.info({}, 'kept');
      expect(lines()).toMatchObject([
        { level: 'error', lines: 2, reason: expect.stringContaining('ENOSPC'), msg: 'log lines were lost' },
        { msg: 'kept' },
      ]);
    },
  );

  test('a log folder that was removed while the desk runs is made again', () => {
    const log = openLog({ folder: join(folder, 'logs'), maxBytes: 1 });
    log.info({}, 'before');
    rmSync(join(folder, 'logs'), { recursive: true });
    log.info({}, 'after');
    expect(lines('logs/desk.log').map(({ msg }) => msg)).toContain('after');
  });
});

describe('the terminal', () => {
  test('hears warnings and errors in readable lines, and no secrets', () => {
    const shown: string[] = [];
    const log = openLog({ terminal: (line) => shown.push(line), secrets: ['hunter22'] });
    log.info({}, 'not for the terminal');
    log.warn({ broker: 'paper', err: new Error('login hunter22 refused') }, 'broker is down');
    expect(shown).toEqual([
      '2026-03-02T09:30:00.000Z WARN  broker is down broker=paper err=login [redacted] refused\n',
    ]);
  });

  test('hears nothing where it was not asked for: the prompt of the console chat stays whole', () => {
    const written: unknown[] = [];
    const streams = [process.stdout, process.stderr];
    const originals = streams.map((stream) => stream.write);
    for (const stream of streams) stream.write = (chunk: unknown) => written.push(chunk) > 0;
    try {
      openLog().error({}, 'only in the file');
    } finally {
      streams.forEach((stream, index) => {
        const original = originals[index];
        if (original) stream.write = original;
      });
    }
    expect(written).toEqual([]);
    expect(lines()).toHaveLength(1);
  });
});
