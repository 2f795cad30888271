/**
 * Data vendors on this machine: each answers in the shape that its documentation shows, and refuses what it says it refuses.
 *
 * ```ts
 * await using vendor = await startVendor(tiingo);
 * const source = await vendor.source();                       // of the desk, asking this one
 * vendor.faults.next('/prices', throttle(7));                 // see ../exchange/faults.ts
 * vendor.pauses;                                              // how long the source would have waited
 * ```
 */
import type { Logger } from '../../../engine/log.ts';
import { silentLog } from '../../../engine/log.ts';
import { createSource } from '../../../engine/market/sources/index.ts';
import type { Source } from '../../../engine/market/sources/source.ts';
import { ManualClock } from '../clock.ts';
import type { ExchangeRequest, Faults } from '../exchange/faults.ts';
import { ExchangeServer, type Reply } from '../exchange/http.ts';
import { now } from './stocks.ts';

export interface VendorDialect {
  readonly type: string;
  /** Of `desk.yaml`, with the right keys. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly answer: (request: ExchangeRequest) => Reply;
}

export interface LocalVendor extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly faults: Faults;
  readonly requests: readonly ExchangeRequest[];
  /** Milliseconds for which sources wanted to wait; they did not have to. */
  readonly pauses: readonly number[];
  readonly url: string;
  source(settings?: Readonly<Record<string, unknown>>, log?: Logger): Promise<Source>;
}

export async function startVendor(dialect: VendorDialect): Promise<LocalVendor> {
  const clock = new ManualClock(now);
  const server = new ExchangeServer(dialect.answer, clock);
  const pauses: number[] = [];
  await server.listen();
  return {
    ...{ clock, faults: server.faults, requests: server.requests, pauses },
    url: `http://${server.host}`,
    source: (settings = {}, log = silentLog) =>
      createSource(
        dialect.type,
        { type: dialect.type, gateway: `http://${server.host}`, ...dialect.settings, ...settings },
        { clock, log, ...surroundings(pauses) },
      ),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/**
 * The machine's network, and a wait that is over at once: a test need not wait for a vendor's patience.
 * @param clock goes on by what was waited
 */
export function surroundings(pauses: number[], clock?: ManualClock) {
  return {
    source: (name: string): Source => {
      throw new Error(`there is no other source ${name}`);
    },
    brokers: () => [],
    network: {
      fetch: (url: string, request: { headers: Readonly<Record<string, string>>; signal: AbortSignal }) =>
        fetch(url, request),
      pause: async (ms: number, signal: AbortSignal | undefined) => {
        signal?.throwIfAborted();
        pauses.push(ms);
        clock?.advance(ms);
      },
    },
  };
}

/** A vendor's refusal of parameters that it does not know, so that a misspelt one cannot go unnoticed. */
export function unknownParameter(request: ExchangeRequest, known: readonly string[]): string | undefined {
  return Object.keys(request.parameters).find((name) => !known.includes(name));
}
