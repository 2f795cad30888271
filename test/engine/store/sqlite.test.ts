import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../../engine/store/sqlite/store.ts';
import { defineCollection, StoreError } from '../../../engine/store/store.ts';
import { startChild } from '../../support/processes/child.ts';
import { storeSuite } from '../../support/suites/store-suite.ts';

const program = (name: string) => new URL(`processes/${name}.ts`, import.meta.url);
const things = defineCollection<{ _id: string; padding?: string }>('things');

describe('the store on SQLite', () => {
  storeSuite({
    runs: 200,
    place: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'outcry-store-'));
      return {
        open: () => openSqliteStore({ folder }),
        discard: () => rm(folder, { recursive: true }),
      };
    },
  });

  describe('when things go wrong', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'outcry-store-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it('keeps every insert that it reported, when the process is killed in the middle of inserting', async () => {
      const child = startChild(program('insert-until-killed'), [folder]);
      const reported: string[] = [];
      while (reported.length < 200) reported.push(await child.line());
      await child.kill();
      reported.push(...(await child.rest()));

      const store = await openSqliteStore({ folder });
      const inserted = await store.collection(defineCollection('inserted'));
      const found = new Set((await inserted.find()).map(({ _id }) => _id));
      expect(
        reported.filter((id) => !found.has(id)),
        'alerts that were acknowledged and then lost',
      ).toEqual([]);
      await store.close();
    });

    it('stops in one line when the disk takes no more, and keeps what it had', async () => {
      // A limit on the size of files: to a program it is like a disk that takes no more.
      const child = startChild(program('fill-disk'), [folder], { shell: 'ulimit -f 1000 && exec' });
      const outcome = JSON.parse(await child.line());
      expect(outcome).toMatchObject({ name: 'StoreError', readable: outcome.stored });
      expect(outcome.message).toMatch(/^the store \/.*desk\.db failed: .*disk.*$/);
      expect(outcome.stored).toBeGreaterThan(10);

      const store = await openSqliteStore({ folder });
      const filling = await store.collection(defineCollection('filling'));
      expect(await filling.count(), 'after a restart with space again').toBe(outcome.stored);
      await store.close();
    });

    it('says that a file is damaged, when it is no database', async () => {
      await writeFile(join(folder, 'desk.db'), 'this is not a database. '.repeat(400));
      await expect(openSqliteStore({ folder })).rejects.toThrow(
        /^the store .*desk\.db failed: the file is damaged: .*\(SQLITE_NOTADB\)$/,
      );
    });

    it('says that a file is damaged, when pages of it are', async () => {
      const store = await openSqliteStore({ folder });
      const collection = await store.collection(things);
      for (let number = 0; number < 200; number += 1) {
        await collection.insert({ _id: `${number}`, padding: 'x'.repeat(1_000) });
      }
      await store.close();
      const file = join(folder, 'desk.db');
      const bytes = await readFile(file);
      bytes.fill(0xa5, 4096 * 4, 4096 * 30);
      await writeFile(file, bytes);

      const damaged = await openSqliteStore({ folder });
      const again = await damaged.collection(things);
      const reading = again.find();
      await expect(reading).rejects.toThrow(StoreError);
      await expect(reading).rejects.toThrow(/damaged/);
      await damaged.close();
    });

    it('says that the folder cannot be written', async () => {
      await writeFile(join(folder, 'file'), '');
      await expect(openSqliteStore({ folder: join(folder, 'file') })).rejects.toThrow(
        /^the store .* failed: [^\n]+$/,
      );
      await expect(openSqliteStore({ folder: join(folder, 'file') })).rejects.toThrow(StoreError);
    });

    it('says that it may not write, when the files belong to somebody else', async () => {
      const store = await openSqliteStore({ folder });
      await (await store.collection(things)).insert({ _id: '1' });
      await store.close();
      await chmod(join(folder, 'desk.db'), 0o444);
      await chmod(folder, 0o555);
      // Root may write everywhere: it becomes "nobody" for this.
      const nobody = process.getuid?.() === 0 ? ['65534'] : [];
      const child = startChild(program('fill-disk'), [folder, ...nobody]);
      await expect(child.line()).rejects.toThrow(
        /StoreError: the store .*desk\.db failed: it cannot be (written|opened)/,
      );
      await chmod(folder, 0o755);
    });

    it('makes the data folder for the eyes of its user alone', async () => {
      const store = await openSqliteStore({ folder: join(folder, 'deep', 'data') });
      await store.close();
      expect((await stat(join(folder, 'deep', 'data'))).mode & 0o777).toBe(0o700);
    });

    it('has everything in one file when it is closed, for a backup to copy', async () => {
      const store = await openSqliteStore({ folder });
      const collection = await store.collection(things);
      await collection.insert({ _id: '1' });
      await collection.find();
      await store.close();

      const copy = join(folder, 'copy');
      await mkdir(copy);
      await copyFile(join(folder, 'desk.db'), join(copy, 'desk.db'));
      const restored = await openSqliteStore({ folder: copy });
      expect(await (await restored.collection(things)).count()).toBe(1);
      await restored.close();
    });
  });
});
