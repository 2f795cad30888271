/** A backtest: bars, a strategy, options; run with parameters. */
import type { Bars } from '../market/bars.ts';
import { SimulatedBroker } from './broker.ts';
import { StrategyData } from './data.ts';
import { Indicators } from './indicator.ts';
import { alignBars, type Market } from './market.ts';
import { type BacktestOptions, type BrokerRules, brokerRules } from './options.ts';
import type { Order, Trade } from './order-and-trade.ts';
import { mergeParams } from './params.ts';
import type { BacktestResult, OrderRecord, Params, Trade as TradeRecord } from './result.ts';
import { Cursor } from './series.ts';
import { computeStatistics, drawdownOf } from './statistics.ts';
import type { StrategyClass } from './strategy.ts';

/** Called with each bar before it is processed. */
export type OnBar = (bar: number, bars: number) => void;

export class Backtest {
  readonly #market: Market;
  readonly #Strategy: StrategyClass;
  readonly #rules: BrokerRules;

  /**
   * @param bars of one symbol, or of several that share the cash
   * @throws UserError for bars or options that cannot be right
   */
  constructor(bars: Bars | readonly Bars[], Strategy: StrategyClass, options: BacktestOptions = {}) {
    this.#market = alignBars('symbol' in bars ? [bars] : bars);
    this.#Strategy = Strategy;
    this.#rules = brokerRules(options);
  }

  /**
   * Runs the strategy once over all bars.
   * @param params instead of the strategy's own where named
   * @throws UserError for a parameter that the strategy does not have; and whatever the strategy throws
   */
  run(params: Params = {}, onBar?: OnBar): BacktestResult {
    const market = this.#market;
    const bars = market.time.length;
    const cursor = new Cursor();
    const broker = new SimulatedBroker(market, this.#rules);
    const price = priceOf(market);
    const indicators = new Indicators(price, cursor);
    const allParams = mergeParams(this.#Strategy, params);
    const data = new StrategyData(market, cursor);
    const strategy = new this.#Strategy({ data, broker, params: allParams, indicators });
    strategy.init();
    const warmUp = indicators.warmUp(strategy);
    // One bar more than the warm-up: a strategy may always look one bar back.
    const firstBar = warmUp + 1;
    for (let bar = firstBar; bar < bars; bar++) {
      onBar?.(bar, bars);
      cursor.length = bar + 1;
      if (!broker.processBar(bar)) break;
      strategy.next();
    }
    if (this.#rules.finalizeTrades && firstBar < bars && !broker.isBankrupt) broker.finalize();

    const equity = filledEquity(broker);
    const trades = broker.closedTrades.map(tradeRecord);
    const result = {
      strategy: this.#Strategy.name,
      params: allParams,
      symbols: data.symbols,
      cash: this.#rules.cash,
      time: market.time,
      equity,
      drawdown: drawdownOf(equity),
      buyAndHold: price.map((value) => (this.#rules.cash * value) / (price[0] as number)),
      firstBar,
      trades,
      openTrades: broker.trades.map(tradeRecord),
      orders: broker.records.map(orderRecord),
      indicators: indicators.plots(),
      statistics: computeStatistics({ time: market.time, equity, price, trades, warmUp }),
      warnings: warningsOf(broker, market, firstBar, this.#rules),
    };
    // Last, for it changes the broker.
    return { ...result, nextOrders: this.#rules.finalizeTrades ? [] : broker.nextOrders() };
  }
}

/** The close; for several symbols equal money in each that is listed on the first bar, in parts of its value then. */
function priceOf({ symbols }: Market): Float64Array {
  const listed = symbols.filter(({ close }) => !Number.isNaN(close[0]));
  const only = listed[0];
  if (only !== undefined && symbols.length === 1) return only.close;
  return (only?.close ?? new Float64Array()).map((_, bar) => {
    let value = 0;
    for (const { close } of listed) value += (close[bar] as number) / (close[0] as number);
    return value / listed.length;
  });
}

/** Bars before the first that was processed have its equity; without any, the starting cash. */
function filledEquity(broker: SimulatedBroker): Float64Array {
  const equity = broker.equityCurve;
  const first = equity.findIndex((value) => !Number.isNaN(value));
  return first < 0 ? equity.fill(broker.cash) : equity.fill(equity[first] as number, 0, first);
}

function tradeRecord(trade: Trade): TradeRecord {
  return {
    symbol: trade.symbol,
    size: trade.size,
    entryBar: trade.entryBar,
    entryPrice: trade.entryPrice,
    exitBar: trade.exitBar,
    exitPrice: trade.exitPrice,
    pnl: trade.pnl,
    returnFraction: trade.returnFraction,
    commission: trade.commission,
    stopLoss: trade.sl,
    takeProfit: trade.tp,
    tag: trade.tag,
  };
}

function orderRecord(order: Order): OrderRecord {
  return {
    symbol: order.symbol,
    signalBar: order.signalBar,
    sequence: order.sequence,
    side: order.isLong ? 'buy' : 'sell',
    size: Math.abs(order.size),
    limit: order.limit,
    // What still waits is told as it now is: a stop that has been hit is none any more.
    stop: order.isPending ? order.stop : order.placedStop,
    stopLoss: order.sl,
    takeProfit: order.tp,
    purpose: order.purpose,
    tag: order.tag,
    outcome: order.outcome,
    doneBar: order.doneBar,
  };
}

function warningsOf(
  broker: SimulatedBroker,
  { time }: Market,
  firstBar: number,
  { finalizeTrades }: BrokerRules,
): string[] {
  const warnings: string[] = [];
  const dayOf = (bar: number) => new Date(time[bar] as number).toISOString().slice(0, 10);
  if (firstBar >= time.length) {
    warnings.push(
      `next() was never called: ${time.length} bars are too few, the indicators need ${firstBar + 1} of them.`,
    );
  }
  const rejected = broker.records.filter(({ outcome }) => outcome === 'rejected');
  const firstRejected = rejected[0];
  if (firstRejected !== undefined) {
    warnings.push(
      `${rejected.length} ${rejected.length === 1 ? 'order was' : 'orders were'} dropped for lack of cash, first on ${dayOf(firstRejected.doneBar ?? 0)}.`,
    );
  }
  if (broker.contingentInEntryBar > 0) {
    warnings.push(
      `${broker.contingentInEntryBar} times a stop loss or take profit lay inside the bar of its stop or limit entry; it was looked at from the next bar on.`,
    );
  }
  if (broker.isBankrupt) {
    const bar = broker.equityCurve.indexOf(0);
    warnings.push(
      `The account was bankrupt on ${dayOf(bar)}: everything was closed, and the run ended there.`,
    );
  }
  if (broker.trades.length > 0 && !finalizeTrades) {
    warnings.push(
      `${broker.trades.length} ${broker.trades.length === 1 ? 'trade is' : 'trades are'} open at the end: in the equity, but in no statistic of trades.`,
    );
  }
  return warnings;
}
