/**
 * Sends an entry together with the exit that ends it, so that TWS has both or neither.
 *
 * TWS holds back what is not to be transmitted, and looks at each order as it comes. So whether one of them is refused is
 * waited for before the last is sent, which transmits them all: a refusal leaves nothing at the market.
 */
import type { Contract } from '@stoqey/ib';
import { reasonOf } from '../../errors.ts';
import type { AttachedExit, OrderRequest } from '../broker.ts';
import { orderIdInUse } from './codes.ts';
import { bracket } from './placement.ts';
import type { Sending, Sent } from './sending.ts';
import type { Session } from './session.ts';

export interface BracketParts {
  readonly session: Session;
  readonly sending: Sending;
  readonly contract: Contract;
  readonly account: string;
  /** A number that was never given, for one of TWS's orders of which an order of ours is made. */
  readonly number: (clientOrderId: string) => Promise<number>;
}

export type BracketSent =
  | {
      readonly is: 'taken';
      readonly permId: number;
      /** Null when it is not known, or was not taken. */
      readonly exitPermId: number | null;
      /** Why the exit was certainly not taken. */
      readonly withoutExit: string | undefined;
    }
  /** `numbers`: what may have to be cancelled. */
  | (Extract<Sent, { is: 'refused' }> & { readonly numbers: readonly number[] })
  | Extract<Sent, { is: 'held' | 'unclear' }>;

/** TWS refuses a number that it has given to somebody else: the next ones are tried. */
const mostAttempts = 3;

export async function sendBracket(
  parts: BracketParts,
  request: OrderRequest,
  exit: AttachedExit,
): Promise<BracketSent> {
  for (let attempt = 1; ; attempt++) {
    const sent = await sendOnce(parts, request, exit);
    const isNumberTaken = sent.is === 'refused' && sent.code === orderIdInUse;
    if (!isNumberTaken || attempt === mostAttempts) return sent;
    await cancelAll(parts, sent.numbers);
    await parts.session.askNumber();
  }
}

/** Whatever becomes of it: what was never taken cannot be cancelled, and says so. */
export async function cancelAll(
  { session, sending }: Pick<BracketParts, 'session' | 'sending'>,
  numbers: readonly number[],
): Promise<void> {
  await Promise.all(numbers.map((number) => sending.cancel(session, number)));
}

async function sendOnce(
  { session, sending, contract, account, number }: BracketParts,
  request: OrderRequest,
  exit: AttachedExit,
): Promise<BracketSent> {
  const legs = bracket(request, exit, account);
  const numbers: number[] = [];
  for (const { clientOrderId } of legs) numbers.push(await number(clientOrderId));
  const [parentId = 0] = numbers;
  const answers: Promise<Sent>[] = [];
  const refused: Extract<Sent, { is: 'refused' | 'held' }>[] = [];
  const place = (index: number) => {
    const leg = legs[index];
    if (!leg) return;
    const order = leg.isExit ? { ...leg.order, parentId } : leg.order;
    const answer = sending.place(session, numbers[index] ?? 0, contract, order);
    answers.push(answer);
    void answer.then((sent) => {
      if (sent.is === 'refused' || sent.is === 'held') refused.push(sent);
    });
  };
  const notTaken = (): BracketSent | undefined => {
    const [first] = refused;
    return first?.is === 'refused' ? { ...first, numbers } : first;
  };

  const last = legs.length - 1;
  for (let index = 0; index < last; index++) place(index);
  try {
    await session.ping(); // answered after what was sent before it
  } catch (error) {
    return { is: 'held', reason: reasonOf(error) };
  }
  const early = notTaken();
  if (early) return early;
  place(last);
  const [ofEntry, ...ofExits] = answers;
  const [ofLast] = answers.slice(-1);
  if (!ofEntry || !ofLast) throw new RangeError('a bracket without orders');
  // Nothing more comes of the entry when the order that would transmit it was not taken.
  const entry = await Promise.race([ofEntry, ofLast.then((sent) => (isNot(sent) ? sent : ofEntry))]);
  if (entry.is === 'refused') return { ...entry, numbers };
  if (entry.is !== 'taken') return entry;
  const exits = await Promise.all(ofExits);
  const without = exits.find(isNot);
  if (without) await cancelAll({ session, sending }, numbers.slice(1));
  const [exitPermId = null] = exits.flatMap((sent) => (sent.is === 'taken' ? [sent.permId] : []));
  return {
    is: 'taken',
    permId: entry.permId,
    exitPermId: without ? null : exitPermId,
    withoutExit: without?.reason,
  };
}

function isNot(sent: Sent): sent is Extract<Sent, { is: 'refused' | 'held' }> {
  return sent.is === 'refused' || sent.is === 'held';
}
