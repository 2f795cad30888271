/**
 * A Kraken for tests: the same exchange as `../binance`, in Kraken's dialect, and only as much of it as spot trading
 * needs. What is different for a client: refusals come with status 200, pairs have names of their own, an order is
 * asked for by Kraken's id and only listed by ours, the reply to an order tells nothing of its fills, and fees are paid
 * in the quote currency.
 *
 * ```ts
 * await using kraken = await startKraken({ clock });
 * kraken.deposit('spot', 'USD', '1000');
 * kraken.book('BTC/USD').price('50000');
 *
 * const exchange = new ccxt.kraken({ ...kraken.keys });
 * await pointCcxt(exchange, kraken);
 * ```
 */
import { type Clock, systemClock } from '../../../../engine/clock.ts';
import { decimal } from '../../../../engine/money.ts';
import { controls, type TestExchange } from '../controls.ts';
import type { ExchangeRequest } from '../faults.ts';
import { ExchangeServer, type Reply } from '../http.ts';
import { Refusal } from '../refusal.ts';
import { listedSymbol, type SymbolOptions } from '../symbols.ts';
import { Venue } from '../venue.ts';
import { privateEndpoints, publicEndpoints } from './endpoints.ts';
import { KrakenError, krakenError } from './errors.ts';
import { type Keys, Security } from './security.ts';

export interface KrakenOptions {
  readonly clock?: Clock;
  /** By pair, such as `BTC/USD`, in place of the usual three. */
  readonly symbols?: Readonly<Record<string, SymbolOptions>>;
}

export interface TestKraken extends TestExchange, AsyncDisposable {
  readonly keys: Keys;
  revokesKey(): void;
  close(): Promise<void>;
}

const usual: Readonly<Record<string, SymbolOptions>> = {
  'BTC/USD': { tick: '0.1', step: '0.00000001', minimumQuantity: '0.00005', minimumNotional: '0.5' },
  'ETH/USD': { tick: '0.01', step: '0.00000001', minimumQuantity: '0.001', minimumNotional: '0.5' },
  'ADA/USD': { tick: '0.000001', step: '0.00000001', minimumQuantity: '4', minimumNotional: '0.5' },
};

export async function startKraken(options: KrakenOptions = {}): Promise<TestKraken> {
  const clock = options.clock ?? systemClock;
  const keys: Keys = {
    apiKey: 'outcryKrakenKey',
    secret: Buffer.from('outcry kraken secret').toString('base64'),
  };
  const venue = new Venue(
    Object.entries(options.symbols ?? usual).map(([pair, rules]) => listedSymbol(pair, rules)),
    clock,
  );
  venue.fees.paidIn = 'quote';
  venue.fees.maker = decimal('0.0016');
  venue.fees.taker = decimal('0.0026');
  const security = new Security(keys);
  const server = new ExchangeServer((request) => answer(request, venue, security), clock);
  await server.listen();
  const close = () => server.close();
  return Object.assign(controls(venue, server, clock), {
    keys,
    revokesKey() {
      security.revoked = true;
    },
    close,
    [Symbol.asyncDispose]: close,
  });
}

function answer(request: ExchangeRequest, venue: Venue, security: Security): Reply {
  const [, , access, name = ''] = request.path.split('/');
  const endpoint = (access === 'private' ? privateEndpoints : publicEndpoints)[name];
  try {
    if (endpoint === undefined) throw new KrakenError('EGeneral:Unknown method');
    if (access === 'private') security.check(request);
    return { status: 200, body: { error: [], result: endpoint(request.parameters, venue) } };
  } catch (thrown) {
    const error = thrown instanceof Refusal ? krakenError(thrown) : thrown;
    if (!(error instanceof KrakenError)) throw thrown;
    return { status: 200, body: { error: [error.message] } };
  }
}
