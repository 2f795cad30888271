/**
 * The words in which scripts are written: who types what, and what they must be answered. A script knows no platform,
 * so that one table of them is played through every client.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Tone } from '../../../commands/reply.ts';
import type { TestDesk } from '../../support/desk.ts';

/** A file that somebody sends along with a command. */
export interface SentFile {
  readonly name: string;
  readonly data: string;
}

/** What an answer must have; it is waited for, since long work shows its progress first. */
export interface Expected {
  /** Somewhere in its title, text, fields or table. */
  readonly shows?: readonly (string | RegExp)[];
  readonly lacks?: readonly string[];
  /** Fields by their names. */
  readonly fields?: Readonly<Record<string, string | RegExp>>;
  /** How the names of its files end, in any order and no others. A `.png` must be shown as a picture. */
  readonly files?: readonly string[];
  /** How the name of one of its files ends, whatever others there are. */
  readonly brings?: string;
  /** Labels of its buttons, in their order and no others. */
  readonly buttons?: readonly string[];
  readonly tone?: Tone;
  /** In a channel with others, nobody else sees it. */
  readonly forMeAlone?: boolean;
}

/** An answer as a person sees it, whatever platform shows it. */
export interface Answer {
  /** Everything that is there to read, also what the platform put into a file because it was too long. */
  readonly text: string;
  readonly files: readonly AnsweredFile[];
  readonly buttons: readonly string[];
}

export interface AnsweredFile {
  readonly name: string;
  readonly shownAs: 'picture' | 'file';
  readonly data: Uint8Array;
}

/** Somebody at the desk, as far as a script needs them. */
export interface Person {
  /** What the desk calls them. */
  readonly name: string;
  /** Types a command and waits for an answer like this. */
  types(line: string, expected?: Expected, file?: SentFile): Promise<Answer>;
  /** Presses the button with this label, on what was last shown to them with such a button. */
  presses(label: string, expected?: Expected): Promise<Answer>;
  /** The same twice in a moment, as an impatient thumb does; the answer is that to the second press. */
  pressesTwice(label: string, expected?: Expected): Promise<Answer>;
}

export interface Scene {
  /** May do everything. */
  readonly ann: Person;
  /** May trade. */
  readonly tom: Person;
  /** May look. */
  readonly vera: Person;
  readonly desk: TestDesk;
  /** So many minutes go by for the desk and its platforms. */
  minutesPass(minutes: number): void;
}

export interface Script {
  /** Words of the commands that it proves: `book deposit`. */
  readonly of: readonly string[];
  /** What that means to whoever uses the desk. */
  readonly says: string;
  readonly play: (scene: Scene) => Promise<void>;
}

/** `script('book list', 'shows ...', async ({ vera }) => ...)`; several commands are parted by commas. */
export function script(of: string, says: string, play: Script['play']): Script {
  return { of: of.split(', '), says, play };
}

/** The first group of the pattern in what was answered. @throws when it is not there */
export function pick({ text }: Answer, pattern: RegExp): string {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`there is no ${pattern} in:\n${text}`);
  return found;
}

/** The text of the file whose name ends like this. */
export function fileText({ files }: Answer, ending: string): string {
  const file = files.find(({ name }) => name.endsWith(ending));
  if (file === undefined)
    throw new Error(`no file ends with ${ending}: ${files.map(({ name }) => name).join(', ')}`);
  return new TextDecoder().decode(file.data);
}

/** Asks the same again and again, until what the desk does by itself has come so far. */
export async function asksUntil(
  person: Person,
  line: string,
  wanted: RegExp,
  expected: Expected = {},
): Promise<Answer> {
  const begun = performance.now();
  for (;;) {
    const answer = await person.types(line, expected);
    if (wanted.test(answer.text)) return answer;
    if (performance.now() - begun > 30_000)
      throw new Error(`${line} never showed ${wanted}:\n${answer.text}`);
    await delay(100);
  }
}

export const confirm = ['Confirm', 'Cancel'] as const;
