/** Plans, as people make, change, run and read them. */
import { bookName } from '../bank/book.ts';
import type { Books } from '../bank/books.ts';
import { UserError } from '../errors.ts';
import { calendar } from '../market/calendars/index.ts';
import type {
  DivergenceFigures,
  DivergenceRange,
  DivergenceReport,
  PlanDivergence,
} from '../plans/divergence.ts';
import type { PlanSettings } from '../plans/plan.ts';
import type {
  Moment,
  PlanDraft,
  PlanOrder,
  PlanReport,
  PlanRun,
  PlanRunReport,
  Plans,
  PlanVersion,
} from '../plans/plans.ts';
import { parseRunTimes } from '../plans/run-times.ts';
import type { Backtests, WorkOptions } from '../reports/backtests.ts';
import type { Seen } from '../reports/digest.ts';
import type { Research } from '../reports/research.ts';
import type { Strategies } from '../reports/strategies.ts';

interface PlansParts {
  readonly plans: Plans;
  readonly books: Books;
  readonly backtests: Backtests;
  readonly strategies: Strategies;
  readonly divergence: PlanDivergence;
  readonly research: Pick<Research, 'check'>;
}

export interface PlannedMoment extends Moment {
  /** The holidays of its year are not announced yet: whether the market trades on its day is by the habits so far. */
  readonly isProvisional: boolean;
}

export class DeskPlans {
  readonly #parts: PlansParts;

  constructor(parts: PlansParts) {
    this.#parts = parts;
  }

  names(): readonly string[] {
    return this.#parts.plans.names();
  }

  /** @throws UserError when there is no such plan */
  bookOf(name: string): string {
    return this.#parts.plans.settings(name).book;
  }

  /** Books for which a new plan may trade: without a handler, and without a plan. */
  freeBooks(): readonly string[] {
    const traded = new Set(this.names().map((plan) => this.bookOf(plan)));
    const { books } = this.#parts;
    return books.names().filter((name) => !traded.has(name) && !books.settings(name).handler);
  }

  list(): Promise<readonly PlanReport[]> {
    return this.#parts.plans.list();
  }

  /** @throws UserError when there is no such plan */
  show(name: string): Promise<PlanReport> {
    return this.#parts.plans.show(name);
  }

  /** @throws UserError when a plan may not be called so, or is called so already */
  checkNew(name: string): void {
    const { success, error } = bookName.safeParse(name);
    if (!success) throw new UserError(`The name ${error.issues[0]?.message ?? 'is none'}, not "${name}".`);
    if (this.names().includes(name))
      throw new UserError(`There is a plan "${name}" already. /plan list shows them all.`);
  }

  /** @throws UserError naming what of the times of a plan cannot be read */
  checkRunTimes(times: string): void {
    parseRunTimes(times);
  }

  /** @throws UserError when there is no such source, or it does not know one of the symbols */
  checkSymbols(source: string, symbols: readonly string[]): Promise<void> {
    return this.#parts.backtests.knownSymbols({ symbols, source });
  }

  /** @throws UserError when a strategy has no such parameter, or one of another type */
  checkParams(strategy: string, params: Readonly<Record<string, string>>): Promise<void> {
    return this.#parts.strategies.checkParams(strategy, params);
  }

  /** @throws UserError when there is no such calendar */
  zoneOfCalendar(name: string): string {
    return calendar(name).zone;
  }

