import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ConsolePlatform, consoleUser } from '../../../../bot/chat/console/console.ts';
import type { ChatHandler, Message, Responder } from '../../../../bot/chat/platform.ts';
import { commands } from '../../../../commands/index.ts';
import { Times } from '../../../../commands/times.ts';
import { type Clock, systemClock } from '../../../../engine/clock.ts';
import { silentLog } from '../../../../engine/log.ts';
import { ManualClock } from '../../../support/clock.ts';

/** A console over a pipe, answered by `answers` in turn. */
async function pipedConsole(answers: (typed: string) => readonly Message[], clock: Clock = systemClock) {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-console-'));
  const input = new PassThrough();
  const output = new PassThrough();
  let printed = '';
  output.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const onLeave = vi.fn();
  const platform = new ConsolePlatform({
    input,
    output,
    commands,
    attachmentsFolder: join(folder, 'attachments'),
    historyFile: join(folder, 'history'),
    color: false,
    onLeave,
    times: () => new Times('Europe/Berlin', clock),
    clock,
    log: silentLog,
  });
  const pressed: string[] = [];
  const typed: string[] = [];
  const handler: ChatHandler = {
    async onCommand({ input: given, user }, responder) {
      expect(user).toEqual(consoleUser);
      const text = given.kind === 'typed' ? given.text : '';
      typed.push(text);
      await responder.acknowledge('everyone');
      for (const message of answers(text)) await responder.show(message);
    },
    async onPress({ buttonId }, responder) {
      pressed.push(buttonId);
      await responder.show({ text: ['pressed'] });
    },
    onForm: async () => undefined,
    onCompletion: async () => [],
  };
  await platform.start(handler);
  const end = async () => {
    input.end();
    await vi.waitFor(() => expect(onLeave).toHaveBeenCalled());
  };
  return { platform, input, typed, pressed, folder, onLeave, end, printed: () => printed };
}

describe('the console with a pipe as its input', () => {
  it('answers each line in turn and leaves when the input ends', async () => {
    const desk = await pipedConsole((text) => [{ title: `answer to ${text}` }]);
    desk.input.write('/help\nstatus\n');
    await desk.end();
    expect(desk.typed, 'the slash may be left out at a terminal').toEqual(['/help', '/status']);
    expect(desk.printed()).toBe('answer to /help\n\nanswer to /status\n\n');
  });

  it('prints the final answer only, not the progress before it', async () => {
    const desk = await pipedConsole(() => [{ text: ['10 %'] }, { text: ['90 %'] }, { text: ['done'] }]);
    desk.input.write('/backtest\n');
    await desk.end();
    expect(desk.printed()).toBe('done\n\n');
  });

  it('lets no announcement take the number of a button that somebody is about to press', async () => {
    const buttons = (...ids: readonly string[]) =>
      ids.map((id) => ({ id, label: id, style: 'secondary' as const }));
    const desk = await pipedConsole(() => [{ title: 'Sell?', buttons: buttons('confirm', 'cancel') }]);
    const announce = (title: string, ...ids: readonly string[]) =>
      desk.platform.post(undefined, { title, buttons: buttons(...ids) });
    desk.input.write('/sell\n');
    await vi.waitFor(() => expect(desk.printed()).toContain('[1] confirm'));
    await announce('A plan stopped', 'enable');
    await announce('A broker is away', 'connect');
    expect(desk.printed()).toContain('[3] enable');
    expect(desk.printed()).toContain('[4] connect');
    desk.input.write('1\n');
    await vi.waitFor(() => expect(desk.pressed).toEqual(['confirm']));
    await announce('Another plan stopped', 'look');
    expect(desk.printed(), 'nothing is awaited any more').toContain('[1] look');
    desk.input.write('1\n');
    await vi.waitFor(() => expect(desk.pressed).toEqual(['confirm', 'look']));
    await desk.end();
  });

  it('presses the button whose number is typed', async () => {
    const desk = await pipedConsole(() => [
      {
        text: ['Sure?'],
        buttons: [
          { id: 'y-1', label: 'Confirm', style: 'danger' },
          { id: 'n-1', label: 'Cancel', style: 'secondary' },
        ],
      },
    ]);
    desk.input.write('/terminate\n2\n');
    await desk.end();
    expect(desk.printed()).toContain('[1] Confirm   [2] Cancel');
    expect(desk.pressed).toEqual(['n-1']);
  });

  it('saves attachments and prints where they are', async () => {
    const data = new Uint8Array([1, 2, 3]);
    const desk = await pipedConsole(() => [
      { attachments: [{ name: '../a b.png', type: 'image/png', data }] },
    ]);
    desk.input.write('/backtest\n');
    await desk.end();
    const [file = ''] = await readdir(join(desk.folder, 'attachments'));
    expect(file, 'a name cannot lead out of the folder').toMatch(/^[\w.-]+-\.\._a_b\.png$/);
    expect(new Uint8Array(await readFile(join(desk.folder, 'attachments', file)))).toEqual(data);
    expect(desk.printed()).toContain(file);
  });

  it('says by its reader’s clock when something happened', async () => {
    const clock = new ManualClock();
    const desk = await pipedConsole(() => [], clock);
    await desk.platform.post(undefined, { title: 'Bought', text: ['3 SP500'] });
    expect(clock.now().toISOString()).toBe('2020-04-17T14:30:00.000Z');
    expect(desk.printed()).toBe('16:30:00  Bought\n\n3 SP500\n\n');
    await desk.platform.stop();
  });

  it('stays when the input was empty from the start, as under a service manager', async () => {
    const desk = await pipedConsole(() => []);
    desk.input.end();
    await vi.waitFor(() => expect(desk.input.readableEnded).toBe(true));
    await desk.platform.post(undefined, { title: 'still here' });
    expect(desk.printed()).toContain('still here');
    expect(desk.onLeave).not.toHaveBeenCalled();
  });

  it('shows control characters of a message as what they are, so that no text can move the cursor', async () => {
    const desk = await pipedConsole(() => [{ text: ['a\u001b[2Jb'] }]);
    desk.input.write('/x\n');
    await desk.end();
    expect(desk.printed()).toBe('a�[2Jb\n\n');
  });
});

