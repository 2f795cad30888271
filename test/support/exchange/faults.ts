/**
 * What may go wrong between a client and the exchange, request by request.
 *
 * A fault says how often the exchange acts on the request and what comes back of it:
 *
 * ```ts
 * exchange.faults.next('POST /api/v3/order', loseReply);      // it acts, the connection breaks
 * exchange.faults.next('POST /api/v3/order', loseRequest);    // it never hears of it
 * exchange.faults.next(/account/, answerStatus(503));         // not carried out
 * exchange.faults.next('/order', answerStatus(502, 'acts'));  // carried out all the same
 * exchange.onRequest = (request) => (random() < 0.1 ? loseReply : undefined); // for seeds
 * ```
 */

export interface Fault {
  /** How often the exchange acts on it: 1 unless told; 2 when something on the way sends it again. */
  readonly acts?: 0 | 1 | 2;
  /**
   * What comes back, instead of the true reply. `lost`: the connection breaks. `cut`: it breaks in the middle of the
   * reply. `never`: the connection stays open, and silent.
   */
  readonly reply?: 'lost' | 'cut' | 'never' | FalseReply;
  /** Before it acts: milliseconds of real time, or until this resolves. */
  readonly waitBefore?: number | Promise<void>;
  /** After it has acted, before it replies. */
  readonly waitAfter?: number | Promise<void>;
}

export interface FalseReply {
  readonly status: number;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const loseRequest: Fault = { acts: 0, reply: 'lost' };
export const loseReply: Fault = { reply: 'lost' };
export const cutReply: Fault = { reply: 'cut' };
/** The same bytes arrive twice; the second answer comes back. */
export const replay: Fault = { acts: 2 };
export const neverReply: Fault = { reply: 'never' };
export const neverArrive: Fault = { acts: 0, reply: 'never' };

/** A front server's own page, such as 502; with `acts`, the exchange behind it has done what was asked. */
export function answerStatus(status: number, acts?: 'acts'): Fault {
  return {
    acts: acts === undefined ? 0 : 1,
    reply: { status, body: `<html><body><h1>${status}</h1></body></html>`, headers: html },
  };
}

/** A 200 that is no JSON, as captive pages and broken caches give. */
export function answerPage(acts?: 'acts'): Fault {
  return {
    acts: acts === undefined ? 0 : 1,
    reply: { status: 200, body: '<html>It works!</html>', headers: html },
  };
}

/** The exchange's own refusal, whatever was asked. */
export function refuse(status: number, code: number, msg: string): Fault {
  return { acts: 0, reply: { status, body: { code, msg } } };
}

/** 429, or 418 for those who did not listen. */
export function throttle(retryAfterS: number, status: 429 | 418 = 429): Fault {
  return {
    acts: 0,
    reply: {
      status,
      body: { code: -1003, msg: 'Too many requests; please use the websocket for live updates.' },
      headers: { 'retry-after': String(retryAfterS) },
    },
  };
}

const html = { 'content-type': 'text/html' };

/** What a fault waits for: part of `POST /api/v3/order`, or any test of the request. */
export type RequestMatch = string | RegExp | ((request: ExchangeRequest) => boolean);

/** A request as it arrived. */
export interface ExchangeRequest {
  /** Counted from 1. */
  readonly number: number;
  readonly method: string;
  /** Without host and query, such as `/api/v3/order`. */
  readonly path: string;
  /** Of the query and the body. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: string;
  readonly body: string;
  /** Milliseconds by the exchange's clock. */
  readonly at: number;
}

export class Faults {
  readonly #waiting: { readonly match: RequestMatch; readonly fault: Fault; left: number }[] = [];

  /** The next request that matches, or the next so many. */
  next(match: RequestMatch, fault: Fault, times = 1): void {
    this.#waiting.push({ match, fault, left: times });
  }

  /** Every request that matches, until the function that it returns is called. */
  always(match: RequestMatch, fault: Fault): () => void {
    const entry = { match, fault, left: Number.POSITIVE_INFINITY };
    this.#waiting.push(entry);
    return () => {
      const index = this.#waiting.indexOf(entry);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  /** Faults that have not happened yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** The fault for a request, used up by this. */
  take(request: ExchangeRequest): Fault | undefined {
    const index = this.#waiting.findIndex(({ match }) => matches(match, request));
    const entry = this.#waiting[index];
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#waiting.splice(index, 1);
    return entry.fault;
  }
}

function matches(match: RequestMatch, request: ExchangeRequest): boolean {
  if (typeof match === 'function') return match(request);
  const line = `${request.method} ${request.path}`;
  return typeof match === 'string' ? line.includes(match) : match.test(line);
}
