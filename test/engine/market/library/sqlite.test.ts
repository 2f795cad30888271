import { describe } from 'vitest';
import { librarySuite } from '../../../support/suites/library-suite.ts';
import { tempStore } from '../../../support/temp-store.ts';

describe('the library of bars on SQLite', () => librarySuite(tempStore));
