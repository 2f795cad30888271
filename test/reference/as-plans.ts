/**
 * Portfolios of the reference cases once more, as plans: a desk sees their bars day by day, runs the plan each day and
 * trades on a paper account. What the plan wants has to be what the one long backtest ordered, and what the peer did; and
 * the book has to hold what the backtest held.
 */
import {
  Backtest,
  type BacktestOptions,
  type BacktestResult,
  type Params,
} from '../../engine/backtest/index.ts';
import type { StrategyClass } from '../../engine/backtest/strategy.ts';
import { bookSettings } from '../../engine/bank/book.ts';
import { UserError } from '../../engine/errors.ts';
import { planSettings } from '../../engine/plans/plan.ts';
import { type PlanRunOrder, PlanRuns } from '../../engine/plans/run-records.ts';
import type { Store } from '../../engine/store/store.ts';
import { ManualClock } from '../support/clock.ts';
import { HandSchedule } from '../support/hand-schedule.ts';
import { openPlanDesk } from '../support/plan-desk.ts';
import { noSleep } from '../support/trading.ts';
import { CaseMarket } from './case-market.ts';
import { barsOf, optionsOf, paramsOf } from './cases.ts';
import type { MinitradeCase } from './minitrade.ts';

export interface Portfolio {
  readonly market: CaseMarket;
  readonly Strategy: StrategyClass;
  readonly params: Params;
  readonly options: BacktestOptions;
  /** What the peer ordered from its first bar on; undefined where nobody was asked. */
  readonly peer?: Pick<MinitradeCase, 'orders' | 'tradeStartBar'>;
}

export interface Replay {
  readonly mode: 'strict' | 'incremental';
  /** Bar on whose day the plan begins to trade. */
  readonly firstBar: number;
  /** So many days it runs, as far as there are bars. */
  readonly days: number;
  readonly store: Store;
  /** For the file of the strategy. */
  readonly folder: string;
}

export interface Replayed {
  /** That were compared. */
  readonly orders: number;
  /** In words. */
  readonly differences: readonly string[];
}

const name = 'portfolio';
/** When the bar of the day is there. */
const runTime = '22:00';
const startOfTrading = Number.NEGATIVE_INFINITY;

export function portfolioOf(
  reference: MinitradeCase,
  Strategy: StrategyClass,
  dataFolder: string,
): Portfolio {
  const options = optionsOf(reference.backtest);
  return {
    market: new CaseMarket(barsOf(reference.data, dataFolder), options.tradeOnClose ?? false),
    Strategy,
    params: paramsOf(Strategy, reference.strategy.params),
    options,
    ...(reference.error === undefined && { peer: reference }),
  };
}

/** The first bar on which the plan of a portfolio can trade as the backtest does: it is told to, and all are listed. */
export function firstBarOf({ market, options, Strategy, params }: Portfolio): number {
  const { firstBar } = new Backtest(market.bars, Strategy, {
    ...options,
    failFast: false,
    semantics: 'minitrade',
  }).run(params);
  return Math.max(firstBar, market.allListed, market.barFrom(options.tradeStart ?? startOfTrading));
}

