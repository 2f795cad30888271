/**
 * Proof by a key: whoever knows it may send. It stands in the body (`"key": "…"` or `key=…`), because TradingView sends no
 * headers of one's own; or behind the book's name in the address; or in the header `x-outcry-key`.
 */
import type { AlertFields, ParsedAlert } from '../../../engine/signals/alert.ts';
import { isSameDigest, randomSecretLike, secretDigest } from './compare.ts';
import type { Arrival, SecretWay } from './way.ts';

const keyHeader = 'x-outcry-key';

export const key: SecretWay<string> = {
  prove(expected, arrival) {
    const { given, rest } = presentedIn(arrival);
    if (isSameDigest(given, digestOf(expected))) return { proved: true, alert: rest, secrets: [expected] };
    return { proved: false, why: given === undefined ? 'no key' : 'a wrong key' };
  },
  decoy: randomSecretLike,
};

/** What a message shows: hashed, and the alert without it. */
interface Presented {
  readonly given: Buffer | undefined;
  readonly rest: ParsedAlert;
}

/** A message is held against the keys of all books, so each side of that is hashed once. */
const presented = new WeakMap<Arrival, Presented>();
const digests = new Map<string, Buffer>();

function presentedIn(arrival: Arrival): Presented {
  const known = presented.get(arrival);
  if (known) return known;
  const { alert, headers, pathKey } = arrival;
  const header = headers[keyHeader];
  const { sent, rest } = takeKey(alert);
  const key = pathKey ?? (typeof header === 'string' ? header : sent);
  const found = { given: key === undefined ? undefined : secretDigest(key), rest };
  presented.set(arrival, found);
  return found;
}

/** Of a key of the configuration: there are as many as there are senders. */
function digestOf(expected: string): Buffer {
  const known = digests.get(expected) ?? secretDigest(expected);
  digests.set(expected, known);
  return known;
}

/**
 * The key in a body, and the alert without it: nothing behind this door sees it. In a list every alert that has one has the
 * same. Mirage calls it `api_key`.
 */
function takeKey(alert: ParsedAlert): { readonly sent: string | undefined; readonly rest: ParsedAlert } {
  if ('problem' in alert) return { sent: undefined, rest: alert };
  const sent = new Set<unknown>();
  const alerts = alert.alerts.map(({ key, api_key, ...rest }): AlertFields => {
    if (key !== undefined) sent.add(key);
    if (api_key !== undefined) sent.add(api_key);
    return rest;
  });
  const [only] = sent;
  return {
    sent: sent.size === 1 && typeof only === 'string' ? only : undefined,
    rest: { alerts, isList: alert.isList },
  };
}
