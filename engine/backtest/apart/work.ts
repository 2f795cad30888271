/** What the desk asks of a process apart, and what it is told; functions cannot cross, so aims and constraints are texts. */
import type { CheckRequest, StrategyCheck } from '../look-ahead-check.ts';
import type { Optimization } from '../optimize/optimize.ts';
import type { OptimizeFileOptions, OptimizeFileRequest } from '../optimize/optimize-file.ts';
import type { BacktestResult } from '../result.ts';
import type { BacktestRequest, RunLimits, RunOptions, StrategyDescription } from '../run.ts';
import type { WalkForward } from '../walk-forward.ts';
import type { WalkForwardFileOptions } from '../walk-forward-file.ts';

/** What stays in the desk's process. */
type Local = 'signal' | 'onProgress' | 'onOutput';

type SendableSearch<Options> = Omit<Options, Local | 'maximize' | 'minimize' | 'constraint'> & {
  readonly maximize?: string;
  readonly minimize?: string;
  readonly constraint?: string;
};

export type SendableRunOptions = { readonly limits?: Partial<RunLimits> };
export type OptimizeApartOptions = SendableSearch<OptimizeFileOptions>;
export type WalkForwardApartOptions = SendableSearch<WalkForwardFileOptions>;
export type { CheckRequest, OptimizeFileRequest };

export type Work =
  | { readonly kind: 'run'; readonly request: BacktestRequest; readonly options: SendableRunOptions }
  | { readonly kind: 'check'; readonly request: CheckRequest; readonly options: SendableRunOptions }
  | { readonly kind: 'describe'; readonly files: readonly string[] }
  | {
      readonly kind: 'optimize';
      readonly request: OptimizeFileRequest;
      readonly options: OptimizeApartOptions;
    }
  | {
      readonly kind: 'walkForward';
      readonly request: OptimizeFileRequest;
      readonly options: WalkForwardApartOptions;
    };

/** What a strategy's file is; or why it does not load. */
export type Described = StrategyDescription | { readonly file: string; readonly problem: string };

export interface Answers {
  readonly run: BacktestResult;
  readonly check: StrategyCheck;
  readonly describe: readonly Described[];
  readonly optimize: Omit<Optimization, 'heatmap'>;
  readonly walkForward: WalkForward;
}

export type Told =
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'output'; readonly line: string }
  | { readonly kind: 'answer'; readonly answer: unknown }
  /** `forUser`: the message is one line for the person at the desk. */
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string; readonly forUser: boolean };

export type Tell = Pick<RunOptions, 'onOutput'> & { readonly onProgress?: (progress: unknown) => void };