export async function replayAsPlan(portfolio: Portfolio, replay: Replay): Promise<Replayed> {
  const { market, peer } = portfolio;
  const { mode, firstBar, store } = replay;
  const { long, end } = longBacktest(portfolio, market.time[firstBar] ?? startOfTrading);
  const lastBar = Math.min(firstBar + replay.days, end?.bar ?? market.time.length) - 1;
  const until = market.time[lastBar + 1] ?? Number.POSITIVE_INFINITY;
  const ordered = ordersOf(long, until);
  const shares = new Set(ordered.flatMap(({ key, units }) => (units === null ? [key] : [])));

  const desk = await openDesk(portfolio, replay);
  try {
    for (const day of market.time.slice(firstBar, lastBar + 1)) await desk.live(day);
    const wanted = await (await PlanRuns.open(store)).ordersOf(name, 100_000);
    const own = wanted.map((order) => asOrdered(order, shares));
    const isWhole = mode === 'strict' && peer?.tradeStartBar === firstBar;
    const differences = [
      ...(await desk.runDifferences(market.time.slice(firstBar, lastBar + 1), end !== undefined)),
      ...wanted.flatMap((order) => orderDoubts(order, shares.size > 0)),
      ...(mode === 'strict'
        ? setDifferences('the backtest', ordered.map(line), own.map(line))
        : setDifferences('the backtest', sums(ordered), sums(own))),
      ...(isWhole
        ? setDifferences('the peer', peerLines(peer, long, until), ordered.filter(isSized).map(shortLine))
        : []),
      ...(await desk.bookDifferences(long, lastBar, shares.size === 0)),
      ...(end?.bar === lastBar + 1 ? await desk.endDifferences(market.time[end.bar] ?? 0, end.reason) : []),
    ];
    return { orders: ordered.length, differences };
  } finally {
    await desk.stop();
  }
}

/** The one long backtest; where it ends for want of money, the bar and the words, and what it did until then. */
function longBacktest(
  { market, Strategy, params, options }: Portfolio,
  tradeStart: number,
): { readonly long: BacktestResult; readonly end?: { readonly bar: number; readonly reason: string } } {
  const all = { ...options, semantics: 'minitrade', tradeStart } as const;
  const run = (failFast: boolean | undefined) =>
    new Backtest(market.bars, Strategy, { ...all, ...(failFast !== undefined && { failFast }) }).run(params);
  try {
    return { long: run(options.failFast) };
  } catch (error) {
    const reason = error instanceof UserError ? error.message : '';
    const day = /on (\d{4}-\d\d-\d\d) takes/.exec(reason)?.[1];
    if (day === undefined) throw error;
    return { long: run(false), end: { bar: market.barFrom(Date.parse(day)), reason } };
  }
}

