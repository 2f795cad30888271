/** Files that come with commands: fetched on every platform, checked, and kept while a confirmation waits. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConsolePlatform } from '../../../bot/chat/console/console.ts';
import { filesOfTerminal, pathsLike } from '../../../bot/chat/console/files.ts';
import { discordPlatform } from '../../../bot/chat/discord/index.ts';
import type { ChatHandler, IncomingCommand, IncomingFiles, Platform } from '../../../bot/chat/platform.ts';
import { telegramPlatform } from '../../../bot/chat/telegram/index.ts';
import { action, type Command, defineCommand } from '../../../commands/command.ts';
import { Times } from '../../../commands/times.ts';
import { systemClock } from '../../../engine/clock.ts';
import { silentLog } from '../../../engine/log.ts';
import { chatDesk } from '../../support/chat.ts';
import { ManualClock } from '../../support/clock.ts';
import { fakeDiscord } from '../../support/discord/index.ts';
import { startTelegram } from '../../support/telegram/index.ts';
import { tempFolder, tempStore } from '../../support/temp-store.ts';

const note = {
  type: 'file',
  description: 'A note',
  required: true,
  endings: ['.txt', '.csv'],
  maxKb: 2,
} as const;

const commands: readonly Command[] = [
  defineCommand({
    name: 'read',
    description: 'Reads a note',
    group: 'Overview',
    body: {
      action: action({
        description: 'Reads a note',
        role: 'viewer',
        options: { note, words: { type: 'string', description: 'Some words' } },
        run: async (_, { note: { name, text }, words = '' }) => ({ text: [`${name} says ${text} ${words}`] }),
      }),
    },
  }),
  defineCommand({
    name: 'keep',
    description: 'Keeps a note',
    group: 'Overview',
    body: {
      action: action({
        description: 'Keeps a note',
        role: 'admin',
        options: { note },
        confirm: (_, { note: { name } }) => ({ text: [`Keep ${name}?`] }),
        run: async (_, { note: { name, text } }) => ({ text: [`kept ${name}: ${text}`] }),
      }),
    },
  }),
  defineCommand({
    name: 'plain',
    description: 'Takes no file',
    group: 'Overview',
    body: {
      action: action({
        description: 'Takes no file',
        role: 'viewer',
        options: { words: { type: 'string', description: 'Some words' } },
        run: async () => ({ text: ['plain'] }),
      }),
    },
  }),
];

/** A file that came along, and whether somebody fetched it. */
function sent(name: string, data: string | Uint8Array) {
  let fetched = 0;
  const files: IncomingFiles = {
    attached: {
      name,
      read: async () => {
        fetched += 1;
        return Buffer.from(data);
      },
    },
  };
  return { files, fetched: () => fetched };
}

