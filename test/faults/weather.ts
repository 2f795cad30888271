/**
 * What may go wrong around the desk, and when: decided by the seed at every door through which the desk reaches the world.
 *
 * A request of an order, a loan or a transfer is never carried out twice by the exchange: between two ends of a TLS
 * connection nobody can send bytes again, and an exchange that doubles what it took is not what the desk protects against.
 */
import { StoreError } from '../../engine/store/store.ts';
import type { Random } from './random.ts';
import type { Life } from './world.ts';
import { forever } from './world.ts';

/** How a request fares. Milliseconds are of the world's time. */
export interface Fate {
  readonly outMs: number;
  readonly backMs: number;
  readonly arrives: boolean;
  /** What the desk hears: the true reply, a broken line, half of it, nothing, or somebody else's page. */
  readonly hears:
    | 'reply'
    | 'break'
    | 'cut'
    | 'silence'
    | { readonly status: number; readonly body: string; readonly retryAfter?: number };
  /** For the log; empty where nothing is wrong. */
  readonly name: string;
}

export interface Weather {
  /** Of a request, per cent of them that meet a fault. */
  readonly network: number;
  /** Of a call to the store. */
  readonly store: number;
  /** About how many calls lie between two crashes; 0 for none. */
  readonly crashEvery: number;
  readonly crashes: number;
  /** Of a minute: whether the exchange goes away, the streams break, the clock steps. */
  readonly outage: number;
  readonly streams: number;
  readonly clock: number;
}

/** From calm to all at once: a third of the seeds meet one kind of fault only, so that a failing one says more. */
export function weatherOf(random: Random): Weather {
  const calm: Weather = { network: 0, store: 0, crashEvery: 0, crashes: 0, outage: 0, streams: 0, clock: 0 };
  const full: Weather = {
    network: random.one([0.005, 0.01, 0.02, 0.05, 0.12]),
    store: random.one([0, 0.0005, 0.001, 0.004]),
    crashEvery: random.one([150, 500, 1500]),
    crashes: random.whole(1, 10),
    outage: random.one([0, 0.02, 0.06]),
    streams: random.one([0, 0.1, 0.4]),
    clock: random.one([0, 0, 0.05]),
  };
  const kind = random.whole(0, 14);
  if (kind === 0) return calm;
  if (kind === 1) return { ...calm, network: full.network, streams: full.streams };
  if (kind === 2) return { ...calm, store: 0.005 };
  if (kind <= 4) return { ...calm, crashEvery: full.crashEvery, crashes: full.crashes };
  if (kind === 5) return { ...calm, outage: 0.06, streams: 0.3 };
  if (kind === 6) return { ...calm, clock: 0.1 };
  return full;
}

export class Sky {
  readonly weather: Weather;
  readonly #random: Random;
  readonly #note: (line: string) => void;
  #isCalm = false;
  #crashesLeft: number;
  #callsToCrash: number;
  readonly counts = { network: 0, store: 0, crashes: 0, outages: 0, streams: 0, clock: 0 };

  constructor(random: Random, note: (line: string) => void) {
    this.#random = random;
    this.#note = note;
    this.weather = weatherOf(random);
    this.#crashesLeft = this.weather.crashes;
    this.#callsToCrash = this.#nextCrash();
  }

  /** From here on nothing goes wrong any more. */
  clearUp(): void {
    this.#isCalm = true;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  minute(what: 'outage' | 'streams' | 'clock'): boolean {
    if (this.#isCalm || !this.#random.chance(this.weather[what])) return false;
    this.counts[what === 'outage' ? 'outages' : what] += 1;
    return true;
  }

  /** The desk stands at a door. @throws nothing: who dies here waits for ever */
  async door(life: Life, where: string): Promise<void> {
    if (life.isDead) await forever();
    if (this.#isCalm || this.weather.crashEvery === 0 || this.#crashesLeft === 0) return;
    this.#callsToCrash -= 1;
    if (this.#callsToCrash > 0) return;
    this.#crashesLeft -= 1;
    this.#callsToCrash = this.#nextCrash();
    this.counts.crashes += 1;
    this.#note(`CRASH ${where}`);
    life.die();
    await forever();
  }

  /** @throws StoreError */
  async storeCall(life: Life, moment: 'before' | 'after', call: string): Promise<void> {
    await this.door(life, `${moment} ${call}`);
    if (this.#isCalm || !this.#random.chance(this.weather.store)) return;
    this.counts.store += 1;
    this.#note(`store fails ${moment} ${call}`);
    throw new StoreError(`the disk did not answer (${moment} ${call})`);
  }

  fate(request: string): Fate {
    const random = this.#random;
    const well: Fate = {
      outMs: random.between(2, 40),
      backMs: random.between(2, 40),
      arrives: true,
      hears: 'reply',
      name: '',
    };
    if (this.#isCalm || !random.chance(this.weather.network)) return well;
    const fate = this.#fault(well);
    this.counts.network += 1;
    this.#note(`${request}: ${fate.name}`);
    return fate;
  }

  #fault(well: Fate): Fate {
    const random = this.#random;
    const page = (status: number) => ({ status, body: `<html><h1>${status}</h1></html>` });
    const json = (status: number, code: number, msg: string) => ({
      status,
      body: JSON.stringify({ code, msg }),
    });
    const faults: (() => Fate)[] = [
      () => ({ ...well, arrives: false, hears: 'break', name: 'request lost' }),
      () => ({ ...well, hears: 'break', name: 'reply lost' }),
      () => ({ ...well, hears: 'cut', name: 'reply cut' }),
      () => ({ ...well, hears: 'silence', name: 'never answered' }),
      () => ({ ...well, arrives: false, hears: 'silence', name: 'never arrived, line open' }),
      () => ({ ...well, outMs: random.between(500, 4500), name: 'arrives late' }),
      () => ({ ...well, outMs: random.between(4500, 9000), name: 'arrives too late' }),
      () => ({ ...well, backMs: random.between(500, 9000), name: 'reply late' }),
      () => ({ ...well, outMs: random.between(11_000, 20_000), name: 'arrives after its time limit' }),
      () => ({ ...well, backMs: random.between(11_000, 30_000), name: 'reply after its time limit' }),
      () => ({ ...well, hears: page(502), name: 'carried out, 502' }),
      () => ({ ...well, arrives: false, hears: page(503), name: '503' }),
      () => ({
        ...well,
        hears: json(504, -1007, 'Timeout waiting for response from backend server.'),
        name: 'carried out, 504',
      }),
      () => ({
        ...well,
        hears: json(500, -1000, 'An unknown error occurred while processing the request.'),
        name: 'carried out, 500',
      }),
      () => ({ ...well, arrives: false, hears: json(500, -1001, 'Internal error.'), name: '500' }),
      () => ({
        ...well,
        hears: { status: 200, body: '<html>It works!</html>' },
        name: 'carried out, a page',
      }),
      () => ({
        ...well,
        arrives: false,
        hears: { ...json(429, -1003, 'Too many requests.'), retryAfter: random.whole(2, 20) },
        name: '429',
      }),
      () => ({
        ...well,
        arrives: false,
        hears: { ...json(418, -1003, 'Way too many requests; IP banned.'), retryAfter: random.whole(10, 90) },
        name: '418',
      }),
    ];
    return random.one(faults)();
  }

  #nextCrash(): number {
    const { crashEvery } = this.weather;
    return crashEvery === 0 ? 0 : this.#random.whole(1, 2 * crashEvery);
  }
}
