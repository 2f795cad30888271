import { describe } from 'vitest';
import { replaySuite } from '../../../support/suites/replay-suite.ts';
import { tempStore } from '../../../support/temp-store.ts';

describe('the replay of a signal on SQLite', () => replaySuite(tempStore));
