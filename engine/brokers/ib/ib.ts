/**
 * An account at Interactive Brokers, over TWS or IB Gateway.
 *
 * TWS's lists are the only truth: what it tells by itself says where to look, and what is told on comes from reading the lists. An
 * order carries our id as its reference, because TWS's own numbers may be given twice after its nightly restart; it
 * is written down before it is sent, and nothing is sent into a connection that has not answered just before.
 */
import type { Clock } from '../../clock.ts';
import { reasonOf, UserError } from '../../errors.ts';
import type { Outbox } from '../../events.ts';
import { Lanes } from '../../lanes.ts';
import type { Logger } from '../../log.ts';
import { calendar } from '../../market/calendars/index.ts';
import { decimal, decimalOfNumber, decimalText, truncateToStep, zero } from '../../money.ts';
import type { Store } from '../../store/store.ts';
import type {
  AttachedExit,
  Balance,
  Broker,
  BrokerFill,
  BrokerListener,
  BrokerOrder,
  BrokerPosition,
  BrokerStatus,
  CancelOutcome,
  Capabilities,
  Contracts,
  Instrument,
  Login,
  OrderRequest,
  Quote,
  SubmitOutcome,
} from '../broker.ts';
import { SeveralContracts } from '../broker.ts';
import { priceTickAt } from '../price-tick.ts';
import { Blind } from './blind.ts';
import { Books } from './books.ts';
import { cancelAll, sendBracket } from './bracket.ts';
import { meaningOf, orderCancelled, orderIdInUse } from './codes.ts';
import type { Share } from './instruments.ts';
import { contractOf, Instruments } from './instruments.ts';
import { launch } from './launch.ts';
import { Line } from './line.ts';
import { IbLogin } from './login.ts';
import { placement } from './placement.ts';
import { QuietTimes } from './quiet.ts';
import { Quotes } from './quotes.ts';
import type { OrderRecord } from './records.ts';
import { Records } from './records.ts';
import type { Sent } from './sending.ts';
import { Sending } from './sending.ts';
import type { Session, SessionNews } from './session.ts';
import type { IbSettings } from './settings.ts';
import { Standby } from './standby.ts';

export interface IbParts {
  readonly name: string;
  readonly settings: IbSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outbox: Outbox;
}

interface Told {
  readonly state: BrokerOrder['state'];
  readonly fills: number;
}

const wallet = 'account';
/** TWS refuses a number that it has given to somebody else: the next one is tried. */
const mostNumbers = 3;

export class IbBroker implements Broker {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly wallets: readonly string[] = [wallet];
  readonly login: Login;
  readonly contracts: Contracts;
  readonly #parts: IbParts;
  readonly #line: Line;
  readonly #records: Records;
  readonly #instruments: Instruments;
  readonly #books: Books;
  readonly #quotes: Quotes;
  readonly #sending: Sending;
  readonly #blind: Blind;
  readonly #lanes = new Lanes();
  readonly #listeners = new Set<BrokerListener>();
  /** Which of our orders has which of TWS's numbers, in this process. */
  readonly #byNumber = new Map<number, string>();
  /** What was told of each open order, so that it is not told again by every look. */
  readonly #told = new Map<string, Told>();
  /** Being sent just now: what becomes of it is that call's to say. */
  readonly #inHand = new Set<string>();
  #refreshing = false;

