/** A text file that somebody sent along with a command: what an option of the type `file` gives to it. */
import { UserError } from '../engine/errors.ts';

export class UploadedFile {
  /** Of letters, digits, `-`, `_` and `.` only, with one of the endings that the option takes: safe on every file system. */
  readonly name: string;
  readonly text: string;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  /** The name without its ending. */
  get stem(): string {
    return this.name.slice(0, this.name.lastIndexOf('.'));
  }
}

export interface FileRules {
  /** With their dots, in small letters: `.csv`. */
  readonly endings: readonly string[];
  readonly maxKb: number;
}

/**
 * What may be taken of a file that is called so.
 * @throws UserError for another kind of file
 */
export function cleanFileName(name: string, { endings }: FileRules): string {
  const last = name.split(/[\\/]/).at(-1) ?? '';
  const clean = last
    .normalize('NFC')
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._-]+/, '');
  const dot = clean.lastIndexOf('.');
  const ending = dot < 0 ? '' : clean.slice(dot).toLowerCase();
  if (!endings.includes(ending)) {
    throw new UserError(
      `"${shown(last)}" is not a file that this takes: its name must end in ${list(endings)}.`,
    );
  }
  const stem = clean
    .slice(0, dot)
    .slice(0, longestStem)
    .replace(/[._-]+$/, '');
  if (stem === '') throw new UserError(`The file needs a name of letters or digits before its ${ending}.`);
  return `${stem}${ending}`;
}

/** @throws UserError for what is larger than allowed */
export function checkSize(name: string, bytes: number, { maxKb }: FileRules): void {
  if (bytes <= maxKb * 1024) return;
  throw new UserError(`${shown(name)} is larger than ${sizeText(maxKb)}, the most that this takes.`);
}

/**
 * The file as text, whatever wrote it: UTF-8, or UTF-16 with its mark, as spreadsheets write it.
 * @throws UserError for what is no text
 */
export function fileText(name: string, data: Uint8Array): string {
  const utf16 = data[0] === 0xff && data[1] === 0xfe;
  try {
    const text = new TextDecoder(utf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(data);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below: whatever it is, it is no text.
  }
  throw new UserError(`${shown(name)} is not a text file. Save it as text in UTF-8 and send it again.`);
}

/** Names longer than this are shortened. */
const longestStem = 60;

function shown(name: string): string {
  return name.length > 80 ? `${name.slice(0, 79)}…` : name;
}

function list(endings: readonly string[]): string {
  return endings.length > 1 ? `${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}` : endings.join('');
}

function sizeText(kb: number): string {
  return kb >= 1024 ? `${kb / 1024} MB` : `${kb} KB`;
}
