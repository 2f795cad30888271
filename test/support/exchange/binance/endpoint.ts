/** What one address of the REST interface is: its weight, who may ask, what may be sent, and its answer. */
import type { Venue } from '../venue.ts';
import type { Bars } from './bars.ts';
import type { Asked } from './errors.ts';
import type { ListenTokens } from './listen-tokens.ts';
import type { Parameters } from './parameters.ts';

export interface World {
  readonly venue: Venue;
  readonly bars: Bars;
  readonly tokens: ListenTokens;
}

export interface Endpoint {
  readonly weight: number;
  /** `key`: the API key alone. `signed`: with timestamp and signature. */
  readonly security: 'none' | 'key' | 'signed';
  /** Others are refused; undefined where Binance does not look (all of `/sapi`). */
  readonly parameters: ReadonlySet<string> | undefined;
  readonly asked: Asked;
  readonly answer: (parameters: Parameters, world: World) => unknown;
}

/** By `METHOD /path`. */
export type Endpoints = Readonly<Record<string, Endpoint>>;

type Answer = Endpoint['answer'];

/** Of `/api/v3`, open to everybody. */
export function open(weight: number, names: readonly string[], answer: Answer): Endpoint {
  return { weight, security: 'none', parameters: new Set(names), asked: 'other', answer };
}

/** Of `/api/v3`, signed. */
export function signed(
  weight: number,
  names: readonly string[],
  answer: Answer,
  asked: Asked = 'other',
): Endpoint {
  const parameters = new Set([...names, 'timestamp', 'recvWindow', 'signature']);
  return { weight, security: 'signed', parameters, asked, answer };
}

/** Of `/sapi`. */
export function sapi(weight: number, answer: Answer, asked: Asked = 'other'): Endpoint {
  return { weight, security: 'signed', parameters: undefined, asked, answer };
}
