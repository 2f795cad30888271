/**
 * A TWS that listens on a local port and speaks server version 193. It refuses what the real one refuses, and what a test
 * wants to go wrong with the line goes wrong here.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../engine/clock.ts';
import { decimal, decimalText, zero } from '../../../engine/money.ts';
import type { Execution, Order } from './account.ts';
import { Account } from './account.ts';
import type { Listing } from './contracts.ts';
import { listings } from './contracts.ts';
import { History } from './history.ts';
import {
  commissionReport,
  completedOrder,
  contractData,
  errorMessage,
  executionData,
  openOrder,
  orderStatus,
  serverVersion,
} from './messages.ts';
import type { Field } from './wire.ts';
import { Frames, frame } from './wire.ts';

/**
 * What becomes of an order's answers: lost, with the connection or without; or the order never arrives, or what is held
 * back until it does not.
 */
export type OrderFault = 'lose-answers' | 'lose-answers-and-drop' | 'drop-before' | 'drop-held';

/**
 * What becomes of a question: it gets no answer, the connection breaks before or in the middle of the answer, the answer cannot be
 * read, or it is another one.
 */
export type QuestionFault =
  | { readonly is: 'silence' | 'broken'; readonly acts: boolean }
  | { readonly is: 'cut' | 'unreadable' }
  | { readonly is: 'answer'; readonly fields: (requestId: number) => readonly Field[] };

/** Where requests that are questions have their id. */
const questionIds: Readonly<Record<number, number>> = { 1: 2, 9: 2, 20: 1, 81: 1 };

interface Connection {
  readonly socket: Socket;
  readonly frames: Frames;
  clientId: number | undefined;
  greeted: boolean;
  marketDataType: number;
  readonly summaries: Set<number>;
  readonly arrivals: number[];
  /** Nothing reaches it any more, and it is not told. */
  deaf: boolean;
  /** The next message that it gets ends in the middle, and the connection with it. */
  cut: boolean;
}

type Tokens = readonly string[];

const most = 50;

export class TwsServer {
  readonly account: Account;
  readonly history: History;
  readonly clock: Clock;
  /** Every request as it came: its message id and its fields. */
  readonly received: Tokens[] = [];
  /** What no real TWS would have let pass. */
  readonly violations: string[] = [];
  /** Answers that tell of orders and trades come twice. */
  doubles = false;
  /** Real-time prices; else delayed ones, for who asks for these. */
  subscribed = true;
  readOnly = false;
  /** The time of day that executions and greetings carry. */
  timezone = 'US/Eastern';
  orderFault: OrderFault | undefined;
  /** Asked for every question, by its message id and its fields. */
  onQuestion: ((tokens: Tokens) => QuestionFault | undefined) | undefined;
  #nextValidId = 1;
  #server: Server | undefined;
  #port = 0;
  #silent = false;
  #serversAreAway = false;
  #holdsCommissions = false;
  #heldCommissions: (() => void)[] = [];
  #holdsNews = false;
  #heldNews: (() => void)[] = [];
  #dayStart = 0;
  readonly #connections = new Set<Connection>();
  /** By client and order id: what was used once is used. */
  readonly #used = new Map<string, Order>();

  constructor(accountName: string, clock: Clock) {
    this.clock = clock;
    this.history = new History(clock);
    this.account = new Account(accountName, clock, {
      onOrder: (order) => this.#news(order, [openOrder(order), orderStatus(order)]),
      onExecution: (order, execution) => this.#tellExecution(order, execution),
      onRefused: (order, { code, text }) => this.#news(order, [errorMessage(order.orderId, code, text)]),
    });
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#connections.size;
  }

  async listen(): Promise<void> {
    // Else the second of two short answers waits until the first is acknowledged, which takes 40 ms.
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
  }

