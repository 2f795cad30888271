/** The reference cases' script: a list of actions by bar. What an order refuses is passed over. */
import { type OrderRequest, Strategy } from '../../../engine/backtest/index.ts';

interface ActionArguments extends OrderRequest {
  readonly ticker?: string;
  readonly portion?: number;
  readonly trade?: number;
  readonly order?: number;
  readonly price?: number | null;
}

type Action = readonly [bar: number, verb: string, given: ActionArguments];

/** The same for several symbols. Nothing is passed over. */
export class DirectOrders extends Strategy<typeof DirectOrders.params> {
  /** JSON. */
  static params = { actions: '[]' };
  actions: readonly Action[] = [];

  init() {
    this.actions = JSON.parse(this.params.actions) as Action[];
    this.startOnDay(1);
  }

  next() {
    for (const [bar, verb, { ticker: symbol = '', portion, ...request }] of this.actions) {
      if (bar !== this.data.bar) continue;
      if (verb === 'close') this.positionOf(symbol).close(portion);
      else if (verb === 'buy') this.buy({ ...request, symbol });
      else if (verb === 'sell') this.sell({ ...request, symbol });
      else throw new RangeError(`no such action: ${verb}`);
    }
  }
}

export class Scripted extends Strategy<typeof Scripted.params> {
  /** JSON: parameters are plain values. */
  static params = { actions: '[]' };
  actions: readonly Action[] = [];

  init() {
    this.actions = JSON.parse(this.params.actions) as Action[];
  }

  next() {
    for (const [bar, verb, given] of this.actions) {
      if (bar !== this.data.bar) continue;
      try {
        this.perform(verb, given);
      } catch (error) {
        // A refused order is part of the script.
        if (!(error instanceof Error && error.name === 'UserError')) throw error;
      }
    }
  }

  perform(
    verb: string,
    { portion = 1, trade: tradeIndex, order: orderIndex, price, ...request }: ActionArguments,
  ) {
    const trade = tradeIndex === undefined ? undefined : this.trades[tradeIndex];
    switch (verb) {
      case 'buy':
        this.buy(request);
        break;
      case 'sell':
        this.sell(request);
        break;
      case 'close':
        this.position.close(portion);
        break;
      case 'closeTrade':
        trade?.close(portion);
        break;
      case 'setSl':
        if (trade !== undefined) trade.sl = price ?? null;
        break;
      case 'setTp':
        if (trade !== undefined) trade.tp = price ?? null;
        break;
      case 'cancel':
        this.orders[orderIndex ?? -1]?.cancel();
        break;
      case 'cancelAll':
        for (const order of this.orders) if (order.trade === null) order.cancel();
        break;
      default:
        throw new RangeError(`no such action: ${verb}`);
    }
  }
}
