/** What is said over the port of a worker that serves an optimisation. */
import type { BacktestResult, Params } from '../result.ts';
import type { Segment } from './segment.ts';

export type ServeRequest =
  | {
      readonly kind: 'runs';
      readonly params: readonly Params[];
      readonly segment: Segment | null;
      /** Number of the first of them, counted from the start of the worker. */
      readonly first: number;
    }
  | {
      readonly kind: 'result';
      readonly params: Params;
      readonly segment: Segment | null;
      readonly first: number;
    }
  | { readonly kind: 'end' };

export type ServeAnswer =
  | { readonly kind: 'ready'; readonly name: string; readonly params: Params }
  /** The statistics of each run, one after the other: as many numbers for each as there are names. */
  | { readonly kind: 'runs'; readonly names: readonly string[]; readonly figures: Float64Array }
  | { readonly kind: 'result'; readonly result: BacktestResult };
