/**
 * Charts as files, drawn in a worker thread: the desk's own thread never loads a canvas and never waits for one.
 *
 * The worker starts with the first request and ends when there was none for a while, which gives its memory back.
 * Requests are drawn one after the other. When the worker crashes, or hangs beyond the time limit, the request at hand
 * fails and the next one gets a new worker.
 */
import { Worker } from 'node:worker_threads';
import type { BacktestResult, IndicatorPlot } from '../../backtest/result.ts';
import { reasonOf, UserError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Bars } from '../../market/bars.ts';
import { type ReportFile, reportFileName, symbolsInName } from '../report-file.ts';
import { valueAt } from './heat-map.ts';
import {
  backtestRequest,
  type ChartAnswer,
  type ChartedComparison,
  type ChartedDivergence,
  type ChartedEquity,
  type ChartedHeatMap,
  type ChartedProfit,
  type ChartedTrade,
  type ChartedWalkForward,
  type ChartRequest,
  priceRequest,
  walkForwardRequest,
} from './request.ts';
import { limits } from './theme.ts';

export interface ChartRenderer {
  /**
   * 1200 x 900 PNG of a backtest. `bars` are those of the run's symbols; without them the picture has no prices.
   * @throws UserError when the run has no bars, or the renderer is closed; Error when drawing failed
   */
  backtestChart(result: BacktestResult, bars: readonly Bars[]): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of one symbol's price and volume with indicators, as long as the bars; or of several symbols' closes
   * from a common start.
   * @throws UserError when there are no bars, or the renderer is closed; Error when drawing failed
   */
  priceChart(bars: readonly Bars[], indicators?: readonly IndicatorPlot[]): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of the equity and drawdown of two runs, each from 100 on.
   * @throws UserError when the renderer is closed; Error when drawing failed
   */
  comparisonChart(comparison: ChartedComparison): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of an objective over two parameters, or of one parameter as a line.
   * @throws UserError when there is no result to show, an axis has more values than can be told apart, or the renderer
   *   is closed; Error when drawing failed
   */
  heatMapChart(map: ChartedHeatMap): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of equity and drawdown over all test windows, with the parameters of each.
   * @throws UserError when there are no bars, or the renderer is closed; Error when drawing failed
   */
  walkForwardChart(run: ChartedWalkForward): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of what books are worth, with drawdown and returns by month.
   * @throws UserError when the renderer is closed; Error when drawing failed
   */
  equityChart(chart: ChartedEquity): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of profit by book and symbol, and of how the money came to be what it is.
   * @throws UserError when there is nothing to show, or the renderer is closed; Error when drawing failed
   */
  profitChart(chart: ChartedProfit): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of the prices around a trade, with its entry and exit.
   * @throws UserError when the renderer is closed; Error when drawing failed
   */
  tradeChart(chart: ChartedTrade): Promise<ReportFile>;
  /**
   * 1200 x 900 PNG of a plan's book beside its simulation, and of what they differ by.
   * @throws UserError when the renderer is closed; Error when drawing failed
   */
  divergenceChart(chart: ChartedDivergence): Promise<ReportFile>;
  /** Fails what is waiting and ends the worker. Again: does nothing. */
  close(): Promise<void>;
}

export interface ChartRendererOptions {
  readonly log: Logger;
  /** Without a request for so long the worker ends; default 30 seconds. */
  readonly idleMs?: number;
  /** A picture that takes longer fails; default 60 seconds. Starting the worker counts. */
  readonly timeLimitMs?: number;
  /** The worker's module; default the one that draws. */
  readonly worker?: URL;
}

export function chartRenderer(options: ChartRendererOptions): ChartRenderer {
  const queue = new DrawingQueue({
    log: options.log,
    idleMs: options.idleMs ?? 30_000,
    timeLimitMs: options.timeLimitMs ?? 60_000,
    worker: options.worker ?? new URL('./worker.ts', import.meta.url),
  });
  return {
    async backtestChart(result, bars) {
      if (result.time.length === 0) throw noBars(result.symbols);
      const data = await queue.draw(() => backtestRequest(result, bars));
      const name = reportFileName([result.strategy, symbolsInName(result.symbols)], 'png');
      return { name, type: 'image/png', data };
    },
    async comparisonChart(comparison) {
      const data = await queue.draw(() => ({ kind: 'comparison', comparison }));
      return { name: reportFileName([comparison.title, 'comparison'], 'png'), type: 'image/png', data };
    },
    async priceChart(bars, indicators = []) {
      const symbols = bars.map(({ symbol }) => symbol);
      if (!bars.some(({ time }) => time.length > 0)) throw noBars(symbols);
      const data = await queue.draw(() => priceRequest(bars, indicators));
      return { name: reportFileName([symbolsInName(symbols), 'price'], 'png'), type: 'image/png', data };
    },
    async heatMapChart(map) {
      checkHeatMap(map);
      const data = await queue.draw(() => ({ kind: 'heatMap', map }));
      return { name: reportFileName([map.title, map.objective], 'png'), type: 'image/png', data };
    },
    async walkForwardChart(run) {
      if (run.time.length === 0) {
        throw new UserError('There is no chart: the walk-forward has no test window. Choose earlier dates.');
      }
      const data = await queue.draw(() => walkForwardRequest(run));
      return { name: reportFileName([run.title, 'walk-forward'], 'png'), type: 'image/png', data };
    },
    async equityChart(chart) {
      const data = await queue.draw(() => ({ kind: 'equity', chart }));
      return { name: reportFileName([chart.headline.title, 'equity'], 'png'), type: 'image/png', data };
    },
    async profitChart(chart) {
      if (chart.bySymbol.length === 0 && chart.flow.length === 0) {
        throw new UserError('There is no chart: nothing was traded in this period.');
      }
      const data = await queue.draw(() => ({ kind: 'profit', chart }));
      return { name: reportFileName([chart.headline.title], 'png'), type: 'image/png', data };
    },
    async tradeChart(chart) {
      const data = await queue.draw(() => ({ kind: 'trade', chart }));
      return { name: reportFileName([chart.bars.symbol, 'trade'], 'png'), type: 'image/png', data };
    },
    async divergenceChart(chart) {
      const data = await queue.draw(() => ({ kind: 'divergence', chart }));
      return { name: reportFileName([chart.headline.title, 'divergence'], 'png'), type: 'image/png', data };
    },
    close: () => queue.close(),
  };
}