/** A desk with the portfolio as its plan, and a book that has what the backtest begins with. */
async function openDesk(
  { market, Strategy, params, options }: Portfolio,
  { mode, firstBar, store, folder }: Replay,
) {
  const { cash = 10_000, commission = 0, holding = {}, tradeOnClose = false, lotSize, failFast } = options;
  const begins = market.time[firstBar] ?? 0;
  const clock = new ManualClock(new Date(begins).toISOString());
  const schedule = new HandSchedule();
  // An incremental plan goes by what its book has. A strict one goes by its simulation, which counts with the close of a
  // day for purchases at its open: a book may then need more.
  const spare = mode === 'strict' ? cash : 0;
  const worth = sum(Object.entries(holding), ([symbol, units]) => units * market.close(symbol, begins));
  const capital = cash + worth + spare;
  const desk = await openPlanDesk({
    ...{ clock, schedule, store, folder },
    source: market.source(clock),
    prices: market.prices(clock),
    strategies: { [name]: Strategy },
    settings: [
      planSettings.parse({
        ...{ name, mode, params, cash, commission },
        strategy: name,
        symbols: market.bars.map(({ symbol }) => symbol),
        source: 'case',
        backtestStart: dayText(market.time[0] ?? 0),
        tradeStart: dayText(begins),
        book: name,
        calendar: '24/5',
        entry: tradeOnClose ? 'on close' : 'regular hours',
        ...(mode === 'strict' && { holding }),
        simulation: { semantics: 'minitrade', lotSize, failFast },
        schedule: { times: runTime },
      }),
    ],
    book: bookSettings.parse({ name, currency: 'USD', capital: String(capital), broker: 'paper' }),
    paper: { balances: { USD: '1000000000' }, short: true },
    sleep: async (ms, signal) => {
      // A run that waits for an order waits until it is told; one that waits for bars comes to its deadline.
      if (ms === 60_000)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      clock.advance(ms);
      return noSleep(ms, signal);
    },
  });
  for (const [symbol, units] of Object.entries(holding)) {
    const amount = String(Math.abs(units));
    await desk.operations.run({
      source: `before ${symbol}`,
      book: name,
      purpose: 'entry',
      summary: `hold ${symbol} from the beginning`,
      steps: [
        {
          ...{ kind: 'order', leg: 'order', symbol, wallet: 'account' },
          side: units > 0 ? 'buy' : 'sell',
          quantity: { is: 'fixed', amount },
        },
      ],
      askedAt: clock.now().toISOString(),
    });
  }
  const begun = Number((await desk.books.show(name)).cash);
  await desk.plans.plan();
  /** The day comes to its run. */
  const live = async (day: number) => {
    clock.set(`${dayText(day)}T${runTime}:00.000Z`);
    await schedule.fire(clock.now());
  };
  return {
    live,
    stop: desk.stop,

    /** Each day has its run, and no run has anything to say; but one that comes to an end of its money. */
    async runDifferences(days: readonly number[], comesToAnEnd: boolean): Promise<string[]> {
      // The calendar knows no holidays: on those of the case nothing was to be run.
      const sessions = new Set(days.map(dayText));
      const runs = (await desk.plans.history(name, 10_000)).filter(({ session }) =>
        sessions.has(session ?? ''),
      );
      const told = (await desk.outbox.after(0, 10_000)).map(({ event }) => event);
      return [
        ...(runs.length === days.length ? [] : [`${runs.length} runs on ${days.length} days`]),
        ...runs.flatMap(({ session, state, reason }) =>
          state === 'done' ? [] : [`the run of ${session}: ${state}, ${reason}`],
        ),
        ...told.flatMap((event) => (event.type === 'run.finished' && !comesToAnEnd ? event.notes : [])),
      ];
    },

    /**
     * The book against what the backtest held when the orders of a bar had traded.
     * @param sized also how much, and the cash, where nothing cost money
     */
    async bookDifferences(long: BacktestResult, lastBar: number, sized: boolean): Promise<string[]> {
      const traded = long.fills.filter(({ order }) => order !== null && order.signalBar <= lastBar);
      const held = new Map(Object.entries(holding));
      for (const { symbol, units } of traded) held.set(symbol, (held.get(symbol) ?? 0) + units);
      const text = (symbol: string, units: number) => (sized ? `${units} ${symbol}` : symbol);
      const { positions, cash: own } = await desk.books.show(name);
      const left = begun - sum(traded, ({ units, price }) => units * price);
      return [
        ...setDifferences(
          'the backtest',
          [...held].flatMap(([symbol, units]) => (units === 0 ? [] : [text(symbol, units)])),
          positions.map(({ symbol, quantity }) => text(symbol, Number(quantity))),
        ),
        ...(sized && commission === 0 && Math.abs(left - Number(own)) > 0.005
          ? [`the book has ${own}, the backtest left it ${left}`]
          : []),
      ];
    },

    /** The run that comes to the end of the money fails in the words of the backtest. */
    async endDifferences(day: number, reason: string): Promise<string[]> {
      await live(day);
      const [last] = await desk.plans.history(name, 1);
      return last?.reason === reason
        ? []
        : [`the last run: ${last?.state}, ${last?.reason}; expected: ${reason}`];
    },
  };
}

/** An order that was not simply sent. Where shares of the money were bought, book and simulation differ by some units. */
function orderDoubts(
  { state, reason, signalAt, side, quantity, symbol, checks }: PlanRunOrder,
  mayDiffer: boolean,
): string[] {
  const doubts = checks.filter(({ result }) => result !== 'ok' && !(result === 'note' && mayDiffer));
  if (state === 'sent' && doubts.length === 0) return [];
  return [
    `${signalAt} ${side} ${quantity} ${symbol}: ${reason ?? state}. ${doubts.map(({ text }) => text).join(' ')}`,
  ];
}

