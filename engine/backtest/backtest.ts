/** A backtest: bars, a strategy, options; run with parameters. */
import { UserError } from '../errors.ts';
import type { Bars } from '../market/bars.ts';
import { Allocation } from './allocation.ts';
import { SimulatedBroker } from './broker.ts';
import { StrategyData } from './data.ts';
import { inUnits, inWholes } from './fractional.ts';
import { Indicators } from './indicator.ts';
import { IndicatorCache } from './indicator-cache.ts';
import { alignBars, doubtOf, type Market } from './market.ts';
import { inThread } from './optimize/in-thread.ts';
import { type Optimization, type OptimizeRequest, optimizeWith } from './optimize/optimize.ts';
import { cutBars, type Segment } from './optimize/segment.ts';
import { type BacktestOptions, type BrokerRules, brokerRules } from './options.ts';
import type { Trade } from './order-and-trade.ts';
import { mergeParams } from './params.ts';
import { portfolioFigures } from './portfolio-figures.ts';
import { Records } from './records.ts';
import type { BacktestResult, Params, Statistics, Trade as TradeRecord } from './result.ts';
import { Cursor } from './series.ts';
import { computeStatistics, drawdownOf } from './statistics.ts';
import { copyStorage } from './storage.ts';
import { preparedBars, type Strategy, type StrategyClass } from './strategy.ts';
import { TimeAxis } from './time-axis.ts';
import { type WalkForward, type WalkForwardRequest, walkForwardWith } from './walk-forward.ts';
import { warningsOf } from './warnings.ts';

/** Called with each bar before it is processed. */
export type OnBar = (bar: number, bars: number) => void;

export class Backtest {
  readonly #bars: readonly Bars[];
  readonly #market: Market;
  readonly #axis: TimeAxis;
  readonly #Strategy: StrategyClass;
  readonly #options: BacktestOptions;
  readonly #rules: BrokerRules;
  /** What is odd about the bars, and does not keep them from being traded. */
  readonly #doubts: readonly string[];
  #computed: IndicatorCache | undefined;

  /**
   * @param bars of one symbol, or of several that share the cash
   * @throws UserError for bars or options that cannot be right
   */
  constructor(bars: Bars | readonly Bars[], Strategy: StrategyClass, options: BacktestOptions = {}) {
    if (typeof Strategy !== 'function') {
      throw new UserError('A backtest needs a class that extends Strategy, and was not given one.');
    }
    this.#rules = brokerRules(options);
    this.#options = options;
    this.#bars = 'symbol' in bars ? [bars] : bars;
    const prepared = preparedBars(Strategy, this.#bars);
    const market = alignBars(prepared);
    this.#doubts = prepared.flatMap(doubtOf);
    this.#market = options.fractional === undefined ? market : inUnits(market, options.fractional);
    this.#axis = new TimeAxis(market.time);
    this.#Strategy = Strategy;
  }

  /**
   * Runs the strategy once over all bars.
   * @param params instead of the strategy's own where named
   * @throws UserError for a parameter that the strategy does not have; and whatever the strategy throws
   */
  run(params: Params = {}, onBar?: OnBar): BacktestResult {
    const played = this.#play(params, onBar, null);
    const { broker, strategy, indicators, price, firstBar, heldFrom } = played;
    const market = this.#market;
    const rules = this.#rules;
    const { symbols, time } = market;
    const names = symbols.map(({ symbol }) => symbol);
    const { account, ledger } = broker;
    const { totals } = ledger;
    // All of them are of the last bar, before what is open is closed.
    const positions = symbols.map(({ symbol }, index) => ({ symbol, units: account.unitsOf(index) }));
    const heldTrades = account.trades.map(openTrade);
    const nextOrders = played.hasEnded || rules.finalizeTrades ? [] : broker.nextOrders();
    const statistics = this.#settle(played);

    const equity = account.equityCurve;
    const values = once(() => account.values());
    const available = once(() => account.available());
    const allocation = {
      get values() {
        return values();
      },
      get available() {
        return available();
      },
    };
    const orders = once(() => ledger.orders());
    const told = {
      orders,
      trades: () => ledger.trades(),
      fills: once(() => ledger.fills(orders())),
      drawdown: once(() => drawdownOf(equity)),
      buyAndHold: once(() => inMoney(price, rules.cash)),
      indicators: once(() => indicators.plots()),
      portfolio: once(() => portfolioFigures({ symbols: names, time, equity, allocation, totals })),
    };
    const result: BacktestResult = {
      strategy: this.#Strategy.name,
      params: played.params,
      semantics: this.#options.semantics ?? 'backtesting.py',
      symbols: names,
      cash: rules.cash,
      time,
      equity,
      get drawdown() {
        return told.drawdown();
      },
      get buyAndHold() {
        return told.buyAndHold();
      },
      firstBar,
      heldFrom,
      get trades() {
        return told.trades();
      },
      openTrades: account.trades.map(openTrade),
      heldTrades,
      get orders() {
        return told.orders();
      },
      nextOrders,
      get fills() {
        return told.fills();
      },
      allocation,
      positions,
      get indicators() {
        return told.indicators();
      },
      records: played.records.plots(),
      statistics,
      get portfolio() {
        return told.portfolio();
      },
      storage: copyStorage(strategy.storage),
      warnings: [
        ...this.#doubts,
        ...warningsOf({ broker, market, firstBar, neverDefined: indicators.neverDefined() }),
      ],
    };
    return this.#options.fractional === undefined ? result : inWholes(result, this.#options.fractional);
  }

  /**
   * The statistics of such a run, and nothing else: what a search needs of most of its runs.
   * @throws as `run`
   */
  statistics(params: Params = {}, onBar?: OnBar): Statistics {
    this.#computed ??= new IndicatorCache(this.#market);
    return this.#settle(this.#play(params, onBar, this.#computed));
  }

  /** Bar by bar up to the last; what is open then is still open. */
  #play(given: Params, onBar: OnBar | undefined, computed: IndicatorCache | null): Played {
    const market = this.#market;
    const rules = this.#rules;
    const bars = market.time.length;
    const cursor = new Cursor();
    const broker = new SimulatedBroker(market, rules);
    const price = priceOf(market);
    const indicators = new Indicators(price, cursor, computed);
    const records = new Records(bars);
    const params = mergeParams(this.#Strategy, given);
    const strategy = new this.#Strategy({
      ...{ data: new StrategyData(market, cursor), broker, params, indicators, records },
      allocation: new Allocation(market.symbols.map(({ symbol }) => symbol)),
      storage: copyStorage(this.#options.storage ?? {}),
    });
    strategy.init();
    const warmUp = indicators.warmUp(strategy, rules.semantics.waitsForScatter);
    const firstBar = Math.max(warmUp + rules.semantics.barsAfterWarmUp, strategy.firstDay);
    walk(strategy, broker, cursor, { from: firstBar, to: bars, onBar });
    broker.account.fillBefore(Math.min(firstBar, bars));
    const heldFrom = firstBar - rules.semantics.barsAfterWarmUp;
    const hasEnded = firstBar >= bars || broker.bankruptBar !== null;
    return { params, strategy, broker, indicators, records, price, firstBar, heldFrom, hasEnded };
  }

