/** Runs of the archive as they are looked at afterwards: a list, one with all that it left, two side by side. */
import type { Statistics } from '../backtest/result.ts';
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { ChartRenderer } from './charts/renderer.ts';
import type { ReportFile } from './report-file.ts';
import type { RunKind, RunRecord, Runs } from './runs.ts';
import { headline, type StatisticRow, statisticRows } from './statistics.ts';

export type { RunKind, RunRecord } from './runs.ts';

export interface RunQuery {
  readonly kind?: RunKind;
  readonly plan?: string;
  readonly strategy?: string;
  readonly limit: number;
}

export interface RunReport {
  readonly record: RunRecord;
  /** Empty for one that was not finished. */
  readonly headline: readonly StatisticRow[];
  readonly statistics: readonly StatisticRow[];
  readonly files: readonly ReportFile[];
}

export interface RunComparison {
  readonly runs: readonly [RunRecord, RunRecord];
  readonly rows: readonly { readonly name: string; readonly values: readonly [string, string] }[];
  /** Empty where a run left no curve. */
  readonly files: readonly ReportFile[];
  readonly warning: string;
}

/** Looked through for those of one strategy. */
const mostRuns = 2_000;

export class RunReports {
  readonly #runs: Runs;
  readonly #charts: ChartRenderer;

  constructor({ runs, charts }: { readonly runs: Runs; readonly charts: ChartRenderer }) {
    this.#runs = runs;
    this.#charts = charts;
  }

  /** The newest first. */
  async list({ strategy, limit, ...which }: RunQuery): Promise<readonly RunRecord[]> {
    if (strategy === undefined) return this.#runs.latest(limit, which);
    const wanted = strategy.toLowerCase();
    const found = await this.#runs.latest(mostRuns, which);
    return found.filter(({ input }) => input.strategy.toLowerCase() === wanted).slice(0, limit);
  }

  /** @throws UserError when there is no such run */
  async record(id: string): Promise<RunRecord> {
    const found = (await this.#runs.get(id)) ?? (await this.#runs.get(`run-${id}`));
    if (found) return found;
    const known = (await this.#runs.latest(mostRuns)).map(({ _id }) => _id);
    const [near] = nearest(id, known, 1);
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new UserError(`There is no run "${id}".${hint} /run list shows the newest.`);
  }

  /** @throws UserError when there is no such run */
  async show(id: string): Promise<RunReport> {
    const record = await this.record(id);
    const statistics = statisticsOf(record);
    return {
      record,
      headline: statistics === null ? [] : headline({ statistics }),
      statistics: statistics === null ? [] : statisticRows(statistics),
      files: await this.#runs.files(record),
    };
  }

  /** The pictures that a run has left so far. @throws UserError when there is no such run */
  async pictures(id: string): Promise<readonly ReportFile[]> {
    const files = await this.#runs.files(await this.record(id));
    return files.filter(({ type }) => type === 'image/png');
  }

  /** @throws UserError when there is no such run, or one of them has no figures */
  async compare(one: string, other: string): Promise<RunComparison> {
    const runs = [await this.record(one), await this.record(other)] as const;
    if (runs[0]._id === runs[1]._id) throw new UserError('These are the same run. Name two.');
    const [left, right] = [rowsOf(runs[0]), rowsOf(runs[1])];
    const rows = left.map(({ name, value }, index) => ({
      name,
      values: [value, right[index]?.value ?? ''] as const,
    }));
    const curves = await Promise.all(runs.map(({ _id }) => this.#runs.curve(_id)));
    const [first, second] = curves;
    if (!first?.time.length || !second?.time.length) {
      return {
        runs,
        rows,
        files: [],
        warning: 'One of them left no equity in the archive, so there is no chart.',
      };
    }
    const labels = labelsOf(runs);
    const chart = await this.#charts.comparisonChart({
      title: labels.join(' and '),
      runs: [
        { label: labels[0], ...first },
        { label: labels[1], ...second },
      ],
    });
    return { runs, rows, files: [chart], warning: '' };
  }
}

function rowsOf(record: RunRecord): readonly StatisticRow[] {
  const statistics = statisticsOf(record);
  if (statistics !== null) return statisticRows(statistics);
  const why = record.state === 'running' ? 'it still runs' : (record.reason ?? 'it was not finished');
  throw new UserError(`${record._id} has no figures: ${why}. Choose a run that is done.`);
}

/** A figure that is not defined is null in the archive. */
function statisticsOf({ statistics }: RunRecord): Statistics | null {
  if (statistics === null) return null;
  const figures = Object.entries(statistics).map(([name, value]) => [name, value ?? Number.NaN]);
  return Object.fromEntries(figures) as Statistics;
}

/** By what they differ in: strategies, else symbols, else their ids. */
function labelsOf(runs: readonly [RunRecord, RunRecord]): readonly [string, string] {
  const [a, b] = runs.map(({ input }) => input);
  if (a && b && a.strategy !== b.strategy) return [a.strategy, b.strategy];
  const symbols = [a, b].map((input) => input?.symbols.join(', ') ?? '');
  if (symbols[0] !== symbols[1]) return [symbols[0] ?? '', symbols[1] ?? ''];
  return [runs[0]._id, runs[1]._id];
}