/** An order as both sides tell it. */
interface Ordered {
  /** Time of its signal, symbol and sequence. */
  readonly key: string;
  readonly signalAt: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  /** Null where it is a share of the money: how many units that are is known when it fills. */
  readonly units: number | null;
}

/**
 * What a backtest ordered on bars before a time, without stop losses and take profits; and without what it could not pay
 * in the end, which a plan wants or not, by the close at which it has to decide.
 */
function ordersOf(result: BacktestResult, until: number): Ordered[] {
  return result.orders.flatMap(({ signalBar, sequence, symbol, side, size, purpose, outcome }) => {
    const at = result.time[signalBar] ?? Number.NaN;
    if (!(at < until) || (purpose !== 'entry' && purpose !== 'close')) return [];
    if (outcome === 'rejected') return [];
    const signalAt = new Date(at).toISOString();
    return [
      {
        ...{ signalAt, symbol, side },
        key: keyOf(signalAt, symbol, sequence),
        units: size < 1 ? null : size,
      },
    ];
  });
}

function asOrdered(
  { signalAt, symbol, side, sequence, quantity }: PlanRunOrder,
  shares: ReadonlySet<string>,
): Ordered {
  const key = keyOf(signalAt, symbol, sequence);
  return { key, signalAt, symbol, side, units: shares.has(key) ? null : Number(quantity) };
}

function keyOf(signalAt: string, symbol: string, sequence: number): string {
  return `${signalAt.slice(0, 10)} ${symbol} #${sequence}`;
}

function line({ key, side, units }: Ordered): string {
  return `${key}: ${side} ${units ?? 'a share'}`;
}

/** Units by day, symbol and side: what was bought in parts is one holding of the book, and sold in one. */
function sums(orders: readonly Ordered[]): string[] {
  const found = new Map<string, number>();
  for (const { signalAt, symbol, side, units } of orders) {
    const key = `${signalAt.slice(0, 10)} ${side} ${symbol}`;
    found.set(key, (found.get(key) ?? 0) + (units ?? Number.NaN));
  }
  return [...found].map(([key, units]) => `${key}: ${units}`);
}

function isSized({ units }: Ordered): boolean {
  return units !== null;
}

function shortLine({ signalAt, side, symbol, units }: Ordered): string {
  return `${signalAt.slice(0, 10)} ${symbol} ${side} ${units}`;
}

/** The peer lists what waits once for each bar, with its stop losses and take profits, and a share as its units. */
function peerLines(
  { orders: { columns, rows } }: Pick<MinitradeCase, 'orders'>,
  long: BacktestResult,
  until: number,
): string[] {
  const [time, ticker, side, size] = ['signalTime', 'ticker', 'side', 'size'].map((column) =>
    columns.indexOf(column),
  );
  const others = new Set(
    long.orders
      .filter((order) => order.size < 1 || order.purpose === 'stopLoss' || order.purpose === 'takeProfit')
      .map(({ signalBar, symbol, side: own }) => `${dayText(long.time[signalBar] ?? 0)} ${symbol} ${own}`),
  );
  return rows.flatMap((row) => {
    const at = Date.parse(`${row[time ?? 0]}Z`);
    const begins = `${dayText(at)} ${row[ticker ?? 0]} ${String(row[side ?? 0]).toLowerCase()}`;
    return at < until && !others.has(begins) ? [`${begins} ${Math.abs(Number(row[size ?? 0]))}`] : [];
  });
}

function setDifferences(whose: string, expected: readonly string[], own: readonly string[]): string[] {
  const [theirs, ours] = [new Set(expected), new Set(own)];
  return [
    ...expected
      .filter((each) => !ours.has(each))
      .map((each) => `${whose} has, and the plan has not: ${each}`),
    ...own.filter((each) => !theirs.has(each)).map((each) => `the plan has, and ${whose} has not: ${each}`),
  ];
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
