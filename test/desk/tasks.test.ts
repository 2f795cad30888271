/** Tasks on a whole desk: sent in, run, cancelled by a button, on the real schedule, over a restart. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { tempFolder } from '../support/temp-store.ts';

async function scriptFile(name: string, text: string): Promise<string> {
  const file = join(await tempFolder(), name);
  await writeFile(file, text);
  return file;
}

describe('at the terminal', () => {
  it("a script is looked at, added, run, and its error names the script's own line", async () => {
    const desk = await startDesk();
    const file = await scriptFile(
      'hello.ts',
      [
        '// Says hello. And more.',
        '// @schedule 0 9 * * mon-fri',
        "import { writeFileSync } from 'node:fs';",
        "writeFileSync('out/hello.csv', 'word');",
        "console.log('hello from a task');",
      ].join('\n'),
    );
    desk.type(`/task add ${file}`);
    await desk.shows(/Add hello\?[\s\S]*Says hello\.[\s\S]*0 9 \* \* mon-fri in UTC[\s\S]*Next: \d{4}-/);
    desk.type('1');
    await desk.shows('hello is added, version 1');
    desk.type('/task run hello');
    await desk.shows(/Task hello: done[\s\S]*hello from a task[\s\S]*hello\.csv/);
    desk.type('/job list');
    await desk.shows(/task hello {2}/);

    desk.type(`/task add ${await scriptFile('hello.ts', "const a = 1;\nthrow new Error('so bad');")}`);
    await desk.shows('Replace hello, version 1?');
    desk.type('1');
    await desk.shows('hello is added, version 2');
    desk.type('/task run hello');
    await desk.shows('hello.ts line 2: so bad');
    desk.type('/task history hello');
    await desk.shows(/Runs of tasks[\s\S]*⛔ failed[\s\S]*✅ done/);
    desk.type('/task delete hello hello');
    await desk.shows('hello is deleted.');
  });

  it('the shipped examples run, and times that are changed in chat outlive the desk', async () => {
    const desk = await startDesk();
    desk.type('/task run morning');
    await desk.shows(/Task morning: done[\s\S]*Everything is ready\./);
    desk.type('/task run tidy_up');
    await desk.shows(/Deleted 0 files/);
    desk.type('/task zone morning Europe/Berlin');
    await desk.shows('in Europe/Berlin.');
    desk.type('/task schedule morning 30 8 * * fri-sun');
    await desk.shows('At 30 8 * * fri-7 in Europe/Berlin.');
    desk.type('/task schedule morning 30 8 *');
    await desk.shows('it needs five fields');
    desk.type('/task enable morning');
    await desk.shows('morning is enabled');
    await desk.stop();
    const again = await startDesk({ root: desk.root });
    again.type('/task list');
    await again.shows(/morning {2}next \d{4}-[\s\S]*tidy_up {2}disabled/);
  });

  it('one that prints without end is ended, and chat is spared all of it', async () => {
    const desk = await startDesk();
    const file = await scriptFile(
      'flood.js',
      "console.log('first line');\nfor (let n = 0; n < 5000; n++) console.log('x'.repeat(1023));",
    );
    desk.type(`/task add ${file}`);
    await desk.shows('Add flood?');
    desk.type('1');
    await desk.shows('flood is added');
    for (const command of ['/task run flood', '/task log flood']) {
      const before = desk.printed().length;
      desk.type(command);
      const shown = () => desk.printed().slice(before);
      await expect.poll(shown, { timeout: 45_000 }).toMatch(/saved (\S+flood-printed\.txt)/);
      expect(shown()).toMatch(/Task flood: failed[\s\S]*more than 1 MB[\s\S]*first line[\s\S]*in the file/);
      expect(shown().length).toBeLessThan(4000);
      const [, saved = ''] = /saved (\S+flood-printed\.txt)/.exec(shown()) ?? [];
      expect((await readFile(saved, 'utf8')).length).toBeGreaterThan(900_000);
    }
  }, 60_000);

  it('what a task prints at its time comes to chat, with its files', async () => {
    const desk = await startDesk();
    const file = await scriptFile(
      'beat.ts',
      "// @schedule * * * * * *\nimport { writeFileSync } from 'node:fs';\nwriteFileSync('out/beat.txt', 'x');\nconsole.log('a beat');",
    );
    desk.type(`/task add ${file}`);
    await desk.shows('Add beat?');
    desk.type('1');
    await desk.shows(/Task beat: done[\s\S]*a beat[\s\S]*beat\.txt/);
    desk.type('/task disable beat');
    await desk.shows('beat is disabled');
    desk.type('/task history beat');
    await desk.shows(/beat-\d{8}T\d{6}Z[\s\S]*by schedule/);
    expect(desk.printed()).not.toContain('was not delivered');
  });
});
