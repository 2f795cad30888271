import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../engine/errors.ts';
import { lockDataFolder } from '../../../engine/store/index.ts';
import { startChild } from '../../support/processes/child.ts';

const desk = new URL('processes/hold-data-folder.ts', import.meta.url);

describe('the data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outcry-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is refused to a second desk, with a word on who has it', async () => {
    const first = startChild(desk, [folder]);
    expect(await first.line()).toBe('held');
    const second = startChild(desk, [folder]);
    expect(await second.line()).toBe(
      `UserError: another desk is running on the data folder ${folder} (process ${first.process.pid}): stop it first, or give this desk a data folder of its own`,
    );
    await second.rest();
    await first.kill();
  });

  it('is free again when its desk was killed', async () => {
    const first = startChild(desk, [folder]);
    expect(await first.line()).toBe('held');
    await first.kill();
    const second = startChild(desk, [folder]);
    expect(await second.line(), 'a crash must not need a person to clean up').toBe('held');
    await second.kill();
  });

  it('is free again when its desk lets go, and is refused meanwhile within one process too', async () => {
    const lock = await lockDataFolder(folder);
    await expect(lockDataFolder(folder)).rejects.toThrow(UserError);
    await expect(lockDataFolder(folder)).rejects.toThrow(`process ${process.pid}`);
    lock.release();
    (await lockDataFolder(folder)).release();
  });

  it('is made where it is missing, and refused in one line where it cannot be', async () => {
    (await lockDataFolder(join(folder, 'new', 'data'))).release();
    await writeFile(join(folder, 'file'), '');
    await expect(lockDataFolder(join(folder, 'file'))).rejects.toThrow(
      /^the data folder .*file cannot be used: [^\n]+$/,
    );
  });
});