describe('a command that takes a file', () => {
  it('gets its name and text, and its other options by position', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    const { text } = await desk.types('vera', '/read hello', sent('a.txt', 'grüezi'));
    expect(text).toBe('a.txt says grüezi hello');
    const [record] = await desk.audit.latest({ limit: 1 });
    expect(record?.command).toBe('/read note=a.txt words=hello');
  });

  it('says what is missing without one', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    expect((await desk.types('vera', '/read')).text).toMatch(
      /^note is missing: a note\. Send the file along/,
    );
    expect((await desk.types('vera', '/read words')).text).toContain(
      'note must be a file that is sent along',
    );
  });

  it('tells who sends a file to a command that takes none', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    const file = sent('a.txt', 'x');
    expect((await desk.types('vera', '/plain', file)).text).toContain('/plain takes no file.');
    expect((await desk.types('vera', '', file)).text).toContain('A file alone says nothing');
    expect(file.fetched()).toBe(0);
  });

  it('fetches nothing from strangers, nor from who may not use it', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    const file = sent('a.txt', 'x');
    await desk.types('mallory', '/read', file);
    expect((await desk.types('vera', '/keep', file)).text).toContain('needs the role admin');
    expect(file.fetched()).toBe(0);
  });

  it.each([
    ['a.exe', 'x', '"a.exe" is not a file that this takes: its name must end in .txt or .csv.'],
    ['a.txt.exe', 'x', 'its name must end in .txt or .csv'],
    ['a.txt', 'x'.repeat(2049), 'a.txt is larger than 2 KB'],
    ['a.txt', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0), 'a.txt is not a text file'],
    ['a.txt', 'a\0b', 'a.txt is not a text file'],
    ['....txt', 'x', 'its name must end in .txt or .csv'],
  ])('refuses %s', async (name, data, refusal) => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    expect((await desk.types('vera', '/read', sent(name, data))).text).toContain(refusal);
  });

  it.each([
    ['../../etc/passwd.txt', 'passwd.txt'],
    ['C:\\Users\\ann\\my notes.TXT', 'my_notes.txt'],
    ['.hidden.csv', 'hidden.csv'],
    ['🙂naïve.csv', 'na_ve.csv'],
    [`${'x'.repeat(300)}.csv`, `${'x'.repeat(60)}.csv`],
  ])('knows %s as %s', async (name, clean) => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    expect((await desk.types('vera', '/read', sent(name, 'x'))).text).toMatch(new RegExp(`^${clean} says x`));
  });

  it('reads what a spreadsheet writes as Unicode text', async () => {
    const desk = await chatDesk({ store: await tempStore(), commands });
    const utf16 = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from('größe', 'utf16le')]);
    expect((await desk.types('vera', '/read', sent('a.csv', utf16))).text).toBe('a.csv says größe');
  });

  it('keeps the file while its confirmation waits, over a restart, and an hour at most', async () => {
    const store = await tempStore();
    const clock = new ManualClock();
    const first = await chatDesk({ store, commands, clock });
    const question = await first.types('ann', '/keep', sent('a.txt', 'precious'));
    expect(question.text).toContain('Keep a.txt?');
    const second = await chatDesk({ store, commands, clock });
    const answer = await second.presses('ann', question.button('Confirm'));
    expect(answer.text).toBe('kept a.txt: precious');

    clock.advance(2 * 3_600_000);
    await second.types('ann', '/keep', sent('b.txt', 'other'));
    const records = await (await store.collection({ name: 'uploads', unique: [], indexes: [] })).find();
    expect(records, 'only the newer one is kept').toMatchObject([{ name: 'b.txt' }]);
  });

  it('is not fooled by words that look like a kept file', async () => {
    const store = await tempStore();
    const desk = await chatDesk({ store, commands });
    await desk.types('ann', '/keep', sent('a.txt', 'precious'));
    const uploads = await store.collection<{ _id: string }>({ name: 'uploads', unique: [], indexes: [] });
    const [record] = await uploads.find();
    const stolen = await desk.types('vera', `/read note=${record?._id}/a.txt`);
    expect(stolen.text).toContain('must be a file that is sent along');
  });
});

/** Starts the platform with a handler that keeps what comes. */
async function listening(platform: Platform) {
  const heard: IncomingCommand[] = [];
  const handler: ChatHandler = {
    async onCommand(command, responder) {
      heard.push(command);
      await responder.acknowledge('everyone');
      await responder.show({ text: ['heard'] });
    },
    onPress: async () => undefined,
    onForm: async () => undefined,
    onCompletion: async () => [],
  };
  onTestFinished(() => platform.stop());
  await platform.start(handler);
  return heard;
}

async function textOf(file: IncomingFiles['attached'], maxBytes = 1024): Promise<string> {
  if (!file) throw new Error('no file came along');
  return Buffer.from(await file.read(maxBytes)).toString();
}

describe('on Discord', () => {
  async function onDiscord() {
    const discord = await fakeDiscord();
    onTestFinished(() => discord.close());
    const { token, guild, rest } = discord;
    const heard = await listening(
      discordPlatform({ token, guild, rest, commands, log: silentLog, clock: systemClock }),
    );
    return { discord, heard, ann: discord.user('ann') };
  }

  it('an attachment is an option, and fetched when it is read', async () => {
    const { discord, heard, ann } = await onDiscord();
    await (await ann.slash('read', { note: { name: 'my note.txt', data: 'hello' } })).shown();
    const [command] = heard;
    const id = command?.input.kind === 'structured' ? String(command.input.options['note']) : '';
    const file = command?.files?.named?.(id);
    expect(discord.requestsTo('GET', /^\/attachments/), 'nothing is fetched unasked').toEqual([]);
    expect(file?.name).toBe('my note.txt');
    expect(await textOf(file)).toBe('hello');
    await expect(file?.read(4), 'the size is known beforehand').rejects.toThrow('larger than');
    expect(command?.files?.named?.('../../etc/passwd')).toBeUndefined();
    expect(discord.refusals).toEqual([]);
  });

  it('one that is gone says so', async () => {
    const { discord, heard, ann } = await onDiscord();
    await (await ann.slash('read', { note: { name: 'a.txt', data: 'hello' } })).shown();
    const [command] = heard;
    const id = command?.input.kind === 'structured' ? String(command.input.options['note']) : '';
    await discord.offline();
    await expect(command?.files?.named?.(id)?.read(100)).rejects.toThrow(
      'a.txt could not be fetched (no answer)',
    );
    await discord.online();
  });
});

