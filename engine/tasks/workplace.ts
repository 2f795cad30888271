/**
 * The folders in which a task works, on this machine: one of its own that stays from run to run, and in it `out`, from
 * which chat gets what the run wrote there.
 *
 * A script may put links where the desk writes and reads, to lead it somewhere else: so what the desk writes it writes
 * anew, and what it reads must be a plain file.
 */
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A file that a run wrote. */
export interface TaskFile {
  /** Of letters, digits, `-`, `_` and `.` only. */
  readonly name: string;
  readonly type: 'image/png' | 'text/csv' | 'text/plain' | 'application/json';
  readonly data: Uint8Array;
}

export interface Workplace {
  readonly folder: string;
  readonly out: string;
  readonly temporary: string;
  /** What the desk tells the script, as JSON. */
  readonly deskFile: string;
}

const types: Readonly<Record<string, TaskFile['type']>> = {
  '.png': 'image/png',
  '.csv': 'text/csv',
  '.txt': 'text/plain',
  '.log': 'text/plain',
  '.md': 'text/plain',
  '.json': 'application/json',
};
/** What chat platforms take of one message. */
const mostFiles = 10;
const mostBytes = 8 * 1024 * 1024;

/** Makes the folders ready for a run; what it wrote into its own folder before is still there. */
export async function openWorkplace(home: string, desk: string): Promise<Workplace> {
  await mkdir(home, { recursive: true });
  const folder = await realpath(home);
  const [out, temporary] = [path.join(folder, 'out'), path.join(folder, 'tmp')];
  const deskFile = path.join(folder, 'desk.json');
  for (const each of [out, temporary, deskFile]) await rm(each, { recursive: true, force: true });
  await mkdir(out);
  await mkdir(temporary);
  await writeFile(deskFile, desk, { flag: 'wx' });
  return { folder, out, temporary, deskFile };
}

/** What a run left in `out` for chat, by name, and a line about each thing that chat does not get. */
export async function filesIn({
  out,
}: Workplace): Promise<{ readonly files: readonly TaskFile[]; readonly left: readonly string[] }> {
  const files: TaskFile[] = [];
  const left: string[] = [];
  let bytes = 0;
  const info = await lstat(out).catch(() => undefined);
  const entries = info?.isDirectory() ? await readdir(out, { withFileTypes: true }) : [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const type = types[path.extname(entry.name).toLowerCase()];
    if (!entry.isFile() || type === undefined) {
      left.push(`${entry.name}: only files ending in ${Object.keys(types).join(', ')} go to chat`);
      continue;
    }
    if (files.length === mostFiles) {
      left.push(`${entry.name}: no more than ${mostFiles} files go to chat`);
      continue;
    }
    const data = await plainFile(path.join(out, entry.name), mostBytes - bytes);
    if (data === undefined) {
      left.push(`${entry.name}: no more than ${mostBytes / 1024 / 1024} MB go to chat`);
      continue;
    }
    if (type === 'image/png' && !isPng(data)) {
      left.push(`${entry.name}: it is no PNG picture`);
      continue;
    }
    bytes += data.length;
    files.push({ name: safeName(entry.name), type, data });
  }
  return { files, left };
}

/** Undefined when it is larger. */
async function plainFile(file: string, limit: number): Promise<Uint8Array | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    return size > limit ? undefined : await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** PNG (ISO/IEC 15948), 5.2: the eight bytes with which every one begins. */
const pngSignature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

function isPng(data: Uint8Array): boolean {
  return pngSignature.every((byte, index) => data[index] === byte);
}

function safeName(name: string): string {
  const ending = path.extname(name).toLowerCase();
  const stem = path
    .basename(name, path.extname(name))
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .slice(0, 60);
  return `${stem}${ending}`;
}