  /** It is shut down, or logged out: connections break, and the port is closed. */
  async close(): Promise<void> {
    this.dropAll();
    const server = this.#server;
    this.#server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  dropAll(): void {
    for (const { socket } of this.#connections) socket.destroy();
    this.#connections.clear();
  }

  /** Connections stay and nothing comes through them any more, in either direction. */
  goSilent(): void {
    this.#silent = true;
    for (const connection of this.#connections) connection.deaf = true;
  }

  speak(): void {
    this.#silent = false;
  }

  /** The nightly restart: what was connected is not, and ids may be given again. */
  async restart(options: { readonly nextValidId?: number } = {}): Promise<void> {
    await this.close();
    if (options.nextValidId !== undefined) this.#nextValidId = options.nextValidId;
    await this.listen();
  }

  /** A new day: executions and completed orders of the days before are not told any more. */
  newDay(): void {
    this.#dayStart = this.clock.now().getTime() + 1;
  }

  /** TWS itself has lost the servers of Interactive Brokers. */
  loseServers(): void {
    this.#serversAreAway = true;
    this.#toAll(errorMessage(-1, 1100, 'Connectivity between IB and Trader Workstation has been lost.'));
  }

  findServers({ dataLost = false } = {}): void {
    this.#serversAreAway = false;
    const [code, what] = dataLost ? [1101, 'data lost'] : [1102, 'data maintained'];
    this.#toAll(
      errorMessage(-1, code, `Connectivity between IB and Trader Workstation has been restored - ${what}.`),
    );
  }

  holdCommissions(): void {
    this.#holdsCommissions = true;
  }

  releaseCommissions(): void {
    this.#holdsCommissions = false;
    for (const tell of this.#heldCommissions.splice(0)) tell();
  }

  /** News of orders and trades wait until they are released; what is asked for is answered. */
  holdNews(): void {
    this.#holdsNews = true;
  }

  releaseNews(): void {
    this.#holdsNews = false;
    for (const tell of this.#heldNews.splice(0)) tell();
  }

  sendRaw(fields: readonly Field[]): void {
    this.#toAll(fields);
  }

  /** Bytes as they are, without a length in front. */
  sendBytes(bytes: Uint8Array): void {
    for (const { socket, clientId } of this.#connections) if (clientId !== undefined) socket.write(bytes);
  }

  /** The exchange corrects what it told of a trade: the same id, but for its last part. */
  correct(order: Order, price: string): void {
    const before = order.executions.at(-1);
    if (!before) throw new Error('it has no execution');
    const corrected: Execution = { ...before, id: before.id.replace(/\d+$/, '02'), price: decimal(price) };
    order.executions.push(corrected);
    this.#tellExecution(order, corrected);
  }

  #accept(socket: Socket): void {
    const connection: Connection = {
      socket,
      frames: new Frames(),
      clientId: undefined,
      greeted: false,
      marketDataType: 1,
      summaries: new Set(),
      arrivals: [],
      deaf: this.#silent,
      cut: false,
    };
    this.#connections.add(connection);
    socket.on('error', () => undefined); // a client may leave as it likes
    socket.on('close', () => {
      this.#connections.delete(connection);
      if (connection.clientId !== undefined) this.account.discardHeld(connection.clientId);
    });
    socket.on('data', (bytes) => {
      if (connection.deaf) return;
      for (const message of connection.frames.take(bytes)) {
        if (socket.destroyed || connection.deaf) return;
        this.#take(connection, message);
      }
    });
  }

  #take(connection: Connection, tokens: Tokens): void {
    if (!connection.greeted) {
      connection.greeted = true;
      this.#send(connection, [serverVersion, this.#time(this.clock.now().getTime())]);
      return;
    }
    this.received.push(tokens);
    this.#countRate(connection);
    const id = Number(tokens[0]);
    if (id === 71) return void this.#start(connection, Number(tokens[2]));
    if (connection.clientId === undefined) {
      this.violations.push(`message ${id} before the connection was started`);
      return;
    }
    const handler = handlers[id];
    const questionId = questionIds[id];
    const fault = questionId === undefined ? undefined : this.onQuestion?.(tokens);
    if (fault) this.#spoil(connection, tokens, fault);
    else if (handler) handler(this, connection, tokens);
    else this.violations.push(`message ${id} is not known here`);
  }

  #spoil(connection: Connection, tokens: Tokens, fault: QuestionFault): void {
    const id = Number(tokens[0]);
    const requestId = Number(tokens[questionIds[id] ?? 0]);
    const act = () => handlers[id]?.(this, connection, tokens);
    if (fault.is === 'answer') {
      this.#send(connection, fault.fields(requestId));
      return;
    }
    const { deaf } = connection;
    connection.deaf = fault.is !== 'cut';
    connection.cut = fault.is === 'cut';
    if (fault.is === 'cut' || ('acts' in fault && fault.acts)) act();
    connection.deaf = deaf;
    if (fault.is === 'broken') connection.socket.destroy();
    // Five bars are announced, and none follow.
    if (fault.is === 'unreadable') this.#send(connection, [17, requestId, '', '', 5]);
  }

  #countRate(connection: Connection): void {
    const now = Date.now();
    connection.arrivals.push(now);
    while ((connection.arrivals[0] ?? now) < now - 1000) connection.arrivals.shift();
    if (connection.arrivals.length <= most) return;
    this.violations.push('more than 50 messages in a second');
    this.#send(connection, errorMessage(-1, 100, 'Max rate of messages per second has been exceeded.'));
  }

