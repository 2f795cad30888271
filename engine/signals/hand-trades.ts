/**
 * Trades that a person asks for by command: decided as a signal of the handler `order` would be, whatever handler the book
 * has, and carried out as an operation of the book.
 *
 * Each has a name from whoever asks, and the same name is the same trade: a press that comes twice, or again after a crash,
 * trades once. It is decided when it is done and not when it is asked about, so it is sized by the prices of that moment.
 * How it ended is told once, also when that is days later.
 */
import type { Books, Purpose } from '../bank/books.ts';
import type { Holdings, Position } from '../bank/position.ts';
import { amountOf } from '../bank/sums.ts';
import type { Broker, OrderTerms, Quote, Side } from '../brokers/broker.ts';
import type { Clock } from '../clock.ts';
import { stamp } from '../clock.ts';
import { reasonOf, UserError } from '../errors.ts';
import type { Outbox } from '../events.ts';
import { expectedPrice } from '../execution/checks.ts';
import type { Executor } from '../execution/executor.ts';
import { toldFill } from '../execution/executor.ts';
import { flattenSteps } from '../execution/flatten.ts';
import type { Operation, OrderStep, Step } from '../execution/operation.ts';
import { isOver } from '../execution/operation.ts';
import type { Operations } from '../execution/operations.ts';
import type { Fill } from '../execution/order.ts';
import type { Sleep } from '../execution/patience.ts';
import { Interrupted, systemSleep } from '../execution/patience.ts';
import type { Logger } from '../log.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, zero } from '../money.ts';
import type { Collection, Store, StoredDocument } from '../store/store.ts';
import { DuplicateKeyError, defineCollection } from '../store/store.ts';
import { order as orderHandler } from './handlers/order.ts';
import type { Queue } from './queue.ts';

export type HandTrade =
  | {
      readonly do: 'order';
      readonly book: string;
      /** As an alert of the handler `order`: `{ action: 'buy', symbol: 'SP500', cost: '500' }`. */
      readonly order: Readonly<Record<string, string>>;
    }
  | {
      readonly do: 'close';
      readonly book: string;
      /** The symbol or the asset of a position. */
      readonly position: string;
    };

/** What a trade would be now. Decimal text, money in the book's currency. */
export interface TradePreview {
  readonly book: string;
  /** The broker's name. */
  readonly account: string;
  readonly currency: string;
  readonly summary: string;
  readonly purpose: Purpose;
  readonly symbol: string;
  /** Null where nothing has to be traded any more, only to be repaid. */
  readonly side: Side | null;
  readonly quantity: string;
  readonly terms: OrderTerms;
  /** At which it is expected to trade: a market order now, others at their own; null where there is no price. */
  readonly price: string | null;
  readonly value: string | null;
  /** To be expected. */
  readonly fee: string | null;
  /** Of an exit: what it would realise at that price, before fees; null for an entry, and without a price. */
  readonly profit: string | null;
  /** What is held before, negative when short; null where nothing is. */
  readonly held: { readonly quantity: string; readonly averagePrice: string } | null;
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
}

export interface TradeOutcome {
  /** Names the operation. */
  readonly trade: string;
  readonly book: string;
  readonly account: string;
  readonly summary: string;
  readonly purpose: Purpose;
  readonly state: Operation['state'];
  readonly reason: string | null;
  readonly fills: readonly Fill[];
}

/** How a trade of this kind ended is told once, whatever stops the desk meanwhile. */
interface TradeRecord extends StoredDocument {
  readonly book: string;
  readonly by: string;
  readonly summary: string;
  readonly askedAt: string;
  readonly told: boolean;
}

const tradeRecords = defineCollection<TradeRecord>('hand_trades', { indexes: [['told']] });

export interface HandTradesParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly books: Books;
  readonly brokers: ReadonlyMap<string, Broker>;
  readonly executor: Executor;
  readonly operations: Operations;
  readonly queue: Queue;
  readonly sleep?: Sleep;
}

/** So long somebody waits for the answer of a market order; what takes longer is in trouble. */
const patienceMs = 15_000;
/** An order with a price of its own rests at the broker as often as not. */
const restingPatienceMs = 2_000;
/** An entry is shown anew when the price has moved further than this since somebody was asked about it, in percent. */
const largestMovePercent = decimal('1');
/** A question is forgotten after this; its confirmation has expired long before. */
const rememberedMs = 15 * 60_000;

/** What somebody was shown when they were asked. */
interface Shown {
  readonly price: string;
  readonly atMs: number;
}

/** A trade that is decided: its steps, and the order among them that it is about. */
interface Decided {
  readonly summary: string;
  readonly purpose: Purpose;
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
}

