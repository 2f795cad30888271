/** One seed from beginning to end: the desk lives through its story, and what must be true is checked. */
import { rm } from 'node:fs/promises';
import type { Posting } from '../../engine/bank/ledger.ts';
import { CcxtBroker } from '../../engine/brokers/ccxt/ccxt.ts';
import { ccxtSettings } from '../../engine/brokers/ccxt/settings.ts';
import type { Clock } from '../../engine/clock.ts';
import { reasonOf } from '../../engine/errors.ts';
import { operationCollection, unfinishedStates } from '../../engine/execution/operation.ts';
import { orderCollection } from '../../engine/execution/order.ts';
import { openStates } from '../../engine/execution/states.ts';
import type { Logger } from '../../engine/log.ts';
import { decimal, decimalOfNumber, zero } from '../../engine/money.ts';
import { signalCollection } from '../../engine/signals/signal.ts';
import { openSqliteStore } from '../../engine/store/sqlite/store.ts';
import type { Store } from '../../engine/store/store.ts';
import type { TestBinance } from '../support/exchange/binance/index.ts';
import { startBinance } from '../support/exchange/binance/index.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import type { Acknowledged, TrueLine, Truth } from './checks.ts';
import { problemsOf } from './checks.ts';
import type { Desk } from './desk.ts';
import { openDesk } from './desk.ts';
import { Network, replaceCcxtTransport } from './network.ts';
import { Random } from './random.ts';
import type { PlannedAlert, Scene } from './story.ts';
import { lastExitOf, priceText, sceneOf, startPrices } from './story.ts';
import { Sky } from './weather.ts';
import { installWorlds, Life, sleepInWorld, World } from './world.ts';

export interface SeedResult {
  readonly seed: number;
  /** Empty when all is as it must be. */
  readonly problems: readonly string[];
  /** What happened, line by line. */
  readonly log: readonly string[];
  readonly alerts: number;
  readonly orders: number;
  readonly fills: number;
  readonly requests: number;
  readonly differences: number;
  readonly stuck: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Of the world's time. */
  readonly minutes: number;
}

const wallets = ['spot', 'cross'] as const;
const senderPatienceMs = 3000;
const resendMs = 5000;

let isReady: Promise<void> | undefined;

/** Before anything loads ccxt. */
function prepare(): Promise<void> {
  isReady ??= (async () => {
    installWorlds();
    await replaceCcxtTransport();
  })();
  return isReady;
}

