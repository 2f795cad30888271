/**
 * What TWS means by its numbered messages. It sends news, warnings and refusals through one door, so what a number does to
 * a request is said here. Source: the list of message codes in the manual of the TWS API.
 */

/**
 * `info`: nothing is wrong. `warning`: it goes on, and somebody may want to know. `refusal`: this request or order was
 * certainly not taken. `not-open`: there is nothing to cancel. `line`: TWS has lost its servers or us; what was sent is
 * open. `unsure`: it failed, and nothing is certain.
 */
export type Meaning = 'info' | 'warning' | 'refusal' | 'not-open' | 'line' | 'unsure';

export const lostServers: readonly number[] = [1100, 2110];
export const foundServers: readonly number[] = [1101, 1102];
/** Another program is connected under our client id. */
export const clientIdInUse = 326;
/** The number of an order that is below the next one. */
export const orderIdInUse = 103;
export const orderCancelled = 202;
/** Of a cancellation: there is nothing to cancel. Of an order: what it is attached to is not there. */
export const noSuchOrder = 135;
export const noSuchContract = 200;
/** The historical data service: no data, or asked too often. */
export const historyMessage = 162;

const meanings: Readonly<Record<Exclude<Meaning, 'unsure'>, readonly number[]>> = {
  info: [
    ...[2100, 2103, 2104, 2105, 2106, 2107, 2108, 2119, 2158], // data farms come and go
    ...[2101, 2102, 10167, 10089, 10090, 10091], // data is delayed or partly not subscribed
    orderCancelled,
  ],
  warning: [
    399, // an order's message: it waits for its session, for example
    404, // shares to sell short are being located
    2109, // outside of regular hours is ignored for this order
    2137,
    2148,
    2161,
    2168,
    2169,
    10311, // it goes straight to an exchange
    10349, // the time in force was set by a preset
    10148, // read with what it says: a cancellation that is under way already
  ],
  refusal: [
    ...[103, 105, 106, 107, 109, 110, 111, 113, 114, 115, 116, 117, 131, 132],
    ...[
      200, 201, 203, 321, 322, 325, 354, 355, 382, 383, 387, 388, 391, 392, 394, 400, 403, 405, 406, 407, 408,
    ],
    ...[
      411, 412, 413, 415, 416, 417, 418, 420, 423, 424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 435,
      436,
    ],
    ...[
      437, 439, 440, 441, 442, 443, 460, 461, 478, 481, 10000, 10001, 10002, 10003, 10005, 10006, 10015,
      10043,
    ],
    ...[10052, 10223, 10243, 10244, 10249, 10255, 10268, 10288, 10289, 10318, 10329],
  ],
  'not-open': [104, 135, 136, 161, 10147],
  line: [...lostServers, ...foundServers, 502, 504, 507, 1300, clientIdInUse],
};

const byCode = new Map<number, Meaning>(
  Object.entries(meanings).flatMap(([meaning, codes]) =>
    codes.map((code): [number, Meaning] => [code, meaning as Exclude<Meaning, 'unsure'>]),
  ),
);

export function meaningOf(code: number): Meaning {
  return byCode.get(code) ?? 'unsure';
}

/** A refusal, or a failed request, in TWS's own words. */
export class TwsError extends Error {
  override readonly name = 'TwsError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(`${message.replace(/\s+/g, ' ').trim()} (${code})`);
    this.code = code;
  }
}

/** A question without an answer: the connection broke, or TWS took too long. Nothing is known. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}
