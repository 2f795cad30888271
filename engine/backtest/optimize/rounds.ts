/**
 * What a search and whoever runs its combinations say to each other. A search yields a round of combinations and is given
 * their scores, more being better and null meaning that there is none. What it yields does not depend on who runs it: the
 * same seed tries the same combinations in one thread and in many.
 */
import type { Params } from '../result.ts';

export type Scores = readonly (number | null)[];
export type Search = Generator<readonly Params[], void, Scores>;
