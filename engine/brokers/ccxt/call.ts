/**
 * One call of the exchange, and what is known of how it went. ccxt makes one kind of error of many answers; whether an order
 * may have been taken shows in the plain facts: did the request leave, was there an answer, with which status and code.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Call {
  /** When it was signed and left, in milliseconds of our clock; undefined while nothing has left. */
  sentAt: number | undefined;
  /** Of the answer; undefined where none came. */
  status: number | undefined;
  /** The exchange's own code of its refusal, as text. */
  code: string | undefined;
  retryAfterSeconds: number | undefined;
}

const current = new AsyncLocalStorage<Call>();

/** Does `work` as one call: what the client notes meanwhile is noted in `call`. */
export function asCall<T>(call: Call, work: () => Promise<T>): Promise<T> {
  return current.run(call, work);
}

export function newCall(): Call {
  return { sentAt: undefined, status: undefined, code: undefined, retryAfterSeconds: undefined };
}

export function noteSending(now: number): void {
  const call = current.getStore();
  if (!call) return;
  call.sentAt = now;
  call.status = undefined;
  call.code = undefined;
  call.retryAfterSeconds = undefined;
}

export function noteAnswer(status: number, headers: unknown, body: unknown): void {
  const call = current.getStore();
  if (!call) return;
  call.status = status;
  call.code = codeIn(body);
  call.retryAfterSeconds = retryAfterIn(headers);
}

/** Binance writes `code`, Bybit and others `retCode`, Kraken a list of sentences. */
function codeIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, retCode, error } = body as Readonly<Record<string, unknown>>;
  const found = code ?? retCode ?? (Array.isArray(error) ? error[0] : undefined);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

function retryAfterIn(headers: unknown): number | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'retry-after') continue;
    const seconds = Number(value);
    if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  }
  return undefined;
}