export class HandTrades {
  readonly #parts: HandTradesParts;
  readonly #records: Collection<TradeRecord>;
  readonly #telling = new Set<Promise<void>>();
  readonly #sleep: Sleep;
  /** Prices of entries that people were asked about, by what they asked for. */
  readonly #shown = new Map<string, Shown>();

  private constructor(parts: HandTradesParts, records: Collection<TradeRecord>) {
    this.#parts = parts;
    this.#records = records;
    this.#sleep = parts.sleep ?? systemSleep;
  }

  static async open(parts: HandTradesParts): Promise<HandTrades> {
    return new HandTrades(parts, await parts.store.collection(tradeRecords));
  }

  /** Follows what an earlier process left. Comes after the operations were started. */
  async start(): Promise<void> {
    for (const record of await this.#records.find({ told: false })) this.#tellSoon(record);
  }

  /** Comes after the operations were stopped: what then has not ended is told after the next start. */
  async stop(): Promise<void> {
    await Promise.all(this.#telling);
  }

  /**
   * What the trade would be at this moment. Nothing is done.
   * @throws UserError when it would be refused, in words for who asks: by the rules of the book or broker, a suspension, a
   * limit, a difference
   */
  async preview(trade: HandTrade): Promise<TradePreview> {
    const { books } = this.#parts;
    const { broker: account, currency } = books.settings(trade.book);
    const decided = await this.#decided(trade);
    const holdings = await books.holdings(trade.book);
    const step = decided.steps.find((each): each is OrderStep => each.kind === 'order' && !each.resting);
    const symbol = step?.symbol ?? symbolOf(decided.steps) ?? '';
    const { asset, quote, feeRate } = await this.#market(account, symbol);
    const position = holdings.positions.get(asset);
    const quantity = step ? quantityOf(decided.steps, holdings, position) : zero;
    const terms = step?.terms ?? { type: 'market' };
    const price = step && expectedPrice(terms, step.side, quote);
    const value = price?.times(quantity);
    if (price && decided.purpose === 'entry' && terms.type === 'market')
      this.#remember(trade, decimalText(price));
    return {
      book: trade.book,
      account,
      currency,
      summary: decided.summary,
      purpose: decided.purpose,
      symbol,
      side: step?.side ?? null,
      quantity: decimalText(quantity),
      terms,
      price: price ? decimalText(price) : null,
      value: value ? decimalText(value) : null,
      fee: value && feeRate !== undefined ? decimalText(value.times(decimal(feeRate))) : null,
      profit:
        decided.purpose === 'exit' && position && price
          ? decimalText(profitOf(position, quantity, price))
          : null,
      held: position
        ? {
            quantity: decimalText(position.quantity),
            averagePrice: decimalText(position.cost.div(position.quantity)),
          }
        : null,
      steps: decided.steps,
      warnings: decided.warnings,
    };
  }

  /**
   * Carries the trade out. Resolves when it is over or stuck, or has taken long enough that nobody should wait for it: it
   * then goes on by itself, and its end is told.
   * @param name the same name again is the same trade
   * @param signal ends the waiting, not the trade
   * @throws UserError when it is refused: then nothing was traded
   */
  async trade(
    trade: HandTrade,
    { name, by, signal }: { readonly name: string; readonly by: string; readonly signal: AbortSignal },
  ): Promise<TradeOutcome> {
    const { operations, clock } = this.#parts;
    const source = `${sourcePrefix}${name}`;
    const isMarket = trade.do === 'close' || (trade.order['type'] ?? 'market') === 'market';
    const until = this.#sleep(isMarket ? patienceMs : restingPatienceMs, signal).catch(() => undefined);
    if (!(await operations.operation(source))) {
      const { summary, purpose, steps } = await this.#decided(trade);
      const askedAt = stamp(clock);
      const record: TradeRecord = { _id: source, book: trade.book, by, summary, askedAt, told: false };
      await this.#insert(record);
      const running = operations.run({ source, book: trade.book, purpose, summary, steps, askedAt });
      // It is stored, or failed before that: then there is nothing to follow.
      const ended = running.then(
        () => this.#tellSoon(record),
        async (error) => {
          if (!(await operations.operation(source))) await this.#records.remove({ _id: source });
          throw error;
        },
      );
      await Promise.race([ended, until]);
      ended.catch((error) => {
        if (error instanceof Interrupted) return;
        this.#parts.log.error({ trade: source, error: reasonOf(error) }, 'a trade by hand failed');
      });
    } else {
      await Promise.race([operations.end(source), until]);
    }
    return this.#outcomeOf(source);
  }

  /**
   * How the price of an entry moved since `preview` showed it, where that is too far to trade on what was shown. An exit
   * is never held up by a price.
   */
  async moved(
    trade: HandTrade,
  ): Promise<{ readonly from: string; readonly to: string; readonly percent: string } | undefined> {
    const shown = this.#shown.get(JSON.stringify(trade));
    if (!shown || trade.do === 'close') return undefined;
    const { broker } = this.#parts.books.settings(trade.book);
    const { quote } = await this.#market(broker, trade.order['symbol'] ?? '');
    if (!quote) return undefined;
    const to = trade.order['action'] === 'sell' ? quote.bid : quote.ask;
    const percent = decimal(to).minus(decimal(shown.price)).times(decimal('100')).div(decimal(shown.price));
    if (percent.abs().lte(largestMovePercent)) return undefined;
    return { from: shown.price, to, percent: `${percent.gt(zero) ? '+' : ''}${percent.toFixed(1)}` };
  }

  #remember(trade: HandTrade, price: string): void {
    const atMs = this.#parts.clock.now().getTime();
    for (const [key, shown] of this.#shown) if (atMs - shown.atMs > rememberedMs) this.#shown.delete(key);
    this.#shown.set(JSON.stringify(trade), { price, atMs });
  }

  /** @throws UserError when the trade is refused */
  async #decided(trade: HandTrade): Promise<Decided> {
    const { books, operations } = this.#parts;
    const decided = trade.do === 'close' ? await this.#closing(trade) : await this.#ordering(trade);
    const { book } = trade;
    const refusal = await books.refusal(book, decided.purpose);
    if (refusal !== undefined) throw new UserError(refusal);
    const broker = this.#broker(books.settings(book).broker);
    const { state, why } = broker.status();
    if (decided.purpose === 'exit') {
      if (state === 'ready') return decided;
      const away = `${broker.name} is ${state}: ${why ?? 'no reason is known'}. It waits until the broker is back.`;
      return { ...decided, warnings: [...decided.warnings, away] };
    }
    if (state !== 'ready') throw new UserError(`${broker.name} is ${state}: ${why ?? 'try again later'}.`);
    const [stuck] = await operations.stuckOf(book);
    if (stuck) {
      throw new UserError(
        `The book "${book}" takes no entry while "${stuck.summary}" is stuck: ${stuck.reason ?? ''}`,
      );
    }
    await this.#rehearse(book, decided.steps);
    return decided;
  }

  async #ordering({ book, order }: Extract<HandTrade, { do: 'order' }>): Promise<Decided> {
    const read = orderHandler.withSettings({}).read(order);
    const decision = await this.#parts.queue.decide(book, read);
    if ('refused' in decision) throw new UserError(decision.refused);
    if ('again' in decision) throw new UserError(decision.again);
    const { purpose, steps, warning } = decision;
    return { summary: read.summary, purpose, steps, warnings: warning === undefined ? [] : [warning] };
  }

