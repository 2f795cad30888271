/** The end of the log, for people who cannot reach the machine. What is a secret was taken out when it was written. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const chunkBytes = 64 * 1024;

/** The last lines of `<folder>/desk.log`, oldest first; where it was just put aside, also of the one before it. */
export async function logTail(folder: string, lines: number): Promise<string[]> {
  const newest = await lastLines(join(folder, 'desk.log'), lines);
  if (newest.length >= lines) return newest;
  return [...(await lastLines(join(folder, 'desk.1.log'), lines - newest.length)), ...newest];
}

/** Read from the end, for a log has megabytes. */
async function lastLines(path: string, lines: number): Promise<string[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return [];
  try {
    let begin = (await file.stat()).size;
    let bytes = Buffer.alloc(0);
    while (begin > 0 && countOf(bytes) <= lines) {
      const length = Math.min(chunkBytes, begin);
      begin -= length;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, begin);
      bytes = Buffer.concat([buffer.subarray(0, bytesRead), bytes]);
    }
    const whole = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    return whole.slice(-lines);
  } finally {
    await file.close();
  }
}

function countOf(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 10) count += 1;
  return count;
}
