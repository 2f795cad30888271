import { describe } from 'vitest';
import { planSuite } from '../../support/suites/plan-suite.ts';
import { tempStore } from '../../support/temp-store.ts';

describe('plans on SQLite', () => planSuite(tempStore));