const up = '\u001b[A';

/** A console on a terminal that remembers in this file; `answers` end when they like. */
async function terminalConsole(
  historyFile: string,
  answers: (typed: string, responder: Responder) => Promise<void> = async () => undefined,
) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  output.resume();
  const typed: string[] = [];
  let answered = 0;
  const platform = new ConsolePlatform({
    ...{ input, output, commands, historyFile, color: false, clock: systemClock, log: silentLog },
    attachmentsFolder: join(historyFile, '..', 'attachments'),
    onLeave: () => undefined,
    times: () => new Times('UTC', systemClock),
  });
  await platform.start({
    async onCommand({ input: given }, responder) {
      const text = given.kind === 'typed' ? given.text : '';
      typed.push(text);
      await answers(text, responder);
      answered += 1;
    },
    onPress: async () => undefined,
    onForm: async () => undefined,
    onCompletion: async () => [],
  });
  return {
    platform,
    typed,
    async types(...lines: readonly string[]) {
      for (const line of lines) {
        const before = typed.length;
        input.write(`${line}\r`);
        await vi.waitFor(() => expect(typed.length).toBeGreaterThan(before));
      }
    },
    answered: () => answered,
    kept: async () => (await readFile(historyFile, 'utf8').catch(() => '')).split('\n').filter(Boolean),
  };
}

describe('what was typed at a terminal', () => {
  const newFile = async () => join(await mkdtemp(join(tmpdir(), 'outcry-console-')), 'history');

  it('is there again with the arrow up, also at the next start, and only its owner can read it', async () => {
    const file = await newFile();
    const first = await terminalConsole(file);
    await first.types('/help', '/status', '/help');
    await first.types(`${up}${up}`);
    expect(first.typed.at(-1), 'twice is once: the newest').toBe('/status');
    await first.platform.stop();
    expect(await first.kept()).toEqual(['/status', '/help']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const second = await terminalConsole(file);
    await second.types(up);
    expect(second.typed).toEqual(['/status']);
    await second.platform.stop();
  });

  it('is not kept where it holds a secret: by its words, or because the desk says so', async () => {
    const file = await newFile();
    const desk = await terminalConsole(file, async (text, responder) => {
      if (text.includes('hunter2')) await responder.removeAsked?.();
    });
    const lines = ['/status', '/config set books/demo key hunter1', '/login tom hunter2', '/token x'];
    await desk.types(...lines);
    await vi.waitFor(() => expect(desk.answered()).toBe(lines.length));
    await desk.types(up);
    expect(desk.typed.at(-1), 'nor offered again').toBe('/status');
    await desk.platform.stop();
    expect(await desk.kept()).toEqual(['/status']);
  });

  it('is not kept while it waits for its answer: until then nobody knows whether it holds a secret', async () => {
    const file = await newFile();
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const desk = await terminalConsole(file, async (text, responder) => {
      if (!text.includes('hunter2')) return;
      await answered;
      await responder.removeAsked?.();
    });
    await desk.types('/login tom hunter2', '/status');
    await vi.waitFor(async () => expect(await desk.kept()).toEqual(['/status']));
    answer();
    await desk.types('/help');
    await vi.waitFor(async () => expect(await desk.kept()).toEqual(['/help', '/status']));
    await desk.platform.stop();
  });
});
