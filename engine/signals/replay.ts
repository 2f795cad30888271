/**
 * A replay: a signal that led to no trade is decided once more, as a new signal of the same content, which goes the way of
 * every signal. The operation of the old one is left as it ended.
 *
 * A signal is replayed once, so that two people who ask at once do not trade twice; its replay may be replayed in turn.
 */
import { UserError } from '../errors.ts';
import { isOver } from '../execution/operation.ts';
import type { Operations } from '../execution/operations.ts';
import type { Inbox } from './inbox.ts';
import type { Rehearsal, RehearsalParts } from './rehearsal.ts';
import { rehearseAt } from './rehearsal.ts';
import { isUnread, operationOf, type Signal } from './signal.ts';

export interface ReplayParts extends RehearsalParts {
  readonly inbox: Inbox;
  readonly operations: Operations;
}

/**
 * What the replay would lead to now. Nothing is done.
 * @throws UserError when the signal cannot be replayed, or would be refused again
 */
export async function rehearseReplay(signal: Signal, parts: ReplayParts): Promise<Rehearsal> {
  await checkReplayable(signal, parts);
  const read = parts.inbox.read(signal.book, signal.payload);
  const rehearsal = await rehearseAt(signal.book, read, parts);
  const { decision } = rehearsal;
  const refusal = 'refused' in decision ? decision.refused : rehearsal.refusal;
  if (refusal !== undefined) throw new UserError(`It would be refused again: ${refusal}`);
  return rehearsal;
}

/** @throws UserError when the signal cannot be replayed, or its book cannot read it any more */
export async function replay(signal: Signal, by: string, parts: ReplayParts): Promise<Signal> {
  await checkReplayable(signal, parts);
  const { signal: replayed, duplicate } = await parts.inbox.replay(signal, by);
  if (duplicate) throw replayedAlready(replayed);
  return replayed;
}

async function checkReplayable(signal: Signal, { inbox, operations }: ReplayParts): Promise<void> {
  const { _id, state, reason } = signal;
  switch (state) {
    case 'received':
    case 'working':
      throw new UserError(
        `That signal has not ended: it is ${state}. /signal show ${_id} says how it goes on.`,
      );
    case 'waiting':
      throw new UserError(`That signal waits for approval: /signal approve ${_id} lets it go on.`);
    case 'done':
      throw traded();
    case 'refused':
    case 'expired':
    case 'failed':
      break;
    default:
      return state satisfies never;
  }
  if (isUnread(signal)) {
    throw new UserError(
      `That alert could not be read, and is not replayed: ${reason ?? 'nothing is known of why'}`,
    );
  }
  const before = await inbox.replayOf(signal);
  if (before) throw replayedAlready(before);
  // A fault of the desk can end a signal whose operation goes on.
  const operation = await operations.operation(operationOf(_id, 1));
  if (!operation) return;
  if (!isOver(operation)) {
    throw new UserError(
      `What that signal began is not over: it is ${operation.state}. /orders shows what is open.`,
    );
  }
  // An exit that was given up is decided by what the book holds now; an entry would be made a second time.
  const counts =
    operation.state === 'done' || (operation.state === 'given_up' && operation.purpose === 'entry');
  if (counts && (await operations.fillsOf(operation._id)).length > 0) throw traded();
}

function traded(): UserError {
  return new UserError('That signal is done: its trade was made. To trade again: /buy or /sell.');
}

function replayedAlready({ _id, state, from }: Signal): UserError {
  return new UserError(`That signal was replayed already, by ${from}, as ${_id}: that one is ${state}.`);
}