describe('on Telegram', () => {
  async function onTelegram() {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const heard = await listening(
      telegramPlatform({
        token: telegram.token,
        apiRoot: telegram.apiRoot,
        commands,
        log: silentLog,
        clock: systemClock,
        chatsByRole: () => new Map(),
        pace: { pollSeconds: 1, requestMs: 2_000, stopMs: 500 },
      }),
    );
    const next = (count: number) =>
      telegram.until(() => heard.length >= count && heard.at(-1), `${count} commands`);
    return { telegram, heard, next, anna: telegram.user('anna') };
  }

  it('a document has its command as caption', async () => {
    const { telegram, anna, next } = await onTelegram();
    anna.sendsFile({ name: 'note.txt', data: 'hello' }, { caption: '/read words' });
    const command = await next(1);
    expect(command.input).toEqual({ kind: 'typed', text: '/read words' });
    expect(telegram.calls).not.toContain('getFile');
    expect(command.files?.attached?.name).toBe('note.txt');
    expect(await textOf(command.files?.attached)).toBe('hello');
    await expect(command.files?.attached?.read(4)).rejects.toThrow('note.txt is larger than');
  });

  it('or follows the command that wants it, once', async () => {
    const { anna, next } = await onTelegram();
    anna.says('/read words');
    await next(1);
    anna.sendsFile({ name: 'note.txt', data: 'hello' });
    const command = await next(2);
    expect(command.input).toEqual({ kind: 'typed', text: '/read words' });
    expect(await textOf(command.files?.attached)).toBe('hello');
    anna.sendsFile({ name: 'other.txt', data: 'other' });
    expect((await next(3)).input, 'a second file belongs to nothing').toEqual({ kind: 'typed', text: '' });
  });

  it('does not belong to a command that takes none, or to somebody else’s', async () => {
    const { telegram, heard, anna, next } = await onTelegram();
    const room = telegram.group('Desk');
    const bert = telegram.user('bert');
    anna.says('/plain');
    await next(1);
    anna.sendsFile({ name: 'note.txt', data: 'hello' });
    expect((await next(2)).input).toEqual({ kind: 'typed', text: '' });

    anna.says('/read', { in: room });
    await next(3);
    bert.sendsFile({ name: 'holiday.txt', data: 'hello' }, { in: room });
    anna.sendsFile({ name: 'note.txt', data: 'mine' }, { in: room });
    const command = await next(4);
    expect(heard).toHaveLength(4);
    expect(command.user.name).toBe('anna');
    expect(await textOf(command.files?.attached)).toBe('mine');
  });

  it('one that Telegram cannot give says so, without the token', async () => {
    const { telegram, anna, next } = await onTelegram();
    anna.sendsFile({ name: 'note.txt', data: 'hello' }, { caption: '/read' });
    const command = await next(1);
    telegram.refuses('getFile', 'Bad Request: wrong file_id');
    await expect(command.files?.attached?.read(100)).rejects.toThrow('note.txt could not be fetched (400');
    telegram.goesAway();
    const failure = await command.files?.attached?.read(100).catch((error: unknown) => String(error));
    expect(failure).toContain('note.txt could not be fetched');
    expect(failure).not.toContain(telegram.token);
    telegram.comesBack();
  });
});

describe('at the terminal', () => {
  it('a path names a file on this machine', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'note.txt'), 'hello');
    const input = new PassThrough();
    const heard = await listening(
      new ConsolePlatform({
        input,
        output: new PassThrough(),
        commands,
        attachmentsFolder: join(folder, 'attachments'),
        historyFile: join(folder, 'history'),
        color: false,
        onLeave: () => undefined,
        times: () => new Times('UTC', systemClock),
        clock: systemClock,
        log: silentLog,
      }),
    );
    input.write(`/read ${join(folder, 'note.txt')}\n`);
    await expect.poll(() => heard.length).toBe(1);
    const file = heard[0]?.files?.named?.(join(folder, 'note.txt'));
    expect(file?.name).toBe('note.txt');
    expect(await textOf(file)).toBe('hello');
  });

  it('says when there is none, when it is a folder, or too large', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'large.txt'), 'x'.repeat(100));
    const read = (path: string) => filesOfTerminal.named?.(path)?.read(10);
    await expect(read(join(folder, 'none.txt'))).rejects.toThrow('none.txt cannot be read: ENOENT');
    await expect(read(folder)).rejects.toThrow('is not a file');
    await expect(read(join(folder, 'large.txt'))).rejects.toThrow('larger than');
  });

  it('completes paths as they are typed', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'strategies'));
    await writeFile(join(folder, 'strategies', 'one.ts'), '');
    await writeFile(join(folder, 'strategies', 'two.ts'), '');
    expect(await pathsLike(`${folder}/str`)).toEqual([`${folder}/strategies/`]);
    expect(await pathsLike(`${folder}/strategies/`)).toEqual([
      `${folder}/strategies/one.ts`,
      `${folder}/strategies/two.ts`,
    ]);
    expect(await pathsLike(`${folder}/nowhere/x`)).toEqual([]);
  });
});