  async #closing({ book, position: named }: Extract<HandTrade, { do: 'close' }>): Promise<Decided> {
    const { books } = this.#parts;
    const settings = books.settings(book);
    const holdings = await books.holdings(book);
    const { home, wallet = home } = settings;
    const wanted = named.toUpperCase();
    const found = [...holdings.positions].find(
      ([asset, { symbol }]) => symbol.toUpperCase() === wanted || asset.toUpperCase() === wanted,
    );
    if (found) {
      const [asset, position] = found;
      const steps = flattenSteps({ ...holdings, positions: new Map([[asset, position]]) }, settings);
      return { summary: `close ${position.symbol}`, purpose: 'exit', steps, warnings: [] };
    }
    const asset = [...holdings.debts.keys()].find((owed) => owed.toUpperCase() === wanted);
    if (asset !== undefined) {
      // Bought back already, and not repaid.
      const amount = { is: 'owed', asset } as const;
      const steps: Step[] = [
        { kind: 'repay', leg: `repay:${asset}`, asset, amount, wallet },
        { kind: 'settle', leg: 'settle' },
      ];
      return { summary: `repay ${asset}`, purpose: 'exit', steps, warnings: [] };
    }
    const open = [...holdings.positions.values()].map(({ symbol }) => symbol).join(', ') || 'nothing';
    throw new UserError(`The book "${book}" has no position in ${named}. Open there: ${open}.`);
  }

  /** Asks the executor beforehand what it would refuse: limits, differences, rules of the broker. */
  async #rehearse(book: string, steps: readonly Step[]): Promise<void> {
    const { books, executor, clock } = this.#parts;
    const step = steps.find((each): each is OrderStep => each.kind === 'order' && !each.resting);
    if (step?.quantity.is !== 'fixed') return;
    const { currency } = books.settings(book);
    const { wallets } = await books.holdings(book);
    const prepared = await executor.rehearse(
      {
        key: { source: 'preview', book, leg: step.leg, sequence: 1 },
        symbol: step.symbol,
        side: step.side,
        quantity: step.quantity.amount,
        ...(step.budget !== undefined && { budget: step.budget }),
        terms: step.terms ?? { type: 'market' },
        purpose: 'entry',
        askedAt: stamp(clock),
        ...(step.wallet !== undefined && { wallet: step.wallet }),
      },
      new AbortController().signal,
      // The decision has counted the money, also what an earlier step only moves to that wallet.
      (_, asset) => (asset === currency ? enough : amountOf(wallets, asset)),
    );
    if ('state' in prepared) throw new UserError(prepared.reason);
  }

  async #market(
    account: string,
    symbol: string,
  ): Promise<{ readonly asset: string; readonly quote?: Quote; readonly feeRate?: string }> {
    const broker = this.#broker(account);
    try {
      const { asset, feeRate } = await broker.resolve(symbol);
      try {
        return { asset, feeRate, quote: await broker.quote(symbol) };
      } catch (error) {
        this.#parts.log.warn({ symbol, error: reasonOf(error) }, 'there is no price for a trade by hand');
        return { asset, feeRate };
      }
    } catch (error) {
      this.#parts.log.warn({ symbol, error: reasonOf(error) }, 'a symbol could not be resolved');
      return { asset: symbol };
    }
  }

  /** Of two processes, or two presses, one stores it; the operation's name keeps them one trade. */
  async #insert(record: TradeRecord): Promise<void> {
    try {
      await this.#records.insert(record);
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  async #outcomeOf(source: string): Promise<TradeOutcome> {
    const operation = await this.#parts.operations.operation(source);
    if (!operation) throw new UserError('It could not be begun. Nothing was traded.');
    const { book, broker: account, summary, purpose, state, reason } = operation;
    const fills = await this.#parts.operations.fillsOf(source);
    return { trade: source, book, account, summary, purpose, state, reason, fills };
  }

  #tellSoon(record: TradeRecord): void {
    const telling = this.#tell(record).catch((error) => {
      if (error instanceof Interrupted) return; // told after the next start
      this.#parts.log.error({ trade: record._id, error: reasonOf(error) }, 'the end of a trade was not told');
    });
    this.#telling.add(telling);
    void telling.then(() => this.#telling.delete(telling));
  }

  async #tell({ _id, book, by, summary }: TradeRecord): Promise<void> {
    const { operations, books, outbox } = this.#parts;
    const known = await operations.operation(_id);
    const ended = known && (isOver(known) ? known : await operations.end(_id));
    const { broker: account } = books.settings(book);
    const { cash, equity, currency } = await books.show(book);
    const fills = ended ? (await operations.fillsOf(_id)).map(toldFill) : [];
    const reason = ended ? ended.reason : 'The desk stopped before it was begun.';
    await outbox.publish(
      {
        type: 'trade.ended',
        ...{ trade: _id, book, account, by, summary, reason, fills },
        capital: { cash, equity, currency },
        request: _id.slice(sourcePrefix.length),
      },
      `trade.ended:${_id}`,
    );
    await this.#records.update(_id, { told: false }, { told: true });
  }

  #broker(name: string): Broker {
    const broker = this.#parts.brokers.get(name);
    if (broker) return broker;
    throw new UserError(`There is no broker "${name}".`);
  }
}