  #start(connection: Connection, clientId: number): void {
    if ([...this.#connections].some((other) => other !== connection && other.clientId === clientId)) {
      this.#send(
        connection,
        errorMessage(
          -1,
          326,
          'Unable to connect as the client id is already in use. Retry with a unique client id.',
        ),
      );
      connection.socket.end();
      return;
    }
    connection.clientId = clientId;
    this.#send(connection, [15, 1, this.account.name]);
    this.#send(connection, [9, 1, this.#nextValidId]);
    if (this.#serversAreAway) {
      this.#send(
        connection,
        errorMessage(-1, 1100, 'Connectivity between IB and Trader Workstation has been lost.'),
      );
      return;
    }
    for (const [code, text] of [
      [2104, 'Market data farm connection is OK:usfarm'],
      [2106, 'HMDS data farm connection is OK:ushmds'],
      [2158, 'Sec-def data farm connection is OK:secdefnj'],
    ] as const) {
      this.#send(connection, errorMessage(-1, code, text));
    }
  }

  /** The next id that an order may have. */
  nextIds(connection: Connection): void {
    this.#send(connection, [9, 1, this.#nextValidId]);
  }

  currentTime(connection: Connection): void {
    this.#send(connection, [49, 1, Math.floor(this.clock.now().getTime() / 1000)]);
  }

  placeOrder(connection: Connection, tokens: Tokens): void {
    const text = (index: number) => tokens[index] ?? '';
    const orderId = Number(text(1));
    const clientId = connection.clientId ?? 0;
    const isTransmitted = text(27) === '1';
    // Of orders that go out together, what is lost is lost of the one that sends them.
    const fault = isTransmitted || this.orderFault === 'drop-held' ? this.orderFault : undefined;
    if (fault !== undefined) this.orderFault = undefined;
    if (fault === 'drop-before' || fault === 'drop-held') {
      connection.socket.destroy();
      return;
    }
    if (fault !== undefined) connection.deaf = true;
    const refuse = (code: number, why: string) => this.#send(connection, errorMessage(orderId, code, why));
    try {
      if (this.readOnly) {
        return void refuse(
          321,
          "Error validating request.-'bW' : cause - The API interface is currently in Read-Only mode.",
        );
      }
      if (this.#serversAreAway) return void refuse(504, 'Not connected');
      const used = this.#used.get(`${clientId} ${orderId}`);
      if (used) return void this.#modify(used, tokens, refuse);
      if (orderId < this.#nextValidId) return void refuse(103, 'Duplicate order id');
      const listing = this.#listing(tokens, 2);
      if (!listing) return void refuse(200, 'No security definition has been found for the request');
      const account = text(23);
      if (account !== '' && account !== this.account.name)
        return void refuse(436, 'You must specify an allocation.');
      const [type, tif] = [text(18), text(21)];
      if (!['MKT', 'LMT', 'STP', 'STP LMT', 'MOC'].includes(type)) {
        return void refuse(387, 'Unsupported order type for this exchange and security type.');
      }
      if (type === 'MOC' && tif !== 'DAY') {
        return void refuse(113, 'The Tif option should be set to DAY for MOC and LOC orders.');
      }
      const price = (index: number) => (text(index) === '' ? undefined : decimal(text(index)));
      const refusal = this.account.place(
        {
          orderId,
          clientId,
          account: this.account.name,
          listing,
          action: text(16) === 'SELL' ? 'SELL' : 'BUY',
          quantity: decimal(text(17)),
          type,
          limitPrice: price(19),
          auxPrice: price(20),
          tif: tif === '' ? 'DAY' : tif,
          ocaGroup: text(22),
          ocaType: Number(text(46)),
          orderRef: text(26),
          parentId: Number(text(28)),
          transmit: isTransmitted,
        },
        (order) => {
          this.#used.set(`${clientId} ${orderId}`, order);
          this.#nextValidId = Math.max(this.#nextValidId, orderId + 1);
          if (this.account.isHeld(order)) return;
          this.#news(order, [openOrder(order), orderStatus(order)]);
          if (!this.account.open || order.type === 'MOC' || order.tif === 'OPG') {
            this.#send(
              connection,
              errorMessage(
                orderId,
                399,
                'Order Message:\nWarning: your order will not be placed at the exchange until its session begins',
              ),
            );
          }
        },
      );
      if (refusal) refuse(refusal.code, refusal.text);
    } finally {
      if (fault === 'lose-answers-and-drop') connection.socket.destroy();
      // Only the answers of this one order are lost.
      if (fault === 'lose-answers') connection.deaf = false;
    }
  }

  /** The same id again changes the order that has it. */
  #modify(order: Order, tokens: Tokens, refuse: (code: number, why: string) => void): void {
    this.violations.push(`order ${order.orderId} was sent again, which modifies it: ${tokens[26] ?? ''}`);
    if (order.status === 'Filled') return void refuse(104, "Can't modify a filled order.");
    refuse(105, 'Order being modified does not match original order.');
  }

  cancelOrder(connection: Connection, tokens: Tokens): void {
    const orderId = Number(tokens[1]);
    const order = this.#used.get(`${connection.clientId} ${orderId}`);
    const refuse = (code: number, why: string) => this.#send(connection, errorMessage(orderId, code, why));
    if (this.#serversAreAway) return void refuse(504, 'Not connected');
    if (!order) return void refuse(10147, `OrderId ${orderId} that needs to be cancelled is not found.`);
    if (!this.account.working().includes(order) && !this.account.isHeld(order)) {
      return void refuse(
        10148,
        `OrderId ${orderId} that needs to be cancelled cannot be cancelled, state: ${order.status}.`,
      );
    }
    this.account.cancel(order);
    refuse(202, 'Order Canceled - reason:');
  }

  openOrders(connection: Connection): void {
    for (const order of this.account.working()) {
      this.#send(connection, openOrder(order));
      this.#send(connection, orderStatus(order));
    }
    this.#send(connection, [53, 1]);
  }

  completedOrders(connection: Connection): void {
    for (const order of this.account.orders) {
      if (order.endedAt === undefined || order.endedAt < this.#dayStart) continue;
      this.#send(connection, completedOrder(order, this.#time(order.endedAt)));
    }
    this.#send(connection, [102]);
  }

  executions(connection: Connection, tokens: Tokens): void {
    const requestId = Number(tokens[2]);
    const reports: Execution[] = [];
    for (const order of this.account.orders) {
      for (const execution of order.executions) {
        if (execution.at < this.#dayStart) continue;
        this.#send(connection, executionData(requestId, order, execution, this.#time(execution.at)));
        reports.push(execution);
      }
    }
    this.#send(connection, [55, 1, requestId]);
    for (const execution of reports) this.#tellCommission(connection, execution, 'asked');
  }

  positions(connection: Connection): void {
    for (const [{ conId, symbol, currency }, quantity] of this.account.positions) {
      this.#send(connection, [
        ...[61, 3, this.account.name, conId, symbol, 'STK', '', 0, '', '', '', currency, symbol, 'NMS'],
        ...[decimalText(quantity), 0],
      ]);
    }
    this.#send(connection, [62, 1]);
  }

  accountSummary(connection: Connection, tokens: Tokens): void {
    const requestId = Number(tokens[2]);
    if (connection.summaries.size >= 2) {
      this.#send(
        connection,
        errorMessage(
          requestId,
          322,
          'Error processing request.-cause - Maximum number of account summary requests exceeded',
        ),
      );
      return;
    }
    connection.summaries.add(requestId);
    const tell = (tag: string, value: string, currency: string) =>
      this.#send(connection, [63, 1, requestId, this.account.name, tag, value, currency]);
    for (const [currency, cash] of this.account.cash) {
      tell('Currency', currency, currency);
      tell('CashBalance', decimalText(cash), currency);
      tell('TotalCashBalance', decimalText(cash), currency);
      tell('ExchangeRate', currency === 'USD' ? '1.00' : '1.0845', currency);
    }
    tell('Currency', 'BASE', 'BASE');
    tell('CashBalance', decimalText(this.account.cash.get('USD') ?? zero), 'BASE');
    this.#send(connection, [64, 1, requestId]);
  }

  cancelAccountSummary(connection: Connection, tokens: Tokens): void {
    connection.summaries.delete(Number(tokens[2]));
  }

  contractDetails(connection: Connection, tokens: Tokens): void {
    const requestId = Number(tokens[2]);
    const found = this.#matching(tokens, 3);
    if (this.#serversAreAway)
      return void this.#send(connection, errorMessage(requestId, 504, 'Not connected'));
    if (found.length === 0) {
      return void this.#send(
        connection,
        errorMessage(requestId, 200, 'No security definition has been found for the request'),
      );
    }
    for (const listing of found)
      this.#send(connection, contractData(requestId, listing, 'SMART', this.#hours()));
    this.#send(connection, [52, 1, requestId]);
  }

  matchingSymbols(connection: Connection, tokens: Tokens): void {
    const [requestId, pattern] = [Number(tokens[1]), (tokens[2] ?? '').toUpperCase()];
    const found = listings.filter(
      ({ symbol, name }) => symbol.startsWith(pattern) || name.toUpperCase().includes(pattern),
    );
    this.#send(connection, [
      79,
      requestId,
      found.length,
      ...found.flatMap(({ conId, symbol, primaryExchange, currency, name }) => [
        ...[conId, symbol, 'STK', primaryExchange, currency, 2, 'OPT', 'CFD', name, ''],
      ]),
    ]);
  }

  marketRule(connection: Connection, tokens: Tokens): void {
    const rule = Number(tokens[1]);
    const listing = listings.find(({ marketRule }) => marketRule === rule);
    if (!listing) return void this.#send(connection, errorMessage(-1, 321, 'Invalid market rule id'));
    const { ticks } = listing;
    this.#send(connection, [93, rule, ticks.length, ...ticks.flatMap(({ from, step }) => [from, step])]);
  }

  marketData(connection: Connection, tokens: Tokens): void {
    const requestId = Number(tokens[2]);
    const listing = this.#listing(tokens, 3);
    const fail = (code: number, text: string) => this.#send(connection, errorMessage(requestId, code, text));
    if (!listing) return void fail(200, 'No security definition has been found for the request');
    const delayed = !this.subscribed;
    if (delayed && connection.marketDataType < 3) {
      return void fail(354, 'Requested market data is not subscribed. Delayed market data is available.');
    }
    if (delayed) {
      this.#send(connection, [58, 1, requestId, 3]);
      fail(10167, 'Requested market data is not subscribed. Displaying delayed market data.');
    }
    const market = this.account.market(listing);
    const prices = market ? [market.bid, market.ask, market.last] : [];
    const types = delayed ? [66, 67, 68] : [1, 2, 4];
    for (const [index, price] of prices.entries()) {
      this.#send(connection, [1, 6, requestId, types[index] ?? 0, decimalText(price), 100, 0]);
    }
    this.#send(connection, [57, 1, requestId]);
  }

  marketDataType(connection: Connection, tokens: Tokens): void {
    connection.marketDataType = Number(tokens[2]);
  }

  historicalData(connection: Connection, tokens: Tokens): void {
    const requestId = Number(tokens[1]);
    const listing = this.#listing(tokens, 2);
    if (!listing) {
      return void this.#send(
        connection,
        errorMessage(requestId, 200, 'No security definition has been found for the request'),
      );
    }
    const [end = '', barSize = '', duration = '', regular = '', whatToShow = '', format = ''] =
      tokens.slice(15);
    const answer = this.history.answer(
      {
        key: tokens.slice(2).join(' '),
        conId: listing.conId,
        end: endOf(end),
        duration,
        barSize,
        whatToShow,
      },
      listing.symbol,
    );
    if ('code' in answer)
      return void this.#send(connection, errorMessage(requestId, answer.code, answer.text));
    if (regular !== '1' || format !== '2')
      this.violations.push('bars are asked for regular hours, in seconds');
    const daily = barSize === '1 day' || barSize === '1W' || barSize === '1M';
    const dateOf = (time: number) =>
      daily ? new Date(time).toISOString().slice(0, 10).replaceAll('-', '') : Math.floor(time / 1000);
    this.#send(connection, [
      ...[17, requestId, '20260101 00:00:00 US/Eastern', '20260101 00:00:00 US/Eastern', answer.length],
      ...answer.flatMap(({ time, open, high, low, close, volume }) => [
        ...[dateOf(time), open, high, low, close, volume, close, 10],
      ]),
    ]);
  }

  #tellExecution(order: Order, execution: Execution): void {
    this.#news(order, [executionData(-1, order, execution, this.#time(execution.at))]);
    for (const connection of this.#clientOf(order)) this.#tellCommission(connection, execution);
  }

  #tellCommission(connection: Connection, execution: Execution, why: 'asked' | 'news' = 'news'): void {
    const tell = () => this.#send(connection, commissionReport(execution));
    if (this.#holdsCommissions) this.#heldCommissions.push(tell);
    else if (this.#holdsNews && why === 'news') this.#heldNews.push(tell);
    else tell();
  }

  /** To the client that placed the order. */
  #news(order: Order, messages: readonly (readonly Field[])[]): void {
    const tell = () => {
      for (const connection of this.#clientOf(order)) {
        for (const message of messages) {
          this.#send(connection, message);
          if (this.doubles) this.#send(connection, message);
        }
      }
    };
    if (this.#holdsNews) this.#heldNews.push(tell);
    else tell();
  }

  #clientOf({ clientId }: Order): Connection[] {
    return [...this.#connections].filter((connection) => connection.clientId === clientId);
  }

  #toAll(message: readonly Field[]): void {
    for (const connection of this.#connections) {
      if (connection.clientId !== undefined) this.#send(connection, message);
    }
  }

  #send(connection: Connection, message: readonly Field[]): void {
    if (connection.deaf || connection.socket.destroyed) return;
    const bytes = frame(message);
    if (!connection.cut) return void connection.socket.write(bytes);
    connection.deaf = true;
    const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
    connection.socket.write(half, () => connection.socket.destroy());
  }

  /** The contract at its fields in a request: by its number, or by what else is said. */
  #listing(tokens: Tokens, at: number): Listing | undefined {
    const found = this.#matching(tokens, at);
    return found.length === 1 ? found[0] : undefined;
  }

  #matching(tokens: Tokens, at: number): Listing[] {
    const text = (offset: number) => tokens[at + offset] ?? '';
    const [conId, symbol, primary, currency] = [Number(text(0)), text(1), text(8), text(9)];
    return listings.filter(
      (listing) =>
        (conId === 0 || listing.conId === conId) &&
        (symbol === '' || listing.symbol === symbol) &&
        (primary === '' || listing.primaryExchange === primary) &&
        (currency === '' || listing.currency === currency),
    );
  }

  #hours(): string {
    const day = new Date(this.clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
    return `${day}:0930-${day}:1600`;
  }

  /** `20260102 09:30:00 US/Eastern`, or in UTC `20260102-14:30:00`. */
  #time(at: number): string {
    const zone = this.timezone;
    const parts = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    }).format(at);
    const [day = '', clock = ''] = parts.replaceAll('-', '').split(' ');
    return zone === 'UTC' ? `${day}-${clock}` : `${day} ${clock} ${zone}`;
  }
}

