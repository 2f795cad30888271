import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ConsolePlatform, consoleUser } from '../../../../bot/chat/console/console.ts';
import type { ChatHandler, Message } from '../../../../bot/chat/platform.ts';
import { commands } from '../../../../commands/index.ts';
import { systemClock } from '../../../../engine/clock.ts';
import { silentLog } from '../../../../engine/log.ts';

/** A console over a pipe, answered by `answers` in turn. */
async function pipedConsole(answers: (typed: string) => readonly Message[]) {
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
    clock: systemClock,
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
