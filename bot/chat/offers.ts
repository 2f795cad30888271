/**
 * What can be chosen where a command lacks something: the values as buttons, each of which goes on with the command. This is
 * how somebody without completion, as on Telegram, picks a book, a position or a run.
 */
import { suggestionsOf, usageOf } from '../../commands/command.ts';
import type { MissingOption } from '../../commands/options.ts';
import { bold, type Reply, rich } from '../../commands/reply.ts';
import type { Clock } from '../../engine/clock.ts';
import type { Desk } from '../../engine/desk.ts';
import { mustBeAllowed } from './permission.ts';
import { offerable } from './reach.ts';
import type { ChatRequest } from './request.ts';
import { toRaw } from './spelling.ts';

/** Beyond these nobody looks for the right button: the newest or nearest are offered, and the rest is typed. */
const mostOffered = 20;

export interface OfferParts {
  readonly desk: Desk;
  readonly clock: Clock;
}

/**
 * Undefined where there is nothing to choose from.
 * @throws UserError when the command is not for this person
 */
export async function offerOf(
  request: ChatRequest,
  { resolved, given, option: name }: MissingOption,
  { desk, clock }: OfferParts,
): Promise<Reply | undefined> {
  const { words, action } = resolved;
  mustBeAllowed(request, resolved, clock);
  const option = action.options[name];
  // Neither a secret nor a file is kept for a button that may never be pressed.
  if (!option || action.secrets || Object.values(action.options).some(({ type }) => type === 'file'))
    return undefined;
  const raw = toRaw(given);
  const suggested =
    option.type === 'choice'
      ? option.choices.map((value) => ({ value, name: value }))
      : await suggestionsOf(option, request.context(), '', raw);
  const values = await offerable(suggested, request.caller, name, option, desk);
  if (values.length === 0) return undefined;
  const more = values.length > mostOffered ? `, or one of ${values.length - mostOffered} more` : '';
  return {
    title: `/${words.join(' ')}`,
    text: rich`${bold(name)}: ${option.description}${more}.\nTyped in full: ${usageOf(words, action)}`,
    buttons: values.slice(0, mostOffered).map(({ value, name: label }) => ({
      label,
      command: words,
      options: { ...raw, [name]: value },
    })),
  };
}
