/** The scripts at the terminal: one person sits there, who may do everything. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toneMark } from '../../../bot/chat/layout.ts';
import type { Tone } from '../../../commands/reply.ts';
import type { Person } from '../scripts/script.ts';
import { AheadClock, type Floor, floorFolder, type Sight, seen, wordsOf } from './floor.ts';
import { type Besides, openSetting } from './setting.ts';

export async function consoleFloor(besides: Besides = {}): Promise<Floor> {
  const { folder, remove } = await floorFolder();
  const clock = new AheadClock();
  const desk = await openSetting(folder, { ...besides, users: [], platforms: { console: {} } }, { clock });
  const typed = new Set<string>();
  const since = (mark: number) => () => [sightOf(desk.printed().slice(mark))];
  const numberOf = (label: string): string => {
    const number = newestButtons(desk.printed()).indexOf(label) + 1;
    if (number === 0) throw new Error(`there is no button ${label} at the terminal:\n${desk.printed()}`);
    return String(number);
  };
  const person: Person = {
    name: 'console',
    async types(line, expected = {}, file) {
      typed.add(wordsOf(line));
      const mark = desk.printed().length;
      desk.type(file ? `${line} file=${await stored(folder, file)}` : line);
      return seen(since(mark), expected, line);
    },
    async presses(label, expected = {}) {
      const mark = desk.printed().length;
      desk.type(numberOf(label));
      return seen(since(mark), expected, `pressing ${label}`);
    },
    async pressesTwice(label, expected = {}) {
      const mark = desk.printed().length;
      const number = numberOf(label);
      desk.type(number);
      desk.type(number);
      return seen(since(mark), expected, `pressing ${label} twice`);
    },
  };
  return {
    desk,
    people: { ann: person, tom: person, vera: person },
    typed,
    clock,
    refusals: () => [],
    async close() {
      await desk.stop();
      await remove();
    },
  };
}

async function stored(folder: string, { name, data }: { name: string; data: string }): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, data);
  return path;
}

function sightOf(printed: string): Sight {
  const paths = [...printed.matchAll(/^saved (.+)$/gm)].map(([, path = '']) => path);
  const tone = toneOf(printed);
  return {
    text: printed,
    buttons: newestButtons(printed),
    amongOthers: true,
    files: paths.map((path) => ({
      name: basename(path),
      shownAs: path.endsWith('.png') ? 'picture' : 'file',
      data: readFileSync(path),
    })),
    ...(printed.trim() !== '' && { tone }),
    hasField: (name, value) => {
      const begins = printed.split('\n').filter((line) => line.startsWith(name));
      const values = begins.map((line) => line.slice(name.length).trim());
      return values.some((found) => (typeof value === 'string' ? found === value : value.test(found)));
    },
  };
}

/** The mark of the answer; that of something told meanwhile stands before a time. */
function toneOf(printed: string): Tone {
  for (const tone of ['success', 'warning', 'danger'] as const) {
    const marked = printed.split('\n').filter((line) => line.startsWith(toneMark[tone]));
    if (marked.some((line) => !/^\S+ \d\d:\d\d:\d\d {2}/.test(line))) return tone;
  }
  return 'info';
}

function newestButtons(printed: string): string[] {
  const line = printed.split('\n').findLast((each) => each.endsWith('(type the number)')) ?? '';
  const labels = line.replace(/ {3}\(type the number\)$/, '').split(/ {3}(?=\[\d+\] )/);
  return labels.filter((label) => label !== '').map((label) => label.replace(/^\[\d+\] /, ''));
}