function endOf(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

const handlers: Readonly<Record<number, (tws: TwsServer, connection: Connection, tokens: Tokens) => void>> = {
  1: (tws, connection, tokens) => tws.marketData(connection, tokens),
  2: () => undefined,
  3: (tws, connection, tokens) => tws.placeOrder(connection, tokens),
  4: (tws, connection, tokens) => tws.cancelOrder(connection, tokens),
  7: (tws, connection, tokens) => tws.executions(connection, tokens),
  8: (tws, connection) => tws.nextIds(connection),
  9: (tws, connection, tokens) => tws.contractDetails(connection, tokens),
  16: (tws, connection) => tws.openOrders(connection),
  20: (tws, connection, tokens) => tws.historicalData(connection, tokens),
  25: () => undefined,
  49: (tws, connection) => tws.currentTime(connection),
  59: (tws, connection, tokens) => tws.marketDataType(connection, tokens),
  61: (tws, connection) => tws.positions(connection),
  62: (tws, connection, tokens) => tws.accountSummary(connection, tokens),
  63: (tws, connection, tokens) => tws.cancelAccountSummary(connection, tokens),
  64: () => undefined,
  81: (tws, connection, tokens) => tws.matchingSymbols(connection, tokens),
  91: (tws, connection, tokens) => tws.marketRule(connection, tokens),
  99: (tws, connection) => tws.completedOrders(connection),
};
