/**
 * The error table: what an error means for the request that met it.
 *
 * For an order only one question counts: is it certain that the exchange has not taken it and never will? So whatever is
 * not in this table as certain is `unsure`, and an unsure order is looked up, never sent again. Traps of ccxt that
 * are decided here by status and code instead of by the class of the error:
 *
 * - a refused key (-2015) becomes `DDoSProtection` once a request has succeeded;
 * - 403, 404 and 451 become `ExchangeNotAvailable`, although nothing is wrong with the exchange;
 * - a duplicate id is a plain `InvalidOrder` on Binance, and no proof that this order is new;
 * - a page of a proxy with status 200 becomes a bare `TypeError` after the order was perhaps taken.
 */
import type { Call } from './call.ts';

export type Verdict =
  /** Certain: it was understood and not carried out. */
  | 'refused'
  /** Certain: too many requests, so this one was not looked at. */
  | 'busy'
  /** Certain: our time was not the exchange's. May be sent again with the right one. */
  | 'time'
  /** Certain: the keys are not accepted, or lack a permission. */
  | 'login'
  /** This one was not taken, but another order has its id: perhaps the same one. */
  | 'duplicate'
  /** The exchange says that it has no such open order. */
  | 'absent'
  /** Nobody knows. */
  | 'unsure';

export function verdictOf(
  error: unknown,
  call: Call,
  codes: ReadonlyMap<string, Verdict> = noCodes,
): Verdict {
  const classes = classesOf(error);
  if (call.sentAt === undefined) return beforeSending(classes);
  const { status, code } = call;
  if (status === undefined) return 'unsure';
  if (status === 429 || status === 418) return 'busy';
  if (status >= 500 || status === 408) return 'unsure';
  const known = code === undefined ? undefined : (codes.get(code) ?? byText(error, code));
  if (known) return known;
  for (const name of classes) {
    const meaning = byClass.get(name);
    if (meaning) return meaning;
  }
  // A refusal that ccxt has no class for. With the status and the code of one it is a refusal all the same.
  return status >= 400 && code !== undefined && classes.includes('ExchangeError') ? 'refused' : 'unsure';
}

/** Binance's codes, https://developers.binance.com/docs/binance-spot-api-docs/errors */
export const binanceCodes: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['-1000', 'unsure'], // unknown error while processing
  ['-1001', 'unsure'], // disconnected: internal error
  ['-1006', 'unsure'], // unexpected response: execution status unknown
  ['-1007', 'unsure'], // timeout of the backend: execution status unknown
  ['-1008', 'busy'], // server overloaded: the request was dropped
  ['-1003', 'busy'],
  ['-1015', 'busy'], // too many new orders
  ['-1021', 'time'],
  ['-1022', 'login'],
  ['-1002', 'login'],
  ['-2014', 'login'],
  ['-2015', 'login'],
  ['-2013', 'absent'],
  ['-2011', 'absent'],
]);

/** Kraken's sentences, all with status 200. https://docs.kraken.com/api/docs/guides/global-errors */
export const krakenCodes: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['EAPI:Rate limit exceeded', 'busy'],
  ['EOrder:Rate limit exceeded', 'busy'],
  ['EGeneral:Temporary lockout', 'busy'],
  ['EGeneral:Too many requests', 'busy'],
  ['EAPI:Invalid nonce', 'time'],
  ['EAPI:Invalid key', 'login'],
  ['EAPI:Invalid signature', 'login'],
  ['EOrder:Unknown order', 'absent'],
  ['EOrder:Invalid order', 'absent'],
  ['EGeneral:Internal error', 'unsure'],
  ['EService:Unavailable', 'unsure'],
  ['EService:Timeout', 'unsure'],
]);

const noCodes: ReadonlyMap<string, Verdict> = new Map();

/** Only codes that stand for several reasons. */
function byText(error: unknown, code: string): Verdict | undefined {
  if (code !== '-2010' || !(error instanceof Error)) return undefined;
  return /duplicate/i.test(error.message) ? 'duplicate' : 'refused';
}

/** The most telling class comes first in an error's line of classes. */
const byClass: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['DuplicateOrderId', 'duplicate'],
  ['OrderNotFound', 'absent'],
  ['InsufficientFunds', 'refused'],
  ['InvalidOrder', 'refused'],
  ['BadRequest', 'refused'],
  ['ArgumentsRequired', 'refused'],
  ['NotSupported', 'refused'],
  ['OperationRejected', 'refused'],
  ['AuthenticationError', 'login'],
  ['InvalidNonce', 'time'],
  ['RateLimitExceeded', 'busy'],
]);

/** What ccxt refuses by itself, before anything leaves. */
function beforeSending(classes: readonly string[]): Verdict {
  if (classes.includes('AuthenticationError')) return 'login';
  return classes.includes('ExchangeError') ? 'refused' : 'unsure';
}

/** `InsufficientFunds`, `ExchangeError`, `BaseError`, `Error`: the names of an error's class and of those above it. */
function classesOf(error: unknown): readonly string[] {
  const names: string[] = [];
  let prototype: object | null = error instanceof Error ? Object.getPrototypeOf(error) : null;
  while (prototype !== null) {
    names.push(prototype.constructor.name);
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}
