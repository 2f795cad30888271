import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { scheduleSuite } from '../../support/suites/schedule-suite.ts';

describe('the schedule on SQLite', () => {
  scheduleSuite({
    place: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'outcry-jobs-'));
      return {
        request: { store: { kind: 'sqlite' }, folder },
        discard: () => rm(folder, { recursive: true }),
      };
    },
  });
});
