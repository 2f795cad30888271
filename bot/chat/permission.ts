/** Whether what somebody asks may be done for them at all, before anything of it is looked at. */
import { mayAct } from '../../commands/command.ts';
import type { Resolved } from '../../commands/options.ts';
import type { Clock } from '../../engine/clock.ts';
import { UserError } from '../../engine/errors.ts';
import type { ChatRequest } from './request.ts';

/** A command that acts and waited longer than this while the desk was away is not run. */
const staleAfterMs = 2 * 60_000;

/**
 * @throws UserError when the caller's role is too low, or the request was corrected or waited while the desk was away, and it
 *   changes something
 */
export function mustBeAllowed(
  { caller, from }: Pick<ChatRequest, 'caller' | 'from'>,
  { words, action }: Resolved,
  clock: Clock,
): void {
  if (!mayAct(caller.role, action.role)) {
    throw new UserError(`/${words.join(' ')} needs the role ${action.role}; yours is ${caller.role}.`);
  }
  if (action.acts && 'corrected' in from && from.corrected) {
    throw new UserError(
      'You corrected a message: what it says now was not done, because what it said before may have been. Send it as a new message.',
    );
  }
  const ageMs = clock.now().getTime() - from.sentAt.getTime();
  if (action.acts && ageMs > staleAfterMs) {
    const minutes = Math.round(ageMs / 60_000);
    throw new UserError(
      `This was sent ${minutes} minutes ago, while the desk was away. It was not done: send it again if you still want it.`,
    );
  }
}
