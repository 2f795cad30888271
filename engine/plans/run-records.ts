/**
 * What is kept of every run of a plan: what it was made from, what it wanted, what was checked, and its log. The figures,
 * files and chart of its backtest are in the archive of runs under the same id.
 */
import { deserialize, serialize } from 'node:v8';
import type { Purpose } from '../bank/books.ts';
import type { OrderTerms, Side } from '../brokers/broker.ts';
import type { Bars } from '../market/bars.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import type { CheckResult } from './checks.ts';
import type { PlanSettings } from './plan.ts';

/** One run of a plan. */
export interface PlanRun extends StoredDocument {
  /** The same as in the archive of runs. */
  readonly _id: string;
  readonly plan: string;
  readonly book: string;
  /** Broker of the book. */
  readonly account: string;
  readonly kind: 'scheduled' | 'hand' | 'dry';
  /** A person, or `schedule`. */
  readonly by: string;
  /** The trading day and the time of a scheduled one, as in its settings: `2026-11-20`, `16:30`; null for all others. */
  readonly session: string | null;
  readonly time: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly state: 'running' | 'done' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason: string | null;
  /** As they were. */
  readonly settings: PlanSettings;
  readonly version: number;
  /** SHA-256 of the text of its strategy. */
  readonly codeHash: string | null;
  /** SHA-256 of all bars that it saw. */
  readonly inputHash: string | null;
  /** Start of the newest bar that it saw, ISO 8601. */
  readonly newestBar: string | null;
  /** Day from which on it trades for the book. */
  readonly tradeStart: string | null;
  /** What was recognised in the bars since the run before: adjustments, corrections. */
  readonly data: readonly string[];
  readonly log: readonly { readonly at: string; readonly text: string }[];
}

export const planOrderStates = [
  /** For its broker, for the market to open, or for the money of an exit. */
  'waiting',
  /** It is an operation of the book; what became of it is there. */
  'sent',
  'refused',
  'expired',
  'cancelled',
] as const;

/** One order that a simulation wants to be traded. */
export interface WantedOrder {
  /** Also names its operation: plan, symbol, time of the signal and sequence, never size or price. */
  readonly id: string;
  readonly symbol: string;
  readonly side: Side;
  /** Units, as the simulation counted them; decimal text. */
  readonly quantity: string;
  readonly purpose: Purpose;
  /** An exit after which the simulation holds nothing of the symbol: then the book does not either, whatever it has. */
  readonly closesAll: boolean;
  readonly terms: OrderTerms;
  /** Decimal text; where a position that it opens is to be left. */
  readonly stopLoss: string | null;
  readonly takeProfit: string | null;
  /** Start of the bar at whose close the strategy asked for it, ISO 8601. */
  readonly signalAt: string;
  readonly sequence: number;
  /** Close of that bar, by which it was sized; decimal text. */
  readonly signalPrice: string;
}

/** The same under its `id` as it is stored: what the simulation said, and what became of it here. */
export interface PlanRunOrder extends StoredDocument, Omit<WantedOrder, 'id'> {
  readonly plan: string;
  /** The run that wanted it first. */
  readonly run: string;
  readonly book: string;
  readonly account: string;
  readonly state: (typeof planOrderStates)[number];
  readonly checks: readonly CheckResult[];
  /** Why it waits or was not sent. */
  readonly reason: string | null;
  /** It had to wait for the money of exits, whatever it waited for since. */
  readonly waitedForMoney?: boolean;
  readonly wantedAt: string;
  readonly sentAt: string | null;
  readonly updatedAt: string;
}

/** What the simulation of a run says that was traded since the trade start, and what the book would be worth by it. */
export interface PlanSimulation {
  /** Starts of the bars, milliseconds UTC. */
  readonly time: Float64Array;
  readonly equity: Float64Array;
  readonly fills: readonly SimulatedFill[];
}

export interface SimulatedFill {
  readonly symbol: string;
  /** Start of the bar of its signal; null where the simulation itself opened or closed. */
  readonly signalAt: string | null;
  readonly sequence: number | null;
  /** Start of the bar on which it was filled. */
  readonly filledAt: string;
  readonly effect: 'open' | 'close';
  /** Negative when sold. */
  readonly units: number;
  readonly price: number;
  readonly commission: number;
}

/** The bars of a run, against which those of the next are compared. */
export interface SeenBars {
  readonly run: string;
  readonly bars: readonly Bars[];
}

const runCollection = defineCollection<PlanRun>('plan_runs', { indexes: [['plan', 'startedAt'], ['state']] });
const orderCollection = defineCollection<PlanRunOrder>('plan_orders', {
  indexes: [['state'], ['plan', 'wantedAt'], ['run']],
});

export class PlanRuns {
  readonly #store: Store;
  readonly #runs: Collection<PlanRun>;
  readonly #orders: Collection<PlanRunOrder>;