  /** Closes what the rules want closed at the end, and computes what came out. */
  #settle({ broker, price, firstBar, heldFrom, hasEnded }: Played): Statistics {
    if (!hasEnded) broker.finalize();
    return computeStatistics({
      ...{ axis: this.#axis, equity: broker.account.equityCurve, price, heldFrom },
      annualFrom: this.#rules.semantics.annualFromFirstNext ? firstBar : null,
      trades: broker.ledger.tradeColumns(),
    });
  }

  /**
   * Runs the strategy with many parameters, in this thread, and answers with those that do best.
   * @throws UserError for parameters, a constraint or an aim that cannot be, and when it is cancelled
   */
  optimize(request: OptimizeRequest): Promise<Optimization> {
    const runner = inThread(this.#Strategy, (params) => this.run(params), request.signal);
    return optimizeWith(runner, request);
  }

  /**
   * Chooses parameters on one stretch of the bars and trades them on the next, until the bars end.
   * @throws UserError as `optimize`, and for windows that the bars are too few for
   */
  walkForward(request: WalkForwardRequest): Promise<WalkForward> {
    const [bars, Strategy] = [this.#bars, this.#Strategy];
    const over = (segment: Segment) => {
      const options = { ...this.#options, ...segment.options };
      const backtest = new Backtest(cutBars(bars, segment), Strategy, options);
      return inThread(Strategy, (params) => backtest.run(params), request.signal);
    };
    return walkForwardWith({ strategy: Strategy, over }, { bars, cash: this.#rules.cash }, request);
  }
}

/** What is made when it is first asked for: most runs of a search are asked for their statistics only. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A run that has seen all bars. */
interface Played {
  readonly params: Params;
  readonly strategy: Strategy;
  readonly broker: SimulatedBroker;
  readonly indicators: Indicators;
  readonly records: Records;
  readonly price: Float64Array;
  readonly firstBar: number;
  readonly heldFrom: number;
  /** Whether there is no next bar to trade on: it went bankrupt, or the bars were too few. */
  readonly hasEnded: boolean;
}

interface Walk {
  readonly from: number;
  readonly to: number;
  readonly onBar: OnBar | undefined;
}

/** Bar by bar: the broker first, then the strategy, until the end or bankruptcy. */
function walk(strategy: Strategy, broker: SimulatedBroker, cursor: Cursor, { from, to, onBar }: Walk): void {
  for (let bar = from; bar < to; bar++) {
    onBar?.(bar, to);
    cursor.length = bar + 1;
    if (!broker.processBar(bar)) return;
    strategy.next();
  }
}

/** The close; for several symbols equal money in each that is listed on the first bar, in parts of its value then. */
function priceOf({ time, symbols }: Market): Float64Array {
  const listed = symbols.filter(({ close }) => !Number.isNaN(close[0]));
  const only = symbols[0];
  if (only !== undefined && symbols.length === 1) return only.close;
  const price = new Float64Array(time.length);
  for (const { close } of listed) {
    const first = close[0] as number;
    for (let bar = 0; bar < price.length; bar++) {
      price[bar] = (price[bar] as number) + (close[bar] as number) / first;
    }
  }
  return price;
}

/** The value of this cash if it had followed the price. */
function inMoney(price: Float64Array, cash: number): Float64Array {
  const units = cash / (price[0] as number);
  const values = new Float64Array(price.length);
  for (let bar = 0; bar < price.length; bar++) values[bar] = (price[bar] as number) * units;
  return values;
}

function openTrade(trade: Trade): TradeRecord {
  return {
    symbol: trade.symbol,
    size: trade.size,
    entryBar: trade.entryBar,
    entryPrice: trade.entryPrice,
    exitBar: null,
    exitPrice: null,
    pnl: trade.pnl,
    returnFraction: trade.returnFraction,
    commission: 0,
    stopLoss: trade.sl,
    takeProfit: trade.tp,
    tag: trade.tag,
  };
}