export async function runSeed(seed: number): Promise<SeedResult> {
  await prepare();
  const folder = await memoryFolder('outcry-faults-');
  const story = await Story.open(seed, folder);
  try {
    return await story.tell();
  } finally {
    await story.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class Story {
  readonly #seed: number;
  readonly #folder: string;
  readonly #world: World;
  readonly #far: Life;
  readonly #startMs: number;
  readonly #random: Random;
  readonly #log: string[] = [];
  readonly #sky: Sky;
  readonly #scene: Scene;
  readonly #exchange: TestBinance;
  readonly #network: Network;
  readonly #acknowledged: Acknowledged[] = [];
  readonly #prices = new Map(Object.entries(startPrices));
  #clockOffMs = 0;
  #life: Life | undefined;
  #desk: Desk | undefined;
  #isStarted = false;
  #store: Store | undefined;
  #lives = 0;
  #sending = 0;
  /** Nobody interrupts a sender. */
  readonly #uninterrupted = new AbortController().signal;

  private constructor(seed: number, folder: string, exchange: TestBinance, world: World) {
    this.#seed = seed;
    this.#folder = folder;
    this.#world = world;
    this.#startMs = world.ms;
    this.#far = new Life('the world around', world);
    this.#exchange = exchange;
    this.#random = new Random(seed);
    this.#scene = sceneOf(this.#random.fork(), { margin: seed % 4 !== 0 });
    this.#sky = new Sky(this.#random.fork(), (line) => this.#note(line));
    this.#network = new Network({ exchange, sky: this.#sky, far: this.#far, random: this.#random.fork() });
  }

  static async open(seed: number, folder: string): Promise<Story> {
    const world = new World();
    return new Story(seed, folder, await startBinance({ clock: world }), world);
  }

  async close(): Promise<void> {
    this.#life?.die();
    await this.#store?.close();
    await this.#exchange.close();
  }

  async tell(): Promise<SeedResult> {
    const problems: string[] = [];
    try {
      this.#setTheScene();
      await this.#liveThrough();
      this.#sky.clearUp();
      this.#network.comeUp();
      this.#note('the faults are over');
      await this.#untilQuiet('everything to end after the faults');
      await this.#leaveAll();
      await this.#stopInOrder();
      await this.#untilQuiet('the desk to start once more');
      problems.push(...(await this.#check()));
    } catch (error) {
      problems.push(`${reasonOf(error)}${await this.#whatIsOpen()}`);
    }
    return this.#result(problems);
  }

  #setTheScene(): void {
    const { fees, depth, books } = this.#scene;
    this.#far.run(() => {
      this.#exchange.setFees({ paidIn: fees });
      this.#exchange.deposit('spot', 'USDT', '100000');
      if (fees === 'bnb') for (const wallet of wallets) this.#exchange.deposit(wallet, 'BNB', '5');
      for (const [symbol, price] of this.#prices) {
        this.#exchange.book(symbol).price(priceText(symbol, price), { depth: depthOf(symbol, depth) });
      }
    });
    const handlers = books.map(({ name, wallet = 'spot' }) => `${name} (${wallet})`).join(', ');
    this.#note(
      `books: ${handlers}; fees ${fees}, depth ${depth}; weather ${JSON.stringify(this.#sky.weather)}`,
    );
  }

  async #liveThrough(): Promise<void> {
    let last = 0;
    for (const alert of this.#scene.alerts) {
      last = Math.max(last, alert.afterMs);
      this.#far.later(alert.afterMs + 10_000, () => void this.#send(alert));
    }
    this.#everySo(
      () => this.#random.between(2000, 15_000),
      () => this.#moveMarkets(),
    );
    let minute = 0;
    this.#everySo(
      () => 60_000,
      () => this.#minute(minute++),
    );
    await this.#live(
      'the story to end',
      () => this.#world.ms >= this.#startMs + last + 60_000,
      24 * 3_600_000,
    );
  }

  #everySo(ms: () => number, work: () => void): void {
    this.#far.later(ms(), () => {
      work();
      this.#everySo(ms, work);
    });
  }

  #moveMarkets(): void {
    const random = this.#random;
    for (const [symbol, price] of this.#prices) {
      const next = price * (1 + random.between(-0.003, 0.003));
      const start = startPrices[symbol] ?? next;
      const kept = Math.min(Math.max(next, start * 0.8), start * 1.2);
      this.#prices.set(symbol, kept);
      const book = this.#exchange.book(symbol);
      book.price(priceText(symbol, kept), { depth: depthOf(symbol, this.#scene.depth) });
      if (random.chance(0.3))
        book.sells((Number(depthOf(symbol, '3')) / 20).toFixed(1), priceText(symbol, kept * 0.99));
      if (random.chance(0.3))
        book.buys((Number(depthOf(symbol, '3')) / 20).toFixed(1), priceText(symbol, kept * 1.01));
    }
  }

  #minute(minute: number): void {
    const random = this.#random;
    if (this.#sky.minute('outage')) {
      this.#note('the exchange is away');
      this.#network.goDown();
      this.#far.later(random.between(500, 240_000), () => {
        this.#note('the exchange is back');
        this.#network.comeUp();
      });
    }
    if (this.#sky.minute('streams')) {
      const how = random.one(['break', 'silent', 'expire'] as const);
      this.#note(`streams: ${how}`);
      this.#network.troubleStreams(how);
    }
    if (this.#sky.minute('clock')) {
      this.#clockOffMs = random.one([
        0,
        random.between(-4000, 4000),
        random.between(-90_000, 90_000),
        3_600_000,
      ]);
      this.#note(`the desk's clock is off by ${Math.round(this.#clockOffMs)} ms`);
    }
    const [desk, life] = [this.#desk, this.#life];
    if (!desk || !life || !this.#isStarted) return;
    life.run(() => desk.everyMinute(minute)).catch((error) => this.#note(`a job failed: ${reasonOf(error)}`));
  }

  /** Lives on, and starts the desk again whenever it has died. */
  async #live(what: string, isSo: () => boolean, limitMs: number): Promise<void> {
    const end = this.#world.ms + limitMs;
    for (;;) {
      if (!this.#life || this.#life.isDead) await this.#startAgain();
      await this.#world.until(
        what,
        () => isSo() || this.#life?.isDead === true,
        Math.max(0, end - this.#world.ms),
      );
      if (isSo() && !this.#life?.isDead) return;
    }
  }

  async #startAgain(): Promise<void> {
    if (this.#life)
      await this.#world.pass(this.#random.one([1000, 5000, 20_000, 180_000]) * this.#random.between(0.2, 1));
    await this.#store?.close();
    const store = await openSqliteStore({ folder: this.#folder, nextTurn: queueMicrotask });
    this.#store = store;
    this.#lives += 1;
    const life = new Life(`desk ${this.#lives}`, this.#world);
    this.#life = life;
    this.#isStarted = false;
    this.#note(`${life.name} starts`);
    const clock: Clock = { now: () => new Date(this.#world.ms + this.#clockOffMs) };
    const log = this.#logger(life.name);
    const opening = life.run(() =>
      openDesk(life, store, {
        ...{ sky: this.#sky, clock, log, settings: this.#scene.books },
        openBroker: (parts) => this.#openBroker(parts),
      }),
    );
    try {
      const desk = await this.#world.standstill(Promise.race([opening, life.death]));
      if (!desk) return;
      this.#desk = desk;
      life
        .run(() => desk.start())
        .then(
          () => {
            if (life.isDead) return;
            this.#isStarted = true;
            this.#note(`${life.name} has started`);
          },
          (error) => this.#failedToStart(life, error),
        );
    } catch (error) {
      this.#failedToStart(life, error);
    }
  }

  #failedToStart(life: Life, error: unknown): void {
    this.#note(`${life.name} did not start: ${reasonOf(error)}`);
    life.die();
  }

  #openBroker({ store, clock, log }: { store: Store; clock: Clock; log: Logger }): Promise<CcxtBroker> {
    const settings = ccxtSettings.parse({
      ...{ type: 'ccxt', exchange: 'binance', ...this.#exchange.keys },
      ...{ wallets: [...wallets], requestMs: 1 },
    });
    return CcxtBroker.open({ name: 'account', settings, store, clock, log });
  }

  /** As TradingView does: it waits for three seconds, and tries up to four times. */
  async #send(alert: PlannedAlert): Promise<boolean> {
    this.#sending += 1;
    try {
      for (let attempt = 1; attempt <= 4; attempt++) {
        const status = await this.#post(alert);
        if (status === 200) return true;
        if (status !== 0 && status < 500) return false;
        await sleepInWorld(resendMs, this.#uninterrupted);
      }
      return false;
    } finally {
      this.#sending -= 1;
    }
  }

  /** 0 where no answer came. */
  async #post(alert: PlannedAlert): Promise<number> {
    const [desk, life] = [this.#desk, this.#life];
    if (!desk || !life || life.isDead || !this.#isStarted) return 0;
    const answer = life.run(() => desk.post(alert.path, alert.body)).catch(() => 0);
    const heard = answer.then((status) => {
      this.#note(`alert ${alert.body.slice(0, 90)}: ${status}`);
      if (status === 200 && alert.isSound) {
        const { id, book, isExit } = alert;
        this.#acknowledged.push({ id, book, isExit });
      }
      return status;
    });
    return Promise.race([heard, sleepInWorld(senderPatienceMs, this.#uninterrupted).then(() => 0)]);
  }

  /** Every book gets an exit for all that it may have. */
  async #leaveAll(): Promise<void> {
    for (const book of this.#scene.books) {
      const symbols = [...(await this.#heldBy(book.name))];
      for (const alert of lastExitOf(book, symbols, `last-${book.name}`)) {
        await this.#sendSurely(alert);
      }
    }
    await this.#untilQuiet('the last exits to end');
  }

  async #heldBy(book: string): Promise<ReadonlySet<string>> {
    const holdings = await this.#desk?.books.holdings(book);
    const assets = [...(holdings?.positions.keys() ?? []), ...(holdings?.debts.keys() ?? [])];
    return new Set(
      assets
        .map((asset) => `${asset}/USDT`)
        .filter((symbol) => symbol in startPrices && symbol !== 'BNB/USDT'),
    );
  }

  async #sendSurely(alert: PlannedAlert): Promise<void> {
    let isOver = false;
    let isTaken = false;
    this.#far.run(() =>
      this.#send(alert).then((taken) => {
        isTaken = taken;
        isOver = true;
      }),
    );
    await this.#live('an exit to be taken in', () => isOver, 120_000);
    if (!isTaken) throw new Error(`the last exit was not taken in: ${alert.body}`);
  }

  async #stopInOrder(): Promise<void> {
    const [desk, life] = [this.#desk, this.#life];
    if (!desk || !life) throw new Error('there is no desk');
    let isOver = false;
    life
      .run(() => desk.stop())
      .then(
        () => {
          isOver = true;
        },
        (error) => this.#note(`the desk did not stop in order: ${reasonOf(error)}`),
      );
    await this.#world.until('the desk to stop', () => isOver, 600_000);
    life.die();
  }

  /** No signal, operation or order in hand, and none on its way. */
  async #untilQuiet(what: string): Promise<void> {
    let isQuiet = false;
    let stop = false;
    const look = async (): Promise<void> => {
      for (let times = 0; !stop && times < 2; ) {
        await sleepInWorld(5000, this.#uninterrupted);
        times = this.#isStarted && this.#sending === 0 && (await this.#isQuietNow()) ? times + 1 : 0;
      }
      isQuiet = true;
    };
    void this.#far.run(look);
    try {
      await this.#live(what, () => isQuiet, 3 * 3_600_000);
    } finally {
      stop = true;
    }
  }

  async #isQuietNow(): Promise<boolean> {
    const store = this.#store;
    if (!store || this.#desk?.broker.status().state !== 'ready') return false;
    const signals = await store.collection(signalCollection);
    if ((await signals.count({ state: { in: ['received', 'waiting', 'working'] } })) > 0) return false;
    if ((await signals.count({ told: false })) > 0) return false;
    const operations = await store.collection(operationCollection);
    if ((await operations.count({ state: { in: unfinishedStates } })) > 0) return false;
    const orders = await store.collection(orderCollection);
    return (await orders.count({ state: { in: openStates }, resting: false })) === 0;
  }

  async #whatIsOpen(): Promise<string> {
    const store = this.#store;
    if (!store) return '';
    const operations = await (await store.collection(operationCollection)).find({
      state: { in: unfinishedStates },
    });
    const orders = await (await store.collection(orderCollection)).find({ state: { in: openStates } });
    const signals = await (await store.collection(signalCollection)).find({
      state: { in: ['received', 'waiting', 'working'] },
    });
    for (const { key, state, reason } of await (await store.collection(signalCollection)).find({
      told: false,
    })) {
      this.#note(`not told: the signal ${key} is ${state}: ${reason}`);
    }
    for (const { summary, steps } of operations) this.#note(`open: ${summary} ${JSON.stringify(steps)}`);
    for (const wallet of wallets) {
      this.#note(`at the exchange: ${wallet} ${JSON.stringify(this.#exchange.balances(wallet))}`);
    }
    for (const { name } of this.#scene.books) {
      const { wallets: held, debts } = (await this.#desk?.books.holdings(name)) ?? {};
      const lines = [...(held ?? [])].flatMap(([wallet, assets]) =>
        [...assets].map(([asset, amount]) => `${wallet} ${amount.toFixed()} ${asset}`),
      );
      const owed = [...(debts ?? [])].map(([asset, amount]) => `owes ${amount.toFixed()} ${asset}`);
      this.#note(`the book ${name} has ${[...lines, ...owed].join(', ')}`);
    }
    const { state = 'none', why = '' } = this.#desk?.broker.status() ?? {};
    for (const { method, path, at } of this.#exchange.requests().slice(-5)) {
      this.#note(`one of the last requests: ${new Date(at).toISOString()} ${method} ${path}`);
    }
    return [
      `; broker ${state} ${why}`,
      ...signals.map((signal) => `signal ${signal.key} ${signal.state}`),
      ...operations.map(({ summary, state, reason }) => `operation ${summary} ${state}: ${reason}`),
      ...orders.map(({ _id, state, reason }) => `order ${_id} ${state}: ${reason}`),
    ].join('; ');
  }

  async #check(): Promise<string[]> {
    const [desk, life, store] = [this.#desk, this.#life, this.#store];
    if (!desk || !life || !store) throw new Error('there is no desk');
    let problems: string[] | undefined;
    let failure: unknown;
    life
      .run(async () => {
        await desk.reconciler.reconcile('account');
        return problemsOf(desk, store, this.#truth(), this.#acknowledged);
      })
      .then(
        (found) => {
          problems = found;
        },
        (error) => {
          failure = error;
          problems = [`the check failed: ${reasonOf(error)}`];
        },
      );
    await this.#world.until('the check', () => problems !== undefined, 600_000);
    if (failure instanceof Error) this.#note(failure.stack ?? failure.message);
    return problems ?? [];
  }

  #truth(): Truth {
    const lines: TrueLine[] = wallets.flatMap((wallet) =>
      Object.entries(this.#exchange.balances(wallet)).map(
        ([asset, { free, locked, borrowed, interest }]) => ({
          ...{ wallet, asset },
          held: decimal(free).plus(decimal(locked)),
          owed: decimal(borrowed).plus(decimal(interest)),
        }),
      ),
    );
    const open = new Set(this.#exchange.openOrders().map(({ symbol, id }) => `${symbol} ${id}`));
    const orders = this.#exchange.orders().map(({ clientOrderId, filled, symbol, id }) => ({
      ...{ clientOrderId, filled },
      isOpen: open.has(`${symbol} ${id}`),
    }));
    const worthOf = (asset: string) => {
      const price = this.#prices.get(`${asset}/USDT`);
      return price === undefined ? zero : decimalOfNumber(price);
    };
    return { lines, orders, worthOf };
  }

  /** What the operations of a failed seed did, step by step. */
  async #noteOperations(store: Store): Promise<void> {
    for (const { _id, book, summary, state, steps } of await (
      await store.collection(operationCollection)
    ).find()) {
      this.#note(`${_id} of ${book}: ${summary}: ${state}`);
      for (const { step, since, amount, id, reason, ...record } of steps) {
        this.#note(
          `  ${record.state} ${JSON.stringify(step)} since ${since}: ${amount} as ${id} ${reason ?? ''}`,
        );
      }
    }
  }

  async #notePostings(store: Store): Promise<void> {
    const postings = await store.collection({ name: 'ledger', unique: [], indexes: [] });
    const all = (await postings.find()) as unknown as readonly Posting[];
    for (const { _id, at, sequence, entries } of [...all].sort(
      (one, other) => one.sequence - other.sequence,
    )) {
      const moved = entries.map(
        ({ account, wallet, asset, amount }) => `${account} ${wallet} ${amount} ${asset}`,
      );
      this.#note(`posting ${sequence} at ${at} ${_id}: ${moved.join(', ')}`);
    }
  }

  async #result(problems: readonly string[]): Promise<SeedResult> {
    if (problems.length > 0 && this.#store) await this.#notePostings(this.#store);
    if (problems.length > 0 && this.#store) await this.#noteOperations(this.#store);
    const told = this.#desk && this.#store ? await eventsOf(this.#store) : [];
    for (const { at, text } of told) this.#log.push(`${at} CHAT ${text}`);
    return {
      ...{ seed: this.#seed, problems, log: [...this.#log].sort() },
      alerts: this.#scene.alerts.length,
      orders: this.#exchange.orders().length,
      fills: this.#exchange.trades().length,
      requests: this.#exchange.requests().length,
      differences: told.filter(({ text }) => text.startsWith('difference.found')).length,
      stuck: told.filter(({ text }) => text.startsWith('operation.stuck')).length,
      faults: { ...this.#sky.counts },
      minutes: Math.round((this.#world.ms - this.#startMs) / 60_000),
    };
  }

  #logger(name: string): Logger {
    const write = (level: string) => (fields: object, message: string) =>
      this.#note(`${name} ${level}: ${message} ${JSON.stringify(fields)}`);
    return { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };
  }

  #note(line: string): void {
    this.#log.push(`${this.#world.now().toISOString()} ${String(this.#log.length).padStart(6, '0')} ${line}`);
  }
}

/** `depth` of bitcoin, and of the others what is worth as much. */
function depthOf(symbol: string, depth: string): string {
  const factor = (startPrices['BTC/USDT'] ?? 1) / (startPrices[symbol] ?? 1);
  return depth === '3' ? (0.03 * factor).toFixed(1) : depth;
}

async function eventsOf(store: Store): Promise<readonly { at: string; text: string }[]> {
  const { Outbox } = await import('../../engine/events.ts');
  const outbox = await Outbox.open(store, { now: () => new Date(0) });
  return (await outbox.after(0, 100_000)).map(({ at, event }) => ({
    at,
    text: `${event.type} ${JSON.stringify(event)}`,
  }));
}