function noBars(symbols: readonly string[]): UserError {
  const of = symbols.length === 0 ? '' : ` of ${symbols.join(', ')}`;
  return new UserError(
    `There is no chart: no bars${of} in this period. Choose other dates or another source.`,
  );
}

function checkHeatMap(map: ChartedHeatMap): void {
  for (const { name, values } of map.y === null ? [map.x] : [map.x, map.y]) {
    if (values.length <= limits.heatMapValues) continue;
    throw new UserError(
      `There is no chart: ${name} has ${values.length} values, and more than ${limits.heatMapValues} cannot be told apart. The table has all runs.`,
    );
  }
  if (map.cells.every((row, y) => row.every((_, x) => valueAt(map, { x, y }) === null))) {
    throw new UserError(`There is no chart: no run has a value for ${map.objective}.`);
  }
}

interface Job {
  /** Made when its turn has come: a waiting job holds no copies. */
  readonly request: () => ChartRequest;
  readonly resolve: (png: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

class DrawingQueue {
  readonly #options: Required<ChartRendererOptions>;
  readonly #waiting: Job[] = [];
  #current: Job | null = null;
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: Required<ChartRendererOptions>) {
    this.#options = options;
  }

  draw(request: () => ChartRequest): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(closedError());
        return;
      }
      this.#waiting.push({ request, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const unfinished = [...(this.#current === null ? [] : [this.#current]), ...this.#waiting.splice(0)];
    this.#current = null;
    for (const job of unfinished) job.reject(closedError());
    await this.#endWorker();
  }

  #next(): void {
    if (this.#current !== null) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#waitIdle();
      return;
    }
    this.#current = job;
    clearTimeout(this.#timer);
    const { timeLimitMs } = this.#options;
    this.#timer = setTimeout(() => {
      this.#fail(new Error(`the chart was not drawn within ${timeLimitMs} ms, and was given up`));
    }, timeLimitMs);
    try {
      this.#worker ??= this.#startWorker();
      this.#worker.ref();
      this.#worker.postMessage(job.request());
    } catch (thrown) {
      this.#fail(new Error(`the chart worker could not be asked: ${reasonOf(thrown)}`, { cause: thrown }));
    }
  }

  #startWorker(): Worker {
    this.#options.log.debug({}, 'the chart worker starts');
    const worker = new Worker(new URL('../../worker-start.mjs', import.meta.url), {
      name: 'charts',
      workerData: { module: this.#options.worker.href },
      // Not those of the desk: a test runner's or a debugger's do not suit a second thread.
      execArgv: [],
      // Pictures look the same on every machine, and a server's fonts are not scanned: see `canvas.ts`.
      env: { ...process.env, DISABLE_SYSTEM_FONTS_LOAD: '1' },
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb },
    });
    worker.on('message', (answer: ChartAnswer) => {
      if (worker === this.#worker) this.#answered(answer);
    });
    worker.on('error', (error) => {
      if (worker !== this.#worker) return;
      this.#fail(new Error(`the chart worker crashed: ${reasonOf(error)}`, { cause: error }));
    });
    worker.on('exit', (code) => {
      if (worker !== this.#worker) return;
      this.#fail(new Error(`the chart worker ended with code ${code}`));
    });
    return worker;
  }

  #answered(answer: ChartAnswer): void {
    const job = this.#current;
    this.#current = null;
    if ('png' in answer) {
      job?.resolve(answer.png);
    } else {
      this.#options.log.error({ reason: answer.error }, 'a chart could not be drawn');
      job?.reject(new Error(`the chart could not be drawn: ${answer.error.split('\n')[0]}`));
    }
    this.#next();
  }

  /** The worker is lost, and with it the request at hand. */
  #fail(error: Error): void {
    const job = this.#current;
    this.#current = null;
    this.#options.log.error({ err: error }, 'the chart worker is lost');
    void this.#endWorker();
    job?.reject(error);
    this.#next();
  }

  /** An idle worker does not keep the process alive, nor does its timer. */
  #waitIdle(): void {
    clearTimeout(this.#timer);
    if (this.#worker === null) return;
    this.#worker.unref();
    this.#timer = setTimeout(() => {
      this.#options.log.debug({}, 'the chart worker was idle, and ends');
      void this.#endWorker();
    }, this.#options.idleMs);
    this.#timer.unref();
  }

  async #endWorker(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

/** For the JavaScript side of the worker; columns and pixels live outside of it. */
const heapLimitMb = 1024;

function closedError(): UserError {
  return new UserError('No more charts are drawn: the desk is stopping.');
}