  /** What a plan would be; nothing is stored. @throws UserError for whatever is wrong with it */
  async preview(
    draft: PlanDraft,
  ): Promise<{ readonly settings: PlanSettings; readonly moments: readonly PlannedMoment[] }> {
    const settings = await this.#parts.plans.check(draft);
    await this.#parts.strategies.checkParams(settings.strategy, settings.params);
    return { settings, moments: planned(settings, this.#parts.plans.momentsOf(settings, 5)) };
  }

  /** Makes a plan, disabled until its dry run has passed. @throws UserError as `preview` */
  create(draft: PlanDraft, by: string): Promise<PlanReport> {
    return this.#parts.plans.create(draft, by);
  }

  /** @throws UserError when there is no such plan, or it cannot be changed so */
  async checkChange(name: string, changes: PlanDraft): ReturnType<Plans['checkChange']> {
    const change = await this.#parts.plans.checkChange(name, changes);
    await this.#parts.strategies.checkParams(change.after.strategy, change.after.params);
    return change;
  }

  /** @throws UserError as `checkChange`, and for a plan of a file */
  set(name: string, changes: PlanDraft, by: string): Promise<PlanReport> {
    return this.#parts.plans.set(name, changes, by);
  }

  /** @throws UserError when there is no such plan, or its dry run has not passed */
  setEnabled(name: string, enabled: boolean): Promise<PlanReport> {
    return this.#parts.plans.setEnabled(name, enabled);
  }

  /** @throws UserError when there is no such plan, or it is a file */
  delete(name: string): Promise<void> {
    return this.#parts.plans.delete(name);
  }

  /** @throws UserError when there is no such plan, or its strategy or data are wrong: then no order was sent */
  run(
    name: string,
    run: WorkOptions & { readonly by: string; readonly request?: string },
  ): Promise<PlanRunReport> {
    return this.#parts.plans.run(name, run);
  }

  /**
   * What a run would do; nothing is sent, cancelled or kept of it.
   * @throws UserError as `run`, and when its strategy looks ahead on the plan's own data
   */
  async dryRun(name: string, run: WorkOptions & { readonly by: string }): Promise<PlanRunReport> {
    const unchecked = await this.#lookAhead(name, run);
    const report = await this.#parts.plans.dryRun(name, run);
    return unchecked === undefined ? report : { ...report, notes: [...report.notes, unchecked] };
  }

  /**
   * Answers why it could not be checked; undefined where it was, and is honest.
   * @throws UserError when it looks ahead
   */
  async #lookAhead(name: string, { signal, onProgress }: WorkOptions): Promise<string | undefined> {
    const { strategy, params, symbols, source, interval, backtestStart } = this.#parts.plans.settings(name);
    const from = new Date(`${backtestStart}T00:00:00Z`);
    let findings: readonly { readonly explanation: string }[];
    try {
      const { lookAhead } = await this.#parts.research.check(
        { strategy, params, symbols, source, interval, from },
        { ...(signal && { signal }), ...(onProgress && { onProgress }) },
      );
      findings = lookAhead.findings;
    } catch (error) {
      if (!(error instanceof UserError) || signal?.aborted) throw error;
      return `It could not be checked for look-ahead: ${error.message}`;
    }
    const [first] = findings;
    if (!first) return undefined;
    const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
    throw new UserError(
      `${strategy} looks ahead: what it would earn in a backtest it cannot earn. ${first.explanation}${more}`,
    );
  }

  /** Sends what waits, as far as it may go; answers with what waits on. @throws UserError when there is no such plan */
  sendWaiting(name: string): Promise<readonly PlanOrder[]> {
    return this.#parts.plans.sendWaiting(name);
  }

  /** What waits to be sent. @throws UserError when there is no such plan */
  waiting(name: string): Promise<readonly PlanOrder[]> {
    return this.#parts.plans.waiting(name);
  }

  /** Its runs, the newest first. @throws UserError when there is no such plan */
  history(name: string, limit: number): Promise<readonly PlanRun[]> {
    return this.#parts.plans.history(name, limit);
  }

  /** A run of it with its log, the newest where none is named. @throws UserError when there is none */
  runOf(name: string, run: string | undefined): Promise<PlanRun> {
    return this.#parts.plans.runOf(name, run);
  }

  /** What its runs wanted and what became of it. @throws UserError when there is no such plan */
  orders(name: string, limit: number): Promise<readonly PlanOrder[]> {
    return this.#parts.plans.orders(name, limit);
  }

  /** What it was, the newest first. @throws UserError when there is no such plan */
  versions(name: string): Promise<readonly PlanVersion[]> {
    return this.#parts.plans.versions(name);
  }

  /** When it runs next. @throws UserError when there is no such plan */
  moments(name: string, limit: number): readonly PlannedMoment[] {
    return planned(this.#parts.plans.settings(name), this.#parts.plans.moments(name, limit));
  }

  /**
   * What its backtest said beside what happened.
   * @throws UserError when there is no such plan, or it has no run that could be compared
   */
  async divergence(name: string, range: DivergenceRange = {}): Promise<DivergenceReport> {
    return this.#parts.divergence.report(await this.#parts.plans.show(name), range);
  }

  /** How far the plans that ran since a moment are from their backtests. Who has nothing to compare is left out. */
  async divergencesSince(since: Date, only: Seen): Promise<readonly DivergenceFigures[]> {
    const ran = (await this.list()).filter(
      ({ settings: { book }, lastRun }) =>
        lastRun !== undefined &&
        Date.parse(lastRun.startedAt) >= since.getTime() &&
        (only === null || only.books.includes(book)),
    );
    const found: DivergenceFigures[] = [];
    for (const plan of ran) {
      try {
        found.push(await this.#parts.divergence.figures(plan));
      } catch (error) {
        if (!(error instanceof UserError)) throw error; // else it says why there is nothing to compare
      }
    }
    return found;
  }
}

function planned({ calendar: name }: PlanSettings, moments: readonly Moment[]): readonly PlannedMoment[] {
  const market = name === undefined ? undefined : calendar(name);
  return moments.map((moment) => ({
    ...moment,
    isProvisional: market?.session(moment.session)?.provisional ?? false,
  }));
}