  private constructor(store: Store, runs: Collection<PlanRun>, orders: Collection<PlanRunOrder>) {
    this.#store = store;
    this.#runs = runs;
    this.#orders = orders;
  }

  static async open(store: Store): Promise<PlanRuns> {
    return new PlanRuns(
      store,
      await store.collection(runCollection),
      await store.collection(orderCollection),
    );
  }

  /** @throws DuplicateKeyError when there is a run with this id */
  begin(run: PlanRun): Promise<void> {
    return this.#runs.insert(run);
  }

  async change(id: string, changes: Partial<Omit<PlanRun, '_id'>>): Promise<void> {
    await this.#runs.update(id, {}, changes);
  }

  run(id: string): Promise<PlanRun | undefined> {
    return this.#runs.get(id);
  }

  /** The newest first. */
  runsOf(plan: string, limit: number): Promise<PlanRun[]> {
    return this.#runs.find({ plan }, { sort: [['startedAt', 'descending']], limit });
  }

  /** The newest that was made for its orders and came to its end. */
  async latestDone(plan: string): Promise<PlanRun | undefined> {
    const [latest] = await this.#runs.find(
      { plan, state: 'done', kind: { in: ['scheduled', 'hand'] } },
      { sort: [['startedAt', 'descending']], limit: 1 },
    );
    return latest;
  }

  /** The run that was going on at an instant. */
  async runAt(plan: string, at: Date): Promise<PlanRun | undefined> {
    const instant = at.toISOString();
    const [begun] = await this.#runs.find(
      { plan, state: { in: ['running', 'done', 'failed'] }, startedAt: { lt: instant } },
      { sort: [['startedAt', 'descending']], limit: 1 },
    );
    return begun && (begun.finishedAt ?? instant) >= instant ? begun : undefined;
  }

  /** Runs that began before an instant and are not over: their process died. */
  async closeAbandoned(before: Date, at: string): Promise<void> {
    const left = await this.#runs.find({ state: 'running', startedAt: { lt: before.toISOString() } });
    for (const { _id } of left) {
      const reason = 'the desk stopped while it ran';
      await this.#runs.update(_id, { state: 'running' }, { state: 'failed', finishedAt: at, reason });
    }
  }

  /** Stores what is wanted, or finds it as it was wanted before. */
  async want(order: PlanRunOrder): Promise<{ readonly order: PlanRunOrder; readonly isNew: boolean }> {
    try {
      await this.#orders.insert(order);
      return { order, isNew: true };
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      return { order: (await this.#orders.get(order._id)) ?? order, isNew: false };
    }
  }

  order(id: string): Promise<PlanRunOrder | undefined> {
    return this.#orders.get(id);
  }

  /** Undefined when it was not in that state any more. */
  changeOrder(
    { _id, state }: Pick<PlanRunOrder, '_id' | 'state'>,
    changes: Partial<Omit<PlanRunOrder, '_id'>>,
  ): Promise<PlanRunOrder | undefined> {
    return this.#orders.update(_id, { state }, changes);
  }

  /** The newest first. */
  ordersOf(plan: string, limit: number): Promise<PlanRunOrder[]> {
    return this.#orders.find({ plan }, { sort: [['wantedAt', 'descending']], limit });
  }

  ordersOfRun(run: string): Promise<PlanRunOrder[]> {
    return this.#orders.find({ run }, { sort: [['wantedAt', 'ascending']] });
  }

  /** Those that wait, of one plan or of all, in the order in which they were wanted. */
  waiting(plan?: string): Promise<PlanRunOrder[]> {
    return this.#orders.find(
      { state: 'waiting', ...(plan !== undefined && { plan }) },
      { sort: [['wantedAt', 'ascending']] },
    );
  }

  keepSimulation(run: string, simulation: PlanSimulation): Promise<void> {
    return this.#store.blobs.put(`plan-run/${run}/simulation`, serialize(simulation));
  }

  /** What the simulation of a run said; undefined for one that came to no end. */
  async simulation(run: string): Promise<PlanSimulation | undefined> {
    const kept = await this.#store.blobs.get(`plan-run/${run}/simulation`);
    return kept && (deserialize(kept) as PlanSimulation);
  }

  /** Of the newest run only: the bars of a plan are its own last word. */
  keepBars(plan: string, seen: SeenBars): Promise<void> {
    return this.#store.blobs.put(`plan/${plan}/bars`, serialize(seen));
  }

  async seenBars(plan: string): Promise<SeenBars | undefined> {
    const kept = await this.#store.blobs.get(`plan/${plan}/bars`);
    return kept && (deserialize(kept) as SeenBars);
  }

  forgetBars(plan: string): Promise<void> {
    return this.#store.blobs.remove(`plan/${plan}/bars`);
  }
}
