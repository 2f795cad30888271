/** The error table: what is certain, and what is not. */
import { describe, expect, test } from 'vitest';
import type { Call } from '../../../../engine/brokers/ccxt/call.ts';
import { Reasons } from '../../../../engine/brokers/ccxt/reason.ts';
import { binanceCodes, verdictOf } from '../../../../engine/brokers/ccxt/verdict.ts';

class BaseError extends Error {}
class ExchangeError extends BaseError {}
class InvalidOrder extends ExchangeError {}
class InsufficientFunds extends ExchangeError {}
class AuthenticationError extends ExchangeError {}
class OperationFailed extends BaseError {}
class NetworkError extends OperationFailed {}
class DDoSProtection extends NetworkError {}
class ExchangeNotAvailable extends NetworkError {}
class RequestTimeout extends NetworkError {}

const answered = (status: number, code?: string): Call => ({
  sentAt: 1,
  status,
  code,
  retryAfterSeconds: undefined,
});
const unanswered: Call = { sentAt: 1, status: undefined, code: undefined, retryAfterSeconds: undefined };
const unsent: Call = { ...unanswered, sentAt: undefined };
const verdict = (error: Error, call: Call) => verdictOf(error, call, binanceCodes);

describe('an order is rejected only when it is certain that the exchange does not act on it', () => {
  test.each([
    ['a balance that is too small', new InsufficientFunds(), answered(400, '-2010'), 'refused'],
    ['a filter', new ExchangeError(), answered(400, '-1013'), 'refused'],
    ['a refusal that ccxt has no class for', new ExchangeError(), answered(400, '-9999'), 'refused'],
    ['what ccxt refuses before anything is sent', new InvalidOrder(), unsent, 'refused'],
    [
      'a duplicate id, which may be this very order',
      new InvalidOrder('Duplicate order sent.'),
      answered(400, '-2010'),
      'duplicate',
    ],
    ['a lost reply', new NetworkError(), unanswered, 'unsure'],
    ['a timeout', new RequestTimeout(), unanswered, 'unsure'],
    ['a fault of the exchange', new ExchangeNotAvailable(), answered(503), 'unsure'],
    ['a refusal that comes with a fault', new InvalidOrder(), answered(504, '-1007'), 'unsure'],
    ['the backend’s timeout under a mild status', new ExchangeError(), answered(400, '-1007'), 'unsure'],
    ['a page with status 200', new TypeError('Cannot read properties of undefined'), answered(200), 'unsure'],
    ['a page that forbids', new ExchangeNotAvailable(), answered(403), 'unsure'],
    ['an error of 200 that ccxt has no class for', new ExchangeError(), answered(200), 'unsure'],
    ['something that is no error', 'oh' as unknown as Error, unanswered, 'unsure'],
  ] as const)('%s', (_, error, call, expected) => {
    expect(verdict(error, call)).toBe(expected);
  });
});

describe('what passes by itself is told apart from what does not', () => {
  test.each([
    ['too many requests', new DDoSProtection(), answered(429, '-1003'), 'busy'],
    ['a ban', new DDoSProtection(), answered(418, '-1003'), 'busy'],
    ['a clock that is off', new NetworkError(), answered(400, '-1021'), 'time'],
    ['a wrong key', new AuthenticationError(), answered(401, '-2015'), 'login'],
    [
      'a wrong key that ccxt takes for a ban, after a success',
      new DDoSProtection(),
      answered(401, '-2015'),
      'login',
    ],
    ['no keys at all', new AuthenticationError(), unsent, 'login'],
    ['an order that is not there', new ExchangeError(), answered(400, '-2013'), 'absent'],
  ] as const)('%s', (_, error, call, expected) => {
    expect(verdict(error, call)).toBe(expected);
  });
});

describe('a reason can be shown', () => {
  const reasons = new Reasons(['myApiKey123', 'my+secret/=', undefined]);

  test.each([
    [
      'binance GET https://api.binance.com/api/v3/account?timestamp=1&signature=abcdef request timed out (10000 ms)',
      'binance GET https://api.binance.com/api/v3/account request timed out (10000 ms)',
    ],
    ['{"msg":"key myApiKey123 is bad","secret":"my+secret/="}', '{"msg":"key *** is bad","secret":"***"}'],
    ['sent as my%2Bsecret%2F%3D', 'sent as ***'],
    ['fetch failed: http://ann:pass@proxy:3128 refused', 'fetch failed: http://proxy:3128 refused'],
    ['body symbol=A&signature=0a1b2c&x=1', 'body symbol=A&signature=***&x=1'],
    ['<html><body><h1>502</h1></body></html>', '502'],
  ])('%s', (message, shown) => {
    expect(reasons.of(new Error(message))).toBe(shown);
  });

  test('a long page is cut', () => {
    expect(reasons.of(new Error('x'.repeat(5000))).length).toBeLessThan(400);
  });
});
