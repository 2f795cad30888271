/** A signal as it is stored: what came in, what was decided, and how it ended. */
import { createHash } from 'node:crypto';
import type { Purpose } from '../bank/books.ts';
import type { DeskEvent } from '../events.ts';
import type { Step } from '../execution/operation.ts';
import type { StoredDocument } from '../store/store.ts';
import { defineCollection } from '../store/store.ts';

export const signalStates = [
  /** Stored; its turn has not come. */
  'received',
  /** Its turn has come, but a person must approve it first. */
  'waiting',
  /** Decided: its steps are stored and being carried out. */
  'working',
  'done',
  /** Not acted on, by the rules of the desk or the book. */
  'refused',
  /** An entry whose turn came too late. */
  'expired',
  /** Tried, and not or not wholly carried out. */
  'failed',
] as const;

export type SignalState = (typeof signalStates)[number];
export type SignalEnd = Exclude<SignalState, 'received' | 'waiting' | 'working'>;

/** Who was asked whether a signal may be acted on, and what they said. Instants are ISO 8601 in UTC. */
export interface Approval {
  readonly askedAt: string;
  /** Null while nobody has answered. */
  readonly answer: 'approved' | 'declined' | null;
  /** The person who answered; of several the one who decided it. */
  readonly by: string | null;
  /** Who has approved it so far, where it takes more than one. */
  readonly agreed?: readonly string[];
  readonly answeredAt: string | null;
}

export interface Signal extends StoredDocument {
  readonly book: string;
  /** By which a repetition of the same signal is known. */
  readonly key: string;
  /** From whom it came, for people: an address, a name. */
  readonly from: string;
  /** As it came, without the sender's secret. */
  readonly payload: { readonly [field: string]: unknown };
  /** What it asks for, in a few words: `buy 3 SP500`. */
  readonly summary: string;
  readonly state: SignalState;
  /** Why it ended as it did; null while it has not, or when all went as asked. */
  readonly reason: string | null;
  /** What was decided; null before. Stored, because the same decision made again after a trade would be another one. */
  readonly steps: readonly Step[] | null;
  /** Of what was decided; null before. */
  readonly purpose: Purpose | null;
  /** Which of its operations has its turn: the first, or the second where an entry follows its exit. */
  readonly round?: number;
  /** Whether it is decided once more when its first operation is done. */
  readonly thenAgain?: boolean;
  /** The signal that this one decides once more. */
  readonly replayOf?: string;
  /** Null where nobody was asked. */
  readonly approval: Approval | null;
  /** How many have approved it so far: two who do it at once are counted one after the other. */
  readonly approvals?: number;
  readonly receivedAt: string;
  /** Order of arrival among those of the same millisecond. */
  readonly arrival: number;
  readonly endedAt: string | null;
  /** What is told of its end, and whether it was: a crash between the two does not swallow it. */
  readonly outcome: DeskEvent | null;
  readonly told: boolean;
}

export const signalCollection = defineCollection<Signal>('signals', {
  unique: [['book', 'key']],
  indexes: [['state'], ['told'], ['book', 'receivedAt']],
});

/** Short enough to be read out, long enough that no two keys of a desk meet. */
export function signalId(book: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([book, key]))
    .digest('hex')
    .slice(0, 20);
}

/** Of a message that could not be read. No key that a sender chooses begins like it. */
const unreadKey = 'refused:';

export function keyOfUnread(name: string): string {
  return `${unreadKey}${name}`;
}

/** Whether it is kept only to say that it could not be read. */
export function isUnread({ key }: Signal): boolean {
  return key.startsWith(unreadKey);
}

/** A signal has one operation, or two where an exit is followed by an entry. */
export function operationOf(signal: string, round: number): string {
  return round === 1 ? `signal:${signal}` : `signal:${signal}:${round}`;
}
