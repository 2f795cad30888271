/**
 * Folders of tests, in memory where the machine has room there: on a disk every commit of a store waits for the disk, so
 * that a test which opens hundreds of stores waits for minutes. What a killed process wrote is there all the same; only a
 * power cut would tell the two apart, and no test can make one.
 */
import { mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';
/** Containers have a few megabytes there by default, which would not do for all tests at once. */
const enoughBytes = 1024 ** 3;

/** A new folder. @param begins its name */
export async function memoryFolder(begins: string): Promise<string> {
  return mkdtemp(join((await hasRoom()) ? memory : tmpdir(), begins));
}

async function hasRoom(): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize >= enoughBytes;
  } catch {
    return false; // not on this system
  }
}