/** What the id of a trade begins with; the name of the wish for it follows. */
const sourcePrefix = 'chat:';
const enough = decimal('1e30');

function symbolOf(steps: readonly Step[]): string | undefined {
  for (const step of steps) {
    if (step.kind === 'cancel') return step.symbol;
    if (step.kind === 'repay') return step.asset;
  }
  return undefined;
}

/** What the order of the steps would trade by what is held and owed now. */
function quantityOf(steps: readonly Step[], holdings: Holdings, position: Position | undefined): Decimal {
  const orders = steps.filter((step): step is OrderStep => step.kind === 'order' && !step.resting);
  return orders.reduce((sum, { quantity, wallet }) => {
    switch (quantity.is) {
      case 'fixed':
        return sum.plus(decimal(quantity.amount));
      case 'held':
        return sum.plus(
          wallet === undefined
            ? amountOf(holdings.wallets, quantity.asset)
            : (holdings.wallets.get(wallet)?.get(quantity.asset) ?? zero),
        );
      default:
        return sum.plus(position?.quantity.abs() ?? zero);
    }
  }, zero);
}

function profitOf({ quantity: held, cost }: Position, quantity: Decimal, price: Decimal): Decimal {
  const part = quantity.gt(held.abs()) ? held.abs() : quantity;
  const signed = held.lt(zero) ? part.neg() : part;
  return signed.times(price).minus(cost.times(part).div(held.abs()));
}