  private constructor(
    parts: IbParts,
    { records, standby }: { readonly records: Records; readonly standby: Standby },
    instruments: (session: () => Session) => Instruments,
  ) {
    const { name, settings, clock, log } = parts;
    this.#parts = parts;
    this.name = name;
    this.capabilities = {
      orderTypes: ['market', 'limit', 'stop', 'stop_limit', 'oco'],
      auctions: ['open', 'close'],
      brackets: true,
      fractional: settings.fractional,
      short: settings.short,
      // Its absence has been watched before it is said.
      absenceIsFinalAfterSeconds: Math.ceil(settings.absenceSeconds),
    };
    const quiet = new QuietTimes(settings.quiet.times, settings.quiet.timezone);
    this.#records = records;
    this.#sending = new Sending(settings.timeoutSeconds * 1000);
    this.#line = new Line({
      ...{ name, settings, quiet, standby, clock, log },
      catchUp: (session) => this.#books.catchUp(session),
      beat: () => this.#beat(),
      onNews: (news) => this.#onNews(news),
      // Once a day: what it sends again and again ends each connection again.
      onUnreadable: (why) =>
        this.#publish(`${why} The connection is made anew, and the books are compared.`, {
          key: `unreadable:${clock.now().toISOString().slice(0, 10)}:${why}`,
        }),
      onStatus: (status) => this.#onStatus(status),
    });
    this.#instruments = instruments(() => this.#line.open());
    this.#books = new Books({
      line: this.#line,
      instruments: this.#instruments,
      timezone: settings.timezone,
      absenceSeconds: settings.absenceSeconds,
      ...{ records, quiet, clock, log, wallet },
      onFill: (fill) => this.#tell((listener) => listener.onFill?.(fill)),
      onCorrection: (text, id) => this.#notice(text, `correction:${id}`),
    });
    this.#quotes = new Quotes({
      clock,
      delayed: settings.delayedPrices,
      instruments: this.#instruments,
      session: () => this.#line.open(),
    });
    this.login = new IbLogin({
      name,
      line: this.#line,
      command: settings.launch,
      seconds: settings.loginSeconds,
      launch,
    });
    this.contracts = {
      of: (symbol) => this.#instruments.choicesOf(symbol),
      choose: async (symbol, contract) =>
        this.#instruments.instrument(await this.#instruments.choose(symbol, contract), settings),
    };
    this.#blind = new Blind({
      ...{ clock, log, quiet },
      calendar: calendar(settings.calendar),
      minutes: settings.blindMinutes,
      status: () => this.status(),
      alarm: ({ minutes, why, since }) =>
        parts.outbox.publish(
          { type: 'broker.blind', broker: name, minutes, reason: why },
          `broker.blind:${name}:${since.toISOString()}`,
        ),
      over: (since) =>
        parts.outbox.publish(
          {
            type: 'broker.notice',
            broker: name,
            text: 'It is in reach again, and was compared with the books.',
          },
          `broker.seen:${name}:${since.toISOString()}`,
        ),
    });
  }

  static async open(parts: IbParts): Promise<IbBroker> {
    const { store, clock, name } = parts;
    let session: () => Session = () => {
      throw new Error('not connected yet');
    };
    const instruments = await Instruments.open({ store, clock, name, session: () => session() });
    const records = await Records.open(store, name);
    const standby = await Standby.open(store, name, parts.settings.heartbeatSeconds * 1000);
    return new IbBroker(parts, { records, standby }, (open) => {
      session = open;
      return instruments;
    });
  }

  async connect(): Promise<void> {
    await this.#line.connect();
    this.#blind.start();
  }

  async disconnect(): Promise<void> {
    this.#blind.stop();
    await this.#line.disconnect();
    await this.#lanes.idle();
    await this.#books.idle();
  }

  status(): BrokerStatus {
    return this.#line.status();
  }

  async submit(order: OrderRequest): Promise<SubmitOutcome> {
    try {
      return await this.#lanes.run(`submit ${order.clientOrderId}`, () => this.#submit(order));
    } catch (error) {
      if (error instanceof UserError) return { outcome: 'rejected', reason: error.message };
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  findOrder(clientOrderId: string): Promise<BrokerOrder | undefined> {
    return this.#books.find(clientOrderId);
  }

  async cancel(clientOrderId: string): Promise<CancelOutcome> {
    try {
      return await this.#cancel(clientOrderId);
    } catch (error) {
      return { outcome: 'unknown', reason: reasonOf(error) };
    }
  }

  openOrders(): Promise<readonly BrokerOrder[]> {
    return this.#books.open();
  }

  fillsSince(since: Date): Promise<readonly BrokerFill[]> {
    return this.#books.fillsSince(since);
  }

  /** Cash. A negative one is lent by Interactive Brokers. */
  async balances(): Promise<readonly Balance[]> {
    const cash = await this.#line.open().cash(this.#line.account);
    return [...cash].flatMap(([asset, text]): Balance[] => {
      const amount = decimal(text);
      if (amount.eq(zero)) return [];
      const [free, owed] = amount.gt(zero) ? [amount, zero] : [zero, amount.abs()];
      return [{ asset, wallet, free: decimalText(free), locked: '0', owed: decimalText(owed) }];
    });
  }

  async positions(): Promise<readonly BrokerPosition[]> {
    const positions: BrokerPosition[] = [];
    for (const { contract, quantity } of await this.#line.open().positions(this.#line.account)) {
      const share = await this.#instruments.byNumber(contract);
      const symbol = share?.symbol ?? `${contract.localSymbol ?? contract.symbol} (${contract.secType})`;
      positions.push({ asset: symbol, symbol, wallet, quantity: decimalText(decimalOfNumber(quantity)) });
    }
    return positions;
  }

  async resolve(symbol: string): Promise<Instrument> {
    return this.#instruments.instrument(await this.#find(symbol), this.#parts.settings);
  }

  async quote(symbol: string): Promise<Quote> {
    return this.#quotes.of(await this.#find(symbol));
  }

  /** Where a symbol means several shares, chat is asked which: once a day. */
  async #find(symbol: string): Promise<Share> {
    try {
      return await this.#instruments.find(symbol);
    } catch (error) {
      if (error instanceof SeveralContracts) {
        const { name: broker } = this;
        const { choices } = error;
        const day = this.#parts.clock.now().toISOString().slice(0, 10);
        await this.#parts.outbox.publish(
          { type: 'broker.contract', broker, symbol, choices },
          `broker.contract:${broker}:${symbol.toUpperCase()}:${day}`,
        );
      }
      throw error;
    }
  }

  subscribe(listener: BrokerListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #submit(order: OrderRequest): Promise<SubmitOutcome> {
    const { clientOrderId, side, quantity, terms } = order;
    const known = await this.#records.order(clientOrderId);
    const before = known && (await this.#whatBecameOf(known));
    if (before) return before;
    const { state, why } = this.status();
    if (state !== 'ready') return { outcome: 'unknown', reason: `It was not sent: ${why ?? state}` };
    const share = await this.#instruments.find(order.symbol);
    const refusal = this.#refusal(order, share);
    if (refusal !== undefined) return { outcome: 'rejected', reason: refusal };
    const session = this.#line.open();
    await session.ping();

    const sentAt = this.#parts.clock.now().toISOString();
    if (known) await this.#records.change(clientOrderId, { state: 'sending', open: true, quantity, sentAt });
    else {
      const { symbol } = share;
      const record = { clientOrderId, symbol, side, quantity, type: terms.type, sentAt };
      if (!(await this.#records.begin(record))) {
        return { outcome: 'unknown', reason: 'another process is sending this order' };
      }
    }
    const { exit } = order;
    if (exit) await this.#beginExit(order, exit, share, sentAt);
    const inHand = [clientOrderId, ...(exit ? [exit.clientOrderId] : [])];
    for (const id of inHand) this.#inHand.add(id);
    try {
      return await (exit
        ? this.#sendTogether(session, order, exit, share)
        : this.#send(session, order, share));
    } finally {
      for (const id of inHand) this.#inHand.delete(id);
    }
  }

  /** Written down before it is sent, as its entry was. */
  async #beginExit(
    { clientOrderId: entry, side: opens, quantity }: OrderRequest,
    { clientOrderId, terms }: AttachedExit,
    { symbol }: Share,
    sentAt: string,
  ): Promise<void> {
    const side = opens === 'buy' ? 'sell' : 'buy';
    const record = { clientOrderId, symbol, side, quantity, type: terms.type, sentAt, entry } as const;
    if (await this.#records.begin(record)) return;
    await this.#records.change(clientOrderId, { state: 'sending', open: true, quantity, sentAt });
  }

  async #sendTogether(
    session: Session,
    order: OrderRequest,
    exit: AttachedExit,
    share: Share,
  ): Promise<SubmitOutcome> {
    const ids = [order.clientOrderId, exit.clientOrderId];
    const sent = await sendBracket(
      {
        session,
        sending: this.#sending,
        contract: contractOf(share),
        account: this.#line.account,
        number: (id) => this.#numberFor(session, id),
      },
      order,
      exit,
    );
    switch (sent.is) {
      case 'taken': {
        const { permId, exitPermId, withoutExit } = sent;
        await this.#records.change(order.clientOrderId, { state: 'taken', permId });
        await this.#records.change(
          exit.clientOrderId,
          withoutExit === undefined
            ? { state: 'taken', permId: exitPermId }
            : { state: 'refused', reason: withoutExit, open: false },
        );
        this.#refreshSoon();
        const brokerOrderId = String(permId);
        return { outcome: 'accepted', brokerOrderId, ...(withoutExit !== undefined && { withoutExit }) };
      }
      case 'refused':
        return this.#notTaken(session, ids, sent.numbers, sent);
      case 'held':
        return this.#notTaken(session, ids, [], sent);
      case 'unclear':
        return { outcome: 'unknown', reason: sent.reason };
      default:
        return sent satisfies never;
    }
  }

  async #send(session: Session, order: OrderRequest, share: Share): Promise<SubmitOutcome> {
    const { clientOrderId } = order;
    const sent: { readonly number: number; readonly permId: number }[] = [];
    const numbers = () => sent.map(({ number }) => number);
    for (const leg of placement(order, this.#line.account)) {
      const { number, outcome } = await this.#place(session, clientOrderId, share, leg);
      switch (outcome.is) {
        case 'taken':
          sent.push({ number, permId: outcome.permId });
          break;
        case 'refused':
        case 'held':
          return this.#notTaken(session, [clientOrderId], numbers(), outcome);
        case 'unclear':
          return { outcome: 'unknown', reason: outcome.reason };
        default:
          return outcome satisfies never;
      }
    }
    const permId = sent[0]?.permId ?? 0;
    await this.#records.change(clientOrderId, { state: 'taken', permId });
    this.#refreshSoon();
    return { outcome: 'accepted', brokerOrderId: String(permId) };
  }

  /** Under a number that was never given. TWS refuses one that it has given to another program: then the next. */
  async #place(
    session: Session,
    clientOrderId: string,
    share: Share,
    leg: ReturnType<typeof placement>[number],
  ): Promise<{ readonly number: number; readonly outcome: Sent }> {
    for (let attempt = 1; ; attempt++) {
      const number = await this.#numberFor(session, clientOrderId);
      const outcome = await this.#sending.place(session, number, contractOf(share), leg);
      const taken = outcome.is === 'refused' && outcome.code === orderIdInUse;
      if (!taken || attempt === mostNumbers) return { number, outcome };
      await session.askNumber();
    }
  }

  async #numberFor(session: Session, clientOrderId: string): Promise<number> {
    const number = await this.#records.nextNumber(session.nextOrderId);
    this.#byNumber.set(number, clientOrderId);
    return number;
  }

  /** The order, another leg of it or its exit was refused or not sent: what was taken of them is cancelled. */
  async #notTaken(
    session: Session,
    ids: readonly string[],
    numbers: readonly number[],
    { is, reason }: { readonly is: 'refused' | 'held'; readonly reason: string },
  ): Promise<SubmitOutcome> {
    if (numbers.length > 0) await cancelAll({ session, sending: this.#sending }, numbers);
    for (const id of numbers.length > 0 ? ids : []) {
      const legs = await this.#books.openLegs(id);
      const fills = await this.#records.fillsOf(id);
      if (legs.length > 0 || fills.length > 0) {
        return { outcome: 'unknown', reason: `one of its orders was not taken: ${reason}` };
      }
    }
    const state = is === 'refused' ? 'refused' : 'held';
    for (const id of ids) await this.#records.change(id, { state, reason, open: false });
    if (is === 'refused') return { outcome: 'rejected', reason };
    // It certainly did not go out: `findOrder` says so, and the executor sends it again when we are ready.
    return { outcome: 'unknown', reason: `It was not sent: ${reason}` };
  }

  /** What an id that was used before is answered with; undefined when it may be sent. */
  async #whatBecameOf({
    state,
    reason,
    permId,
    clientOrderId,
  }: OrderRecord): Promise<SubmitOutcome | undefined> {
    switch (state) {
      case 'refused':
        return { outcome: 'rejected', reason: reason ?? 'it was refused before' };
      case 'held':
        return undefined;
      case 'taken':
        return { outcome: 'accepted', brokerOrderId: String(permId ?? 0) };
      case 'sending': {
        const found = await this.#books.find(clientOrderId);
        return found && { outcome: 'accepted', brokerOrderId: found.brokerOrderId };
      }
      default:
        return state satisfies never;
    }
  }

  /** What TWS would refuse, or round, is refused here. */
  #refusal(order: OrderRequest, share: Share): string | undefined {
    const { quantity, terms, exit } = order;
    if (order.wallet !== undefined && order.wallet !== wallet) {
      return `${this.name} has no wallet "${order.wallet}". It has: ${wallet}.`;
    }
    const { rules } = this.#instruments.instrument(share, this.#parts.settings);
    const wanted = decimal(quantity);
    if (wanted.lte(zero)) return `the quantity must be above 0, not ${quantity}`;
    if (!truncateToStep(wanted, decimal(rules.quantityStep)).eq(wanted)) {
      return `the quantity ${quantity} is not a multiple of ${rules.quantityStep}`;
    }
    const prices = [terms, ...(exit ? [exit.terms] : [])].flatMap((each) => [
      'limitPrice' in each ? each.limitPrice : undefined,
      'stopPrice' in each ? each.stopPrice : undefined,
    ]);
    for (const price of prices) {
      if (price === undefined) continue;
      if (decimal(price).lte(zero)) return `the price must be above 0, not ${price}`;
      const tick = priceTickAt(rules, decimal(price));
      if (!truncateToStep(decimal(price), tick).eq(decimal(price))) {
        return `the price ${price} is not a multiple of ${decimalText(tick)}`;
      }
    }
    return undefined;
  }

  async #cancel(clientOrderId: string): Promise<CancelOutcome> {
    const found = await this.#books.find(clientOrderId);
    if (!found) return { outcome: 'not_open', reason: 'there is no such order' };
    if (!isOpen(found)) return { outcome: 'not_open', reason: `it is ${found.state}` };
    const session = this.#line.open();
    for (const { orderId, clientId } of await this.#books.openLegs(clientOrderId)) {
      if (clientId !== this.#parts.settings.clientId || orderId <= 0) {
        return {
          outcome: 'unknown',
          reason: 'it was placed by hand or by another program: cancel it in TWS',
        };
      }
      const trouble = await this.#sending.cancel(session, orderId);
      if (trouble !== undefined) this.#warn(trouble, 'a cancellation got no clear answer');
    }
    this.#refreshSoon();
    const now = await this.#books.find(clientOrderId);
    if (now && isOpen(now)) return { outcome: 'unknown', reason: 'TWS still shows it as open' };
    return now?.state === 'cancelled'
      ? { outcome: 'cancelled' }
      : { outcome: 'not_open', reason: `it is ${now?.state ?? 'gone'}` };
  }

  #onNews(news: SessionNews): void {
    this.#sending.hear(news);
    this.#lanes
      .run('news', () => this.#takeIn(news))
      .catch((error) => this.#warn(reasonOf(error), 'news of TWS could not be taken in'));
  }

  async #takeIn(news: SessionNews): Promise<void> {
    switch (news.is) {
      case 'execution':
        await this.#books.takeExecution(news.execution);
        break;
      case 'commission':
        await this.#books.takeCommission(news.commission);
        break;
      case 'message':
        if (!(await this.#takeInMessage(news.id, news.code, news.text))) return;
        break;
      case 'order':
      case 'status':
        break;
      default:
        return news satisfies never;
    }
    this.#refreshSoon();
  }

  /** Why an order that TWS had taken has ended. True when it was about one. */
  async #takeInMessage(id: number, code: number, text: string): Promise<boolean> {
    const clientOrderId = this.#byNumber.get(id);
    const meaning = meaningOf(code);
    if (meaning === 'warning' || meaning === 'unsure') {
      this.#parts.log.warn(
        { broker: this.name, code, text, order: clientOrderId },
        'TWS has something to say',
      );
    }
    if (clientOrderId === undefined) return false;
    const record = await this.#records.order(clientOrderId);
    if (record?.state !== 'taken') return false;
    const reason = `${text.replace(/\s+/g, ' ').trim()} (${code})`;
    if (meaning === 'refusal') await this.#records.change(clientOrderId, { ended: 'rejected', reason });
    else if (code === orderCancelled) await this.#records.change(clientOrderId, { reason });
    return true;
  }

  #onStatus(status: BrokerStatus): void {
    this.#tell((listener) => listener.onStatus?.(status));
    if (status.state === 'ready') this.#refreshSoon();
  }

  async #beat(): Promise<void> {
    const uncharged = await this.#books.chargeOverdue();
    if (uncharged || (await this.#records.openOrders()).length > 0) await this.#refresh();
  }

  /** Several calls at once are one look. */
  #refreshSoon(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    void this.#lanes.run('refresh', async () => {
      this.#refreshing = false;
      try {
        await this.#refresh();
      } catch (error) {
        // The next heartbeat looks again.
        this.#parts.log.debug({ broker: this.name, error: reasonOf(error) }, 'the orders could not be read');
      }
    });
  }

  /** Reads what is open from TWS's lists, and tells what is new. */
  async #refresh(): Promise<void> {
    for (const { clientOrderId, state } of await this.#records.openOrders()) {
      if (this.#inHand.has(clientOrderId)) continue;
      const order = await this.#books.find(clientOrderId).catch((error) => {
        this.#parts.log.debug({ order: clientOrderId, error: reasonOf(error) }, 'an order could not be read');
        return undefined;
      });
      if (!order) continue;
      // Its answer was lost.
      if (state === 'sending')
        await this.#records.change(clientOrderId, { state: 'taken', permId: Number(order.brokerOrderId) });
      await this.#announce(order);
    }
  }

  async #announce(order: BrokerOrder): Promise<void> {
    const { clientOrderId, state, fills } = order;
    const before = this.#told.get(clientOrderId);
    if (before?.state === state && before.fills === fills.length) return;
    this.#told.set(clientOrderId, { state, fills: fills.length });
    this.#tell((listener) => listener.onOrder?.(order));
    if (isOpen(order)) return;
    await this.#records.change(clientOrderId, { open: false });
    this.#told.delete(clientOrderId);
  }

  #notice(text: string, key: string): void {
    this.#parts.log.error({ broker: this.name }, text);
    this.#publish(text, { key });
  }

  #publish(text: string, { key }: { readonly key: string }): void {
    const { name } = this;
    this.#parts.outbox
      .publish({ type: 'broker.notice', broker: name, text }, `broker.notice:${name}:${key}`)
      .catch((error) => this.#warn(reasonOf(error), 'a notice could not be told'));
  }

  #tell(what: (listener: BrokerListener) => void): void {
    for (const listener of this.#listeners) {
      try {
        what(listener);
      } catch (error) {
        this.#parts.log.error({ broker: this.name, error: reasonOf(error) }, 'a listener failed');
      }
    }
  }

  #warn(error: string, message: string): void {
    this.#parts.log.warn({ broker: this.name, error }, message);
  }
}

function isOpen({ state }: BrokerOrder): boolean {
  return state === 'working' || state === 'partly_filled';
}
