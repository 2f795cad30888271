/**
 * A world with a time of its own: nothing in it waits for real, and whatever happens, happens in the same order when it is
 * lived through again.
 *
 * Timers that are set inside a world, also by libraries, belong to the life that set them, and come due when the world's
 * time does. A life is a process of the desk, or the exchange. One that has died does nothing more: its timers are gone,
 * and whoever stands at one of its doors (store, network) waits for ever.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../engine/clock.ts';
import type { Sleep } from '../../engine/execution/patience.ts';

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  now: Date.now,
  performanceNow: performance.now.bind(performance),
};

/** What a call of a dead process comes to. A promise of its own: one for all would keep every process that waits for it. */
export function forever(): Promise<never> {
  return new Promise(() => undefined);
}

export class Life {
  readonly name: string;
  readonly world: World;
  /** Resolves when it dies. */
  readonly death: Promise<void>;
  #isDead = false;
  #died: () => void = () => undefined;

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
    this.death = new Promise((resolve) => {
      this.#died = resolve;
    });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  die(): void {
    this.#isDead = true;
    this.#died();
  }

  run<T>(work: () => T): T {
    return current.run(this, work);
  }

  /** Does it after so much of the world's time, if this life lasts. */
  later(ms: number, work: () => void): void {
    this.world.schedule(this, ms, null, () => this.run(work));
  }
}

const current = new AsyncLocalStorage<Life>();

/** In whose life this is called. */
export function livingNow(): Life | undefined {
  return current.getStore();
}

class Timer {
  isCancelled = false;
  at: number;
  order: number;
  readonly periodMs: number | null;
  readonly life: Life;
  readonly work: () => void;

  constructor(at: number, order: number, periodMs: number | null, life: Life, work: () => void) {
    this.at = at;
    this.order = order;
    this.periodMs = periodMs;
    this.life = life;
    this.work = work;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    return this;
  }
}

/** How many turns of the real event loop it takes at most until nothing moves without a timer. */
const turnsToSettle = 3;

export class World implements Clock {
  readonly #timers: Timer[] = [];
  #now: number;
  #order = 0;

  constructor(start = '2024-03-04T09:40:00.000Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  get ms(): number {
    return this.#now;
  }

  schedule(life: Life, ms: number, periodMs: number | null, work: () => void): Timer {
    const delay = Number.isFinite(ms) && ms > 0 ? ms : 0;
    const timer = new Timer(this.#now + delay, this.#order++, periodMs, life, work);
    push(this.#timers, timer);
    return timer;
  }

  /**
   * Lives on until this is so.
   * @throws Error when it is not so after that much of the world's time
   */
  async until(what: string, isSo: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
    const end = this.#now + limitMs;
    for (;;) {
      await settle();
      if (await isSo()) return;
      const timer = pop(this.#timers);
      if (!timer) throw new Error(`nothing moves any more while waiting: ${what}`);
      if (timer.isCancelled || timer.life.isDead) continue;
      if (timer.at > end) {
        push(this.#timers, timer);
        this.#now = end;
        throw new Error(`it took longer than ${limitMs / 1000} s: ${what}`);
      }
      this.#now = Math.max(this.#now, timer.at);
      if (timer.periodMs !== null) {
        timer.at = this.#now + Math.max(timer.periodMs, 1);
        timer.order = this.#order++;
        push(this.#timers, timer);
      }
      timer.work();
    }
  }

  /** While something is read from the disk, such as a library: time stands still, only what is due now happens. */
  async standstill<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    while (!isOver) {
      await settle();
      const next = this.#timers[0];
      if (next && next.at <= this.#now) {
        pop(this.#timers);
        if (!next.isCancelled && !next.life.isDead && next.periodMs === null) next.work();
      } else await new Promise((resolve) => real.setTimeout(resolve, 1));
    }
    return work;
  }

  async pass(ms: number): Promise<void> {
    let isOver = false;
    this.schedule(new Life('time', this), ms, null, () => {
      isOver = true;
    });
    await this.until('time to pass', () => isOver, ms + 1);
  }
}

/** Waiting in a world. */
export const sleepInWorld: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    setMaxListeners(0, signal);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn++) await new Promise((resolve) => real.setImmediate(resolve));
}

/**
 * From here on timers and `Date.now` of whatever runs in a life are those of its world. To be called before libraries are
 * loaded that keep a timer function for themselves.
 */
export function installWorlds(): void {
  const timer =
    (isPeriodic: boolean) =>
    (work: (...given: unknown[]) => void, ms?: number, ...given: unknown[]): unknown => {
      const life = current.getStore();
      if (!life) {
        const set = isPeriodic ? real.setInterval : real.setTimeout;
        return set(work, ms, ...given);
      }
      const bound = AsyncResource.bind(() => work(...given));
      return life.world.schedule(life, ms ?? 0, isPeriodic ? (ms ?? 0) : null, bound);
    };
  const clear = (clearReal: (timer?: NodeJS.Timeout) => void) => (given?: unknown) => {
    if (given instanceof Timer) given.isCancelled = true;
    else clearReal(given as NodeJS.Timeout | undefined);
  };
  Object.assign(globalThis, {
    setTimeout: timer(false),
    setInterval: timer(true),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
  });
  Date.now = () => current.getStore()?.world.ms ?? real.now();
  performance.now = () => current.getStore()?.world.ms ?? real.performanceNow();
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** A binary heap: the earliest first. */
function push(heap: Timer[], timer: Timer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (!above || !isBefore(timer, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = timer;
}

function pop(heap: Timer[]): Timer | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const left = heap[child];
    const right = heap[child + 1];
    if (!left) break;
    if (right && isBefore(right, left)) child += 1;
    const least = heap[child];
    if (!least || !isBefore(least, last)) break;
    heap[index] = least;
    index = child;
  }
  heap[index] = last;
  return first;
}
