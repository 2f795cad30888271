/**
 * A local TWS as a vendor in the cards of a source: what goes wrong at a vendor goes wrong here with the questions for bars.
 *
 * What TWS has no counterpart for: a key (it is the program in which somebody has logged in), and a word for how long to wait
 * when it was asked too often. A status of 500 is its history service that has lost its servers, one of 503 TWS itself that has,
 * and a page that is no data an answer that ends before the bars that it announces.
 */
import type { ManualClock } from '../clock.ts';
import type { ExchangeRequest, FalseReply, Fault } from '../exchange/faults.ts';
import { Faults } from '../exchange/faults.ts';
import type { SourceUnderTest } from '../suites/source-suite.ts';
import type { TestTws } from './index.ts';
import { errorMessage } from './messages.ts';
import type { QuestionFault } from './server.ts';
import type { Field } from './wire.ts';

/** What a false reply has as its body: TWS's own words, or the fields of an answer after its id. */
export type FalseTwsReply =
  | { readonly code: number; readonly text: string }
  | { readonly bars: readonly Field[] };

/** The same question is refused, and not asked, for 15 s: what goes wrong, goes wrong later than that. */
const laterMs = 20_000;
const historyRequest = '20';

/** @param pauses for which the source wanted to wait */
export function twsVendor(
  tws: TestTws,
  clock: ManualClock,
  pauses: readonly number[],
): NonNullable<SourceUnderTest['vendor']> {
  const faults = new Faults();
  const requests: ExchangeRequest[] = [];
  tws.server.onQuestion = (tokens) => {
    if (tokens[0] !== historyRequest) return undefined;
    const request: ExchangeRequest = {
      ...{ number: requests.length + 1, method: 'TWS', path: '/history', at: clock.now().getTime() },
      ...{ parameters: {}, headers: {}, query: '', body: tokens.join(' ') },
    };
    requests.push(request);
    const fault = faults.take(request);
    return fault && asTws(fault);
  };
  return {
    ...{ requests, pauses },
    faults: {
      next(...fault) {
        clock.advance(laterMs);
        faults.next(...fault);
      },
      always(...fault) {
        clock.advance(laterMs);
        return faults.always(...fault);
      },
      get pending() {
        return faults.pending;
      },
    },
  };
}

function asTws({ acts: times = 1, reply }: Fault): QuestionFault {
  const acts = times > 0;
  switch (reply) {
    case 'lost':
      return { is: 'broken', acts };
    case 'cut':
      return { is: 'cut' };
    case 'never':
      return { is: 'silence', acts };
    case undefined:
      throw new Error('TWS has no fault without a false reply');
    default:
      return falseAnswer(reply);
  }
}

function falseAnswer({ status, body }: FalseReply): QuestionFault {
  const says = (code: number, text: string): QuestionFault => ({
    is: 'answer',
    fields: (id) => errorMessage(id, code, text),
  });
  if (status === 500) {
    const text = 'Historical Market Data Service query message:HMDS server disconnect occurred.';
    return says(165, `${text}  Attempting reconnection`);
  }
  if (status === 503) return says(504, 'Not connected');
  if (typeof body === 'string') return { is: 'unreadable' };
  const reply = body as FalseTwsReply;
  if ('code' in reply) return says(reply.code, reply.text);
  return { is: 'answer', fields: (id) => [17, id, ...reply.bars] };
}
