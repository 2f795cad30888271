/** Plays the table on one platform: a desk, and every script on it, one after another. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionsOf } from '../../../commands/command.ts';
import { commands } from '../../../commands/index.ts';
import type { Floor } from '../floors/floor.ts';
import { scripts } from './index.ts';

const scriptMs = 90_000;

/** @param further what is tried on the same desk afterwards */
export function playScripts<F extends Floor>(
  platform: string,
  open: () => Promise<F>,
  further: (floor: () => F) => void = () => undefined,
): void {
  describe(`every command ${platform}`, () => {
    let opened: F | undefined;
    const floor = (): F => {
      if (!opened) throw new Error('the desk did not start');
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());

    for (const { of, says, play } of scripts) {
      it(
        `/${of.join(', /')}: ${says}`,
        async () => {
          const { people, desk, clock } = floor();
          await play({ ...people, desk, minutesPass: (minutes) => clock.advance(minutes * 60_000) });
        },
        scriptMs,
      );
    }
    further(floor);

    it('has a script, and is in the audit log', async () => {
      const { typed, people } = floor();
      const all = commands
        .flatMap(actionsOf)
        .map(({ words, action }) => ({ words: words.join(' '), action }));
      expect(all.filter(({ words }) => !typed.has(words)).map(({ words }) => words)).toEqual([]);
      const { text } = await people.ann.types('/audit count=1000', { shows: ['/audit'], forMeAlone: true });
      // What stands for another command is in it as that one.
      const missing = all.filter(({ words, action }) => !action.standsFor && !text.includes(`/${words}`));
      expect(missing.map(({ words }) => words)).toEqual([]);
    });

    it('is answered with nothing that the platform refuses, and without a fault of the desk', async () => {
      const { refusals, desk } = floor();
      expect(refusals()).toEqual([]);
      const log = await readFile(join(desk.config.dataFolder, 'logs', 'desk.log'), 'utf8');
      const faults = log.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
      expect(faults).toEqual([]);
    });
  });
}
