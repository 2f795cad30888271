/** What is asked of a strategy beyond one backtest: does it look ahead, and which parameters suit it best? */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkStrategyFile, type StrategyCheck } from '../backtest/look-ahead-check.ts';
import type { ParamValue } from '../backtest/result.ts';
import { describeStrategy, type StrategyDescription } from '../backtest/run.ts';
import { reasonOf } from '../errors.ts';
import type { Backtests, DataRequest, WorkOptions } from './backtests.ts';

export interface CheckRequest extends DataRequest {
  readonly strategy: string;
  readonly params: Readonly<Record<string, ParamValue>>;
}

/** A strategy's file as a list shows it: `fileName` is without its ending. One that does not load says why. */
export type ListedStrategy = { readonly fileName: string } & (
  | StrategyDescription
  | { readonly file: string; readonly problem: string }
);

export interface ResearchParts {
  readonly backtests: Backtests;
  readonly limits: { readonly timeMs: number; readonly memoryMb: number };
}

export class Research {
  readonly #parts: ResearchParts;

  constructor(parts: ResearchParts) {
    this.#parts = parts;
  }

  /** Every strategy of the folder, each loaded once in a thread of its own. */
  async strategies(): Promise<readonly ListedStrategy[]> {
    const files = await this.#parts.backtests.strategies();
    return Promise.all(
      files.map(async ({ name, file }) => {
        try {
          return { ...(await describeStrategy(file)), fileName: name };
        } catch (error) {
          return { file, fileName: name, problem: reasonOf(error) };
        }
      }),
    );
  }

  /** @throws UserError when there is no such strategy */
  async source(name: string): Promise<{ readonly fileName: string; readonly data: Uint8Array }> {
    const { file } = await this.#parts.backtests.strategy(name);
    return { fileName: basename(file), data: await readFile(file) };
  }

  /**
   * Repeats the run on data that ends earlier and begins later.
   * @throws UserError for whatever is wrong with the request, its data or the strategy
   */
  async check(request: CheckRequest, { signal, onProgress }: WorkOptions = {}): Promise<StrategyCheck> {
    const { file } = await this.#parts.backtests.strategy(request.strategy);
    const bars = await this.#parts.backtests.bars(request);
    return checkStrategyFile(
      { file, bars, params: request.params },
      {
        limits: this.#parts.limits,
        ...(signal && { signal }),
        onProgress: ({ fraction }) => onProgress?.({ text: 'Repeating the run on less data', fraction }),
      },
    );
  }
}
